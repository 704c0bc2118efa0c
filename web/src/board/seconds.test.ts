// Clocks that count from different times step at different times.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onSecondSince, stepAlong } from './seconds';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

it('steps each clock once a second, in the tenth after its own second is full', () => {
  const steps: [string, number][] = [];
  const ends = [0, 450].map((offset) =>
    onSecondSince(900_000 + offset, () => steps.push([`${offset}`, Date.now()])),
  );
  vi.advanceTimersByTime(2000);
  expect(steps).toEqual([
    ['0', 1_000_100],
    ['450', 1_000_500],
    ['0', 1_001_100],
    ['450', 1_001_500],
  ]);
  for (const end of ends) end();
  vi.advanceTimersByTime(2000);
  expect(steps).toHaveLength(4);
  expect(vi.getTimerCount()).toBe(0);
});

it('steps clocks that are due along with other changes, and alone again when those are over', () => {
  const steps: number[] = [];
  const end = onSecondSince(900_000, () => steps.push(Date.now()));
  vi.advanceTimersByTime(90);
  stepAlong();
  vi.advanceTimersByTime(20);
  expect(steps).toEqual([]);
  stepAlong();
  expect(steps).toEqual([1_000_110]);
  vi.advanceTimersByTime(1000);
  expect(steps).toEqual([1_000_110, 1_001_100]);
  end();
});
