// The connection: loss is told at once, the resume names the last event, silence counts as loss.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { whenSignedOut } from '../api/http';
import { snapshot } from '../test/samples';
import { type Arrival, type Connection, openStream } from './stream';

interface Opened {
  headers: Record<string, string>;
  send(text: string): Promise<void>;
  end(): void;
}

let opened: Opened[];
let refuse: number | null;
let connections: Connection[];
let arrivals: Arrival[];
let close: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  opened = [];
  refuse = null;
  connections = [];
  arrivals = [];
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
    if (refuse !== null) return new Response(null, { status: refuse });
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (given) => {
        controller = given;
      },
    });
    init.signal?.addEventListener('abort', () => controller?.error(new DOMException('', 'AbortError')));
    opened.push({
      headers: init.headers as Record<string, string>,
      send: async (text) => {
        controller?.enqueue(new TextEncoder().encode(text));
        await vi.advanceTimersByTimeAsync(0);
      },
      end: () => controller?.close(),
    });
    return new Response(body);
  });
});

afterEach(() => close());

async function open(): Promise<Opened> {
  close = openStream({
    arrived: (more) => arrivals.push(...more),
    connection: (connection) => connections.push(connection),
  });
  await vi.advanceTimersByTimeAsync(0);
  return last();
}

function last(): Opened {
  const found = opened.at(-1);
  if (!found) throw new Error('nothing was opened');
  return found;
}

const SNAPSHOT = `id: 10\nevent: snapshot\ndata: ${JSON.stringify(snapshot())}\n\n`;
const EVENT =
  'id: 11\nevent: event\ndata: {"seq":11,"at":"2025-11-23T10:00:00Z","type":"call.answered","call":"c1"}\n\n';

it('hands on a snapshot and the events after it', async () => {
  const connection = await open();
  await connection.send(SNAPSHOT + EVENT);
  expect(connections).toEqual(['live']);
  expect(arrivals).toHaveLength(2);
  expect(arrivals[1]).toMatchObject({ event: { seq: 11, type: 'call.answered' } });
});

it('tells a loss at once and resumes after the last event it saw', async () => {
  const connection = await open();
  expect(connection.headers['last-event-id']).toBeUndefined();
  await connection.send(SNAPSHOT + EVENT);
  connection.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(connections).toEqual(['live', 'lost']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(connections).toEqual(['live', 'lost', 'live']);
  expect(last().headers['last-event-id']).toBe('11');
});

it('tells a loss at once when the browser goes offline, and comes back with the network', async () => {
  await open();
  refuse = 503;
  window.dispatchEvent(new Event('offline'));
  await vi.advanceTimersByTimeAsync(0);
  expect(connections).toEqual(['live', 'lost']);
  await vi.advanceTimersByTimeAsync(20_000);
  refuse = null;
  window.dispatchEvent(new Event('online'));
  await vi.advanceTimersByTimeAsync(0);
  expect(connections.at(-1)).toBe('live');
});

it('takes silence for a loss within seconds, and a comment for a sign of life', async () => {
  const connection = await open();
  await connection.send(SNAPSHOT);
  await vi.advanceTimersByTimeAsync(4_000);
  await connection.send(': here\nid: 10\n\n');
  await vi.advanceTimersByTimeAsync(9_900);
  expect(connections).toEqual(['live']);
  await vi.advanceTimersByTimeAsync(200);
  expect(connections[1]).toBe('lost');
});

it('tries again when a server takes the connection and says nothing', async () => {
  let tries = 0;
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    tries += 1;
    return new Promise((_resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
    });
  });
  close = openStream({ arrived: () => {}, connection: (connection) => connections.push(connection) });
  await vi.advanceTimersByTimeAsync(11_000);
  expect([tries, connections[0]]).toEqual([2, 'lost']);
});

it('waits longer from try to try while the server refuses', async () => {
  refuse = 503;
  let tries = 0;
  const counting = globalThis.fetch;
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    tries += 1;
    return counting(path, init);
  });
  close = openStream({ arrived: () => {}, connection: (connection) => connections.push(connection) });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(connections).not.toContain('live');
  expect(tries).toBeGreaterThan(9);
  expect(tries).toBeLessThan(35);
});

it('asks for a sign-in when the session is over', async () => {
  const over = vi.fn();
  whenSignedOut(over);
  refuse = 401;
  close = openStream({ arrived: () => {}, connection: () => {} });
  await vi.advanceTimersByTimeAsync(0);
  expect(over).toHaveBeenCalled();
});
