// The bar of my call: each control asks for its own, by mouse and key, and shows nothing that the stream has not told.

import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import type { LiveCall, Session } from '../api/types';
import { phone } from '../phone/phone';
import { show } from '../test/render';
import { agent, call, SESSION, snapshot } from '../test/samples';
import { serve } from '../test/server';
import CallBar from './CallBar';

const MAY: Session = { ...SESSION, permissions: { 'softphone.use': 'own' } };
const DONE = { status: 202 };

function bar(more: Partial<LiveCall> = {}, session = MAY) {
  const asked: string[] = [];
  const path = (what: string) => `POST /api/v1/calls/c1/${what}`;
  const names = ['hold', 'retrieve', 'mute', 'unmute', 'swap', 'complete', 'conference', 'hangup', 'answer'];
  const replies = Object.fromEntries(
    names.map((what) => [
      path(what),
      () => {
        asked.push(what);
        return DONE;
      },
    ]),
  );
  serve({
    ...replies,
    'DELETE /api/v1/calls/c1/consult': () => {
      asked.push('back');
      return DONE;
    },
    'DELETE /api/v1/calls/c1/parties/9': () => {
      asked.push('drop');
      return DONE;
    },
  });
  const mine = call({ state: 'connected', agent: '1001', ...more });
  const state = mine.state === 'offered' ? 'ringing' : 'talking';
  const view = show(<CallBar />, {
    session,
    snapshot: snapshot({ agents: [agent({ state, call: 'c1' })], calls: [mine] }),
  });
  return { ...view, asked };
}

const BOB = { leg: 9, agent: '1002', number: null };

it('holds, mutes and hangs up by keys', async () => {
  const { asked } = bar();
  for (const key of ['h', 'm', 'x']) {
    await userEvent.keyboard(`{Alt>}${key}{/Alt}`);
    await waitFor(() => expect(asked.length).toBe('hmx'.indexOf(key) + 1));
  }
  expect(asked).toEqual(['hold', 'mute', 'hangup']);
  // Nothing has changed until the stream says so.
  expect(screen.getByRole('button', { name: 'Hold' }).getAttribute('aria-pressed')).toBe('false');
});

it('takes back and unmutes what is held and muted', async () => {
  const { asked } = bar({ held: true, muted: true });
  await userEvent.click(screen.getByRole('button', { name: 'Take back' }));
  await waitFor(() => expect(asked).toEqual(['retrieve']));
  await userEvent.click(screen.getByRole('button', { name: 'Unmute' }));
  await waitFor(() => expect(asked).toEqual(['retrieve', 'unmute']));
});

it('swaps, confers, hands over and goes back while somebody is asked', async () => {
  const { asked } = bar({ held: true, attendees: [{ ...BOB, part: 'consulted' }] });
  const all: string[] = [];
  for (const [key, what] of [
    ['s', 'swap'],
    ['c', 'conference'],
    ['g', 'complete'],
    ['b', 'back'],
  ] as const) {
    await userEvent.keyboard(`{Alt>}${key}{/Alt}`);
    all.push(what);
    await waitFor(() => expect(asked).toEqual(all));
  }
  expect(screen.queryByRole('button', { name: 'Hold' })).toBeNull();
});

it('takes somebody out of the conference', async () => {
  const { asked } = bar({ attendees: [{ ...BOB, part: 'conference' }] });
  await userEvent.click(screen.getByRole('button', { name: 'Take out of the call' }));
  await waitFor(() => expect(asked).toEqual(['drop']));
});

it('offers nothing but to answer while it rings', async () => {
  const { asked } = bar({ state: 'offered', offered_to: ['1001'] });
  expect(screen.getAllByRole('button').map(({ textContent }) => textContent)).toEqual(['Answer']);
  await userEvent.keyboard('{Alt>}a{/Alt}');
  await waitFor(() => expect(asked).toEqual(['answer']));
});

/** jsdom has no such thing. */
const DATA = { dataTransfer: { setData: () => {}, effectAllowed: '', types: [] } };

it.each<[string, Partial<LiveCall>, string]>([
  ['Hold', {}, 'hold'],
  ['Take back', { held: true }, 'retrieve'],
  ['Answer', { state: 'offered', offered_to: ['1001'] }, 'answer'],
])('has a place for the dragged call: %s', async (text, more, what) => {
  const { asked } = bar(more);
  const customer = document.querySelector('[data-seat=other]') as HTMLElement;
  expect(document.querySelector('[data-drop]')).toBeNull();
  fireEvent.dragStart(customer, DATA);
  const zone = await screen.findByText(text, { selector: '[data-drop]' });
  fireEvent.drop(zone, DATA);
  await waitFor(() => expect(asked).toEqual([what]));
  expect(document.querySelector('[data-drop]')).toBeNull();
});

it('pauses the recording, as far as there is one', async () => {
  const { store } = bar();
  expect(screen.queryByRole('button', { name: 'Pause recording' })).toBeNull();
  const tell = (fact: object) =>
    act(() =>
      store.arrived([{ event: { seq: 11, at: '2025-11-23T10:00:01Z', call: 'c1', ...fact } as never }]),
    );
  tell({ type: 'recording.started', recording: 'r', path: 'p' });
  expect(screen.getByRole('button', { name: 'Pause recording' })).toBeTruthy();
});

it('can do nothing while the connection is lost, and is not there for whoever may not', () => {
  const { store, unmount } = bar();
  act(() => store.connection('lost'));
  expect((screen.getByRole('button', { name: 'Hold' }) as HTMLButtonElement).disabled).toBe(true);
  unmount();
  bar({}, { ...MAY, permissions: {} });
  expect(screen.queryByRole('button')).toBeNull();
});

it('answers and declines what rings in this page by its phone, and keys go that way, too', async () => {
  const view = vi.spyOn(phone, 'view');
  const [answer, hangUp] = [vi.spyOn(phone, 'answer'), vi.spyOn(phone, 'hangUp')];
  view.mockReturnValue({ standing: 'registered', call: 'ringing', silent: false });
  const { asked, unmount } = bar({ state: 'offered', agent: '1001', offered_to: ['1001'] });
  await userEvent.keyboard('{Alt>}a{/Alt}');
  expect(answer).toHaveBeenCalledOnce();
  await userEvent.click(screen.getByRole('button', { name: 'Decline' }));
  expect(hangUp).toHaveBeenCalledOnce();
  expect(asked).toEqual([]);
  unmount();

  view.mockReturnValue({ standing: 'registered', call: 'up', silent: false });
  const press = vi.spyOn(phone, 'press');
  bar();
  await userEvent.keyboard('{Alt>}k{/Alt}');
  await userEvent.click(await screen.findByRole('button', { name: '5' }));
  await waitFor(() => expect(press).toHaveBeenCalledWith('5'));
  vi.restoreAllMocks();
});
