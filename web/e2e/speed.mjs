// Measures the live board as a browser works it: 1,000 agents, 200 queues, 20 updates a second, by a trace. Says whether
// scripting, style and layout of an update take less than 10 ms at the 95th percentile, and fails when not. Serves dist/ with a made-up center.
//
// Environment: SECONDS of the measurement (4), SCREENSHOT (a file, optional).

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { openBrowser } from './page.mjs';

/** What an update may take. */
const LIMIT_MS = 10;
const AGENTS = 1000;
const QUEUES = 200;
const QUEUES_OF_AGENT = 5;
const CALLS = 600;
const UPDATES_PER_S = 20;
/** A noisy machine is given so many. */
const TRIES = 5;
const SECONDS = Number(process.env.SECONDS ?? 4);
const DIST = new URL('../dist/', import.meta.url).pathname;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const MARK = 'hotline-trace-began';
/** What the main thread does for an update, as the trace names it. Painting is another thread's. */
const WORK = new Set([
  'EvaluateScript',
  'EventDispatch',
  'FireAnimationFrame',
  'FunctionCall',
  'Layout',
  'MajorGC',
  'MinorGC',
  'PrePaint',
  'RunMicrotasks',
  'TimerFire',
  'UpdateLayerTree',
  'UpdateLayoutTree',
  'v8.callFunction',
]);

const STATES = ['ready', 'talking', 'wrap_up', 'not_ready', 'ringing'];
const chance = seeded(7);
const streams = new Set();
let seq = 1;
const calls = Array.from({ length: CALLS }, (_, index) => callOf(index));
let started = CALLS;
const agents = Array.from({ length: AGENTS }, (_, index) => agentOf(index));

const server = createServer((request, response) => void route(request, response));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const { browser, page } = await openBrowser();
page.on('pageerror', (error) => fail(`the page's script failed: ${error}`));
await page.addInitScript(() => {
  // Each piece of the stream that comes is one update. Marking each would cost as much as a part of what is measured.
  globalThis.updates = [];
  const decode = TextDecoder.prototype.decode;
  TextDecoder.prototype.decode = function (...given) {
    globalThis.updates.push(performance.now());
    return decode.apply(this, given);
  };
});
await page.goto(`http://127.0.0.1:${server.address().port}/live`);
await page.locator('[data-row]').nth(20).waitFor();
const timer = setInterval(update, 1000 / UPDATES_PER_S);
// What is compiled at the first updates is not measured.
await page.waitForFunction(() => globalThis.updates.length > 30);
// What else runs on the machine only adds: of a few tries the best counts.
let took = [];
for (let tries = 0; tries < TRIES && (took.length === 0 || at(took, 0.95) >= LIMIT_MS); tries += 1) {
  const next = perUpdate(await record(SECONDS * 1000)).sort((one, other) => one - other);
  if (took.length === 0 || at(next, 0.95) < at(took, 0.95)) took = next;
}
clearInterval(timer);
if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
const drawn = await page.locator('[data-row]').count();
await browser.close();
server.closeAllConnections();
server.close();

console.log(
  `live board: ${took.length} updates of ${AGENTS} agents and ${QUEUES} queues, ${drawn} rows drawn: ` +
    `median ${at(took, 0.5).toFixed(1)} ms, p95 ${at(took, 0.95).toFixed(1)} ms, most ${at(took, 1).toFixed(1)} ms`,
);
if (took.length < (SECONDS * UPDATES_PER_S) / 2) fail('too few updates came to say anything');
if (at(took, 0.95) >= LIMIT_MS) fail(`an update takes more than ${LIMIT_MS} ms`);

/** The value below which that share of the sorted ones lies. */
function at(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function fail(problem) {
  console.error(problem);
  process.exit(1);
}

/** The events of a trace over so many milliseconds, and when updates came, in milliseconds since the page began. */
async function record(ms) {
  const client = await page.context().newCDPSession(page);
  const events = [];
  client.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const over = new Promise((done) => client.once('Tracing.tracingComplete', done));
  await client.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: [
        'devtools.timeline',
        'v8',
        'blink.user_timing',
        'disabled-by-default-devtools.timeline',
      ],
    },
  });
  await page.evaluate((mark) => {
    globalThis.updates.length = 0;
    performance.mark(mark);
  }, MARK);
  await page.waitForTimeout(ms);
  const updates = await page.evaluate(() => globalThis.updates.slice());
  await client.send('Tracing.end');
  await over;
  return { events, updates };
}

/** Milliseconds of the main thread's own time between one update and the next. */
function perUpdate({ events, updates }) {
  // The one mark tells which thread is the page's, and how its clock and that of the trace go together.
  const mark = events.find(({ name }) => name === MARK);
  const thread = mark?.tid;
  const begins = updates.map((at_ms) => mark.ts + (at_ms - mark.args.data.startTime) * 1000);
  const work = events
    .filter(({ name, ph, tid }) => ph === 'X' && tid === thread && WORK.has(name))
    .sort((one, other) => one.ts - other.ts || other.dur - one.dur);
  const outer = [];
  for (const one of work) {
    const last = outer.at(-1);
    if (!last || one.ts >= last.ts + last.dur) outer.push(one);
  }
  return begins.slice(0, -1).map((from, index) => {
    // Decoding stands within the function call that begins the update.
    const until = begins[index + 1];
    const inside = outer.filter(
      ({ ts, dur }) => ts + dur > from && ts + dur <= until + dur && ts < until && ts + dur / 2 >= from,
    );
    // Time of the thread, not of the clock: other programs on the machine do not count.
    return inside.reduce((sum, { dur, tdur }) => sum + Math.min(dur, tdur ?? dur), 0) / 1000;
  });
}

async function route(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/api/v1/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`id: ${seq}\nevent: snapshot\ndata: ${JSON.stringify(snapshot())}\n\n`);
    streams.add(response);
    response.on('close', () => streams.delete(response));
  } else if (pathname === '/api/v1/session') json(response, session());
  else if (pathname.startsWith('/api/v1/reports/queues')) json(response, report());
  else if (pathname.startsWith('/api/')) {
    response.writeHead(404, { 'content-type': 'application/problem+json' });
    response.end('{"title":"Not Found","status":404}');
  } else {
    const path = normalize(join(DIST, extname(pathname) ? pathname : 'index.html'));
    const content = await readFile(path);
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(content);
  }
}

function json(response, body) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** What happens in a busy center: mostly agents that change, and calls that come, wait, are answered and end. */
function update() {
  const kind = chance();
  if (kind < 0.5) {
    const agent = agents[pick(AGENTS)];
    agent.state = STATES[pick(STATES.length)];
    agent.since = now();
    send({ type: 'agent.changed', agent });
  } else if (kind < 0.7) {
    const call = callOf(started);
    started += 1;
    calls.push(call);
    send({
      type: 'call.started',
      call: call.id,
      caller: call.caller,
      caller_name: null,
      called: '4000',
      number: 'hotline',
      flow: 'main',
      direction: 'in',
      source: { trunk: 'demo' },
      language: 'en',
    });
    send({ type: 'call.queued', call: call.id, queue: `q${pick(QUEUES)}` });
  } else if (kind < 0.85) {
    const call = calls[pick(calls.length)];
    send({ type: 'call.connected', call: call.id, offer: 1, agent: agents[pick(AGENTS)].id });
    send({ type: 'call.dequeued', call: call.id, queue: call.queue, outcome: 'answered' });
  } else {
    const [call] = calls.splice(pick(calls.length), 1);
    send({
      type: 'call.ended',
      call: call.id,
      by: 'caller',
      cause: { kind: 'completed', sip_status: 200, q850: 16 },
    });
  }
}

function send(fact) {
  seq += 1;
  const data = JSON.stringify({ seq, at: now(), ...fact });
  for (const stream of streams) stream.write(`id: ${seq}\nevent: event\ndata: ${data}\n\n`);
}

function snapshot() {
  const waiting = (queue) =>
    calls
      .filter((call) => call.queue === queue && call.state === 'queued')
      .map(({ id, started_at }) => ({ call: id, since: started_at }));
  const queues = Array.from({ length: QUEUES }, (_, index) => ({
    id: `q${index}`,
    name: `Queue ${index}`,
    length: 0,
    callbacks: 0,
    waiting: waiting(`q${index}`),
    agents: agents
      .filter((_, agent) => (index - agent + AGENTS) % QUEUES < QUEUES_OF_AGENT)
      .map(({ id }) => id),
  }));
  return { seq, at: now(), agents, queues, calls, pop: null, alarms: [], counters: {} };
}

function agentOf(index) {
  const id = String(1000 + index);
  return {
    id,
    name: `Agent ${index}`,
    state: STATES[pick(STATES.length)],
    reason: null,
    since: earlier(),
    until: null,
    pending: null,
    device: { kind: 'phone' },
    registered: true,
    call: null,
    wrap_up: null,
    help: null,
    skills: { french: 1 + pick(9) },
    groups: ['early'],
    daily_cap: null,
  };
}

function callOf(index) {
  const queue = `q${index % QUEUES}`;
  const state = index % 3 === 0 ? 'queued' : 'connected';
  const began = earlier();
  return {
    id: `c${index}`,
    state,
    caller: `+4930${100_000 + index}`,
    caller_name: null,
    called: '4000',
    direction: 'in',
    queue,
    position: state === 'queued' ? 1 : null,
    agent: state === 'queued' ? null : String(1000 + (index % AGENTS)),
    offered_to: [],
    started_at: began,
    answered_at: began,
    connected_at: state === 'queued' ? null : began,
    language: 'en',
    customer: null,
    attendees: [],
    consulting: false,
    held: false,
    muted: false,
  };
}

function session() {
  const names = [
    'agents.see',
    'agents.steer',
    'calls.see',
    'calls.control',
    'queues.see',
    'queues.steer',
    'reports.see',
    'records.see',
    'system.see',
  ];
  return {
    user: 'boss',
    name: 'Boss',
    role: 'admin',
    agent: null,
    roles: ['admin'],
    teams: [],
    permissions: Object.fromEntries(names.map((name) => [name, 'all'])),
    second_factor: false,
    must: null,
    expires_at: new Date(Date.now() + 1e7).toISOString(),
  };
}

function report() {
  const rows = Array.from({ length: QUEUES }, (_, index) => ({
    queue: `q${index}`,
    from: now(),
    until: now(),
    offered: 40 + index,
    abandoned: 2,
    service_level: chance(),
    aht_ms: 180_000,
  }));
  return {
    from: now(),
    until: now(),
    by: 'total',
    zone: 'UTC',
    within_s: 20,
    short_s: 5,
    rows,
    definitions: [],
  };
}

function now() {
  return new Date().toISOString();
}

/** Within the last ten minutes: not all that goes on began in one moment. */
function earlier() {
  return new Date(Date.now() - pick(600_000)).toISOString();
}

function pick(below) {
  return Math.floor(chance() * below);
}

/** The same numbers in each run (mulberry32). */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
