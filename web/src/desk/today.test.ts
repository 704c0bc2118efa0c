// The figures of the day: what counts where, and that nothing counts twice.

import { expect, it } from 'vitest';
import type { AgentSpan } from '../api/types';
import { merge, stretches, sums, today, worked } from './today';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 30, 8, minute)).toISOString();
const span = (
  state: string,
  from: number,
  until: number,
  call: string | null = null,
  detail: string | null = null,
): AgentSpan => ({ state, from: at(from), until: at(until), call, detail });
const MINUTE = 60_000;

it('adds up what each state is for', () => {
  const read = [
    span('ready', 0, 10),
    span('ringing', 10, 11, 'a'),
    span('talking', 11, 15, 'a', 'in'),
    span('hold', 15, 16, 'a'),
    span('talking', 16, 17, 'a', 'in'),
    span('wrap_up', 17, 20, 'a'),
    span('not_ready', 20, 30, null, 'lunch'),
    span('talking', 30, 31, 'b', 'out'),
    span('talking', 31, 32, 'c', 'internal'),
  ];
  expect(today(merge(read, [], null), at(0))).toEqual({
    calls_in: 1,
    calls_out: 1,
    talk_ms: 8 * MINUTE,
    wrap_up_ms: 3 * MINUTE,
    waiting_ms: 10 * MINUTE,
    away_ms: 10 * MINUTE,
  });
});

it('counts once what was read and seen, and cuts off what was before the day', () => {
  const read = [span('ready', 0, 10)];
  const seen = [span('ready', 0, 10), span('not_ready', 10, 12)];
  const present = span('ready', 12, 20);
  const sum = today(merge(read, seen, present), at(5));
  expect([sum.waiting_ms, sum.away_ms]).toEqual([13 * MINUTE, 2 * MINUTE]);
});

it('tells my times by state and reason, from midnight on, and when I was signed in', () => {
  const day = worked(
    [
      span('ready', -5, 3),
      span('talking', 3, 4, 'a', 'in'),
      span('not_ready', 4, 6, null, 'lunch'),
      span('logged_out', 6, 20),
      span('not_ready', 20, 21, null, 'break'),
      span('ready', 21, 30),
    ],
    at(0),
  );
  expect(sums(day)).toEqual([
    { state: 'ready', reason: null, often: 2, longest_ms: 9 * MINUTE, total_ms: 12 * MINUTE },
    { state: 'not_ready', reason: 'lunch', often: 1, longest_ms: 2 * MINUTE, total_ms: 2 * MINUTE },
    { state: 'talking', reason: null, often: 1, longest_ms: MINUTE, total_ms: MINUTE },
    { state: 'not_ready', reason: 'break', often: 1, longest_ms: MINUTE, total_ms: MINUTE },
  ]);
  expect(stretches(day)).toEqual([
    { from: at(0), until: at(6) },
    { from: at(20), until: at(30) },
  ]);
});
