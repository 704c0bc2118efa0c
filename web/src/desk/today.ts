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
export function today(
  read: readonly AgentSpan[],
  seen: readonly AgentSpan[],
  present: AgentSpan | null,
  from: string,
): Today {
  const spans = new Map<string, AgentSpan>();
  for (const span of [...read, ...seen, ...(present ? [present] : [])]) spans.set(span.from, span);
  const begin_ms = Date.parse(from);
  const sum: Today = { calls_in: 0, calls_out: 0, talk_ms: 0, wrap_up_ms: 0, waiting_ms: 0, away_ms: 0 };
  const counted = new Set<string>();
  for (const span of spans.values()) {
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
