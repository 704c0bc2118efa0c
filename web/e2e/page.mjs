// What a test does on the real pages, by what a person sees or by marks that do not depend on the language.

import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
/** Without its sandbox, which root may not use, and without calling home. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WAIT_MS = 15_000;

/** A browser and a page of the smallest supported size. */
export async function openBrowser({ locale = 'en-US', dark = false, args = [] } = {}) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...ARGUMENTS, ...args] });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 720 },
    locale,
    colorScheme: dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  return { browser, context, page };
}

export async function signIn(page, base, user, password) {
  await page.goto(base);
  await page.locator('input[name=username]').fill(user);
  await page.locator('input[name=password]').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('#page').waitFor();
}

/** Presses the ready key and waits until the server says that the agent is ready. */
export async function goReady(page) {
  await waitForState(page, /.+/);
  const bar = page.locator('[data-state]').first();
  if ((await bar.getAttribute('data-state')) !== 'ready') await page.keyboard.press('F2');
  await waitForState(page, /^ready$/);
}

/** Switches on the phone in the page, and waits until the server knows it. */
export async function switchOnPhone(page) {
  const place = page.locator('[data-phone]');
  await place.click();
  // The panel's only button while the phone is off.
  await page.locator('[data-phone] + section button').click();
  await page.locator('[data-phone=registered]').waitFor();
  await page.keyboard.press('Escape');
}

/** The state in the agent's bar, as the server names it: `ready`, `ringing`, `talking`, `wrap_up`, … */
export async function waitForState(page, pattern) {
  await page.waitForFunction(
    (source) => new RegExp(source).test(document.querySelector('[data-state]')?.dataset.state ?? ''),
    pattern.source,
  );
}

/** Waits for a caller's card that shows `text`, and says what is on it. */
export async function waitForPop(page, text = '', { timeout = WAIT_MS } = {}) {
  const card = page.locator('article[data-call]').filter({ hasText: text });
  await card.waitFor({ timeout });
  return card.evaluate((element) => ({
    call: element.dataset.call,
    phase: element.dataset.phase,
    name: element.querySelector('h1')?.textContent ?? '',
    text: element.innerText,
  }));
}
