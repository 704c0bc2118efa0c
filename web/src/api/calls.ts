// The records of calls.

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { addressOf, request } from './http';

export interface CallFilter {
  agent?: string | undefined;
  queue?: string | undefined;
}

/** Newest first, a page at a time. */
export function callsQuery(filter: CallFilter, limit: number) {
  return infiniteQueryOptions({
    queryKey: ['calls', filter, limit],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      request('GET', '/api/v1/calls', { query: { limit, cursor: pageParam, ...filter }, signal }),
    getNextPageParam: (page) => page.next,
  });
}

export function callQuery(id: string) {
  return queryOptions({
    queryKey: ['call', id],
    queryFn: ({ signal }) => request('GET', '/api/v1/calls/{id}', { path: { id }, signal }),
  });
}

/** Calls the own phone, then `to`. The call itself comes by the stream. */
export async function makeCall(to: string): Promise<void> {
  await request('POST', '/api/v1/calls', { body: { to } });
}

export function recordingUrl(call: string): string {
  return addressOf('/api/v1/calls/{id}/recording', { path: { id: call } });
}
