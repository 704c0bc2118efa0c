// The reducer: whole calls, resumes that repeat, gaps, and snapshots that heal.

import { describe, expect, it } from 'vitest';
import type { Snapshot, StreamEvent } from '../api/types';
import { agent, call, customer, pop, snapshot, T0, type Told } from '../test/samples';
import { apply, EMPTY, fromSnapshot, type LiveState, queueLength } from './state';

const ME = '1001';
const LATER = '2025-11-23T10:00:30.000Z';

function event(seq: number, fact: Told, at = LATER): StreamEvent {
  return { seq, at, ...fact } as StreamEvent;
}

/** The facts, numbered from the one after the snapshot. */
function run(from: Snapshot, facts: Told[], me: string | null = ME): LiveState {
  return facts.reduce(
    (state, fact, index) => apply(state, event(from.seq + 1 + index, fact), me),
    fromSnapshot(from),
  );
}

const STARTED: Told = {
  type: 'call.started',
  call: 'c1',
  caller: '+493055512345',
  caller_name: null,
  called: '100',
  direction: 'in',
  source: { trunk: 'carrier' },
  language: 'en',
};
const OFFERED: Told = {
  type: 'call.offered',
  call: 'c1',
  offer: 7,
  agent: ME,
  pop: pop({ customer: customer() }),
};
const CALL_TO_RINGING: Told[] = [
  STARTED,
  { type: 'call.queued', call: 'c1', queue: 'support' },
  { type: 'call.position', call: 'c1', queue: 'support', position: 1, waiting: 1 },
  { type: 'agent.changed', agent: agent({ state: 'reserved', call: 'c1' }) },
  OFFERED,
  { type: 'agent.changed', agent: agent({ state: 'ringing', call: 'c1' }) },
];

describe('a call from start to end', () => {
  it('waits in its queue', () => {
    const state = run(snapshot(), CALL_TO_RINGING.slice(0, 3));
    expect(state.calls.c1).toMatchObject({ state: 'queued', queue: 'support', position: 1 });
    expect(state.queues[0]?.waiting).toEqual([{ call: 'c1', since: LATER }]);
  });

  it('shows the card from the offer on', () => {
    const state = run(snapshot(), CALL_TO_RINGING);
    expect(state.pop).toMatchObject({ call: 'c1', over: false, customer: { name: 'Lena Brandt' } });
    expect(state.calls.c1).toMatchObject({ state: 'offered', agent: ME });
  });

  it('stops counting the wait at the answer, though this agent was not told of the whole call', () => {
    const answered = run(snapshot(), [OFFERED, { type: 'call.connected', call: 'c1', offer: 7, agent: ME }]);
    expect(answered.calls).toEqual({});
    expect(answered.pop?.waited_until).toBe(LATER);
    const reloaded = fromSnapshot(snapshot({ pop: pop(), calls: [call({ connected_at: T0 })] }));
    expect(reloaded.pop?.waited_until).toBe(T0);
  });

  it('keeps the card through wrap-up and takes it away after', () => {
    const talk: Told[] = [
      ...CALL_TO_RINGING,
      { type: 'call.dequeued', call: 'c1', queue: 'support', outcome: 'answered' },
      { type: 'call.connected', call: 'c1', offer: 7, agent: ME },
      { type: 'agent.changed', agent: agent({ state: 'talking', call: 'c1' }) },
      { type: 'call.ended', call: 'c1', by: 'caller' },
      { type: 'agent.changed', agent: agent({ state: 'wrap_up', call: 'c1', until: LATER }) },
    ];
    const wrapUp = run(snapshot(), talk);
    expect(wrapUp.pop).toMatchObject({ call: 'c1', over: true });
    expect(wrapUp.calls).toEqual({});
    expect(wrapUp.queues[0]?.waiting).toEqual([]);
    const after = run(snapshot(), [...talk, { type: 'agent.changed', agent: agent({ state: 'ready' }) }]);
    expect(after.pop).toBeNull();
  });

  it('goes back to the queue when the agent does not answer', () => {
    const failed: Told = {
      type: 'call.offer_failed',
      call: 'c1',
      offer: 7,
      agent: ME,
      failure: 'no_answer',
      sip_status: 487,
    };
    const state = run(snapshot(), [...CALL_TO_RINGING, failed]);
    expect(state.calls.c1).toMatchObject({ state: 'queued', agent: null });
    expect(state.pop?.over).toBe(true);
    const rona: Told = { type: 'agent.changed', agent: agent({ state: 'not_ready', reason: 'missed' }) };
    expect(run(snapshot(), [...CALL_TO_RINGING, failed, rona]).pop).toBeNull();
  });

  it('stays with whoever is still rung, and connected, whoever lost it', () => {
    const other: Told = { type: 'call.offered', call: 'c1', offer: 8, agent: '1002' };
    const lost = (offer: number, agent: string, failure: 'rejected' | 'no_answer' | 'elsewhere'): Told => ({
      type: 'call.offer_failed',
      call: 'c1',
      offer,
      agent,
      failure,
      sip_status: null,
    });
    const both = [...CALL_TO_RINGING, other];
    expect(run(snapshot(), both).calls.c1).toMatchObject({ agent: ME, offered_to: [ME, '1002'] });
    const one = run(snapshot(), [...both, lost(7, ME, 'rejected')]);
    expect(one.calls.c1).toMatchObject({ state: 'offered', agent: '1002', offered_to: ['1002'] });
    const none = run(snapshot(), [...both, lost(7, ME, 'rejected'), lost(8, '1002', 'no_answer')]);
    expect(none.calls.c1).toMatchObject({ state: 'queued', agent: null, offered_to: [] });
    const taken: Told = { type: 'call.connected', call: 'c1', offer: 8, agent: '1002' };
    const talks = run(snapshot(), [...both, taken, lost(7, ME, 'elsewhere')]);
    expect(talks.calls.c1).toMatchObject({ state: 'connected', agent: '1002', offered_to: [] });
    expect(talks.pop?.over).toBe(true);
  });

  it('shows who is asked, who joined in, and stays with the agent meanwhile', () => {
    const talk: Told[] = [
      ...CALL_TO_RINGING,
      { type: 'call.connected', call: 'c1', offer: 7, agent: ME },
      { type: 'call.consulting', call: 'c1', by: ME },
      { type: 'call.held', call: 'c1', by: 'agent' },
      { type: 'call.offered', call: 'c1', offer: 9, agent: '1002' },
    ];
    const asking = run(snapshot(), talk).calls.c1;
    expect(asking).toMatchObject({ state: 'connected', agent: ME, consulting: true, held: true });
    const attendee = { leg: 9, agent: '1002', number: null };
    const joined: Told[] = [
      ...talk,
      { type: 'call.party_joined', call: 'c1', ...attendee, part: 'consulted' },
      { type: 'call.retrieved', call: 'c1', by: 'agent' },
      { type: 'call.party_joined', call: 'c1', ...attendee, part: 'conference' },
    ];
    expect(run(snapshot(), joined).calls.c1).toMatchObject({
      consulting: false,
      held: false,
      attendees: [{ ...attendee, part: 'conference' }],
    });
    const alone = run(snapshot(), [...joined, { type: 'call.customer_left', call: 'c1' }]);
    expect(alone.calls.c1).toMatchObject({ customer_left: true, attendees: [{ ...attendee }] });
    const left = run(snapshot(), [...joined, { type: 'call.party_left', call: 'c1', leg: 9 }]);
    expect(left.calls.c1?.attendees).toEqual([]);
    const leaves: Told = { type: 'call.transferring', call: 'c1', by: ME, to: { agent: '1002' } };
    expect(run(snapshot(), [...talk, leaves]).calls.c1).toMatchObject({ state: 'offered', agent: '1002' });
  });

  it('waits elsewhere when a leader moves it, and where it did when its place changes', () => {
    const state = run(snapshot(), [
      ...CALL_TO_RINGING.slice(0, 3),
      { type: 'call.prioritised', call: 'c1', emergency: false, credit_s: 60 },
      { type: 'call.not_offered', call: 'c1' },
      { type: 'call.dequeued', call: 'c1', queue: 'support', outcome: 'moved' },
      { type: 'call.queued', call: 'c1', queue: 'sales' },
      { type: 'call.assigned', call: 'c1', agent: '1002' },
    ]);
    expect(state.calls.c1).toMatchObject({ state: 'queued', queue: 'sales', agent: null });
    expect(state.queues.find(({ id }) => id === 'support')?.waiting).toEqual([]);
  });

  it('leaves the queue when the caller hangs up while waiting, even if no event says so', () => {
    const state = run(snapshot(), [
      ...CALL_TO_RINGING.slice(0, 3),
      { type: 'call.ended', call: 'c1', by: 'caller' },
    ]);
    expect(state.queues[0]?.waiting).toEqual([]);
    expect(state.calls).toEqual({});
  });

  it('keeps the time of the first connection', () => {
    const from = snapshot({ calls: [call({ connected_at: T0, state: 'connected' })] });
    const state = run(from, [{ type: 'call.connected', call: 'c1', offer: 8, agent: '1002' }]);
    expect(state.calls.c1).toMatchObject({ connected_at: T0, agent: '1002' });
  });
});

describe('whose card it is', () => {
  it('is not mine when another agent is offered the call', () => {
    const theirs: Told = { ...OFFERED, agent: '1002' };
    expect(run(snapshot(), [theirs]).pop).toBeNull();
  });

  it('is nobody’s on the page of an admin', () => {
    expect(run(snapshot(), CALL_TO_RINGING, null).pop).toBeNull();
  });

  it('stays when another agent becomes ready', () => {
    const other: Told = { type: 'agent.changed', agent: agent({ id: '1002', state: 'ready' }) };
    expect(run(snapshot(), [...CALL_TO_RINGING, other]).pop).not.toBeNull();
  });

  it('learns the customer when the address book answers late', () => {
    const late: Told = { ...OFFERED, pop: pop({ lookup_done: false }) };
    const found: Told = { type: 'call.customer', call: 'c1', customer: 'k9' };
    expect(run(snapshot(), [late]).pop).toMatchObject({ lookup_done: false, found: null });
    expect(run(snapshot(), [late, found]).pop).toMatchObject({ lookup_done: true, found: 'k9' });
  });
});

describe('numbers of the stream', () => {
  it('nothing is applied before the first snapshot', () => {
    expect(apply(EMPTY, event(1, STARTED), ME)).toBe(EMPTY);
  });

  it('a resume that repeats changes nothing', () => {
    const once = run(snapshot(), CALL_TO_RINGING);
    const twice = CALL_TO_RINGING.reduce(
      (state, fact, index) => apply(state, event(11 + index, fact), ME),
      once,
    );
    expect(twice).toBe(once);
  });

  it('every cut into two connections gives the same state', () => {
    const whole = run(snapshot(), CALL_TO_RINGING);
    for (let cut = 0; cut <= CALL_TO_RINGING.length; cut += 1) {
      const before = CALL_TO_RINGING.slice(0, cut);
      // The server sends the last event again, as a resume may.
      const after = CALL_TO_RINGING.slice(Math.max(0, cut - 1));
      const first = run(snapshot(), before);
      const state = after.reduce(
        (known, fact, index) => apply(known, event(11 + Math.max(0, cut - 1) + index, fact), ME),
        first,
      );
      expect(state).toEqual(whole);
    }
  });

  it('an agent’s stream has gaps where others’ events were', () => {
    const state = apply(fromSnapshot(snapshot()), event(99, STARTED), ME);
    expect(state.seq).toBe(99);
    expect(state.calls.c1).toBeDefined();
  });

  it('a snapshot replaces everything, a lower number too', () => {
    const state = run(snapshot(), CALL_TO_RINGING);
    expect(state.seq).toBe(16);
    const healed = fromSnapshot(snapshot({ seq: 3 }));
    expect(healed).toMatchObject({ seq: 3, calls: {}, pop: null });
  });

  it('an event of a kind from a newer server counts, and changes nothing else', () => {
    const before = fromSnapshot(snapshot());
    const after = apply(before, event(11, { type: 'call.sang', call: 'c1' } as unknown as Told), ME);
    expect(after).toEqual({ ...before, seq: 11 });
  });

  it('events of calls that this page was never told of are passed over', () => {
    const state = run(snapshot(), [{ type: 'call.connected', call: 'other', offer: 1, agent: '1002' }]);
    expect(state.calls).toEqual({});
  });
});

describe('a snapshot during wrap-up, which no longer tells of the call', () => {
  const wrapUp = agent({ state: 'wrap_up', call: 'c1', until: LATER });
  const shown = run(snapshot(), CALL_TO_RINGING).pop;

  it('leaves the card that was there', () => {
    const state = fromSnapshot(snapshot({ agents: [wrapUp] }), ME, shown);
    expect(state.pop).toMatchObject({ call: 'c1', over: true, customer: { name: 'Lena Brandt' } });
  });

  it('does not bring back the card of another call, or one after wrap-up', () => {
    const other = fromSnapshot(snapshot({ agents: [{ ...wrapUp, call: 'c2' }] }), ME, shown);
    const later = fromSnapshot(snapshot({ agents: [agent({ state: 'ready' })] }), ME, shown);
    expect([other.pop, later.pop]).toEqual([null, null]);
  });
});

describe('agents', () => {
  it('are gone when they are taken out of the configuration', () => {
    expect(run(snapshot(), []).agents[ME]).toBeDefined();
    expect(run(snapshot(), [{ type: 'agent.removed', agent: ME }]).agents[ME]).toBeUndefined();
  });
});

describe('queues of which only the length is told', () => {
  const counted = snapshot({
    queues: [
      {
        id: 'support',
        name: 'Support',
        length: 2,
        longest_since: null,
        callbacks: 0,
        waiting: null,
        agents: null,
      },
    ],
  });

  const length = (facts: Told[]) => run(counted, facts).queues.map(queueLength);

  it('follow how many wait to be called back', () => {
    const told: Told = { type: 'queue.callbacks', queue: 'support', callbacks: 3 };
    expect(run(counted, [told]).queues[0]?.callbacks).toBe(3);
  });

  it('count up and down and follow the number the server names', () => {
    const queued: Told = { type: 'call.queued', call: 'x', queue: 'support' };
    const left: Told = { type: 'call.dequeued', call: 'x', queue: 'support', outcome: 'answered' };
    expect(length([queued])).toEqual([3]);
    expect(length([left, left, left])).toEqual([0]);
    expect(length([{ type: 'call.position', call: 'x', queue: 'support', position: 4, waiting: 9 }])).toEqual(
      [9],
    );
  });

  it('follow the calls of others, and are right after a call of one’s own', () => {
    const changed = (length: number): Told => ({ type: 'queue.changed', queue: 'support', length });
    const mine: Told[] = [
      { ...OFFERED, call: 'c1' },
      { type: 'call.dequeued', call: 'c1', queue: 'support', outcome: 'answered' },
      { type: 'call.connected', call: 'c1', offer: 7, agent: ME },
      { type: 'call.ended', call: 'c1', by: 'caller' },
    ];
    expect(length([changed(3)])).toEqual([3]);
    expect(length([changed(3), ...mine])).toEqual([2]);
    expect(length([...mine, changed(0)])).toEqual([0]);
    expect(length([{ type: 'queue.changed', queue: 'other', length: 5 }])).toEqual([2]);
  });
});

describe('alarms', () => {
  const alarm = {
    kind: 'recording_failed',
    since: T0,
    detail: 'disk full',
    cause: { code: 'untold' },
  } as const;

  it('of one kind are one alarm, until cleared', () => {
    const raised: Told = { type: 'alarm.raised', alarm };
    expect(run(snapshot(), [raised, raised]).alarms).toEqual([alarm]);
    expect(run(snapshot(), [raised, { type: 'alarm.cleared', kind: alarm.kind }]).alarms).toEqual([]);
  });
});

it('shows a call that an agent makes, and to whom it belongs', () => {
  const begun: Told = {
    type: 'call.started',
    call: 'c9',
    caller: '1001',
    caller_name: null,
    called: '+4930901820',
    direction: 'out',
    source: { agent: ME },
    language: 'en',
  };
  const dialled: Told = {
    type: 'call.dialled',
    call: 'c9',
    trunk: 'carrier',
    server: 's',
    number: '+4930901820',
  };
  const state = run(snapshot(), [begun, dialled]);
  expect(state.calls.c9).toMatchObject({ state: 'dialling', agent: ME, direction: 'out' });
  const up = run(snapshot(), [
    begun,
    dialled,
    { type: 'call.dial_answered', call: 'c9' },
    { type: 'call.connected', call: 'c9', offer: 3, agent: ME },
  ]);
  expect(up.calls.c9).toMatchObject({ state: 'connected', agent: ME });
  expect(up.calls.c9?.connected_at).not.toBeNull();
});

it('shows who is called back before an agent as somebody who waits', () => {
  const begun: Told = {
    type: 'call.started',
    call: 'c9',
    caller: '+4930901820',
    caller_name: null,
    called: '+4930901820',
    direction: 'out',
    source: { queue: 'sales' },
    language: 'en',
  };
  const up = run(snapshot(), [begun, { type: 'call.dial_answered', call: 'c9' }]);
  expect(up.calls.c9).toMatchObject({ state: 'in_flow', agent: null, connected_at: null });
});

it('takes a call that comes into the view of a leader with the event that brings it', () => {
  const shown = call({ id: 'c9', state: 'queued', queue: 'support' });
  const before = fromSnapshot(snapshot());
  const queued: Told = { type: 'call.queued', call: 'c9', queue: 'support' };
  const after = apply(before, { ...event(before.seq ?? 0, queued), seq: (before.seq ?? 0) + 1, shown }, null);
  expect(before.calls.c9).toBeUndefined();
  expect(after.calls.c9).toMatchObject({ state: 'queued', queue: 'support', caller: shown.caller });
});

it('keeps my states with the direction of talks, also of calls that I make', () => {
  const out = call({ id: 'c9', direction: 'out', agent: ME, state: 'connected_outside' });
  const at = (second: number) => `2025-11-23T10:00:0${second}.000Z`;
  const changed = (state: 'ready' | 'talking' | 'wrap_up', second: number): Told => ({
    type: 'agent.changed',
    agent: agent({ state, since: at(second) }),
  });
  const from = snapshot({ calls: [out] });
  const { spans } = run(from, [changed('talking', 1), changed('ready', 4)]);
  expect(spans.map(({ state, detail, until }) => [state, detail, until])).toEqual([
    ['ready', null, at(1)],
    ['talking', 'out', at(4)],
  ]);
});
