// The list of messages: what it shows, and that keys alone are enough.

import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import type { Message } from '../api/types';
import { show } from '../test/render';
import { snapshot, T0 } from '../test/samples';
import { serve } from '../test/server';
import { Messages } from './Messages';

const LIST = 'GET /api/v1/messages?limit=25';

function message(more: Partial<Message> = {}): Message {
  return {
    id: 'm1',
    call: 'c1',
    mailbox: '1001',
    caller: '+493055512345',
    started_at: T0,
    duration_ms: 75_000,
    heard_at: null,
    heard_by: null,
    ...more,
  };
}

function list(messages: Message[]) {
  const unheard = messages.filter(({ heard_at }) => heard_at === null).length;
  return { body: { messages, next: null, unheard } };
}

function desk() {
  return show(<Messages agent="1001" />, { snapshot: snapshot() });
}

it('shows who left a message, for whom, and whether it is new', async () => {
  const heard = message({ id: 'm2', caller: '', mailbox: 'sales', heard_at: T0, heard_by: '1001' });
  serve({ [LIST]: list([message(), heard]) });
  desk();
  const rows = await screen.findAllByRole('row');
  expect(rows[1]?.textContent).toContain('+493055512345Me1:15New');
  expect(rows[2]?.textContent).toContain('Heard');
});

it('is not there without messages', async () => {
  const log = serve({ [LIST]: list([]) });
  desk();
  await waitFor(() => expect(log.length).toBe(1));
  expect(screen.queryByText('Messages')).toBeNull();
});

it('marks a message by keys', async () => {
  const log = serve({ [LIST]: list([message()]), 'PUT /api/v1/messages/m1': { body: message() } });
  desk();
  (await screen.findByRole('button', { name: 'Mark as heard' })).focus();
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(log.some(({ method }) => method === 'PUT')).toBe(true));
  expect(log.find(({ method }) => method === 'PUT')?.body).toEqual({ heard: true });
});

it('deletes at the second press only', async () => {
  const log = serve({ [LIST]: list([message()]), 'DELETE /api/v1/messages/m1': { status: 204 } });
  desk();
  (await screen.findByRole('button', { name: 'Delete' })).focus();
  await userEvent.keyboard('{Enter}');
  expect(log.some(({ method }) => method === 'DELETE')).toBe(false);
  await userEvent.keyboard('{Tab}');
  expect(screen.getByRole('button', { name: 'Delete' })).toBeTruthy();
  screen.getByRole('button', { name: 'Delete' }).focus();
  await userEvent.keyboard('{Enter}');
  expect(screen.getByRole('button', { name: /Really delete/ })).toBeTruthy();
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(log.some(({ method }) => method === 'DELETE')).toBe(true));
});

it('gives the sound when asked', async () => {
  serve({ [LIST]: list([message()]) });
  desk();
  await userEvent.click(await screen.findByRole('button', { name: 'Listen' }));
  const sound = screen.getByLabelText('Message of +493055512345') as HTMLAudioElement;
  expect(sound.getAttribute('src')).toBe('/api/v1/messages/m1/audio');
});
