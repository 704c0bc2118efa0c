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

export async function dispose(call: string, code: string): Promise<void> {
  await request('PUT', '/api/v1/calls/{id}/disposition', { path: { id: call }, body: { code } });
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
