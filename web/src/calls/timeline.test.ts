// A call on one axis of time.

import { expect, it } from 'vitest';
import type { CallRecord, Recording } from '../api/types';
import { silences } from './silence';
import { eventsOf, placeIn, timelineOf } from './timeline';

const at = (s: number) => new Date(Date.UTC(2025, 10, 23, 10, 0, s)).toISOString();

const RECORDING: Recording = {
  id: 'r1',
  path: 'r1.wav',
  started_at: at(12),
  state: 'finished',
  duration_ms: 18_000,
  gap_ms: 0,
  bytes: 1,
  problem: null,
  legs: [{ speaker: 'agent:1001', channel: 'right', from_ms: 0, to_ms: 18_000 }],
  marks: [{ at_ms: 5000, kind: 'held', by: 'agent:1001', reason: null }],
  gaps: [],
  talk: null,
  erased_at: null,
  sha256: null,
};

const CALL = {
  id: 'c1',
  caller: '+4930',
  called: '4000',
  direction: 'in',
  started_at: at(0),
  connected_at: at(12),
  ended_at: at(30),
  agent: '1001',
  path: [{ flow: 'main', step: 'menu', entered_at: at(1), left_at: at(4), input: '1', exit: 'choice 1' }],
  queues: [{ queue: 'sales', entered_at: at(4), left_at: at(12), outcome: 'answered', waited_ms: 8000 }],
  offers: [{ agent: '1001', offered_at: at(9), ended_at: at(12), outcome: 'answered' }],
  dials: [],
  recordings: [RECORDING],
  requests: [{ at: at(16), what: 'hold', request_id: '01JDQ' }],
  attendances: [{ leg: 9, agent: '1009', number: null, part: 'listen', from: at(15), until: at(20) }],
} as unknown as CallRecord;

it('has a lane for the course, each party, the flow, decisions, states, messages and marks', () => {
  const line = timelineOf(
    CALL,
    {
      decisions: {
        waits_because: null,
        decisions: [
          {
            at: at(9),
            agent: '1001',
            replayed: '1001',
            decision: {
              strategy: '',
              position: 1,
              waited_ms: 0,
              step: null,
              seed: null,
              words: 'w',
              candidates: [],
              refused: [],
              unlisted: 0,
            },
          },
        ],
      },
      sip: {
        messages: [
          {
            seq: 1,
            at: at(0),
            from: 'caller',
            to: 'hotline',
            start_line: 'INVITE',
            status: null,
          },
        ],
      },
      times: [
        {
          agent: '1001',
          times: { states: [{ state: 'ready', detail: null, call: null, from: at(-60), until: at(9) }] },
        },
      ],
    },
    0,
  );
  expect(line.to_ms - line.from_ms).toBe(30_000);
  expect(line.lanes.map(({ id }) => id)).toEqual([
    'phase',
    'party +4930',
    'party 1001',
    'party 1009',
    'flow',
    'decision',
    'request',
    'state 1001',
    'sip',
    'mark',
  ]);
  const agent = line.lanes.find(({ id }) => id === 'party 1001');
  expect(agent?.entries.map(({ word, from_ms, to_ms }) => [word, (to_ms - from_ms) / 1000])).toEqual([
    ['rung', 3],
    ['talked', 18],
  ]);
  expect(line.lanes.find(({ id }) => id === 'request')?.entries).toMatchObject([
    { word: 'hold', detail: '01JDQ', from_ms: Date.parse(at(16)), to_ms: Date.parse(at(16)) },
  ]);
  // What began before the call is cut off at its start.
  expect(line.lanes.find(({ id }) => id === 'state 1001')?.entries[0]).toMatchObject({
    from_ms: line.from_ms,
  });
  const times = eventsOf(line).map(({ from_ms }) => from_ms);
  expect(times).toEqual([...times].sort((one, other) => one - other));
});

it('knows where in a recording a moment is', () => {
  expect(placeIn(RECORDING, Date.parse(at(17)))).toBe(5);
  expect(placeIn(RECORDING, Date.parse(at(11)))).toBe(0);
  expect(placeIn(RECORDING, Date.parse(at(1)))).toBeNull();
  expect(placeIn(RECORDING, Date.parse(at(31)))).toBeNull();
});

it('finds silences that are long enough to be skipped, in which neither side is heard', () => {
  const quiet = Array.from({ length: 100 }, () => 10);
  const customer = quiet.map((peak, index) => (index < 20 ? 9000 : peak));
  const agent = quiet.map((peak, index) => (index >= 60 && index < 70 ? 9000 : peak));
  expect(silences({ duration_ms: 10_000, channels: [customer, agent] })).toEqual([
    { from_s: 2, to_s: 6 },
    { from_s: 7, to_s: 10 },
  ]);
  expect(silences({ duration_ms: 1000, channels: [quiet, quiet] })).toEqual([]);
});
