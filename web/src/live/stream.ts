// Keeps one connection to /api/v1/events: reads it, notices at once when it is lost, resumes where it was.
//
// EventSource would hide the server's comment lines, and with them a connection that died without a word.

import { signedOut } from '../api/http';
import type { LineQuality, Snapshot, StreamEvent } from '../api/types';
import { type Message, SseReader } from './sse';

export type Connection = 'connecting' | 'live' | 'lost';

/** A line has no number: it is told anew after a gap. */
export type Arrival = { snapshot: Snapshot } | { event: StreamEvent } | { line: LineQuality };

export interface StreamListener {
  /** Everything that came in one piece of text, in order. */
  arrived(arrivals: Arrival[]): void;
  connection(connection: Connection): void;
}

const PATH = '/api/v1/events';
/** How long to wait before each try, give or take a half: a thousand pages must not come back in one moment. */
const RETRY_MS = [200, 500, 1_000, 2_000, 4_000] as const;
/** The server shows every 4 s that it lives. A connection that is silent for longer than this is dead. */
const SILENCE_MS_MAX = 10_000;

/** Runs until the returned function is called. */
export function openStream(listener: StreamListener): () => void {
  const stopped = new AbortController();
  const wake = new EventTarget();
  const online = () => wake.dispatchEvent(new Event('now'));
  window.addEventListener('online', online);
  stopped.signal.addEventListener('abort', () => window.removeEventListener('online', online));
  void run(listener, stopped.signal, wake);
  return () => stopped.abort();
}

async function run(listener: StreamListener, stop: AbortSignal, wake: EventTarget): Promise<void> {
  let lastId: string | null = null;
  let failures = 0;
  while (!stop.aborted) {
    await readOnce(stop, lastId, {
      opened: () => listener.connection('live'),
      read: (messages, id) => {
        failures = 0;
        lastId = id ?? lastId;
        if (messages.length > 0) listener.arrived(messages.flatMap(arrival));
      },
    });
    if (stop.aborted) return;
    listener.connection('lost');
    await pause(retryAfter(failures), wake);
    failures += 1;
  }
}

function retryAfter(failures: number): number {
  const step_ms = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 0;
  return step_ms * (0.5 + Math.random());
}

interface Reading {
  opened(): void;
  read(messages: Message[], lastId: string | null): void;
}

/** One connection, from its opening to its end, however that comes. */
async function readOnce(stop: AbortSignal, lastId: string | null, reading: Reading): Promise<void> {
  const connection = new AbortController();
  const close = () => connection.abort();
  const watch = new SilenceWatch(close);
  stop.addEventListener('abort', close);
  window.addEventListener('offline', close);
  try {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (lastId !== null) headers['last-event-id'] = lastId;
    const response = await fetch(PATH, { headers, cache: 'no-store', signal: connection.signal });
    if (response.status === 401) signedOut();
    if (!response.ok || !response.body) return;
    reading.opened();
    const reader = new SseReader();
    const decoder = new TextDecoder();
    const body = response.body.getReader();
    for (;;) {
      const { done, value } = await body.read();
      if (done) return;
      watch.heard();
      reading.read(reader.read(decoder.decode(value, { stream: true })), reader.lastId);
    }
  } catch {
    // Every way to lose a connection is answered in the same way: by opening another.
  } finally {
    watch.stop();
    close();
    stop.removeEventListener('abort', close);
    window.removeEventListener('offline', close);
  }
}

/** Calls `dead` when the server has been silent for too long, from the attempt to connect on. */
class SilenceWatch {
  readonly #dead: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(dead: () => void) {
    this.#dead = dead;
    this.heard();
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#dead, SILENCE_MS_MAX);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function arrival(message: Message): Arrival[] {
  if (message.event === 'snapshot') return [{ snapshot: JSON.parse(message.data) as Snapshot }];
  if (message.event === 'event') return [{ event: JSON.parse(message.data) as StreamEvent }];
  if (message.event === 'line') return [{ line: JSON.parse(message.data) as LineQuality }];
  return [];
}

/** Ends early when the browser says that the network is back. */
async function pause(ms: number, wake: EventTarget): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake.addEventListener(
      'now',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
