// Calls to come back to.

import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { show } from '../test/render';
import { agent, SESSION, snapshot } from '../test/samples';
import { serve } from '../test/server';
import FollowUps, { whenOf } from './FollowUps';

const OPEN = '/api/v1/follow-ups?agent=1001&limit=100&done=false';
const DONE = '/api/v1/follow-ups?agent=1001&limit=100&done=true';
const one = (call: string, at: string, done_at: string | null = null) => ({
  call,
  at,
  agent: '1001',
  code: 'sold',
  note: `about ${call}`,
  done_at,
});

it('are grouped by when they are due, and can be marked as done', async () => {
  const later = new Date(Date.now() + 9 * 86_400_000).toISOString();
  let open = [one('c1', '2025-11-20T09:00:00Z'), one('c2', later)];
  const log = serve({
    [`GET ${OPEN}`]: () => ({ body: { follow_ups: open, next: null } }),
    [`GET ${DONE}`]: { body: { follow_ups: [one('c0', '2025-11-01T09:00:00Z', later)], next: null } },
    'PUT /api/v1/calls/c1/follow-up': () => {
      open = open.slice(1);
      return { status: 204 };
    },
    'GET /api/v1/dispositions': { body: { dispositions: { sold: 'Sold' }, groups: [], queues: {} } },
  });
  show(<FollowUps agent={agent()} />, { session: SESSION, snapshot: snapshot() });
  expect(await screen.findByText('about c1')).toBeTruthy();
  expect(screen.getByText('Overdue')).toBeTruthy();
  expect(screen.getByText('Later')).toBeTruthy();
  const [first] = screen.getAllByRole('button', { name: 'Mark done' });
  await userEvent.click(first as HTMLElement);
  await waitFor(() => expect(screen.queryByText('about c1')).toBeNull());
  expect(log.find(({ method }) => method === 'PUT')?.body).toEqual({ done: true });
  await userEvent.click(screen.getByRole('button', { name: 'Done' }));
  expect(await screen.findByText('about c0')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Open again' })).toBeTruthy();
});

it('are due by the days of this place', () => {
  const now = new Date(2025, 10, 23, 12).getTime();
  expect(whenOf(new Date(2025, 10, 23, 11).toISOString(), now)).toBe('overdue');
  expect(whenOf(new Date(2025, 10, 23, 23).toISOString(), now)).toBe('today');
  expect(whenOf(new Date(2025, 10, 24, 0, 1).toISOString(), now)).toBe('later');
});
