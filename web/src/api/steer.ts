// What a leader asks for: of calls, of callers in line, of agents. What came of it is told by the stream.

import { queryOptions } from '@tanstack/react-query';
import { request } from './http';
import type { MonitorMode } from './types';

/** Calls the own phone, which then hears the call, or changes how it takes part. */
export async function monitor(
  id: string,
  mode: MonitorMode,
  follow: 'customer' | 'agent' = 'customer',
): Promise<void> {
  await request('PUT', '/api/v1/calls/{id}/monitor', { path: { id }, body: { mode, follow } });
}

export async function endMonitor(id: string): Promise<void> {
  await request('DELETE', '/api/v1/calls/{id}/monitor', { path: { id } });
}

/** Into another queue with the place in line, or to one agent alone. */
export async function moveCaller(id: string, to: { queue: string } | { agent: string }): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/move', { path: { id }, body: to });
}

export async function prioritise(id: string, credit_s: number, emergency: boolean): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/priority', { path: { id }, body: { credit_s, emergency } });
}

export async function withdraw(id: string): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/withdraw', { path: { id } });
}

export async function transferCall(id: string, to: string): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/transfer', { path: { id }, body: { to } });
}

export async function hangUp(id: string): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/hangup', { path: { id } });
}

export async function record(id: string, act: 'start' | 'stop'): Promise<void> {
  await request('POST', `/api/v1/calls/{id}/recording/${act}`, { path: { id } });
}

export async function markRecording(id: string, note: string): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/recording/mark', { path: { id }, body: { note } });
}

/** `seen` is the call's last event: after another one the answer is another. */
export function decisionsQuery(id: string, seen: number | null = null) {
  return queryOptions({
    queryKey: ['decisions', id, seen],
    queryFn: ({ signal }) => request('GET', '/api/v1/calls/{id}/decisions', { path: { id }, signal }),
    placeholderData: (before) => before,
  });
}

export async function answerHelp(id: string): Promise<void> {
  await request('POST', '/api/v1/agents/{id}/help/answer', { path: { id } });
}
