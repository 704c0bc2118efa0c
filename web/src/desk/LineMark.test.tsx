// How my line sounds while I talk.

import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import type { LineQuality } from '../api/types';
import { show } from '../test/render';
import { snapshot } from '../test/samples';
import { LineMark } from './LineMark';
import { gradeOf } from './line';

const LINE: LineQuality = {
  call: 'c1',
  lost_permille: 4,
  peer_lost_permille: 2,
  jitter_us: 3_400,
  round_trip_us: 21_000,
  mos: 4.3,
};

function mark() {
  const { store } = show(<LineMark call="c1" />, { snapshot: snapshot() });
  return (more: Partial<LineQuality> = {}) => act(() => store.arrived([{ line: { ...LINE, ...more } }]));
}

it('is not there before the first measure, nor for another call', () => {
  const tell = mark();
  tell({ call: 'c2' });
  expect(screen.queryByRole('status')).toBeNull();
});

it('says in a word how the line is, and the figures on focus', async () => {
  const tell = mark();
  tell();
  expect(screen.getByRole('status').textContent).toBe('Line good');
  await userEvent.tab();
  for (const text of ['Lost of what you say: 0.4 %', 'Jitter: 3 ms', 'There and back: 21 ms', 'MOS: 4.3']) {
    expect(await screen.findByText(text)).toBeTruthy();
  }
  tell({ mos: 3.2 });
  expect(screen.getByRole('status').textContent).toBe('Line poor');
});

it('goes when nothing was told for long', () => {
  vi.useFakeTimers();
  const tell = mark();
  tell();
  act(() => void vi.advanceTimersByTime(13_000));
  expect(screen.queryByRole('status')).toBeNull();
});

it('is as bad as the worse of both ways', () => {
  expect(gradeOf({ ...LINE, peer_lost_permille: 80 })).toBe('poor');
  expect(gradeOf({ ...LINE, peer_lost_permille: null, mos: 3.7 })).toBe('fair');
  expect(gradeOf({ ...LINE, mos: null })).toBeNull();
});
