// The caller's card through a call.

import { act, screen } from '@testing-library/react';
import i18next from 'i18next';
import { expect, it } from 'vitest';
import type { StreamEvent } from '../api/types';
import { useLive } from '../live/store';
import { show } from '../test/render';
import { agent, customer, pop, snapshot, T0, type Told } from '../test/samples';
import { serve } from '../test/server';
import { PopCard } from './PopCard';

function Card() {
  const shown = useLive((view) => view.live.pop);
  const me = useLive((view) => view.live.agents['1001']);
  return shown && <PopCard pop={shown} agent={me} />;
}

function desk() {
  const { store } = show(<Card />, { snapshot: snapshot() });
  let seq = 10;
  return (...facts: Told[]) =>
    act(() => {
      store.arrived(
        facts.map((fact) => {
          seq += 1;
          return { event: { seq, at: T0, ...fact } as StreamEvent };
        }),
      );
    });
}

const offered = (customerOrNone = customer() as ReturnType<typeof customer> | null): Told => ({
  type: 'call.offered',
  call: 'c1',
  offer: 7,
  agent: '1001',
  pop: pop({ customer: customerOrNone }),
});
const me = (state: Parameters<typeof agent>[0]): Told => ({ type: 'agent.changed', agent: agent(state) });

it('is there with the offer, before the phone rings, and says who and from where', () => {
  const tell = desk();
  expect(screen.queryByRole('article')).toBeNull();
  tell(me({ state: 'reserved', call: 'c1' }), offered());
  const card = screen.getByRole('article', { name: 'Caller' });
  expect(card.dataset).toMatchObject({ call: 'c1', phase: 'offered' });
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Lena Brandt');
  for (const text of ['Incoming call', 'Support', 'English', 'Nordlicht']) {
    expect(card.textContent).toContain(text);
  }
});

it('stays through ringing, talking and wrap-up, and goes after it', () => {
  const tell = desk();
  tell(me({ state: 'reserved', call: 'c1' }), offered());
  const phase = () => screen.queryByRole('article')?.dataset.phase;
  tell(me({ state: 'ringing', call: 'c1' }));
  expect(phase()).toBe('ringing');
  tell(me({ state: 'talking', call: 'c1' }));
  expect(phase()).toBe('talking');
  tell({ type: 'call.ended', call: 'c1', by: 'caller' });
  expect(phase()).toBe('over');
  tell(me({ state: 'wrap_up', call: 'c1', until: T0 }));
  expect(phase()).toBe('wrap_up');
  tell(me({ state: 'ready' }));
  expect(phase()).toBeUndefined();
});

it('of an unknown caller is an empty form with the number in it', async () => {
  await i18next.changeLanguage('zh-CN');
  const tell = desk();
  tell(me({ state: 'reserved', call: 'c1' }), offered(null));
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('未知来电');
  expect((screen.getByLabelText('电话号码') as HTMLInputElement).value).toBe('+493055512345');
  expect(screen.getByRole('button', { name: '新建客户' })).toBeTruthy();
});

it('reads the customer when the address book finds one late', async () => {
  serve({ 'GET /api/v1/customers/k1': { body: customer() } });
  const tell = desk();
  tell(me({ state: 'reserved', call: 'c1' }), {
    type: 'call.offered',
    call: 'c1',
    offer: 7,
    agent: '1001',
    pop: pop({ lookup_done: false }),
  });
  expect(screen.getByText('Looking up the number')).toBeTruthy();
  tell({ type: 'call.customer', call: 'c1', customer: 'k1' });
  expect(await screen.findByDisplayValue('Lena Brandt')).toBeTruthy();
});
