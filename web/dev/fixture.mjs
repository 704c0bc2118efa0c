// Serves dist/ with a sample API, to look at the pages without the server. Not part of the product.
//
//   npm run build && npm run fixture        then http://127.0.0.1:8099, user ana, wang or admin, password "demo"
//
// POST /dev/offer?caller=+49…&known=1   offers a call to 1001      POST /dev/step?to=ringing|talking|wrap_up|missed|ready
// POST /dev/phone?on=0                  takes the phone of 1001    POST /dev/cut?ms=5000   cuts the streams

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import {
  ALARMS,
  agents,
  COUNTERS,
  calls,
  customers,
  messages as leftMessages,
  queues,
  records,
  USERS,
  wav,
} from './world.mjs';

const DIST = new URL('../dist/', import.meta.url).pathname;
const PORT = Number(process.env.PORT ?? 8099);
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
/** States in which what was pending has been applied. */
const PASSES = { ready: 1, not_ready: 1, logged_out: 1 };
const POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const world = {
  seq: 100,
  agents: agents(),
  queues: queues(),
  calls: calls(),
  customers: customers(),
  records: records(),
  messages: leftMessages(),
  pop: null,
  offers: 0,
  cut_until: 0,
};
const streams = new Set();

const server = createServer((request, response) => {
  route(request, response).catch((error) => {
    console.error(error);
    problem(response, 500, 'internal error');
  });
});
server.listen(PORT, '127.0.0.1', () =>
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })),
);

async function route(request, response) {
  const url = new URL(request.url, 'http://fixture');
  const path = url.pathname;
  if (path.startsWith('/dev/')) return stage(path.slice(5), url.searchParams, response);
  if (!path.startsWith('/api/')) return file(path, response);
  if (Date.now() < world.cut_until) return request.socket.destroy();
  const user = USERS[/session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]];
  if (path === '/api/v1/session') return session(request, response, user);
  if (!user) return problem(response, 401, 'not signed in');
  const [resource, name, part] = path.slice('/api/v1/'.length).split('/');
  switch (resource) {
    case 'events':
      return stream(request, response, user);
    case 'live':
      return json(response, 200, snapshot(user));
    case 'agents':
      return setState(name, await body(request), response);
    case 'customers':
      return customer(request, response, name, url.searchParams);
    case 'calls':
      if (part === 'recording') return recording(request, response);
      if (name) return json(response, 200, world.records.find(({ id }) => id === name) ?? world.records[0]);
      return callList(url.searchParams, response);
    case 'messages':
      if (part === 'audio') return recording(request, response);
      return messages(request, response, name);
    default:
      return problem(response, 404, 'not found');
  }
}

async function session(request, response, user) {
  if (request.method === 'DELETE') {
    return response.writeHead(204, { 'set-cookie': 'session=; Path=/; Max-Age=0' }).end();
  }
  if (request.method === 'POST') {
    const asked = await body(request);
    const found = USERS[asked.user];
    if (!found || asked.password !== 'demo') return problem(response, 401, 'wrong user or password');
    response.setHeader('set-cookie', `session=${found.user}; Path=/; HttpOnly; SameSite=Strict`);
    return json(response, 200, { ...found, expires_at: new Date(Date.now() + 8 * 3_600_000).toISOString() });
  }
  if (!user) return problem(response, 401, 'not signed in');
  return json(response, 200, { ...user, expires_at: new Date(Date.now() + 8 * 3_600_000).toISOString() });
}

function snapshot(user) {
  const everything = user.role === 'admin';
  return {
    seq: world.seq,
    at: new Date().toISOString(),
    agents: world.agents.filter(({ id }) => everything || id === user.agent),
    queues: world.queues.map((queue) => ({
      ...queue,
      length: queue.waiting.length,
      waiting: everything ? queue.waiting : null,
    })),
    calls: world.calls.filter(({ agent }) => everything || agent === user.agent),
    pop: world.pop?.agent === user.agent ? world.pop : null,
    alarms: everything ? ALARMS : [],
    counters: everything ? COUNTERS : {},
  };
}

function stream(request, response, user) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const listener = { response, user };
  streams.add(listener);
  response.write(`id: ${world.seq}\nevent: snapshot\ndata: ${JSON.stringify(snapshot(user))}\n\n`);
  const alive = setInterval(() => response.write(`: here\nid: ${world.seq}\n\n`), 2_000);
  request.on('close', () => {
    clearInterval(alive);
    streams.delete(listener);
  });
}

function emit(fact) {
  world.seq += 1;
  const event = { seq: world.seq, at: new Date().toISOString(), ...fact };
  for (const { response } of streams) {
    response.write(`id: ${event.seq}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`);
  }
}

function changeAgent(id, change) {
  const agent = world.agents.find((known) => known.id === id);
  Object.assign(
    agent,
    {
      since: new Date().toISOString(),
      reason: null,
      until: null,
      pending: change.state in PASSES ? null : agent.pending,
    },
    change,
  );
  emit({ type: 'agent.changed', agent });
  return agent;
}

function setState(id, asked, response) {
  const agent = world.agents.find((known) => known.id === id);
  const state = asked.state === 'signed_out' ? 'logged_out' : asked.state;
  const busy =
    ['reserved', 'ringing', 'talking', 'hold'].includes(agent.state) ||
    (agent.state === 'wrap_up' && state !== 'ready');
  const change = busy
    ? {
        since: agent.since,
        until: agent.until,
        pending: { state: asked.state, reason: asked.reason ?? null },
      }
    : { state, reason: asked.reason ?? null, pending: null, call: null };
  return json(response, 200, changeAgent(id, change));
}

async function customer(request, response, id, search) {
  const send = (status, found) => {
    response.setHeader('etag', `"${found.changed_at}"`);
    json(response, status, found);
  };
  if (request.method === 'POST') {
    const made = {
      ...(await body(request)),
      id: `0193a1c0-0000-7000-8000-${Date.now()}`,
      changed_at: new Date().toISOString(),
    };
    if (/fail/.test(made.name)) {
      return problem(response, 422, 'invalid', [
        { field: 'numbers[0]', problem: 'belongs to another customer' },
      ]);
    }
    world.customers.push(made);
    return send(201, made);
  }
  if (!id) {
    const number = search.get('number');
    return json(response, 200, {
      customers: world.customers.filter(({ numbers }) => numbers.includes(number)),
    });
  }
  const found = world.customers.find((known) => known.id === id);
  if (!found) return problem(response, 404, 'no such customer');
  if (request.method === 'PUT') {
    if (request.headers['if-match'] !== `"${found.changed_at}"`)
      return problem(response, 412, 'changed meanwhile');
    Object.assign(found, await body(request), { changed_at: new Date().toISOString() });
  }
  return send(200, found);
}

function callList(search, response) {
  const from = Number(search.get('cursor') ?? 0);
  const limit = Number(search.get('limit') ?? 50);
  const all = world.records.filter(
    (call) =>
      (!search.get('agent') || call.agent === search.get('agent')) &&
      (!search.get('queue') || call.queues.some(({ queue }) => queue === search.get('queue'))),
  );
  const next = from + limit < all.length ? String(from + limit) : null;
  return json(response, 200, { calls: all.slice(from, from + limit), next });
}

async function messages(request, response, name) {
  const message = world.messages.find(({ id }) => id === name);
  if (name && !message) return problem(response, 404, 'not found');
  if (request.method === 'DELETE') {
    world.messages = world.messages.filter(({ id }) => id !== name);
    return response.writeHead(204).end();
  }
  if (request.method === 'PUT') {
    const { heard } = await body(request);
    message.heard_at = heard ? new Date().toISOString() : null;
    return json(response, 200, message);
  }
  const unheard = world.messages.filter(({ heard_at }) => heard_at === null).length;
  return json(response, 200, { messages: world.messages, next: null, unheard });
}

function recording(request, response) {
  const sound = wav();
  const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
  const from = range ? Number(range[1]) : 0;
  const to = range?.[2] ? Number(range[2]) : sound.length - 1;
  response.writeHead(range ? 206 : 200, {
    'content-type': 'audio/wav',
    'accept-ranges': 'bytes',
    'content-length': to - from + 1,
    ...(range ? { 'content-range': `bytes ${from}-${to}/${sound.length}` } : {}),
  });
  response.end(sound.subarray(from, to + 1));
}

/** Makes something happen. */
function stage(name, search, response) {
  if (name === 'offer') offer(search.get('caller') ?? '+493055512345', search.get('known') !== '0');
  if (name === 'step') step(search.get('to'));
  if (name === 'phone') changeAgent('1001', { registered: search.get('on') !== '0' });
  if (name === 'cut') {
    world.cut_until = Date.now() + Number(search.get('ms') ?? 5_000);
    for (const { response: open } of streams) open.destroy();
  }
  return json(response, 200, {});
}

function offer(caller, known) {
  world.offers += 1;
  const call = `0193a1c0-0000-7000-9000-${String(world.offers).padStart(12, '0')}`;
  const customer = known ? (world.customers.find(({ numbers }) => numbers.includes(caller)) ?? null) : null;
  const started = new Date(Date.now() - 52_000).toISOString();
  const language = caller.startsWith('+86') ? 'zh-CN' : 'en';
  world.calls.push({
    id: call,
    state: 'offered',
    caller,
    caller_name: null,
    called: '+4930900100',
    queue: 'support',
    position: null,
    agent: '1001',
    offered_to: ['1001'],
    started_at: started,
    answered_at: started,
    connected_at: null,
    language,
    customer: customer?.id ?? null,
  });
  world.pop = {
    call,
    offer: world.offers,
    agent: '1001',
    caller,
    caller_name: null,
    called: '+4930900100',
    queue: 'support',
    queued_at: new Date(Date.now() - 38_000).toISOString(),
    language,
    customer,
    lookup_done: true,
  };
  emit({ type: 'call.started', call, caller, caller_name: null, called: '+4930900100', language });
  changeAgent('1001', { state: 'reserved', call });
  emit({ type: 'call.offered', call, offer: world.offers, agent: '1001', pop: world.pop });
  emit({ type: 'call.popped', call, offer: world.offers, written: true });
  emit({ type: 'call.invited', call, offer: world.offers });
}

function step(to) {
  const call = world.pop?.call;
  const offerId = world.pop?.offer;
  if (to === 'ringing') {
    emit({ type: 'call.ringing', call, offer: offerId });
    changeAgent('1001', { state: 'ringing', call });
  } else if (to === 'talking') {
    emit({ type: 'call.connected', call, offer: offerId, agent: '1001' });
    changeAgent('1001', { state: 'talking', call });
  } else if (to === 'wrap_up') {
    emit({ type: 'call.ended', call, by: 'caller', cause: { kind: 'completed', sip_status: 200, q850: 16 } });
    world.calls = world.calls.filter(({ id }) => id !== call);
    world.pop = null;
    changeAgent('1001', { state: 'wrap_up', call, until: new Date(Date.now() + 30_000).toISOString() });
  } else if (to === 'missed') {
    emit({
      type: 'call.offer_failed',
      call,
      offer: offerId,
      agent: '1001',
      failure: 'no_answer',
      sip_status: 487,
    });
    world.pop = null;
    changeAgent('1001', { state: 'not_ready', reason: 'missed', call: null });
  } else if (to === 'ready') {
    world.pop = null;
    changeAgent('1001', { state: 'ready', call: null });
  }
}

async function file(path, response) {
  const wanted = normalize(path).replace(/^(\.\.[/\\])+/, '');
  const name = extname(wanted) ? wanted : '/index.html';
  try {
    const content = await readFile(join(DIST, name));
    response.writeHead(200, {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

function json(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function problem(response, status, title, errors) {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title, status, errors }));
}
