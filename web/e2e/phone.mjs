// A phone in a browser, for a test in another language: JsSIP in a bare page, with a tone for a microphone.
//
// Environment: BASE_URL (a page of the server, for its origin), SIP_URL (ws://…), SIP_USER, SIP_DOMAIN, SIP_PASSWORD,
//   TONE_HZ (what the microphone hears).
// Output, one JSON object a line:
//   {"ready":true}                                   registered
//   {"state":"ringing"|"up"|"held"|"retrieved"|"over", …}  of the call; `over` with `cause`
//   {"done":"<command>"} or {"failed":"<command>","problem":…}
// Input, one JSON object a line: {"do":"dial","to":"4100"} {"do":"answer"} {"do":"hold"} {"do":"retrieve"} {"do":"hang_up"}
//   {"do":"press","keys":"12"} {"do":"hear","hz":440}  waits until the tone is heard
//   {"do":"reload"}                                  loads the page anew in the middle of a call, and goes on with it
//   {"do":"stats"}                                   what the browser says of the connection
//   {"do":"prefer","codec":"opus"}                   descriptions from here on name this codec alone
//   {"do":"forge"}                                   descriptions from here on name another certificate
//   {"do":"without_udp"}                             descriptions from here on are without the server's addresses by UDP
//   {"do":"quit"}

import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { obeyOrders, say } from './orders.mjs';
import { openBrowser } from './page.mjs';
import { microphone } from './sound.mjs';

const { BASE_URL, SIP_URL, SIP_USER, SIP_DOMAIN, SIP_PASSWORD, TONE_HZ = '600' } = process.env;
const PAGE = new URL('/phone-of-a-test', BASE_URL).href;

const [script, { browser, page }] = await Promise.all([
  bundle(),
  openBrowser({ args: microphone(Number(TONE_HZ)) }),
]);
page.on('pageerror', (error) => say({ page_error: String(error) }));
await page.exposeFunction('hotlineReport', say);
await page.route(PAGE, (route) =>
  route.fulfill({ contentType: 'text/html', body: '<!doctype html><audio autoplay></audio>' }),
);
await open();
say({ ready: true });

await obeyOrders(obey);
await browser.close();

function obey(what, rest) {
  if (what !== 'reload') return page.evaluate(([name, given]) => window.phone[name](given), [what, rest]);
  return reload();
}

async function open() {
  await page.goto(PAGE);
  await page.addScriptTag({ content: script });
  const account = { url: SIP_URL, user: SIP_USER, domain: SIP_DOMAIN, password: SIP_PASSWORD };
  await page.evaluate((given) => window.phone.register(given), account);
}

/** As a browser does it: the page and its connections are gone at once. */
async function reload() {
  const dialog = await page.evaluate(() => window.phone.dialog());
  await open();
  await page.evaluate((given) => window.phone.takeOver(given), dialog);
}

async function bundle() {
  const entry = fileURLToPath(new URL('phone-page.mjs', import.meta.url));
  const lib = { entry, formats: ['iife'], name: 'hotlinePhone', fileName: 'phone' };
  const options = { configFile: false, logLevel: 'error', build: { write: false, minify: false, lib } };
  const [{ output }] = await build(options);
  return output[0].code;
}
