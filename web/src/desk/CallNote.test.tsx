// What became of a call: chosen out of a tree, kept until it is saved.

import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import type { Dispositions } from '../api/types';
import { show } from '../test/render';
import { snapshot } from '../test/samples';
import { serve } from '../test/server';
import { CallNote, choicesOf, localTime } from './CallNote';

const TREE: Dispositions = {
  dispositions: { sold: 'Sold', late: 'Too late', spam: 'Nuisance' },
  groups: [
    {
      code: 'lost',
      name: 'Lost',
      codes: ['late'],
      groups: [{ code: 'x', name: 'Other', codes: ['spam'], groups: [] }],
    },
  ],
  queues: { sales: ['sold', 'late'] },
};

const note = () =>
  show(<CallNote call="c1" caller="+49" caller_name={null} queue="sales" agent="1001" awaited />, {
    snapshot: snapshot(),
  });

it('names the groups of each code, and leaves out those that the queue has not', () => {
  expect(choicesOf(TREE, null).map(({ label }) => label)).toEqual([
    'Lost › Too late',
    'Lost › Other › Nuisance',
    'Sold',
  ]);
  expect(choicesOf(TREE, 'sales').map(({ value }) => value)).toEqual(['late', 'sold']);
});

it('is kept over a reload, and gone when it is saved', async () => {
  const log = serve({
    'GET /api/v1/dispositions': { body: TREE },
    'PUT /api/v1/calls/c1/disposition': { status: 204 },
  });
  const before = note();
  await userEvent.type(await screen.findByLabelText('Note on this call'), 'Wants two');
  await userEvent.click(screen.getByRole('button', { name: 'In an hour' }));
  before.unmount();
  note();
  expect(((await screen.findByLabelText('Note on this call')) as HTMLTextAreaElement).value).toBe(
    'Wants two',
  );
  // Without a disposition there is nothing to save yet.
  expect((screen.getByRole('button', { name: 'Save call' }) as HTMLButtonElement).disabled).toBe(true);
  await userEvent.selectOptions(screen.getByLabelText('Disposition'), 'Sold');
  await userEvent.keyboard('{Control>}s{/Control}');
  await waitFor(() => expect(screen.getByText('Saved')).toBeTruthy());
  const said = log.find(({ method }) => method === 'PUT')?.body as Record<string, string>;
  expect(said).toMatchObject({ code: 'sold', note: 'Wants two' });
  expect(Date.parse(said.follow_up_at ?? '') - Date.now()).toBeGreaterThan(3_500_000);
  expect(localStorage.length).toBe(0);
});

it('is not there where calls have no dispositions', async () => {
  const log = serve({ 'GET /api/v1/dispositions': { body: { dispositions: {}, groups: [], queues: {} } } });
  note();
  await waitFor(() => expect(log.length).toBeGreaterThan(0));
  expect(screen.queryByLabelText('Note on this call')).toBeNull();
});

it('writes a moment as the field has it', () => {
  expect(localTime(new Date(2026, 0, 5, 9, 7))).toBe('2026-01-05T09:07');
});
