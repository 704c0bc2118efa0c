// The bar: what it says in each state, what it asks for, by mouse and by key.

import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import i18next from 'i18next';
import { expect, it, vi } from 'vitest';
import type { Agent } from '../api/types';
import { show } from '../test/render';
import { agent, snapshot, T0 } from '../test/samples';
import { type Asked, serve } from '../test/server';
import { AgentBar } from './AgentBar';

const STATE = 'PUT /api/v1/agents/1001/state';

const DEVICE = '/api/v1/agents/1001/device';

/** What was asked for, beside what the bar reads by itself. */
function changes(log: Asked[]): Asked[] {
  return log.filter((asked) => asked.method !== 'GET');
}

/** The running time of the state; the figures of today run beside it. */
function stateClock() {
  return document.querySelector('[data-state] [class*=clock]')?.textContent;
}

function bar(more: Partial<Agent>, at = T0) {
  return show(<AgentBar />, { snapshot: snapshot({ at, agents: [agent(more)] }) });
}

it('shows the state with its running time, by the server’s clock', () => {
  vi.useFakeTimers({ now: 0 });
  bar({ state: 'not_ready', reason: 'lunch', since: '2025-11-23T09:58:55.000Z' });
  expect(screen.getByText('Not ready', { selector: '[role=status]' }).textContent).toBe('Not readyLunch');
  expect(stateClock()).toBe('1:05');
  act(() => vi.advanceTimersByTime(2_000));
  expect(stateClock()).toBe('1:07');
});

it('counts wrap-up down and ends it with the ready key', async () => {
  const log = serve({ [STATE]: { body: agent() } });
  vi.useFakeTimers({ now: 0, shouldAdvanceTime: true });
  bar({ state: 'wrap_up', until: '2025-11-23T10:00:20.000Z' });
  expect(screen.getByText('0:20')).toBeTruthy();
  expect(screen.getByRole('button', { name: /End wrap-up/ })).toBeTruthy();
  await userEvent.keyboard('{F2}');
  await waitFor(() => expect(changes(log)[0]?.body).toEqual({ state: 'ready' }));
});

it('goes not ready with a reason chosen by keys alone', async () => {
  const log = serve({ [STATE]: { body: agent() } });
  bar({});
  await userEvent.keyboard('{F4}');
  const menu = await screen.findByRole('menu');
  await waitFor(() => expect(menu.contains(document.activeElement)).toBe(true));
  await userEvent.keyboard('3');
  await waitFor(() => expect(changes(log)[0]?.body).toEqual({ state: 'not_ready', reason: 'meeting' }));
});

it('never shows a state that the stream has not told', async () => {
  serve({ [STATE]: { body: agent({ state: 'ready' }) } });
  const { store } = bar({ state: 'not_ready', reason: 'break' });
  await userEvent.click(screen.getByRole('button', { name: /^Ready/ }));
  await waitFor(() => expect(screen.getByRole('button', { name: /^Ready/ })).toBeTruthy());
  const state = within(screen.getByRole('region', { name: 'Your state' }));
  expect(state.getByText('Not ready', { selector: '[role=status]' })).toBeTruthy();
  act(() => store.arrived([{ event: { seq: 11, at: T0, type: 'agent.changed', agent: agent() } }]));
  expect(state.getByText('Ready', { selector: '[role=status]' })).toBeTruthy();
});

it('shows what comes after the call', () => {
  bar({ state: 'talking', pending: { state: 'not_ready', reason: 'lunch' } });
  expect(screen.getByText('Then: Not ready · Lunch')).toBeTruthy();
});

it('says that no phone is there', () => {
  bar({ registered: false });
  expect(screen.getByText('No phone')).toBeTruthy();
});

it('moves to a number outside and says where calls go', async () => {
  const outside_numbers = ['+15550100777'];
  const log = serve({
    [`GET ${DEVICE}`]: { body: { device: { kind: 'phone' }, outside_numbers } },
    [`PUT ${DEVICE}`]: { body: agent() },
  });
  const { store } = bar({});
  await userEvent.click(await screen.findByTitle('Where calls reach me'));
  await userEvent.click(await screen.findByRole('menuitem', { name: '+15550100777' }));
  const device = { kind: 'outside' as const, number: '+15550100777' };
  await waitFor(() => expect(changes(log)[0]?.body).toEqual(device));
  expect(screen.getByText('Phone registered')).toBeTruthy();
  const moved = agent({ device });
  act(() => store.arrived([{ event: { seq: 11, at: T0, type: 'agent.changed', agent: moved } }]));
  expect(screen.getByText('At +15550100777')).toBeTruthy();
});

it('offers no choice to who has one device only', async () => {
  const log = serve({ [`GET ${DEVICE}`]: { body: { device: { kind: 'phone' }, outside_numbers: [] } } });
  bar({});
  await waitFor(() => expect(log.some((asked) => asked.path === DEVICE)).toBe(true));
  expect(screen.queryByTitle('Where calls reach me')).toBeNull();
});

it('offers nothing while the connection is lost, and its clock stands still', async () => {
  const log = serve({});
  vi.useFakeTimers({ now: 0, shouldAdvanceTime: true });
  const { store } = bar({ state: 'not_ready', since: '2025-11-23T09:59:00.000Z' });
  act(() => store.connection('lost'));
  act(() => vi.advanceTimersByTime(5_000));
  expect(stateClock()).toBe('1:00');
  for (const button of screen.getAllByRole('button'))
    expect((button as HTMLButtonElement).disabled).toBe(true);
  await userEvent.keyboard('{F2}');
  expect(changes(log)).toEqual([]);
});

it('says why a change was refused', async () => {
  serve({ [STATE]: { status: 409, body: { title: 'conflict', detail: 'The call is not over.' } } });
  bar({ state: 'not_ready' });
  await userEvent.click(screen.getByRole('button', { name: /^Ready/ }));
  expect((await screen.findByRole('alert')).textContent).toContain('The call is not over.');
});

it('says it in the reader’s language where the server has a word for it', async () => {
  await i18next.changeLanguage('zh-CN');
  const body = { title: 'conflict', type: 'reason_full', detail: 'as many agents as may have this reason' };
  serve({ [STATE]: { status: 409, body } });
  bar({ state: 'not_ready' });
  await userEvent.keyboard('{F2}');
  expect((await screen.findByRole('alert')).textContent).toBe(
    '同时使用该原因的人数已满，请等有人返回后再试。',
  );
});

it('speaks Chinese', async () => {
  await i18next.changeLanguage('zh-CN');
  bar({ state: 'talking', pending: { state: 'not_ready', reason: 'break' } });
  expect(screen.getByText('通话中')).toBeTruthy();
  expect(screen.getByText('之后：示忙 · 小休')).toBeTruthy();
  expect(document.documentElement.lang).toBe('zh-CN');
});

it('offers the center’s reasons, and none that is used up', async () => {
  const lunch = { reason: 'lunch', name: 'Lunch break', taken: 0, at_once_max: null, left_ms: 0 };
  const mail = { reason: 'mail', name: 'Mail', taken: 1, at_once_max: 4, left_ms: null };
  const log = serve({
    'GET /api/v1/reasons': { body: { reasons: [lunch, mail] } },
    [STATE]: { body: agent() },
  });
  bar({});
  await waitFor(() => expect(log.some((asked) => asked.path === '/api/v1/reasons')).toBe(true));
  await userEvent.keyboard('{F4}');
  const used = await screen.findByRole('menuitem', { name: /Lunch break/ });
  expect(used.hasAttribute('disabled') || used.getAttribute('data-disabled') === 'true').toBe(true);
  await userEvent.click(await screen.findByRole('menuitem', { name: /Mail/ }));
  await waitFor(() => expect(changes(log)[0]?.body).toEqual({ state: 'not_ready', reason: 'mail' }));
});

it('gives more time for after-call work, by its key', async () => {
  const log = serve({ 'POST /api/v1/agents/1001/wrap-up/extend': { body: agent() } });
  bar({
    state: 'wrap_up',
    call: 'c1',
    wrap_up: { until: null, disposition: 'missing', extensions_left: 1 },
  });
  expect(screen.getByText('Disposition missing')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'More time' })).toBeTruthy();
  await userEvent.keyboard('{Alt>}l{/Alt}');
  await waitFor(() => expect(changes(log)[0]?.path).toBe('/api/v1/agents/1001/wrap-up/extend'));
});

it('asks for help with one button and says who comes', async () => {
  const log = serve({ 'POST /api/v1/agents/1001/help': { body: agent() } });
  bar({});
  await userEvent.click(screen.getByRole('button', { name: 'Help' }));
  await waitFor(() => expect(changes(log)[0]?.path).toBe('/api/v1/agents/1001/help'));
});

it('shows the leader who helps', () => {
  bar({ help: { asked_at: T0, call: null, answered_at: T0, answered_by: 'lea' } });
  expect(screen.getByRole('button', { name: 'lea helps' })).toBeTruthy();
});
