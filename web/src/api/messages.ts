// Messages that callers left.

import { queryOptions } from '@tanstack/react-query';
import { request } from './http';
import type { Message, MessagePage } from './types';

const PATH = '/api/v1/messages';

function pathOf(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}

/** The newest of the own mailboxes. */
export function messagesQuery(limit: number) {
  return queryOptions({
    queryKey: ['messages', limit],
    queryFn: ({ signal }) => request<MessagePage>('GET', `${PATH}?limit=${limit}`, { signal }),
  });
}

export async function markMessage(id: string, heard: boolean): Promise<void> {
  await request<Message>('PUT', pathOf(id), { body: { heard } });
}

export async function deleteMessage(id: string): Promise<void> {
  await request<undefined>('DELETE', pathOf(id));
}

export function messageUrl(id: string): string {
  return `${pathOf(id)}/audio`;
}
