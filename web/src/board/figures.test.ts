// The figures of a queue from the stream and the reports.

import { describe, expect, it } from 'vitest';
import { agent, T0 } from '../test/samples';
import { figuresAfter, figuresOf, forecast } from './figures';
import { LIMITS, level } from './limits';

const NOTHING = { now: new Map(), today: new Map() };

it('counts who serves the queue by what they do, and takes the longest wait of those who wait', () => {
  const agents = {
    a: agent({ id: 'a', state: 'ready' }),
    b: agent({ id: 'b', state: 'talking' }),
    c: agent({ id: 'c', state: 'wrap_up' }),
    d: agent({ id: 'd', state: 'logged_out' }),
    e: agent({ id: 'e', state: 'ready' }),
  };
  const later = '2025-11-23T10:00:09.000Z';
  const queue = {
    id: 'sales',
    name: 'Sales',
    length: 2,
    callbacks: 0,
    longest_since: null,
    waiting: [
      { call: 'x', since: later },
      { call: 'y', since: T0 },
    ],
    agents: ['a', 'b', 'c', 'd'],
  };
  const past = {
    now: new Map([['sales', 0.5]]),
    today: new Map([['sales', { service: 0.9, offered: 10, abandoned: 1, handle_ms: 60_000 }]]),
  };
  const figures = figuresOf(
    queue,
    agents,
    new Map([
      ['a', [0]],
      ['b', [0]],
      ['c', [0, 1]],
    ]),
    past,
  );
  expect(figures).toMatchObject({ waiting: 2, longest: T0, ready: 1, talking: 1, wrap_up: 1 });
  expect(figures).toMatchObject({ service_now: 0.5, service_today: 0.9, offered_today: 10 });
  // Two ahead with one free: two calls must end, at the pace of two and a half agents.
  expect(figures.forecast_ms).toBe((2 * 60_000) / 2.5);
  expect(figuresOf({ ...queue, agents: [] }, agents, new Map(), NOTHING).forecast_ms).toBeNull();
});

describe('the forecast', () => {
  it('is nothing while somebody is free, and grows with the line', () => {
    expect(forecast(0, 1, 2, 60_000)).toBe(0);
    expect(forecast(0, 0, 2, 60_000)).toBe(30_000);
    expect(forecast(3, 0, 2, 60_000)).toBe(120_000);
    expect(forecast(3, 0, 0, 60_000)).toBeNull();
  });
});

describe('limits', () => {
  it('warn from the first on, and are bad from the second on', () => {
    expect([19, 20, 60].map((s) => level(LIMITS.longest_s, s))).toEqual(['fine', 'warn', 'bad']);
    expect(level({ warn: null, bad: null }, 1e9)).toBe('fine');
  });

  it('of service levels are the other way round', () => {
    expect([90, 84, 60].map((share) => level(LIMITS.service, share, true))).toEqual(['fine', 'warn', 'bad']);
    expect(level(LIMITS.service, null, true)).toBe('fine');
  });
});

describe('figures of all queues after a change', () => {
  const queue = (id: string, agents: string[]) => ({
    id,
    name: id,
    length: 0,
    callbacks: 0,
    longest_since: null,
    waiting: [],
    agents,
  });
  const queues = [queue('sales', ['a']), queue('support', ['b'])];
  const agents = { a: agent({ id: 'a', state: 'ready' }), b: agent({ id: 'b', state: 'ready' }) };
  const first = figuresAfter(null, queues, agents, NOTHING);

  it('are made again for the queues of an agent that changed, and are the same for the others', () => {
    const next = figuresAfter(first, queues, { ...agents, a: agent({ id: 'a', state: 'talking' }) }, NOTHING);
    expect(next.rows[0]).toMatchObject({ ready: 0, talking: 1 });
    expect(next.rows[1]).toBe(first.rows[1]);
  });

  it('follow an agent that is gone, and one that serves another queue as well', () => {
    const gone = figuresAfter(first, queues, { b: agents.b }, NOTHING);
    expect(gone.rows[0]).toMatchObject({ ready: 0 });
    const both = figuresAfter(first, [queue('sales', ['a', 'b']), queues[1] as never], agents, NOTHING);
    expect(both.rows[0]).toMatchObject({ ready: 2 });
  });

  it('are the same list when nothing that they say has changed', () => {
    const next = figuresAfter(first, queues, { ...agents, a: { ...agents.a, name: 'Anna' } }, NOTHING);
    expect(next.rows).toBe(first.rows);
  });
});
