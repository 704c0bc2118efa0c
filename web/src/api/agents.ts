// What an agent asks for. The new state comes by the stream, never from here.

import { queryOptions } from '@tanstack/react-query';
import { request } from './http';
import type { Device, Devices, WantedState } from './types';

export async function askState(agent: string, state: WantedState, reason?: string): Promise<void> {
  const body = reason === undefined ? { state } : { state, reason };
  await request('PUT', '/api/v1/agents/{id}/state', { path: { id: agent }, body });
}

export async function devicesOf(agent: string): Promise<Devices> {
  return request('GET', '/api/v1/agents/{id}/device', { path: { id: agent } });
}

export async function chooseDevice(agent: string, device: Device): Promise<void> {
  await request('PUT', '/api/v1/agents/{id}/device', { path: { id: agent }, body: device });
}

/** The center's reasons, with what is left of them; empty if any is taken. */
export function reasonsQuery(agent: string) {
  return queryOptions({
    queryKey: ['reasons', agent],
    queryFn: async () => (await request('GET', '/api/v1/reasons')).reasons,
  });
}

export function dispositionsQuery() {
  return queryOptions({
    queryKey: ['dispositions'],
    queryFn: () => request('GET', '/api/v1/dispositions'),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** What the agents of a queue are to say. */
export function scriptQuery(queue: string) {
  return queryOptions({
    queryKey: ['script', queue],
    queryFn: ({ signal }) => request('GET', '/api/v1/queues/{id}/script', { path: { id: queue }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** What became of a call, in a code, and in words. */
export interface Said {
  code: string;
  note: string | null;
  follow_up_at: string | null;
}

export async function dispose(call: string, said: Said): Promise<void> {
  await request('PUT', '/api/v1/calls/{id}/disposition', { path: { id: call }, body: said });
}

export async function extendWrapUp(agent: string): Promise<void> {
  await request('POST', '/api/v1/agents/{id}/wrap-up/extend', { path: { id: agent } });
}

export async function askHelp(agent: string): Promise<void> {
  await request('POST', '/api/v1/agents/{id}/help', { path: { id: agent } });
}

export async function withdrawHelp(agent: string): Promise<void> {
  const body = { outcome: 'withdrawn' } as const;
  await request('POST', '/api/v1/agents/{id}/help/end', { path: { id: agent }, body });
}

export async function askWrapUp(agent: string): Promise<void> {
  await request('POST', '/api/v1/agents/{id}/wrap-up', { path: { id: agent } });
}

/** Where the agent's time went since `from`: what is over, and not the state that goes on. */
export function timesQuery(agent: string, from: string, read_at: string | null) {
  return queryOptions({
    // A new snapshot may stand for states that the page was not told of.
    queryKey: ['times', agent, from, read_at],
    queryFn: ({ signal }) =>
      request('GET', '/api/v1/agents/{id}/states', { path: { id: agent }, query: { from }, signal }),
  });
}

/** The agent has come back to the call, or has not after all. */
export async function setFollowUpDone(call: string, done: boolean): Promise<void> {
  await request('PUT', '/api/v1/calls/{id}/follow-up', { path: { id: call }, body: { done } });
}

export function followUpsQuery(agent: string, done = false) {
  return queryOptions({
    queryKey: ['follow-ups', agent, done],
    queryFn: ({ signal }) =>
      request('GET', '/api/v1/follow-ups', { query: { agent, limit: 100, done }, signal }),
  });
}

/** Callers who asked to be called back, and those whom nobody reached. */
export const callbacksQuery = queryOptions({
  queryKey: ['callbacks'],
  queryFn: ({ signal }) => request('GET', '/api/v1/callbacks', { query: { limit: 100 }, signal }),
});
