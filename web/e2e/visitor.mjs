// A visitor on the page `/call-us`, for a test in another language.
//
// Environment: BASE_URL, LOCALE, DARK=1, SCREENSHOTS (a directory, optional), TONE_HZ (what the microphone hears).
// Output, one JSON object a line:
//   {"ready":true}                                   the page shows what visitors may do
//   {"state":"connecting"|"ringing"|"talking"|…}     of the call; the last one is `over` or what went wrong
//   {"done":"<command>"} or {"failed":"<command>","problem":…}
// Input, one JSON object a line: {"do":"call","name":"…","question":"…"} {"do":"press","key":"1"} {"do":"mute"} {"do":"hang_up"}
//   {"do":"hear","hz":440}                           waits until the tone is heard
//   {"do":"leave","phone":"…","at":"15:00"}          wants to be called back; without `at` at once: {"done":"leave","said":"…"}
//   {"do":"axe"}                                     {"done":"axe","violations":[…]}: what WCAG 2.2 AA is broken by
//   {"do":"screenshot","name":"…"} {"do":"quit"}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { violations } from './axe.mjs';
import { obeyOrders, say } from './orders.mjs';
import { openBrowser } from './page.mjs';
import { ears, microphone } from './sound.mjs';

const { BASE_URL, LOCALE, DARK, SCREENSHOTS, TONE_HZ = '700' } = process.env;
if (SCREENSHOTS) mkdirSync(SCREENSHOTS, { recursive: true });
const { browser, page } = await openBrowser({
  ...(LOCALE ? { locale: LOCALE } : {}),
  dark: DARK === '1',
  args: microphone(Number(TONE_HZ)),
});
page.on('pageerror', (error) => say({ page_error: String(error) }));
page.on('dialog', (dialog) => dialog.accept());
await page.exposeFunction('hotlineReport', say);
await page.addInitScript(ears);
await page.goto(new URL('/call-us', BASE_URL).href);
const button = page.locator('hotline-call-us').first();
const opener = button.locator('.opener');
await opener.waitFor();
await button.evaluate((host) => {
  const panel = host.shadowRoot.querySelector('section');
  const told = () => window.hotlineReport({ state: panel.dataset.step });
  new MutationObserver(told).observe(panel, { attributeFilter: ['data-step'] });
});
say({ ready: true });

await obeyOrders(obey);
await browser.close();

async function obey(what, { name = '', question = '', key, hz, phone, at }) {
  switch (what) {
    case 'call':
      if ((await opener.getAttribute('aria-expanded')) !== 'true') await opener.press('Enter');
      await button.locator('input').fill(name);
      await button.locator('textarea').fill(question);
      return button.locator('input').press('Enter');
    case 'press':
      await button.locator('.end').press(key);
      return;
    case 'mute':
      return button.locator('.row button').first().click();
    case 'hang_up':
      return button.locator('.end').click();
    case 'hear':
      return page.evaluate((tone) => window.hotlineHear(tone), hz);
    case 'leave':
      return leave(phone, at);
    case 'axe':
      return { violations: await violations(page) };
    case 'screenshot':
      return void (await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) }));
    default:
      throw new Error('unknown command');
  }
}

async function leave(phone, at) {
  await page.locator('input[name=phone]').fill(phone);
  await page.locator(`input[value=${at ? 'at' : 'now'}]`).check();
  if (at) await page.locator('input[name=time]').fill(at);
  const answer = page.waitForResponse((response) => response.url().includes('/guests/callbacks'));
  await page.locator('#callback button').click();
  const status = (await answer).status();
  const said = page.locator('#said');
  await page.waitForFunction(() => !/…/.test(document.querySelector('#said')?.textContent ?? '…'));
  return { status, said: await said.textContent() };
}
