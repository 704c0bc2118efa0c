// A server for component tests: answers by method and path, and remembers what it was asked.

import { vi } from 'vitest';

export interface Asked {
  method: string;
  path: string;
  body: unknown;
  headers: Record<string, string>;
}

type Reply = { status?: number; body?: unknown; etag?: string };

/** `replies` maps `GET /path` to what is answered; a function sees the request. Anything else is a 404. */
export function serve(replies: Record<string, Reply | ((asked: Asked) => Reply)>): Asked[] {
  const log: Asked[] = [];
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    const asked: Asked = {
      method: init.method ?? 'GET',
      path,
      body: init.body === undefined ? undefined : JSON.parse(String(init.body)),
      headers: init.headers as Record<string, string>,
    };
    log.push(asked);
    const known = replies[`${asked.method} ${path}`] ?? { status: 404, body: { title: 'not found' } };
    const { status = 200, body, etag } = typeof known === 'function' ? known(asked) : known;
    const given = body === undefined ? null : JSON.stringify(body);
    return new Response(given, { status, headers: etag === undefined ? {} : { etag } });
  });
  return log;
}
