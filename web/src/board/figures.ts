// The figures of queues on the board: who is there comes from the stream, what became of callers from the reports.

import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { figure, type Report, reportQuery } from '../api/reports';
import type { Agent, LiveCall, Queue } from '../api/types';
import { useMay } from '../app/session';
import { queueLength } from '../live/state';
import { useLiveStore } from '../live/store';
import type { RowSource } from '../ui/rowWindow';
import { listOf } from './sources';

/** "Now", for service levels. */
const RECENT_MS = 30 * 60_000;
/** Calls end all the time; their figures are read again at most so often. */
const READ_AGAIN_MS = 20_000;
/** Until a queue has taken calls, a call takes so long: the server reckons with the same. */
const HANDLE_TIME_UNKNOWN_MS = 90_000;

export interface QueueFigures {
  id: string;
  name: string;
  waiting: number;
  /** Since when the caller who waits longest does. */
  longest: string | null;
  ready: number;
  talking: number;
  wrap_up: number;
  not_ready: number;
  /** Shares of those answered in time. */
  service_now: number | null;
  service_today: number | null;
  offered_today: number | null;
  abandoned_today: number | null;
  /** How long somebody will presumably wait who calls now; null if nobody works. */
  forecast_ms: number | null;
}

interface Past {
  now: Map<string, number | null>;
  today: Map<string, PastDay>;
}

interface PastDay {
  service: number | null;
  offered: number | null;
  abandoned: number | null;
  handle_ms: number | null;
}

/** What the rows were made of, to make again only those that changed. */
interface Made {
  queues: readonly Queue[];
  agents: Readonly<Record<string, Agent>>;
  past: Past;
  members: Members;
  rows: readonly QueueFigures[];
}

/** Of each agent, the places of the queues that it serves. */
type Members = ReadonlyMap<string, readonly number[]>;

/** The rows of all queues, that follow the state without a drawing. */
export function useQueueSource(): RowSource<QueueFigures> {
  const store = useLiveStore();
  const past = usePast();
  const made = useRef<Made | null>(null);
  return useMemo(() => {
    const rows = () => {
      const { queues, agents } = store.view().live;
      made.current = figuresAfter(made.current, queues, agents, past);
      return made.current.rows;
    };
    return { rows, subscribe: store.subscribe };
  }, [store, past]);
}

export function useQueueFigures(): readonly QueueFigures[] {
  const source = useQueueSource();
  return useSyncExternalStore(source.subscribe, source.rows);
}

/** The rows of all queues; a row that says the same as before is the same object. */
export function figuresAfter(
  before: Made | null,
  queues: readonly Queue[],
  agents: Readonly<Record<string, Agent>>,
  past: Past,
): Made {
  if (before?.queues === queues && before.agents === agents && before.past === past) return before;
  const kept = before !== null && sameMembers(before.queues, queues) ? before : null;
  const members = kept?.members ?? membersOf(queues);
  const touched = kept && past === kept.past ? queuesOf(changedAgents(kept.agents, agents), members) : null;
  let rows = before?.rows ?? [];
  queues.forEach((queue, index) => {
    const known = before?.rows[index];
    if (known && touched && !touched.has(index) && queue === before?.queues[index]) return;
    const row = figuresOf(queue, agents, members, past);
    if (known && same(known, row)) return;
    if (rows === before?.rows) rows = [...rows];
    (rows as QueueFigures[])[index] = row;
  });
  if (rows.length > queues.length) rows = rows.slice(0, queues.length);
  return { queues, agents, past, members, rows };
}

function sameMembers(before: readonly Queue[], after: readonly Queue[]): boolean {
  if (before === after) return true;
  return (
    before.length === after.length &&
    before.every((queue, index) => queue === after[index] || queue.agents === after[index]?.agents)
  );
}

function changedAgents(before: Made['agents'], after: Made['agents']): string[] {
  if (before === after) return [];
  const [one, other] = [listOf(before), listOf(after)];
  // Mostly one of them has changed in its place.
  if (one.length === other.length && one.every(({ id }, index) => id === other[index]?.id)) {
    return one.filter((agent, index) => agent !== other[index]).map(({ id }) => id);
  }
  const changed = other.filter((agent) => before[agent.id] !== agent);
  const gone = one.filter(({ id }) => after[id] === undefined);
  return [...changed, ...gone].map(({ id }) => id);
}

function membersOf(queues: readonly Queue[]): Members {
  const members = new Map<string, number[]>();
  queues.forEach(({ agents }, index) => {
    for (const agent of agents ?? []) {
      const places = members.get(agent);
      if (places) places.push(index);
      else members.set(agent, [index]);
    }
  });
  return members;
}

function queuesOf(agents: readonly string[], members: Members): Set<number> {
  return new Set(agents.flatMap((agent) => members.get(agent) ?? []));
}

export function figuresOf(
  queue: Queue,
  agents: Readonly<Record<string, Agent>>,
  members: Members,
  past: Past,
): QueueFigures {
  const counts = { ready: 0, talking: 0, wrap_up: 0, not_ready: 0 };
  let staff = 0;
  for (const id of queue.agents ?? []) {
    const agent = agents[id];
    if (!agent) continue;
    const place = PLACE[agent.state];
    if (place === null) continue;
    counts[place] += 1;
    // Who serves several queues is a part of one for each.
    if (place !== 'not_ready') staff += 1 / (members.get(id)?.length ?? 1);
  }
  const today = past.today.get(queue.id);
  const waiting = queueLength(queue);
  return {
    id: queue.id,
    name: queue.name,
    waiting,
    longest: queue.waiting?.reduce<string | null>(earliest, null) ?? null,
    ...counts,
    service_now: past.now.get(queue.id) ?? null,
    service_today: today?.service ?? null,
    offered_today: today?.offered ?? null,
    abandoned_today: today?.abandoned ?? null,
    forecast_ms: forecast(waiting, counts.ready, staff, today?.handle_ms ?? HANDLE_TIME_UNKNOWN_MS),
  };
}

const PLACE = {
  ready: 'ready',
  reserved: 'talking',
  ringing: 'talking',
  talking: 'talking',
  hold: 'talking',
  offline_grace: 'talking',
  wrap_up: 'wrap_up',
  not_ready: 'not_ready',
  logged_out: null,
} as const;

function earliest(first: string | null, { since }: { since: string }): string {
  return first === null || since < first ? since : first;
}

/** The mean wait of who joins now: calls end at the rate at which the staff ends them. */
export function forecast(waiting: number, ready: number, staff: number, handle_ms: number): number | null {
  if (staff <= 0) return null;
  if (waiting < ready) return 0;
  return ((waiting - ready + 1) * handle_ms) / staff;
}

function same(one: QueueFigures, other: QueueFigures): boolean {
  return (Object.keys(one) as (keyof QueueFigures)[]).every((key) => Object.is(one[key], other[key]));
}

/** What became of today's callers, and of those of the last half hour. */
function usePast(): Past {
  const may = useMay('reports.see');
  const ended = useEnded(READ_AGAIN_MS);
  const [recent, setRecent] = useState(() => recentFrom());
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time moves on when calls have ended
  useEffect(() => setRecent(recentFrom()), [ended]);
  const now = useQuery({ ...reportQuery('queues', { from: recent, by: 'total' }, ended), enabled: may });
  const today = useQuery({ ...reportQuery('queues', { by: 'total' }, ended), enabled: may });
  return useMemo(() => pastOf(now.data, today.data), [now.data, today.data]);
}

function recentFrom(): string {
  return new Date(Date.now() - RECENT_MS).toISOString();
}

function pastOf(now: Report | undefined, today: Report | undefined): Past {
  return {
    now: new Map(now?.rows.map((row) => [row.queue ?? '', figure(row, 'service_level')])),
    today: new Map(
      today?.rows.map((row) => [
        row.queue ?? '',
        {
          service: figure(row, 'service_level'),
          offered: figure(row, 'offered'),
          abandoned: figure(row, 'abandoned'),
          handle_ms: figure(row, 'aht_ms'),
        },
      ]),
    ),
  };
}

/** Grows when calls have ended, at most once in `pause_ms`. */
export function useEnded(pause_ms: number): number {
  const store = useLiveStore();
  const [ended, setEnded] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = store.onEvent((event) => {
      if (event.type !== 'call.ended' || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        setEnded((count) => count + 1);
      }, pause_ms);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [store, pause_ms]);
  return ended;
}

/** Agents by what they do. */
export function agentCounts(agents: readonly Agent[]) {
  const counts = { ready: 0, talking: 0, wrap_up: 0, not_ready: 0 };
  for (const { state } of agents) {
    const place = PLACE[state];
    if (place !== null) counts[place] += 1;
  }
  return counts;
}

/** All queues together. */
export interface Totals {
  waiting: number;
  longest: string | null;
  /** The share of today's callers who were answered in time. */
  service: number | null;
}

export function totalsOf(rows: readonly QueueFigures[]): Totals {
  const [waiting, offered, served] = rows.reduce(
    ([some, calls, good], row) => [
      some + row.waiting,
      calls + (row.offered_today ?? 0),
      good + (row.service_today ?? 0) * (row.offered_today ?? 0),
    ],
    [0, 0, 0] as [number, number, number],
  );
  return { waiting, longest: longestWait(rows), service: offered === 0 ? null : served / offered };
}

/** Since when the oldest of those who wait has waited. */
export function longestWait(rows: readonly QueueFigures[]): string | null {
  return rows.reduce<string | null>(
    (first, { longest }) => (longest !== null && (first === null || longest < first) ? longest : first),
    null,
  );
}

/** The call of an agent, or the one with which the agent is. */
export function callOf(agent: Agent, calls: Readonly<Record<string, LiveCall>>): LiveCall | null {
  return (agent.call !== null && calls[agent.call]) || null;
}
