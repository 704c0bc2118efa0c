// Messages that callers left.

import { queryOptions } from '@tanstack/react-query';
import { addressOf, request } from './http';

/** The newest of the own mailboxes. */
export function messagesQuery(limit: number) {
  return queryOptions({
    queryKey: ['messages', limit],
    queryFn: ({ signal }) => request('GET', '/api/v1/messages', { query: { limit }, signal }),
  });
}

export async function markMessage(id: string, heard: boolean): Promise<void> {
  await request('PUT', '/api/v1/messages/{id}', { path: { id }, body: { heard } });
}

export async function deleteMessage(id: string): Promise<void> {
  await request('DELETE', '/api/v1/messages/{id}', { path: { id } });
}

export function messageUrl(id: string): string {
  return addressOf('/api/v1/messages/{id}/audio', { path: { id } });
}
