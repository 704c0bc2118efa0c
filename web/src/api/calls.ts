// The records of calls.

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { request } from './http';
import type { CallPage, CallRecord } from './types';

const PATH = '/api/v1/calls';

export interface CallFilter {
  agent?: string | undefined;
  queue?: string | undefined;
}

/** Newest first, a page at a time. */
export function callsQuery(filter: CallFilter, limit: number) {
  return infiniteQueryOptions({
    queryKey: ['calls', filter, limit],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: String(limit) });
      if (pageParam) query.set('cursor', pageParam);
      if (filter.agent) query.set('agent', filter.agent);
      if (filter.queue) query.set('queue', filter.queue);
      return request<CallPage>('GET', `${PATH}?${query}`, { signal });
    },
    getNextPageParam: (page) => page.next,
  });
}

export function callQuery(id: string) {
  return queryOptions({
    queryKey: ['call', id],
    queryFn: ({ signal }) => request<CallRecord>('GET', `${PATH}/${encodeURIComponent(id)}`, { signal }),
  });
}

/** Calls the own phone, then `to`. The call itself comes by the stream. */
export async function makeCall(to: string): Promise<void> {
  await request<{ id: string }>('POST', PATH, { body: { to } });
}

export function recordingUrl(call: string): string {
  return `${PATH}/${encodeURIComponent(call)}/recording`;
}
