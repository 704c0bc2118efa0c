// A call outlives the reload of its page by a few seconds.

import { afterEach, expect, it, vi } from 'vitest';
import { KEPT_MS, keep, replaces, takeKept } from './handover';

const DIALOG = { call: 'abc@page', local: 'mine', remote: 'theirs' };

afterEach(() => {
  vi.useRealTimers();
  sessionStorage.clear();
});

it('is there for the page that comes next, once', () => {
  keep(DIALOG)(false);
  expect(takeKept()).toEqual(DIALOG);
  expect(takeKept()).toBeNull();
});

it('is nothing to come back to after ten seconds', () => {
  vi.useFakeTimers({ now: 0 });
  const done = keep(DIALOG);
  vi.advanceTimersByTime(60_000);
  done(false);
  expect(takeKept(Date.now() + KEPT_MS)).toBeNull();
  // A long call is as young as its page was a moment ago.
  keep(DIALOG)(false);
  expect(takeKept(Date.now() + KEPT_MS - 1)).toEqual(DIALOG);
});

it('is forgotten when the call is over, and what others wrote is not taken for one', () => {
  keep(DIALOG)(true);
  expect(takeKept()).toBeNull();
  sessionStorage.setItem('hotline.phone.call', '{');
  expect(takeKept()).toBeNull();
});

it('names the tags as the other side has them (RFC 3891)', () => {
  expect(replaces(DIALOG)).toBe('Replaces: abc@page;to-tag=theirs;from-tag=mine');
});
