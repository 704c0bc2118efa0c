// My figures of today, out of the states that are over and the one that goes on. Pure.

import type { Agent, AgentSpan } from '../api/types';

export interface Today {
  /** Calls in which I talked. */
  calls_in: number;
  calls_out: number;
  /** On hold included. */
  talk_ms: number;
  wrap_up_ms: number;
  /** Ready, waiting for a call. */
  waiting_ms: number;
  /** Not ready, for whatever reason. */
  away_ms: number;
}

/** Midnight here, as the server is asked. */
export function dayBegan(now_ms: number): string {
  const day = new Date(now_ms);
  day.setHours(0, 0, 0, 0);
  return day.toISOString();
}

/**
 * `read` comes from the server and `seen` from the stream, so that some may be in both: a state is told apart by when
 * it began.
 */
export function merge(
  read: readonly AgentSpan[],
  seen: readonly AgentSpan[],
  present: AgentSpan | null,
): AgentSpan[] {
  const spans = new Map<string, AgentSpan>();
  for (const span of [...read, ...seen, ...(present ? [present] : [])]) spans.set(span.from, span);
  return [...spans.values()].sort((one, other) => Date.parse(one.from) - Date.parse(other.from));
}

export function today(spans: readonly AgentSpan[], from: string): Today {
  const begin_ms = Date.parse(from);
  const sum: Today = { calls_in: 0, calls_out: 0, talk_ms: 0, wrap_up_ms: 0, waiting_ms: 0, away_ms: 0 };
  const counted = new Set<string>();
  for (const span of spans) {
    const ms = Math.max(0, Date.parse(span.until) - Math.max(begin_ms, Date.parse(span.from)));
    add(sum, span.state, ms);
    const key = `${span.call}`;
    if (span.state !== 'talking' || Date.parse(span.until) < begin_ms || counted.has(key)) continue;
    if (span.call !== null) counted.add(key);
    if (span.detail === 'out') sum.calls_out += 1;
    else if (span.detail === 'in') sum.calls_in += 1;
  }
  return sum;
}

function add(sum: Today, state: string, ms: number): void {
  switch (state) {
    case 'talking':
    case 'hold':
      sum.talk_ms += ms;
      break;
    case 'wrap_up':
      sum.wrap_up_ms += ms;
      break;
    case 'ready':
      sum.waiting_ms += ms;
      break;
    case 'not_ready':
      sum.away_ms += ms;
      break;
    default:
  }
}

/** A state as a stretch of time; `detail` is the direction of a talk. */
export function spanOf(agent: Agent, detail: string | null, until: string): AgentSpan {
  return { state: agent.state, detail, call: agent.call, from: agent.since, until };
}

/** States that follow each other may be this far apart: the present one comes by another way than those that are over. */
const APART_MS = 2_000;

/** How long in one state, for one reason. */
export interface Sum {
  state: string;
  reason: string | null;
  often: number;
  longest_ms: number;
  total_ms: number;
}

/** What is of this day, cut at midnight, while I was signed in to the queues. */
export function worked(spans: readonly AgentSpan[], from: string): AgentSpan[] {
  return spans
    .filter(({ state, until }) => state !== 'logged_out' && Date.parse(until) > Date.parse(from))
    .map((span) => (Date.parse(span.from) < Date.parse(from) ? { ...span, from } : span));
}

/** By state and reason, the longest first. */
export function sums(spans: readonly AgentSpan[]): Sum[] {
  const found = new Map<string, Sum>();
  for (const { state, detail, from, until } of spans) {
    const reason = state === 'not_ready' ? detail : null;
    const key = `${state} ${reason}`;
    const sum = found.get(key) ?? { state, reason, often: 0, longest_ms: 0, total_ms: 0 };
    const ms = Math.max(0, Date.parse(until) - Date.parse(from));
    sum.often += 1;
    sum.total_ms += ms;
    sum.longest_ms = Math.max(sum.longest_ms, ms);
    found.set(key, sum);
  }
  return [...found.values()].sort((one, other) => other.total_ms - one.total_ms);
}

/** From each sign-in to the sign-out after it. */
export function stretches(day: readonly AgentSpan[]): Pick<AgentSpan, 'from' | 'until'>[] {
  const found: { from: string; until: string }[] = [];
  for (const { from, until } of day) {
    const last = found.at(-1);
    if (last && Date.parse(from) - Date.parse(last.until) < APART_MS) last.until = until;
    else found.push({ from, until });
  }
  return found;
}
