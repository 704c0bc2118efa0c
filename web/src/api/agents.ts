// What an agent asks for. The new state comes by the stream, never from here.

import { request } from './http';
import type { Agent, Device, Devices, WantedState } from './types';

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
