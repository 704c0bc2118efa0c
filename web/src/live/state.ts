// The one reducer: a snapshot and the events after it give what the pages show. Pure: no clock, no network.

import type {
  Agent,
  AgentSpan,
  Alarm,
  Direction,
  Fact,
  LegSound,
  LiveCall,
  Pop,
  Queue,
  Snapshot,
  StreamEvent,
  Target,
} from '../api/types';

/** States of a day that are kept; the earliest give way. */
const SPANS_MAX = 2000;

export interface LiveState {
  /** The last event that is contained; null before the first snapshot. */
  seq: number | null;
  agents: Readonly<Record<string, Agent>>;
  queues: readonly Queue[];
  calls: Readonly<Record<string, LiveCall>>;
  pop: Popped | null;
  /** Of calls that are recorded, whether that is paused at the moment. */
  recordings: Readonly<Record<string, Recorded>>;
  /** My states that are over, since the snapshot, with the direction of talks. */
  spans: readonly AgentSpan[];
  /** Of the call that I am in. */
  direction: Direction | null;
  /** Who is being asked in a call, as far as this page was told. */
  asked: Readonly<Record<string, Target>>;
  /** How my phone sounded in the last call that it left. */
  sound: LegSound | null;
  alarms: readonly Alarm[];
  counters: Readonly<Record<string, number>>;
  /** When the counters were read: no event tells of them. */
  counted_at: string | null;
}

export interface Recorded {
  paused: boolean;
  /** When it goes on by itself. */
  until: string | null;
}

/** The screen pop of this agent, from offer to the end of wrap-up. */
export interface Popped extends Pop {
  /** The caller is gone, or another agent has the call; the card stays while the agent is still busy with it. */
  over: boolean;
  /** The customer that the address book named after the pop was sent; the card reads the rest. */
  found: string | null;
  /** When the caller's waiting ended, by an answer or by giving up. An agent is not told of the whole call. */
  waited_until: string | null;
}

export const EMPTY: LiveState = {
  seq: null,
  agents: {},
  queues: [],
  calls: {},
  pop: null,
  recordings: {},
  spans: [],
  direction: null,
  asked: {},
  sound: null,
  alarms: [],
  counters: {},
  counted_at: null,
};

/**
 * A snapshot replaces everything: it is how the server heals a gap that it cannot fill. Only the card of a call
 * that is over and still in wrap-up is not in it, so `before`, what this page showed last, stays.
 */
export function fromSnapshot(
  snapshot: Snapshot,
  me: string | null = null,
  before: Popped | null = null,
): LiveState {
  const agent = snapshot.agents.find(({ id }) => id === me);
  const kept = agent?.state === 'wrap_up' && agent.call === before?.call ? before : null;
  return {
    seq: snapshot.seq,
    agents: byId(snapshot.agents),
    queues: snapshot.queues,
    calls: byId(snapshot.calls),
    pop: snapshot.pop
      ? popped(snapshot.pop, snapshot.calls.find(isUp(snapshot.pop.call)))
      : kept && { ...kept, over: true },
    // A snapshot does not tell of them; what is not known is read from the call's record.
    recordings: {},
    spans: [],
    direction: snapshot.calls.find(({ id }) => id === agent?.call)?.direction ?? null,
    asked: {},
    sound: null,
    alarms: snapshot.alarms,
    counters: snapshot.counters,
    counted_at: snapshot.at,
  };
}

/**
 * One event. What is already contained is ignored, so a resume may repeat. Numbers may be missing: an agent is
 * not sent other agents' events.
 */
export function apply(state: LiveState, event: StreamEvent, me: string | null): LiveState {
  if (state.seq === null || event.seq <= state.seq) return state;
  // A call may come into the view of those who see their team's.
  const known = event.shown && !state.calls[event.shown.id] ? withCall(state, event.shown) : state;
  return { ...applyFact(known, event, event.at, me), seq: event.seq };
}

/** How many wait. */
export function queueLength(queue: Queue): number {
  return queue.waiting?.length ?? queue.length;
}

function applyFact(state: LiveState, fact: Fact, at: string, me: string | null): LiveState {
  switch (fact.type) {
    case 'agent.changed':
      return withAgent(state, fact.agent, me);
    case 'agent.removed':
      return {
        ...state,
        agents: Object.fromEntries(Object.entries(state.agents).filter(([id]) => id !== fact.agent)),
      };
    case 'queue.callbacks':
      return {
        ...state,
        queues: state.queues.map((queue) =>
          queue.id === fact.queue ? { ...queue, callbacks: fact.callbacks } : queue,
        ),
      };
    case 'alarm.raised':
      return { ...state, alarms: [...without(state.alarms, fact.alarm.kind), fact.alarm] };
    case 'alarm.cleared':
      return { ...state, alarms: without(state.alarms, fact.kind) };
    case 'queue.changed':
      return withLength(state, fact.queue, fact.length, fact.longest_since ?? null);
    case 'call.started':
      return withCall(state, newCall(fact, at));
    case 'call.customer':
      return withCustomer(
        changeCall(state, fact.call, { customer: fact.customer }),
        fact.call,
        fact.customer,
      );
    case 'call.answered':
      return changeCall(state, fact.call, { answered_at: at });
    case 'call.language':
      return changeCall(state, fact.call, { language: fact.language });
    case 'call.queued':
      return enqueued(
        changeCall(state, fact.call, { state: 'queued', queue: fact.queue, agent: null, offered_to: [] }),
        fact.queue,
        { call: fact.call, since: at },
      );
    case 'call.position':
      return withLength(
        changeCall(state, fact.call, { queue: fact.queue, position: fact.position }),
        fact.queue,
        fact.waiting,
        undefined,
      );
    case 'call.dequeued':
      return dequeued(
        changeCall(state, fact.call, (call) => ({
          position: null,
          state: call.state === 'queued' ? 'in_flow' : call.state,
        })),
        fact.queue,
        fact.call,
      );
    case 'call.consulting':
    case 'call.consult_ended':
    case 'call.party_joined':
    case 'call.party_left':
    case 'call.customer_left':
    case 'call.taken_over':
    case 'call.muted':
    case 'call.held':
    case 'call.retrieved':
    case 'call.transferring':
    case 'call.transferred':
      return whoIsAsked(
        changeCall(state, fact.call, (call) => company(call, fact)),
        fact,
      );
    case 'call.offered':
      return offered(state, fact.call, fact.agent, fact.pop ?? null, me);
    case 'call.offer_failed':
      return offerFailed(state, fact);
    case 'call.connected':
      return waited(
        changeCall(state, fact.call, (call) => ({
          state: 'connected',
          agent: fact.agent,
          offered_to: [],
          attendees: call.attendees.filter((one) => one.agent !== fact.agent),
          connected_at: call.connected_at ?? at,
        })),
        fact.call,
        at,
      );
    case 'call.dialled':
      return changeCall(state, fact.call, (call) => (call.consulting ? {} : { state: 'dialling' }));
    case 'call.dial_answered':
      return changeCall(state, fact.call, (call) =>
        call.consulting
          ? {}
          : waitsForAgent(call)
            ? { state: 'in_flow' }
            : { state: 'connected_outside', connected_at: call.connected_at ?? at },
      );
    case 'call.ended':
      return ended(waited(state, fact.call, at), fact.call);
    // Steps are counted where a flow is drawn; the place in line that follows from the others is told by itself.
    case 'call.step':
    case 'call.not_offered':
    case 'call.assigned':
    case 'call.prioritised':
    case 'call.calling_back':
      return state;
    case 'recording.started':
    case 'recording.resumed':
      return recorded(state, fact.call, { paused: false, until: null });
    case 'recording.paused':
      return recorded(state, fact.call, { paused: true, until: fact.until });
    case 'recording.finished':
    case 'recording.mended':
    case 'recording.failed':
      return recorded(state, fact.call, null);
    case 'sound.measured':
      return fact.sound.agent === me ? { ...state, sound: fact.sound } : state;
    default:
      // A newer server may tell more than this page knows.
      return state;
  }
}

/** Whether it is made for somebody who is called back before an agent, and was not answered. */
function waitsForAgent(call: LiveCall): boolean {
  return call.direction === 'out' && call.agent === null && call.answered_at === null;
}

/** States in which an agent has nothing to do with a call any more. */
function isFree(agent: Agent): boolean {
  switch (agent.state) {
    case 'logged_out':
    case 'not_ready':
    case 'ready':
      return true;
    case 'reserved':
    case 'ringing':
    case 'talking':
    case 'hold':
    case 'wrap_up':
    case 'offline_grace':
      return false;
  }
}

function withAgent(state: LiveState, agent: Agent, me: string | null): LiveState {
  const pop = agent.id === me && isFree(agent) ? null : state.pop;
  const spans = agent.id === me ? withSpan(state, agent) : state.spans;
  const direction = agent.id === me ? directionOf(state, agent) : state.direction;
  // Who sees the own calls alone is not told of their end when others have them.
  const alone = agent.id === me && isFree(agent) && Object.keys(state.agents).length === 1;
  const calls = alone ? ownCalls(state.calls, agent.id) : state.calls;
  return { ...state, calls, pop, spans, direction, agents: { ...state.agents, [agent.id]: agent } };
}

/** Kept when the call is over, for the talk is told to be over after it. */
function directionOf({ calls, direction }: LiveState, { id, call, state }: Agent): Direction | null {
  if (call !== null) return calls[call]?.direction ?? direction;
  if (state !== 'talking' && state !== 'hold') return null;
  // A call outside the queues occupies the agent without being named.
  return Object.values(calls).find((one) => one.agent === id)?.direction ?? direction;
}

/** The calls that the agent makes: the phone may not ring yet. */
function ownCalls(calls: LiveState['calls'], me: string): LiveState['calls'] {
  const own = Object.values(calls).filter(({ direction, agent }) => direction !== 'in' && agent === me);
  return byId(own);
}

/** My states that are over, the latest last. */
function withSpan(state: LiveState, agent: Agent): readonly AgentSpan[] {
  const before = state.agents[agent.id];
  if (before === undefined || before.since === agent.since) return state.spans;
  const { state: word, call, since: from } = before;
  const span = { state: word, detail: state.direction, call, from, until: agent.since };
  return [...state.spans, span].slice(-SPANS_MAX);
}

/** Whom the agent asks is told once, when it begins. */
function whoIsAsked(state: LiveState, fact: Extract<Fact, { call: string }>): LiveState {
  const { [fact.call]: before, ...others } = state.asked;
  if (fact.type === 'call.consulting') return { ...state, asked: { ...others, [fact.call]: fact.to } };
  const over =
    fact.type === 'call.consult_ended' ||
    fact.type === 'call.transferring' ||
    fact.type === 'call.party_joined';
  return over && before ? { ...state, asked: others } : state;
}

function newCall(fact: Extract<Fact, { type: 'call.started' }>, at: string): LiveCall {
  return {
    id: fact.call,
    state: fact.direction === 'out' ? 'dialling' : 'in_flow',
    caller: fact.caller,
    caller_name: fact.caller_name,
    called: fact.called,
    direction: fact.direction,
    queue: null,
    position: null,
    agent: fact.direction === 'out' && 'agent' in fact.source ? fact.source.agent : null,
    started_at: at,
    answered_at: null,
    connected_at: null,
    offered_to: [],
    language: fact.language,
    customer: null,
    attendees: [],
    consulting: false,
    customer_left: false,
    held: false,
    muted: false,
  };
}

function offered(
  state: LiveState,
  call: string,
  agent: string,
  pop: Pop | null,
  me: string | null,
): LiveState {
  const next = changeCall(state, call, ({ offered_to, consulting }) =>
    consulting ? {} : ringing([...offered_to.filter((one) => one !== agent), agent]),
  );
  return pop !== null && me !== null && agent === me
    ? { ...next, pop: { ...pop, over: false, found: null, waited_until: null } }
    : next;
}

/** Whoever else is still rung keeps the call on offer; one that was taken stays so, whoever lost it. */
function offerFailed(state: LiveState, fact: Extract<Fact, { type: 'call.offer_failed' }>): LiveState {
  const next = changeCall(state, fact.call, (call) => {
    if (call.state !== 'offered') return {};
    const others = call.offered_to.filter((agent) => agent !== fact.agent);
    if (others.length > 0) return ringing(others);
    return { state: call.queue === null ? 'in_flow' : 'queued', agent: null, offered_to: [] };
  });
  return next.pop?.offer === fact.offer ? { ...next, pop: { ...next.pop, over: true } } : next;
}

/** Several phones may ring for one call; it is shown with the agent who was chosen first. */
function ringing(agents: string[]): Partial<LiveCall> {
  return { state: 'offered', agent: agents[0] ?? null, offered_to: agents };
}

/** What is said of those beside the two who talk, and of how they talk. */
function company(call: LiveCall, fact: Extract<Fact, { call: string }>): Partial<LiveCall> {
  const others = (leg: number) => call.attendees.filter((one) => one.leg !== leg);
  switch (fact.type) {
    case 'call.consulting':
      return { consulting: true };
    case 'call.consult_ended':
      return { consulting: false };
    case 'call.party_joined': {
      const { leg, agent, number, part } = fact;
      const consulting = call.consulting && part !== 'consulted';
      return { consulting, attendees: [...others(leg), { leg, agent, number, part }] };
    }
    case 'call.party_left':
      return { attendees: others(fact.leg) };
    case 'call.customer_left':
      return { customer_left: true };
    case 'call.muted':
      return { muted: fact.muted };
    case 'call.held':
      return fact.by === 'agent' ? { held: true } : {};
    case 'call.retrieved':
      return fact.by === 'agent' ? { held: false } : {};
    case 'call.taken_over':
      return { held: false, muted: false };
    case 'call.transferring': {
      const rung = call.consulting ? rungByConsult(fact.to) : {};
      return { ...rung, consulting: false, held: false, muted: false };
    }
    case 'call.transferred': {
      const { to, attended } = fact;
      const attendees =
        attended && 'outside' in to
          ? call.attendees.filter((one) => one.number !== to.outside)
          : call.attendees;
      return { attendees, held: false, muted: false };
    }
    default:
      return {};
  }
}

/** The agent has left to whom it asked, whose phone rings. */
function rungByConsult(to: Target): Partial<LiveCall> {
  if ('agent' in to) return ringing([to.agent]);
  return 'outside' in to ? { state: 'dialling' } : {};
}

function ended(state: LiveState, call: string): LiveState {
  const { [call]: gone, ...calls } = state.calls;
  const queues = state.queues.some((queue) => queue.waiting?.some((entry) => entry.call === call))
    ? state.queues.map((queue) => leave(queue, call))
    : state.queues;
  const pop = state.pop?.call === call ? { ...state.pop, over: true } : state.pop;
  const { [call]: _, ...asked } = state.asked;
  return { ...state, calls: gone ? calls : state.calls, queues, pop, asked };
}

function withCustomer(state: LiveState, call: string, customer: string | null): LiveState {
  if (state.pop?.call !== call) return state;
  return { ...state, pop: { ...state.pop, found: customer, lookup_done: true } };
}

function isUp(call: string): (known: LiveCall) => boolean {
  return ({ id, state }) => id === call && state !== 'ending';
}

function popped(pop: Pop, call: LiveCall | undefined): Popped {
  return { ...pop, over: call === undefined, found: null, waited_until: call?.connected_at ?? null };
}

function waited(state: LiveState, call: string, at: string): LiveState {
  if (state.pop?.call !== call) return state;
  return { ...state, pop: { ...state.pop, waited_until: state.pop.waited_until ?? at } };
}

function withCall(state: LiveState, call: LiveCall): LiveState {
  return { ...state, calls: { ...state.calls, [call.id]: call } };
}

type Change = Partial<LiveCall> | ((call: LiveCall) => Partial<LiveCall>);

/** A call that this page was not told of stays unknown. */
function changeCall(state: LiveState, id: string, change: Change): LiveState {
  const call = state.calls[id];
  if (!call) return state;
  return withCall(state, { ...call, ...(typeof change === 'function' ? change(call) : change) });
}

function changeQueue(state: LiveState, id: string, change: (queue: Queue) => Queue): LiveState {
  return { ...state, queues: state.queues.map((queue) => (queue.id === id ? change(queue) : queue)) };
}

function enqueued(state: LiveState, id: string, entry: { call: string; since: string }): LiveState {
  return changeQueue(state, id, (queue) =>
    queue.waiting
      ? { ...queue, waiting: [...(leave(queue, entry.call).waiting ?? []), entry] }
      : {
          ...queue,
          length: queueLength(queue) + 1,
          longest_since: queue.longest_since ?? entry.since,
        },
  );
}

function dequeued(state: LiveState, id: string, call: string): LiveState {
  return changeQueue(state, id, (queue) =>
    queue.waiting ? leave(queue, call) : counted(queue, Math.max(0, queueLength(queue) - 1)),
  );
}

function withLength(
  state: LiveState,
  id: string,
  length: number,
  since: string | null | undefined,
): LiveState {
  return changeQueue(state, id, (queue) =>
    queue.waiting
      ? queue
      : { ...queue, length, longest_since: since === undefined ? queue.longest_since : since },
  );
}

/** Of a queue in which nobody waits, nobody waits longest. */
function counted(queue: Queue, length: number): Queue {
  return { ...queue, length, longest_since: length === 0 ? null : queue.longest_since };
}

function recorded(state: LiveState, call: string | null | undefined, now: Recorded | null): LiveState {
  if (!call) return state;
  const { [call]: _, ...others } = state.recordings;
  return { ...state, recordings: now === null ? others : { ...others, [call]: now } };
}

/** Since when the one waits who has waited longest; null if nobody does. */
export function longestSince(queue: Queue): string | null {
  return queue.waiting ? (queue.waiting[0]?.since ?? null) : (queue.longest_since ?? null);
}

function leave(queue: Queue, call: string): Queue {
  return queue.waiting ? { ...queue, waiting: queue.waiting.filter((entry) => entry.call !== call) } : queue;
}

function without(alarms: readonly Alarm[], kind: string): Alarm[] {
  return alarms.filter((alarm) => alarm.kind !== kind);
}

function byId<Item extends { id: string }>(items: readonly Item[]): Record<string, Item> {
  return Object.fromEntries(items.map((item) => [item.id, item]));
}
