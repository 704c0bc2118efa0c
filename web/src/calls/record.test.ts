// What a record says: phases without gaps, stages with the time between.

import { describe, expect, it } from 'vitest';
import type { CallRecord, OfferRecord, QueueVisit, Recording } from '../api/types';
import { hasAudio, missed, phases, stages, waited } from './record';

const START = Date.parse('2025-11-23T10:00:00.000Z');
const at = (s: number) => new Date(START + s * 1000).toISOString();

function offer(more: Partial<OfferRecord>): OfferRecord {
  return {
    agent: '1001',
    offered_at: at(30),
    popped_at: null,
    invited_at: null,
    ringing_at: null,
    ended_at: null,
    outcome: 'pending',
    sip_status: null,
    ...more,
  };
}

function record(more: Partial<CallRecord>): CallRecord {
  return {
    id: 'c1',
    caller: '+49',
    caller_name: null,
    direction: 'in',
    dials: [],
    diversion: null,
    visitor: null,
    blocked: null,
    sounds: [],
    called: '100',
    number: 'main',
    flow: 'main',
    source: { trunk: 'demo' },
    sip_call_id: 'x',
    language: 'en',
    customer: null,
    started_at: at(0),
    answered_at: at(0),
    connected_at: null,
    ended_at: null,
    ended_by: null,
    cause: null,
    agent: null,
    path: [],
    answers: [],
    queues: [],
    offers: [],
    recordings: [],
    messages: [],
    dispositions: [],
    attendances: [],
    customer_left_at: null,
    requests: [],
    transfers: [],
    ...more,
  };
}

const kinds = (call: CallRecord, now_s: number) =>
  phases(call, START + now_s * 1000).map(({ kind, from_ms, to_ms }) => [kind, (to_ms - from_ms) / 1000]);

describe('the course of a call', () => {
  it('through menu, queue, an agent who did not answer, and one who did', () => {
    const call = record({
      queues: [
        { queue: 'support', entered_at: at(10), left_at: at(60), outcome: 'answered', waited_ms: 50_000 },
      ],
      offers: [
        offer({ offered_at: at(30), ended_at: at(45), outcome: 'no_answer' }),
        offer({ offered_at: at(50), ended_at: at(60), outcome: 'answered' }),
      ],
      connected_at: at(60),
      ended_at: at(100),
    });
    expect(kinds(call, 999)).toEqual([
      ['flow', 10],
      ['queue', 20],
      ['ring', 15],
      ['queue', 5],
      ['ring', 10],
      ['talk', 40],
    ]);
  });

  it('that still waits grows with the time', () => {
    const call = record({
      queues: [{ queue: 'support', entered_at: at(10), left_at: null, outcome: null, waited_ms: null }],
    });
    expect(kinds(call, 25)).toEqual([
      ['flow', 10],
      ['queue', 15],
    ]);
  });

  it('goes back to the menu when the wait was too long', () => {
    const call = record({
      queues: [
        { queue: 'support', entered_at: at(10), left_at: at(20), outcome: 'timed_out', waited_ms: 10_000 },
      ],
      ended_at: at(30),
    });
    expect(kinds(call, 99)).toEqual([
      ['flow', 10],
      ['queue', 10],
      ['flow', 10],
    ]);
  });

  it('has no gap and no overlap, whatever the order of the parts', () => {
    const call = record({
      queues: [
        { queue: 'a', entered_at: at(5), left_at: at(9), outcome: 'timed_out', waited_ms: 4_000 },
        { queue: 'b', entered_at: at(9), left_at: at(20), outcome: 'abandoned', waited_ms: 11_000 },
      ],
      offers: [offer({ offered_at: at(12), ended_at: at(18), outcome: 'rejected' })],
      ended_at: at(20),
    });
    const row = phases(call, 0);
    expect(row[0]?.from_ms).toBe(START);
    expect(row.at(-1)?.to_ms).toBe(START + 20_000);
    for (let n = 1; n < row.length; n += 1) expect(row[n]?.from_ms).toBe(row[n - 1]?.to_ms);
  });
});

it('the stages of an offer tell the milliseconds between and leave out what never came', () => {
  const taken = offer({
    popped_at: at(30.004),
    invited_at: at(30.006),
    ringing_at: at(30.092),
    ended_at: at(34),
    outcome: 'answered',
  });
  expect(stages(taken).map(({ name, after_ms }) => [name, after_ms])).toEqual([
    ['offered', null],
    ['popped', 4],
    ['invited', 2],
    ['ringing', 86],
    ['ended', 3908],
  ]);
  expect(stages(offer({ invited_at: at(30.3) })).map(({ name, after_ms }) => [name, after_ms])).toEqual([
    ['offered', null],
    ['invited', 300],
  ]);
});

it('waits in several queues add up', () => {
  const visit: QueueVisit = {
    queue: 'a',
    entered_at: at(0),
    left_at: at(4),
    outcome: 'timed_out',
    waited_ms: null,
  };
  expect(waited(record({}))).toBeNull();
  expect(
    waited(
      record({
        queues: [
          { ...visit, waited_ms: 4_000 },
          { ...visit, waited_ms: 500 },
        ],
      }),
    ),
  ).toBe(4_500);
});

it('a failed recording cannot be played', () => {
  const recording: Recording = {
    id: 'r',
    path: 'a.wav',
    started_at: at(0),
    state: 'failed',
    duration_ms: null,
    gap_ms: null,
    bytes: null,
    problem: 'disk full',
    legs: [],
    marks: [],
    gaps: [],
    talk: null,
    erased_at: null,
    sha256: null,
  };
  expect(hasAudio(record({ recordings: [recording] }))).toBe(false);
  expect(hasAudio(record({ recordings: [{ ...recording, state: 'finished' }] }))).toBe(true);
});

describe('whose call it was', () => {
  const offers = [
    offer({ outcome: 'rejected' }),
    offer({ outcome: 'no_answer' }),
    offer({ agent: '1002', outcome: 'answered' }),
  ];

  it('is missed by an agent who was offered it last in vain, whoever took it', () => {
    expect(missed(record({ offers, agent: '1002' }), '1001')).toBe('no_answer');
    expect(missed(record({ offers: offers.slice(0, 1) }), '1001')).toBe('rejected');
  });

  it('is not missed by the agent who took it, or by one who was never offered it', () => {
    expect(missed(record({ offers, agent: '1002' }), '1002')).toBeNull();
    expect(missed(record({ offers, agent: '1001' }), '1001')).toBeNull();
    expect(missed(record({ offers, agent: '1002' }), '1003')).toBeNull();
  });
});
