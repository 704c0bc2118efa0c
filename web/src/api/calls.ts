// The records of calls.

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { request } from './http';
import type { CallPage, CallRecord } from './types';

const PATH = '/api/v1/calls';

/** What calls are looked for by; all that is given must be so. */
export type CallFilter = Record<string, string | undefined>;

/** Newest first, a page at a time. */
export function callsQuery(filter: CallFilter, limit: number) {
  return infiniteQueryOptions({
    queryKey: ['calls', filter, limit],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => {
      const query = searchOf(filter);
      query.set('limit', String(limit));
      if (pageParam) query.set('cursor', pageParam);
      return request<CallPage>('GET', `${PATH}?${query}`, { signal });
    },
    getNextPageParam: (page) => page.next,
  });
}

/** The same calls as a table to be taken away. */
export function exportUrl(filter: CallFilter, format: 'csv' | 'xlsx'): string {
  const query = searchOf(filter).toString();
  return `${PATH}.${format}${query ? `?${query}` : ''}`;
}

function searchOf(filter: CallFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
  return query;
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

export function recordingUrl(call: string, recording?: string): string {
  const which = recording === undefined ? '' : `?recording=${encodeURIComponent(recording)}`;
  return `${PATH}/${encodeURIComponent(call)}/recording${which}`;
}

/** The loudest amplitude of each of so many stretches, the customer's channel first. */
export interface Peaks {
  duration_ms: number;
  channels: number[][];
}

export function peaksQuery(call: string, recording: string, points: number) {
  return queryOptions({
    queryKey: ['call', call, 'peaks', recording, points],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({ recording, points: String(points) });
      return request<Peaks>('GET', `${PATH}/${encodeURIComponent(call)}/recording/peaks?${query}`, {
        signal,
      });
    },
  });
}

export interface SipMessage {
  seq: number;
  at: string;
  offset_us: number;
  direction: string;
  from: string;
  to: string;
  start_line: string;
  method: string | null;
  status: number | null;
  cseq: string | null;
  repeated: boolean;
  text: string | null;
}

/** The SIP messages of a call, as far as they are still kept. */
export interface SipLadder {
  participants: { id: string; role: string; agent: string | null; address: string | null }[];
  messages: SipMessage[];
  omitted: number;
}

export function sipQuery(call: string) {
  return queryOptions({
    queryKey: ['call', call, 'sip'],
    queryFn: ({ signal }) =>
      request<SipLadder>('GET', `${PATH}/${encodeURIComponent(call)}/sip?full=1`, { signal }),
  });
}

export function pcapUrl(call: string): string {
  return `${PATH}/${encodeURIComponent(call)}/sip.pcap`;
}

/** What an agent did within some time. */
export interface AgentTimes {
  states: { state: string; detail: string | null; call: string | null; from: string; until: string }[];
}

export function agentTimesQuery(agent: string, from: string, until: string) {
  return queryOptions({
    queryKey: ['times', agent, from, until],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({ from, until });
      return request<AgentTimes>('GET', `/api/v1/agents/${encodeURIComponent(agent)}/states?${query}`, {
        signal,
      });
    },
  });
}
