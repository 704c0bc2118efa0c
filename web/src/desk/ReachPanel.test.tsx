// The search for whom I call, ask or send my call to.

import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { describe, expect, it } from 'vitest';
import type { Agent, Directory, LiveCall } from '../api/types';
import { show } from '../test/render';
import { agent, call, snapshot, T0 } from '../test/samples';
import { type Asked, serve } from '../test/server';
import { PickUpZone } from './PickUpZone';
import { ReachPanel } from './ReachPanel';
import { find } from './reach';

const colleague = { since: T0, registered: true, ringing: null };
const DIRECTORY: Directory = {
  agents: [
    { id: '1002', name: 'Bo Li', state: 'talking', ...colleague },
    { id: '1003', name: 'Cy Wu', state: 'ready', ...colleague },
    { id: '1004', name: 'Di An', state: 'ringing', ...colleague, ringing: 'c7' },
  ],
  numbers: [{ name: null, number: '4001', flow: 'support', language: 'en' }],
  queues: [{ id: 'billing', name: 'Billing', waiting: 3, ready: 1 }],
};
const NOTHING = { agents: {}, queues: [] };
const TALK = call({ state: 'connected', agent: '1001' });

function panel(more: Partial<Agent> = {}, calls: LiveCall[] = [], beside?: ReactNode) {
  const me = agent({ state: 'not_ready', ...more });
  const both = (
    <>
      {beside}
      <ReachPanel agent={me} />
    </>
  );
  return show(both, { snapshot: snapshot({ agents: [me], calls }) });
}

const served = (replies: Parameters<typeof serve>[0] = {}) =>
  serve({ 'GET /api/v1/directory': { body: DIRECTORY }, ...replies });

const changes = (log: Asked[]) => log.filter(({ method }) => method !== 'GET');

describe('what is found', () => {
  const found = (text: string) => find(DIRECTORY, NOTHING, text).map(({ to }) => to);

  it('are those who are free first, by name, id, number or flow', () => {
    expect(found('')).toEqual(['1003', '1004', '1002', '4001']);
    expect(found('wu')).toEqual(['1003']);
    expect(found('support')).toEqual(['4001']);
  });

  it('is what looks like a number, unless a colleague has it', () => {
    expect(found('+49 30 901820')).toEqual(['+49 30 901820']);
    expect(found('1002')).toEqual(['1002']);
    expect(found('4001')).toEqual(['4001']);
  });

  it('stands as the stream tells it, where that tells of it', () => {
    const agents = { '1003': agent({ id: '1003', state: 'talking' }) };
    expect(find(DIRECTORY, { ...NOTHING, agents }, 'wu')[0]).toMatchObject({ state: 'talking' });
  });
});

it('calls the number that was typed, by keys alone', async () => {
  const log = served({ 'POST /api/v1/calls': { status: 202, body: { id: 'c9' } } });
  panel();
  await userEvent.keyboard('{F9}+4930{Enter}');
  await waitFor(() => expect(changes(log)[0]?.body).toEqual({ to: '+4930' }));
  const field = screen.getByRole('textbox', { name: 'Name, extension or number' }) as HTMLInputElement;
  await waitFor(() => expect(field.value).toBe(''));
});

it('keeps a number that cannot be called, and says so', async () => {
  served({ 'POST /api/v1/calls': { status: 409, body: { title: 'Conflict' } } });
  panel();
  await userEvent.keyboard('{F9}99999{Enter}');
  expect(await screen.findByText('This number cannot be called.')).toBeTruthy();
  expect((screen.getByRole('textbox') as HTMLInputElement).value).toBe('99999');
});

it.each<Partial<Agent>>([{ registered: false }, { state: 'ringing' }])(
  'calls nobody while the agent is %o',
  async (more) => {
    const log = served();
    panel(more);
    await screen.findByText('Cy Wu');
    await userEvent.keyboard('{F9}1003{Enter}');
    expect(screen.queryByRole('button', { name: 'Call: Cy Wu' })).toBeNull();
    expect(changes(log)).toEqual([]);
  },
);

it('asks or sends on during a call: Enter, Shift and Enter, or a button', async () => {
  const log = served({
    'POST /api/v1/calls/c1/consult': { status: 202 },
    'POST /api/v1/calls/c1/transfer': { status: 202 },
  });
  panel({ state: 'talking', call: 'c1' }, [TALK]);
  await screen.findByText('Cy Wu');
  await userEvent.keyboard('{F9}wu{Enter}');
  await waitFor(() =>
    expect(changes(log)[0]).toMatchObject({ path: '/api/v1/calls/c1/consult', body: { to: '1003' } }),
  );
  await userEvent.keyboard('{F9}wu{Shift>}{Enter}{/Shift}');
  await waitFor(() =>
    expect(changes(log)[1]).toMatchObject({ path: '/api/v1/calls/c1/transfer', body: { to: '1003' } }),
  );
  await userEvent.click(await screen.findByRole('button', { name: 'Transfer: support' }));
  await waitFor(() => expect(changes(log)[2]?.body).toEqual({ to: '4001' }));
});

it('sends a call into a queue, and asks none', async () => {
  const log = served({ 'POST /api/v1/calls/c1/transfer': { status: 202 } });
  panel({ state: 'talking', call: 'c1' }, [TALK]);
  const row = (await screen.findByText('Billing')).closest('li') as HTMLElement;
  expect(within(row).getByText('3 waiting, 1 ready')).toBeTruthy();
  expect(within(row).queryByRole('button', { name: 'Ask: Billing' })).toBeNull();
  await userEvent.keyboard('{F9}billing{Enter}');
  expect(changes(log)).toEqual([]);
  await userEvent.keyboard('{Shift>}{Enter}{/Shift}');
  await waitFor(() => expect(changes(log)[0]?.body).toEqual({ to: 'queue:billing' }));
});

it('offers no queue while there is nobody to send there', async () => {
  served();
  panel();
  await screen.findByText('Cy Wu');
  expect(screen.queryByText('Billing')).toBeNull();
});

it('goes through the rows by arrows', async () => {
  served();
  panel();
  await screen.findByText('Cy Wu');
  await userEvent.keyboard('{F9}{ArrowDown}');
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Call: Cy Wu' }));
  await userEvent.keyboard('{ArrowDown}');
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Pick up: Di An' }));
});

it('takes a call that is dragged from a colleague to my name', async () => {
  const log = served({ 'POST /api/v1/calls/c7/pickup': { status: 202 } });
  panel({}, [], <PickUpZone />);
  const row = (await screen.findByText('Di An')).closest('li') as HTMLElement;
  const data = { dataTransfer: { setData: () => {}, effectAllowed: '', types: [] } };
  fireEvent.dragStart(row, data);
  fireEvent.drop(await screen.findByText('Pick up', { selector: '[data-drop]' }), data);
  await waitFor(() => expect(changes(log)[0]?.path).toBe('/api/v1/calls/c7/pickup'));
});

it('takes the call that rings at a colleague by one key', async () => {
  const log = served({ 'POST /api/v1/calls/c7/pickup': { status: 202 } });
  panel();
  await screen.findByText('Di An');
  await userEvent.keyboard('{Alt>}p{/Alt}');
  await waitFor(() => expect(changes(log)[0]?.path).toBe('/api/v1/calls/c7/pickup'));
});

it('takes a call that rings at a colleague', async () => {
  const log = served({ 'POST /api/v1/calls/c7/pickup': { status: 202 } });
  panel();
  const row = (await screen.findByText('Di An')).closest('li');
  await userEvent.click(within(row as HTMLElement).getByRole('button', { name: 'Pick up: Di An' }));
  await waitFor(() => expect(changes(log)[0]?.path).toBe('/api/v1/calls/c7/pickup'));
});
