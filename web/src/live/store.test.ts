// What the store adds to the reducer: the server's clock, and a card that outlives a reload.

import { expect, it, vi } from 'vitest';
import { agent, customer, pop, snapshot, T0 } from '../test/samples';
import { LiveStore } from './store';

it('keeps the card of a call in wrap-up over a reload, and not beyond wrap-up', () => {
  const first = new LiveStore('1001');
  first.arrived([{ snapshot: snapshot({ pop: pop({ customer: customer() }) }) }]);
  const wrapUp = agent({ state: 'wrap_up', call: 'c1', until: T0 });

  const second = new LiveStore('1001');
  second.arrived([{ snapshot: snapshot({ agents: [wrapUp] }) }]);
  expect(second.view().live.pop).toMatchObject({ call: 'c1', customer: { name: 'Lena Brandt' } });
  second.arrived([{ event: { seq: 11, at: T0, type: 'agent.changed', agent: agent() } }]);

  const third = new LiveStore('1001');
  third.arrived([{ snapshot: snapshot({ agents: [wrapUp] }) }]);
  expect(third.view().live.pop).toBeNull();
});

it('tells each event once, and none that was known', () => {
  const store = new LiveStore(null);
  const heard = vi.fn();
  store.onEvent(heard);
  const event = { seq: 11, at: T0, type: 'alarm.cleared', kind: 'x' } as const;
  store.arrived([{ snapshot: snapshot() }, { event }, { event }]);
  store.arrived([{ event }]);
  expect(heard).toHaveBeenCalledTimes(1);
});

it('takes the youngest looking event for the server’s clock', () => {
  vi.useFakeTimers({ now: Date.parse(T0) });
  const store = new LiveStore(null);
  const at = (s: number) => new Date(Date.parse(T0) + s * 1000).toISOString();
  store.arrived([{ snapshot: snapshot({ at: at(60) }) }]);
  expect(store.view().skew_ms).toBe(60_000);
  store.arrived([{ event: { seq: 11, at: at(30), type: 'alarm.cleared', kind: 'x' } }]);
  expect(store.view().skew_ms).toBe(60_000);
  store.arrived([{ event: { seq: 12, at: at(61), type: 'alarm.cleared', kind: 'x' } }]);
  expect(store.view().skew_ms).toBe(61_000);
});

it('says since when the connection is lost, over all tries', () => {
  vi.useFakeTimers({ now: 1_000 });
  const store = new LiveStore(null);
  store.connection('lost');
  vi.setSystemTime(9_000);
  store.connection('lost');
  expect(store.view().lost_at_ms).toBe(1_000);
  store.connection('live');
  expect(store.view().lost_at_ms).toBeNull();
});
