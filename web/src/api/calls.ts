// The records of calls, and everything that is told of one.

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { addressOf, request } from './http';

/** What calls are looked for by, as it stands in the address of the page; all that is given must be so. */
export type CallFilter = Record<string, string | undefined>;

/** Newest first, a page at a time. */
export function callsQuery(filter: CallFilter, limit: number) {
  return infiniteQueryOptions({
    queryKey: ['calls', filter, limit],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => {
      // What is no number and no known word there is refused by the server, by its field.
      const wanted = filter as Record<string, never>;
      return request('GET', '/api/v1/calls', { query: { limit, cursor: pageParam, ...wanted }, signal });
    },
    getNextPageParam: (page) => page.next,
  });
}

/** The same calls as a table to be taken away. */
export function exportUrl(filter: CallFilter, format: 'csv' | 'xlsx'): string {
  return addressOf(`/api/v1/calls.${format}`, { query: filter });
}

export function callQuery(id: string) {
  return queryOptions({
    queryKey: ['call', id],
    queryFn: ({ signal }) => request('GET', '/api/v1/calls/{id}', { path: { id }, signal }),
  });
}

/** Calls the own phone, then `to`. The call itself comes by the stream. */
export async function makeCall(to: string): Promise<void> {
  const { id } = await request('POST', '/api/v1/calls', { body: { to } });
  made = id;
  for (const told of hearers) told();
}

let made: string | null = null;
const hearers = new Set<() => void>();

/** The call that was made here last: who made it need not say a second time that it is wanted. */
export const madeHere = {
  now: (): string | null => made,
  subscribe(told: () => void): () => void {
    hearers.add(told);
    return () => hearers.delete(told);
  },
};

export function recordingUrl(call: string, recording?: string): string {
  return addressOf('/api/v1/calls/{id}/recording', { path: { id: call }, query: { recording } });
}

/** The loudest amplitude of each of so many stretches, the customer's channel first. */
export function peaksQuery(call: string, recording: string, points: number) {
  return queryOptions({
    queryKey: ['call', call, 'peaks', recording, points],
    queryFn: ({ signal }) =>
      request('GET', '/api/v1/calls/{id}/recording/peaks', {
        path: { id: call },
        query: { recording, points },
        signal,
      }),
  });
}

/** The SIP messages of a call, as far as they are still kept. */
export function sipQuery(call: string) {
  return queryOptions({
    queryKey: ['call', call, 'sip'],
    queryFn: ({ signal }) =>
      request('GET', '/api/v1/calls/{id}/sip', { path: { id: call }, query: { full: '1' }, signal }),
  });
}

export function pcapUrl(call: string): string {
  return addressOf('/api/v1/calls/{id}/sip.pcap', { path: { id: call } });
}

/** What an agent did within some time. */
export function agentTimesQuery(agent: string, from: string, until: string) {
  return queryOptions({
    queryKey: ['times', agent, from, until],
    queryFn: ({ signal }) =>
      request('GET', '/api/v1/agents/{id}/states', { path: { id: agent }, query: { from, until }, signal }),
  });
}
