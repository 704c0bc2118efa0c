// Takes pictures of the pages of a running server, in both languages, light and dark, into the directory named, and says what is
// wrong with them: messages of the console, what WCAG 2.2 AA is broken by, what is cut off at the right.
//
// Environment: BASE_URL (http://127.0.0.1:8080), ONLY (a part of a picture's name, optional), THEMES (en-light,zh-dark, …; all),
// REDUCED=1 (no motion), ZOOM=2 (as the browser's zoom does it). The people are those of the demonstration.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { violations } from './axe.mjs';
import { openBrowser, signIn } from './page.mjs';

const BASE = process.env.BASE_URL ?? 'http://127.0.0.1:8080';
const OUT = process.argv[2] ?? '../target/screenshots';
const ONLY = process.env.ONLY ?? '';
const ZOOM = Number(process.env.ZOOM ?? 1);
/** What moves comes to rest. */
const REST_MS = 700;
const LAPTOP = { width: 1280 / ZOOM, height: 720 / ZOOM };
const WALL = { width: 3840, height: 2160 };
const PEOPLE = [
  ['alice', 'alice-desk', { desk: '/', calls: '/calls', customers: '/customers' }],
  [
    'admin',
    'hotline-admin',
    {
      live: '/live',
      wall: '/wall',
      reports: '/reports',
      'reports-day': '/reports?by=interval',
      'reports-agents': '/reports?kind=agents',
      flows: '/flows',
      flow: '/flows/main',
      call: lastCall,
      customer: '/customers/new',
      'customers-import': '/customers/import',
      ...Object.fromEntries(
        [
          'numbers',
          'numbers/4000',
          'queues',
          'queues/sales',
          'hours',
          'prompts',
          'trunks',
          'trunks/demo',
          'agents',
          'agents/1001',
          'reasons',
          'dispositions',
          'users',
          'users/alice',
          'users/+',
          'roles',
          'roles/supervisor',
          'history',
          'audit',
          'doctor',
        ].map((path) => [path.replace('/', '-'), `/admin/${path}`]),
      ),
    },
  ],
];
const LOOKS = [
  ['en-US', false],
  ['zh-CN', true],
  ['zh-CN', false],
  ['en-US', true],
];
const THEMES = process.env.THEMES?.split(',');
mkdirSync(OUT, { recursive: true });

for (const [locale, dark] of LOOKS) {
  const tag = `${locale.slice(0, 2)}-${dark ? 'dark' : 'light'}`;
  if (THEMES && !THEMES.includes(tag)) continue;
  for (const [user, password, pages] of PEOPLE) {
    const wanted = Object.entries(pages).filter(([name]) => name.includes(ONLY));
    if (wanted.length > 0) await look(tag, { locale, dark }, [user, password], wanted);
  }
}

async function look(tag, options, [user, password], pages) {
  const { browser, page } = await openBrowser(options);
  if (process.env.REDUCED === '1') await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.setViewportSize(LAPTOP);
  const say = (name, problem) => console.log(`${tag} ${name}: ${problem}`);
  let now = 'sign-in';
  page.on('console', (message) => message.type() === 'error' && say(now, message.text()));
  page.on('pageerror', (error) => say(now, String(error)));
  await signIn(page, BASE, user, password);
  for (const [name, place] of pages) {
    now = name;
    await page.goto(BASE + (typeof place === 'string' ? place : await place(page)));
    await page.locator('#page').waitFor();
    await page.waitForTimeout(REST_MS);
    await page.screenshot({ path: join(OUT, `${name}-${tag}.png`) });
    for (const problem of await violations(page)) say(name, problem);
    for (const problem of await page.evaluate(cutOff)) say(name, problem);
    if (name !== 'live' && name !== 'wall') continue;
    await page.setViewportSize(WALL);
    await page.waitForTimeout(REST_MS);
    await page.screenshot({ path: join(OUT, `${name}-4k-${tag}.png`) });
    await page.setViewportSize(LAPTOP);
  }
  await browser.close();
}

/** The call that ended last. */
async function lastCall(page) {
  const answer = await page.request.get(`${BASE}/api/v1/calls?limit=1`);
  return `/calls/${(await answer.json()).calls[0]?.id}`;
}

/** Runs in the page: what does not fit in its width and cannot be scrolled to. */
function cutOff() {
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  return wide > 0 ? [`the page is ${wide} px wider than the window`] : [];
}
