// The figures of queues on the board: who is there comes from the stream, what became of callers from the reports.

import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { figure, type Report, reportQuery } from '../api/reports';
import type { Agent, LiveCall, Queue } from '../api/types';
import { useMay } from '../app/session';
import { queueLength } from '../live/state';
import { useLive, useLiveStore } from '../live/store';

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
  served: ReadonlyMap<string, number>;
  rows: readonly QueueFigures[];
}

export function useQueueFigures(): readonly QueueFigures[] {
  const queues = useLive((view) => view.live.queues);
  const agents = useLive((view) => view.live.agents);
  const past = usePast();
  const made = useRef<Made | null>(null);
  return useMemo(() => {
    made.current = figuresAfter(made.current, queues, agents, past);
    return made.current.rows;
  }, [queues, agents, past]);
}

/** The rows of all queues; a row that says the same as before is the same object. */
export function figuresAfter(
  before: Made | null,
  queues: readonly Queue[],
  agents: Readonly<Record<string, Agent>>,
  past: Past,
): Made {
  const members = before !== null && sameMembers(before.queues, queues);
  const served = members ? before.served : servedQueues(queues);
  const changed = before === null ? new Set<string>() : changedAgents(before.agents, agents);
  const rows = queues.map((queue, index) => {
    const known = before?.rows[index];
    const untouched = members && past === before.past && queue === before.queues[index];
    if (known && untouched && !queue.agents?.some((agent) => changed.has(agent))) return known;
    const row = figuresOf(queue, agents, served, past);
    return known && same(known, row) ? known : row;
  });
  const still = rows.length === before?.rows.length && rows.every((row, index) => row === before.rows[index]);
  return { queues, agents, past, served, rows: still && before ? before.rows : rows };
}

function sameMembers(before: readonly Queue[], after: readonly Queue[]): boolean {
  if (before === after) return true;
  return (
    before.length === after.length &&
    before.every((queue, index) => queue === after[index] || queue.agents === after[index]?.agents)
  );
}

function changedAgents(before: Made['agents'], after: Made['agents']): Set<string> {
  const changed = new Set<string>();
  if (before === after) return changed;
  for (const id in after) if (before[id] !== after[id]) changed.add(id);
  for (const id in before) if (after[id] === undefined) changed.add(id);
  return changed;
}

/** How many queues each agent serves. */
function servedQueues(queues: readonly Queue[]): Map<string, number> {
  const served = new Map<string, number>();
  for (const { agents } of queues) {
    for (const agent of agents ?? []) served.set(agent, (served.get(agent) ?? 0) + 1);
  }
  return served;
}

export function figuresOf(
  queue: Queue,
  agents: Readonly<Record<string, Agent>>,
  served: ReadonlyMap<string, number>,
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
    if (place !== 'not_ready') staff += 1 / (served.get(id) ?? 1);
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

/** Agents by what they do, for the figures above the board. */
export function useAgentCounts() {
  const agents = useLive((view) => view.live.agents);
  return useMemo(() => {
    const counts = { ready: 0, talking: 0, wrap_up: 0, not_ready: 0 };
    for (const id in agents) {
      const agent = agents[id];
      const place = agent ? PLACE[agent.state] : null;
      if (place !== null) counts[place] += 1;
    }
    return counts;
  }, [agents]);
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
