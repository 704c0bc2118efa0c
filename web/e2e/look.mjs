// Takes pictures of the pages of a running server, in both languages, light and dark, into the directory named.
//
// Environment: BASE_URL (http://127.0.0.1:8080), ONLY (a part of a picture's name, optional). The people are those of the
// demonstration.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBrowser, signIn } from './page.mjs';

const BASE = process.env.BASE_URL ?? 'http://127.0.0.1:8080';
const OUT = process.argv[2] ?? '../target/screenshots';
const ONLY = process.env.ONLY ?? '';
/** What moves comes to rest. */
const REST_MS = 700;
const PEOPLE = [
  ['alice', 'alice-desk', { desk: '/', calls: '/calls', customers: '/customers' }],
  [
    'admin',
    'hotline-admin',
    {
      live: '/live',
      reports: '/reports',
      flows: '/flows',
      customer: '/customers/new',
      users: '/admin/users',
      user: '/admin/users/alice',
      'new-user': '/admin/users/+',
      roles: '/admin/roles',
      role: '/admin/roles/supervisor',
      audit: '/admin/audit',
      doctor: '/admin/doctor',
    },
  ],
];
mkdirSync(OUT, { recursive: true });

for (const [locale, dark] of [
  ['en-US', false],
  ['zh-CN', true],
  ['zh-CN', false],
  ['en-US', true],
]) {
  const tag = `${locale.slice(0, 2)}-${dark ? 'dark' : 'light'}`;
  for (const [user, password, pages] of PEOPLE) {
    const { browser, page } = await openBrowser({ locale, dark });
    const problems = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    await signIn(page, BASE, user, password);
    for (const [name, path] of Object.entries(pages).filter(([name]) => name.includes(ONLY))) {
      await page.goto(BASE + path);
      await page.locator('#page').waitFor();
      await page.waitForTimeout(REST_MS);
      await page.screenshot({ path: join(OUT, `${name}-${tag}.png`) });
    }
    if (problems.length > 0) console.log(tag, user, problems);
    await browser.close();
  }
}
