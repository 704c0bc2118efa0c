// What an agent asks for. The new state comes by the stream, never from here.

import { request } from './http';
import type { Agent, WantedState } from './types';

export async function askState(agent: string, state: WantedState, reason?: string): Promise<void> {
  const body = reason === undefined ? { state } : { state, reason };
  await request<Agent>('PUT', `/api/v1/agents/${encodeURIComponent(agent)}/state`, { body });
}
