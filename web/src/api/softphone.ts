// What an agent does with the own call. What comes of it is told by the stream.

import { queryOptions } from '@tanstack/react-query';
import { request } from './http';

/** What needs no more than the call. */
export type Act =
  | 'answer'
  | 'hangup'
  | 'hold'
  | 'retrieve'
  | 'mute'
  | 'unmute'
  | 'pickup'
  | 'swap'
  | 'complete'
  | 'conference';

export async function act(call: string, what: Act): Promise<void> {
  await request('POST', `/api/v1/calls/{id}/${what}`, { path: { id: call } });
}

/** Presses keys toward the other side. */
export async function press(call: string, digits: string): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/dtmf', { path: { id: call }, body: { digits } });
}

export async function consult(call: string, to: string): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/consult', { path: { id: call }, body: { to } });
}

export async function endConsult(call: string): Promise<void> {
  await request('DELETE', '/api/v1/calls/{id}/consult', { path: { id: call } });
}

export async function transfer(call: string, to: string): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/transfer', { path: { id: call }, body: { to } });
}

export async function dropParty(call: string, leg: number): Promise<void> {
  await request('DELETE', '/api/v1/calls/{id}/parties/{leg}', { path: { id: call, leg } });
}

export async function pauseRecording(call: string): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/recording/pause', { path: { id: call }, body: {} });
}

export async function resumeRecording(call: string): Promise<void> {
  await request('POST', '/api/v1/calls/{id}/recording/resume', { path: { id: call } });
}

/** Colleagues as they are when it is asked, and the center's numbers. It is asked anew whenever somebody is about to choose. */
export const directoryQuery = queryOptions({
  queryKey: ['directory'],
  queryFn: ({ signal }) => request('GET', '/api/v1/directory', { signal }),
});
