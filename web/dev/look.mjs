// Takes pictures of the pages from the fixture server, in both languages, light and dark, into the directory named.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { goReady, openBrowser, signIn, waitForPop, waitForState } from '../e2e/page.mjs';

const BASE = process.env.BASE_URL ?? 'http://127.0.0.1:8099';
const OUT = process.argv[2] ?? '../target/screenshots';
mkdirSync(OUT, { recursive: true });

for (const [locale, dark] of [
  ['en-US', false],
  ['zh-CN', true],
  ['zh-CN', false],
  ['en-US', true],
]) {
  const tag = `${locale.slice(0, 2)}-${dark ? 'dark' : 'light'}`;
  const { browser, page } = await openBrowser({ locale, dark });
  const problems = [];
  page.on(
    'console',
    (message) => ['error', 'warning'].includes(message.type()) && problems.push(message.text()),
  );
  page.on('pageerror', (error) => problems.push(String(error)));
  const shoot = (name) => page.screenshot({ path: join(OUT, `${name}-${tag}.png`) });

  await page.goto(BASE);
  await page.locator('input[name=username]').waitFor();
  await shoot('sign-in');
  await page.locator('input[name=username]').fill('ana');
  await page.locator('input[name=password]').fill('wrong');
  await page.keyboard.press('Enter');
  await page.locator('[role=alert]').waitFor();
  await shoot('sign-in-wrong');
  await signIn(page, BASE, 'ana', 'demo');
  await goReady(page);
  await page.locator('table').waitFor();
  await shoot('desk-ready');
  await post('offer?caller=%2B493055512345');
  await waitForPop(page, 'Lena Brandt');
  await shoot('desk-offered');
  await post('step?to=ringing');
  await waitForState(page, /^ringing$/);
  await post('step?to=talking');
  await waitForState(page, /^talking$/);
  await page.keyboard.press('F8');
  await page.keyboard.type('Sends the invoice again. ');
  await page.keyboard.press('F4');
  await page.locator('[role=menu]').waitFor();
  await shoot('desk-reasons');
  await page.keyboard.press('1');
  await page
    .getByText(/Break|小休/)
    .first()
    .waitFor();
  await shoot('desk-talking');
  await post('cut?ms=2500');
  await page.locator('[role=alert]').first().waitFor();
  await shoot('desk-cut');
  await page.locator('[role=alert]').first().waitFor({ state: 'detached' });
  await post('step?to=wrap_up');
  await waitForState(page, /^wrap_up$/);
  await shoot('desk-wrap-up');
  await post('step?to=ready');
  await waitForState(page, /^ready$/);
  await shoot('desk-unsaved');
  await post('offer?caller=%2B12025550143&known=0');
  await waitForPop(page, '+12025550143');
  await shoot('desk-unknown');
  await post('step?to=missed');
  await post('phone?on=0');
  await waitForState(page, /^not_ready$/);
  await shoot('desk-missed');
  await post('phone?on=1');
  await page.locator('header button').last().click();
  await page.locator('[role=menu]').waitFor();
  await page.waitForTimeout(150);
  await shoot('menu');
  await page.keyboard.press('Escape');
  await page.goto(`${BASE}/calls`);
  await page.locator('table').waitFor();
  await shoot('calls');
  await page.locator('tbody a').first().click();
  await page.locator('audio').waitFor();
  await page.waitForTimeout(400);
  await shoot('call');
  await page.context().clearCookies();
  await signIn(page, BASE, 'admin', 'demo');
  await page.waitForURL('**/live');
  await page.locator('table').first().waitFor();
  await shoot('live');
  if (problems.length) console.log(tag, problems);
  await browser.close();
}

async function post(path) {
  await fetch(`${BASE}/dev/${path}`, { method: 'POST' });
}
