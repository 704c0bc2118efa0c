// A call as lanes on one axis of time: who was in it, what it did, which steps, decisions and messages there were. Pure.

import type { AgentTimes, CallRecord, Decision, DecisionList, Recording, SipMessage } from '../api/types';
import type { Tone } from '../ui/tone';
import { phases } from './record';

/** What a lane is about; `party` and `state` are for one person each. */
export type LaneKind = 'phase' | 'party' | 'flow' | 'state' | 'decision' | 'request' | 'sip' | 'mark';

export interface Entry {
  id: string;
  lane: LaneKind;
  /** What happened, as a word of the server's, and about whom or what. */
  word: string;
  /** More words, shown as they are. */
  detail: string;
  /** Of a decision: why it was so. */
  decision?: Decision;
  agent: string | null;
  from_ms: number;
  /** The same as `from_ms` for a moment. */
  to_ms: number;
  tone: Tone;
}

export interface Lane {
  id: string;
  kind: LaneKind;
  /** For one person each: the agent, or the number. */
  who: string | null;
  entries: Entry[];
}

/** What the line shows of the messages. */
interface Ladder {
  messages: readonly Pick<SipMessage, 'seq' | 'at' | 'start_line' | 'status' | 'from' | 'to'>[];
}

export interface Sources {
  decisions: DecisionList | undefined;
  sip: Ladder | undefined;
  times: readonly { agent: string; times: Pick<AgentTimes, 'states'> }[];
}

export interface Timeline {
  from_ms: number;
  to_ms: number;
  lanes: Lane[];
}

const PHASE_TONE = { flow: 'none', queue: 'hold', ring: 'ringing', talk: 'talking' } as const;

export function timelineOf(call: CallRecord, sources: Sources, now_ms: number): Timeline {
  const from_ms = Date.parse(call.started_at);
  const to_ms = Math.max(from_ms + 1000, call.ended_at === null ? now_ms : Date.parse(call.ended_at));
  const lanes: Lane[] = [
    { id: 'phase', kind: 'phase', who: null, entries: phaseEntries(call, now_ms) },
    ...partyLanes(call, to_ms),
    { id: 'flow', kind: 'flow', who: null, entries: stepEntries(call) },
    { id: 'decision', kind: 'decision', who: null, entries: decisionEntries(sources.decisions) },
    { id: 'request', kind: 'request', who: null, entries: requestEntries(call) },
    ...stateLanes(sources.times, from_ms, to_ms),
    { id: 'sip', kind: 'sip', who: null, entries: sipEntries(sources.sip) },
    { id: 'mark', kind: 'mark', who: null, entries: markEntries(call) },
  ];
  return { from_ms, to_ms, lanes: lanes.filter(({ entries }) => entries.length > 0) };
}

/** Everything that began, in order. */
export function eventsOf({ lanes }: Timeline): Entry[] {
  return lanes.flatMap(({ entries }) => entries).sort((one, other) => one.from_ms - other.from_ms);
}

/** Agents who had to do with the call. */
export function agentsOf(call: CallRecord): string[] {
  const attended = (call.attendances ?? []).flatMap(({ agent }) => agent ?? []);
  const all = [
    ...call.offers.map(({ agent }) => agent),
    ...attended,
    ...(call.agent === null ? [] : [call.agent]),
  ];
  return [...new Set(all)];
}

/** Where in a recording a moment is, in seconds; null if it was not recorded then. */
export function placeIn(recording: Recording, at_ms: number): number | null {
  const began = Date.parse(recording.started_at);
  const length = recording.duration_ms ?? Number.POSITIVE_INFINITY;
  // Who clicks on what happened just before the first sample hears the beginning.
  if (at_ms < began - 3000 || at_ms > began + length) return null;
  return Math.max(0, (at_ms - began) / 1000);
}

function phaseEntries(call: CallRecord, now_ms: number): Entry[] {
  return phases(call, now_ms).map((phase) => ({
    ...bare('phase', phase.kind, phase.from_ms, phase.to_ms),
    tone: PHASE_TONE[phase.kind],
  }));
}

function partyLanes(call: CallRecord, to_ms: number): Lane[] {
  const lanes = new Map<string, Entry[]>();
  const put = (who: string, entry: Entry) => lanes.set(who, [...(lanes.get(who) ?? []), entry]);
  const other = call.direction === 'out' ? call.called : call.caller;
  const customer = bare('party', 'in_call', Date.parse(call.started_at), to_ms);
  put(other, { ...customer, tone: 'none' });
  for (const offer of call.offers) {
    const end = offer.ended_at === null ? to_ms : Date.parse(offer.ended_at);
    const ring = bare(
      'party',
      offer.outcome === 'answered' ? 'rung' : offer.outcome,
      Date.parse(offer.offered_at),
      end,
    );
    put(offer.agent, { ...ring, agent: offer.agent, tone: offer.outcome === 'answered' ? 'ringing' : 'off' });
    if (offer.outcome === 'answered') {
      const talk = bare('party', 'talked', end, leftAt(call, offer.agent, end, to_ms));
      put(offer.agent, { ...talk, agent: offer.agent, tone: 'talking' });
    }
  }
  for (const dial of call.dials) {
    const end = dial.ended_at === null ? to_ms : Date.parse(dial.ended_at);
    const ring = bare('party', dial.outcome, Date.parse(dial.dialled_at), end);
    put(dial.number, { ...ring, detail: dial.trunk, tone: dial.outcome === 'answered' ? 'ringing' : 'off' });
  }
  for (const one of call.attendances ?? []) {
    const who = one.agent ?? one.number ?? '';
    const end = one.until ? Date.parse(one.until) : to_ms;
    const part = bare('party', one.part, Date.parse(one.from), end);
    put(who, { ...part, agent: one.agent, tone: one.part === 'listen' ? 'none' : 'wrap' });
  }
  return [...lanes].map(([who, entries]) => ({ id: `party ${who}`, kind: 'party', who, entries }));
}

/** When an agent who took the call left it: as the recording heard, or when the next one took it. */
function leftAt(call: CallRecord, agent: string, from_ms: number, to_ms: number): number {
  const heard = call.recordings.flatMap((recording) =>
    recording.legs
      .filter(({ speaker }) => speaker === `agent:${agent}`)
      .map((leg) => Date.parse(recording.started_at) + leg.to_ms),
  );
  if (heard.length > 0) return Math.min(to_ms, Math.max(...heard));
  const next = call.offers
    .filter((offer) => offer.outcome === 'answered' && offer.agent !== agent && offer.ended_at !== null)
    .map((offer) => Date.parse(offer.ended_at ?? ''))
    .filter((at) => at > from_ms);
  return Math.min(to_ms, ...next);
}

function stepEntries(call: CallRecord): Entry[] {
  return call.path.map((step) => ({
    ...bare('flow', step.step, Date.parse(step.entered_at), Date.parse(step.left_at)),
    detail: [step.exit, step.input ?? ''].filter((text) => text !== '').join(' · '),
    tone: 'wrap',
  }));
}

function decisionEntries(list: DecisionList | undefined): Entry[] {
  return (list?.decisions ?? []).map((made) => ({
    ...bare('decision', made.agent === null ? 'nobody' : 'chosen', Date.parse(made.at), Date.parse(made.at)),
    agent: made.agent,
    decision: made.decision,
    tone: made.agent === null ? 'hold' : 'ready',
  }));
}

/** What people and programs had done with the call; the id of each request is in the logs, too. */
function requestEntries(call: CallRecord): Entry[] {
  return (call.requests ?? []).map(({ at, what, request_id }, index) => ({
    ...bare('request', what, Date.parse(at), Date.parse(at)),
    id: `request ${index}`,
    detail: request_id,
    tone: 'ringing',
  }));
}

const STATE_TONE: Record<string, Tone> = {
  ready: 'ready',
  reserved: 'ringing',
  ringing: 'ringing',
  talking: 'talking',
  hold: 'hold',
  wrap_up: 'wrap',
  not_ready: 'off',
};

function stateLanes(all: Sources['times'], from_ms: number, to_ms: number): Lane[] {
  return all.map(({ agent, times }) => ({
    id: `state ${agent}`,
    kind: 'state',
    who: agent,
    entries: times.states.flatMap((state) => {
      const [from, to] = [
        Math.max(from_ms, Date.parse(state.from)),
        Math.min(to_ms, Date.parse(state.until)),
      ];
      if (to <= from) return [];
      const entry = { ...bare('state', state.state, from, to), id: `state ${agent} ${from}` };
      return [{ ...entry, agent, detail: state.detail ?? '', tone: STATE_TONE[state.state] ?? 'none' }];
    }),
  }));
}

function sipEntries(ladder: Ladder | undefined): Entry[] {
  return (ladder?.messages ?? []).map((message) => ({
    ...bare('sip', message.start_line, Date.parse(message.at), Date.parse(message.at)),
    id: `sip ${message.seq}`,
    detail: `${message.from} → ${message.to}`,
    tone: message.status !== null && message.status >= 400 ? 'bad' : 'none',
  }));
}

function markEntries(call: CallRecord): Entry[] {
  return call.recordings.flatMap((recording) =>
    recording.marks.map((mark) => {
      const at_ms = Date.parse(recording.started_at) + mark.at_ms;
      return {
        ...bare('mark', mark.kind, at_ms, at_ms),
        detail: mark.reason ?? '',
        tone: 'ringing' as const,
      };
    }),
  );
}

function bare(lane: LaneKind, word: string, from_ms: number, to_ms: number): Entry {
  return {
    id: `${lane} ${word} ${from_ms}`,
    lane,
    word,
    detail: '',
    agent: null,
    from_ms,
    to_ms,
    tone: 'none',
  };
}
