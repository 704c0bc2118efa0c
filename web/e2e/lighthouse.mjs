// Measures the agent's page of a running server with Lighthouse, as a desk computer: the median of five runs. Fails below 95 for
// performance or accessibility. By hand: `make run`, then `npm run lighthouse`.
//
// Environment: BASE_URL (http://127.0.0.1:8080), USER_NAME and PASSWORD (an agent of the demonstration), RUNS (5),
//   REPORT (a file for the median's HTML report, optional).

import { writeFileSync } from 'node:fs';
import { launch } from '../lighthouse/node_modules/chrome-launcher/dist/index.js';
import desktop from '../lighthouse/node_modules/lighthouse/core/config/desktop-config.js';
import lighthouse, { generateReport } from '../lighthouse/node_modules/lighthouse/core/index.js';
import { computeMedianRun } from '../lighthouse/node_modules/lighthouse/core/lib/median-run.js';

const BASE = process.env.BASE_URL ?? 'http://127.0.0.1:8080';
const USER = process.env.USER_NAME ?? 'alice';
const PASSWORD = process.env.PASSWORD ?? 'alice-desk';
const RUNS = Number(process.env.RUNS ?? 5);
const SCORE_MIN = 0.95;
const WANTED = ['performance', 'accessibility'];

const cookie = await signIn();
const results = [];
for (let run = 1; run <= RUNS; run += 1) {
  const { lhr } = await measure();
  results.push(lhr);
  console.log(`run ${run}: ${line(lhr)}`);
}
const median = computeMedianRun(results);
console.log(`median: ${line(median)}`);
for (const one of complaints(median)) console.log(`  ${one}`);
if (process.env.REPORT) writeFileSync(process.env.REPORT, generateReport(median, 'html'));
process.exit(WANTED.every((name) => median.categories[name].score >= SCORE_MIN) ? 0 : 1);

/** Lighthouse has a browser of its own, which gets the session with each request. */
async function signIn() {
  const response = await fetch(`${BASE}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: BASE },
    body: JSON.stringify({ user: USER, password: PASSWORD }),
  });
  if (!response.ok) throw new Error(`${USER} cannot sign in at ${BASE}: ${response.status}`);
  return response.headers.getSetCookie()[0].split(';')[0];
}

async function measure() {
  const browser = await launch({
    chromePath: '/usr/bin/chromium',
    chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run'],
  });
  try {
    const flags = {
      port: browser.port,
      onlyCategories: WANTED,
      extraHeaders: { Cookie: cookie },
      // The stream of events never ends.
      maxWaitForLoad: 15_000,
      logLevel: 'error',
    };
    return await lighthouse(`${BASE}/`, flags, desktop);
  } finally {
    browser.kill();
  }
}

function line({ categories, audits }) {
  const scores = WANTED.map((name) => `${name} ${Math.round(categories[name].score * 100)}`);
  const times = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time'];
  const shift = `layout shift ${audits['cumulative-layout-shift'].numericValue.toFixed(3)}`;
  return [
    ...scores,
    ...times.map((name) => `${name} ${Math.round(audits[name].numericValue)} ms`),
    shift,
  ].join(', ');
}

/** What costs points. */
function complaints({ categories, audits }) {
  return WANTED.flatMap((name) => categories[name].auditRefs)
    .filter(({ id, weight }) => weight > 0 && (audits[id].score ?? 1) < 0.9)
    .map(({ id }) => `${id}: ${audits[id].title} ${audits[id].displayValue ?? ''}`);
}
