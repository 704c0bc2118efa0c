// An agent at the desk, for a test in another language: signs in, goes ready, and reports what the page shows.
//
// Environment: BASE_URL, USER_NAME (or USER), PASSWORD, SCREENSHOTS (a directory, optional), LOCALE, DARK=1,
//   READY=0 to sign in only, as somebody without a phone or to go ready by hand;
//   TONE_HZ (what the microphone hears) to switch on the phone in the page before that.
// Output, one JSON object a line:
//   {"ready":true}                                   signed in, and ready unless READY=0
//   {"pop":{"call","phase","name","text","at"}}      a card was shown; `at` is when, in milliseconds since 1970
//   {"state":"talking","at":…}                       the agent's state on the page changed
//   {"phone":"ringing"}                              the call at the page's phone: ringing, answering, returning, up, none
//   {"done":"<command>"} or {"failed":"<command>","problem":…}
// Input, one JSON object a line: {"do":"ready"} {"do":"screenshot","name":"…"} {"do":"note","text":"…"}
//   {"do":"name","text":"…"} {"do":"save"} {"do":"reload"} {"do":"open","path":"/calls"} {"do":"text"} {"do":"quit"}
//   {"do":"click","role":"button","name":"…"} {"do":"see","text":"…"}
//   and those of `deeds.mjs`
//   {"do":"press","keys":"Alt+H"} {"do":"type","text":"…"} {"do":"choose","label":"…","option":"…"} {"do":"fill","label":"…","text":"…"}
//   {"do":"find","selector":"…"}                     waits until it is on the page
//   {"do":"drag","from":"…","to":"…"}                 selectors; the second one may appear while it is dragged
//   {"do":"upload","name":"…","text":"…"}             a file into the page's field for one
//   {"do":"axe"}                                      {"done":"axe","violations":[…]}: what WCAG 2.2 AA is broken by
//   {"do":"hear","hz":440}                            waits until the page's phone hears the tone
//   {"do":"device","use":0,"place":1}                 chooses the microphone (0) or the loudspeaker (1) of the page's phone by its place
//   {"do":"devices"}                                  which are in use: {"done":"devices","microphone":…,"speaker":…}
//   {"do":"listen"}                                  waits until a recording plays: {"done":"listen","duration_s":…}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { violations } from './axe.mjs';
import { deeds } from './deeds.mjs';
import { obeyOrders, say } from './orders.mjs';
import { goReady, openBrowser, signIn, switchOnPhone } from './page.mjs';
import { ears, microphone } from './sound.mjs';

const { BASE_URL, PASSWORD = '', SCREENSHOTS, LOCALE, DARK, TONE_HZ } = process.env;
const user = process.env.USER_NAME ?? process.env.USER;
if (!BASE_URL || !user) {
  console.error('BASE_URL, USER_NAME and PASSWORD are needed');
  process.exit(2);
}
if (SCREENSHOTS) mkdirSync(SCREENSHOTS, { recursive: true });

const { browser, page } = await openBrowser({
  ...(LOCALE ? { locale: LOCALE } : {}),
  dark: DARK === '1',
  args: TONE_HZ ? microphone(Number(TONE_HZ)) : [],
});
// Whoever leaves in a call is asked, and means it.
page.on('dialog', (dialog) => dialog.accept());
page.on('pageerror', (error) => say({ page_error: String(error) }));
await page.exposeFunction('hotlineReport', report);
await page.addInitScript(watch);
if (TONE_HZ) await page.addInitScript(ears);
await signIn(page, BASE_URL, user, PASSWORD);
if (TONE_HZ) await switchOnPhone(page);
if (process.env.READY !== '0') await goReady(page);
await shoot('ready');
say({ ready: true });

await obeyOrders((what, rest) => obey({ do: what, ...rest }));
await browser.close();

async function obey(command) {
  switch (command.do) {
    case 'ready':
      return goReady(page);
    case 'screenshot':
      return shoot(command.name);
    case 'note':
      return page.locator('article textarea').first().fill(command.text);
    case 'name':
      return page.locator('article input').first().fill(command.text);
    case 'save':
      return save();
    case 'reload':
      return void (await page.reload());
    case 'open':
      return void (await page.goto(new URL(command.path, BASE_URL).href));
    case 'click':
      return page.getByRole(command.role, { name: command.name }).first().click();
    case 'see':
      return page.getByText(command.text).filter({ visible: true }).first().waitFor();
    case 'press':
      return page.keyboard.press(command.keys);
    case 'type':
      return page.keyboard.type(command.text);
    case 'choose':
      return void (await page
        .getByLabel(command.label, { exact: true })
        .selectOption({ label: command.option }));
    case 'fill':
      return page.getByLabel(command.label, { exact: true }).fill(command.text);
    case 'find':
      return page.locator(command.selector).first().waitFor();
    case 'drag':
      return drag(command.from, command.to);
    case 'upload':
      return page
        .locator('input[type=file]')
        .setInputFiles({ name: command.name, mimeType: 'text/csv', buffer: Buffer.from(command.text) });
    case 'axe':
      return { violations: await violations(page) };
    case 'devices':
      return page.evaluate(() => window.hotlineDevices());
    case 'device':
      return device(command);
    case 'hear':
      return page.evaluate((hz) => window.hotlineHear(hz), command.hz);
    case 'listen':
      return listen();
    case 'text':
      return { text: await page.locator('#page').innerText() };
    default:
      if (!deeds[command.do]) throw new Error('unknown command');
      return deeds[command.do](page, command);
  }
}

/** In the panel of the page's phone, which it opens and closes. */
async function device({ use, place }) {
  await page.locator('[data-phone]').click();
  const list = page.locator('[data-phone] + section select').nth(use);
  await list.locator('option').nth(place).waitFor({ state: 'attached' });
  await list.selectOption({ index: place });
  const name = await list.locator('option:checked').textContent();
  await page.keyboard.press('Escape');
  return { name };
}

/** Ends when the server has taken the card. */
async function save() {
  const answer = page.waitForResponse(
    (response) => response.url().includes('/api/v1/customers') && response.request().method() !== 'GET',
  );
  await page.keyboard.press('Control+s');
  return { status: (await answer).status() };
}

/** By the mouse, as a person drags. */
async function drag(from, to) {
  await page.locator(from).first().hover();
  await page.mouse.down();
  const { x, y } = await page.locator(from).first().boundingBox();
  await page.mouse.move(x + 40, y + 40, { steps: 4 });
  const target = page.locator(to).first();
  await target.hover();
  await target.hover();
  await page.mouse.up();
}

/** Ends when the sound of the page's recording has moved on. */
async function listen() {
  await page.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0.2);
  return { duration_s: await page.locator('audio').evaluate((audio) => audio.duration) };
}

async function report(seen) {
  say(seen);
  if (seen.pop) await shoot(`pop-${seen.pop.phase}`);
  if (seen.state) await shoot(`state-${seen.state}`);
}

/** Runs in the page: tells of each new card and each new state at the moment it is in the document. */
function watch() {
  let state;
  let call;
  let phone = 'none';
  const look = () => {
    const at = Date.now();
    const card = document.querySelector('article[data-call]');
    if (card?.dataset.call !== call) {
      call = card?.dataset.call;
      if (card) {
        const name = card.querySelector('h1')?.textContent ?? '';
        window.hotlineReport({ pop: { call, phase: card.dataset.phase, name, text: card.innerText, at } });
      }
    }
    const rings = document.querySelector('[data-phone-call]')?.dataset.phoneCall;
    if (rings !== undefined && rings !== phone) {
      phone = rings;
      window.hotlineReport({ phone, at });
    }
    const now = document.querySelector('[data-state]')?.dataset.state;
    if (now !== undefined && now !== state) {
      state = now;
      window.hotlineReport({ state, at });
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
}

async function shoot(name) {
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
