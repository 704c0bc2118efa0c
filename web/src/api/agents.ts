// What an agent asks for. The new state comes by the stream, never from here.

import { queryOptions } from '@tanstack/react-query';
import { request } from './http';
import type { Agent, Device, Devices, Dispositions, Reason, WantedState } from './types';

export async function askState(agent: string, state: WantedState, reason?: string): Promise<void> {
  const body = reason === undefined ? { state } : { state, reason };
  await request<Agent>('PUT', `/api/v1/agents/${encodeURIComponent(agent)}/state`, { body });
}

export async function devicesOf(agent: string): Promise<Devices> {
  return request<Devices>('GET', `/api/v1/agents/${encodeURIComponent(agent)}/device`);
}

export async function chooseDevice(agent: string, device: Device): Promise<void> {
  await request<Agent>('PUT', `/api/v1/agents/${encodeURIComponent(agent)}/device`, { body: device });
}

/** The center's reasons, with what is left of them; empty if any is taken. */
export function reasonsQuery(agent: string) {
  return queryOptions({
    queryKey: ['reasons', agent],
    queryFn: async () => (await request<{ reasons: Reason[] }>('GET', '/api/v1/reasons')).reasons,
  });
}

export function dispositionsQuery() {
  return queryOptions({
    queryKey: ['dispositions'],
    queryFn: () => request<Dispositions>('GET', '/api/v1/dispositions'),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export async function dispose(call: string, code: string): Promise<void> {
  await request<undefined>('PUT', `/api/v1/calls/${encodeURIComponent(call)}/disposition`, {
    body: { code },
  });
}

export async function extendWrapUp(agent: string): Promise<void> {
  await request<Agent>('POST', `/api/v1/agents/${encodeURIComponent(agent)}/wrap-up/extend`, { body: {} });
}

export async function askHelp(agent: string): Promise<void> {
  await request<Agent>('POST', `/api/v1/agents/${encodeURIComponent(agent)}/help`, { body: {} });
}

export async function withdrawHelp(agent: string): Promise<void> {
  const body = { outcome: 'withdrawn' };
  await request<Agent>('POST', `/api/v1/agents/${encodeURIComponent(agent)}/help/end`, { body });
}
