// What a leader asks for: of calls, of callers in line, of agents. What came of it is told by the stream.

import { queryOptions } from '@tanstack/react-query';
import { request } from './http';

export type MonitorMode = 'listen' | 'whisper' | 'private_whisper' | 'barge' | 'take_over';

/** Calls the own phone, which then hears the call, or changes how it takes part. */
export async function monitor(call: string, mode: MonitorMode): Promise<void> {
  await request('PUT', path(call, 'monitor'), { body: { mode } });
}

export async function endMonitor(call: string): Promise<void> {
  await request('DELETE', path(call, 'monitor'));
}

/** Into another queue with the place in line, or to one agent alone. */
export async function moveCaller(call: string, to: { queue: string } | { agent: string }): Promise<void> {
  await request('POST', path(call, 'move'), { body: to });
}

export async function prioritise(call: string, credit_s: number, emergency: boolean): Promise<void> {
  await request('POST', path(call, 'priority'), { body: { credit_s, emergency } });
}

export async function withdraw(call: string): Promise<void> {
  await request('POST', path(call, 'withdraw'), { body: {} });
}

export async function transferCall(call: string, to: string): Promise<void> {
  await request('POST', path(call, 'transfer'), { body: { to } });
}

export async function hangUp(call: string): Promise<void> {
  await request('POST', path(call, 'hangup'), { body: {} });
}

export async function record(call: string, act: 'start' | 'stop'): Promise<void> {
  await request('POST', path(call, `recording/${act}`), { body: {} });
}

export async function markRecording(call: string, note: string): Promise<void> {
  await request('POST', path(call, 'recording/mark'), { body: { note } });
}

/** `seen` is the call's last event: after another one the answer is another. */
export function decisionsQuery(call: string, seen: number | null = null) {
  return queryOptions({
    queryKey: ['decisions', call, seen],
    queryFn: ({ signal }) => request<DecisionList>('GET', path(call, 'decisions'), { signal }),
    placeholderData: (before) => before,
  });
}

export async function answerHelp(agent: string): Promise<void> {
  await request('POST', `/api/v1/agents/${encodeURIComponent(agent)}/help/answer`, { body: {} });
}

/** Why a call went to whom it went, and why it waits. */
export interface DecisionList {
  decisions: DecisionMade[];
  waits_because: Decision | null;
}

export interface DecisionMade {
  at: string;
  agent: string | null;
  replayed: string | null;
  decision: Decision;
}

export interface Decision {
  strategy: string;
  position: number;
  waited_ms: number;
  step: number | null;
  words: string;
  candidates: { agent: string; tier: number; preference: number; measure: number; idle_ms: number }[];
  refused: { agent: string; gate: string; until: string | null; words: string }[];
  unlisted: number;
}

function path(call: string, act: string): string {
  return `/api/v1/calls/${encodeURIComponent(call)}/${act}`;
}
