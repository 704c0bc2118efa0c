// Whom I can reach: colleagues with what they do, the center's numbers, numbers outside.

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { directoryQuery } from '../api/softphone';
import type { Agent, AgentState, Directory, Queue } from '../api/types';
import { useSession } from '../app/session';
import { queueLength } from '../live/state';
import { useLive } from '../live/store';

export type Reachable =
  | {
      kind: 'agent';
      to: string;
      name: string;
      state: AgentState;
      since: string;
      registered: boolean;
      /** The call that rings there. */
      ringing: string | null;
    }
  | { kind: 'number'; to: string; name: string; language: string }
  | { kind: 'queue'; to: string; name: string; waiting: number; ready: number }
  | { kind: 'outside'; to: string };

const STATES: AgentState[] = ['ready', 'ringing', 'not_ready', 'wrap_up', 'talking', 'hold', 'reserved'];

/** What stands before the id of a queue to which a caller is sent. */
const QUEUE = 'queue:';

export interface Seen {
  agents: Readonly<Record<string, Agent>>;
  queues: readonly Queue[];
}

/**
 * All that `text` may mean, colleagues who are free first; what looks like a number outside stands on top. Queues are among it
 * only while there is somebody to send there.
 */
export function find(directory: Directory, live: Seen, text: string, sends = false): Reachable[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (...texts: string[]) =>
    words.every((word) => texts.some((one) => one.toLowerCase().includes(word)));
  const agents = directory.agents
    .map((told) => ({ ...told, ...fresh(live.agents[told.id]) }))
    .filter(({ id, name }) => holds(id, name))
    .sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name))
    .map(
      ({ id, name, state, since, registered, ringing }): Reachable => ({
        kind: 'agent',
        to: id,
        name,
        state,
        since,
        registered,
        ringing,
      }),
    );
  const numbers = directory.numbers
    .filter(({ number, name, flow }) => holds(number, name ?? '', flow))
    .map(
      ({ number, name, flow, language }): Reachable => ({
        kind: 'number',
        to: number,
        name: name ?? flow,
        language,
      }),
    );
  const queues = sends
    ? directory.queues
        .filter(({ id, name }) => holds(id, name))
        .map((told): Reachable => {
          const seen = live.queues.find(({ id }) => id === told.id);
          const waiting = seen ? queueLength(seen) : told.waiting;
          return { kind: 'queue', to: QUEUE + told.id, name: told.name, waiting, ready: told.ready };
        })
    : [];
  const known = directory.numbers.some(({ number }) => number === text.trim());
  const outside: Reachable[] = looksDialled(text) && !known ? [{ kind: 'outside', to: text.trim() }] : [];
  const exact = directory.agents.some(({ id }) => id === text.trim());
  const inside = [...agents, ...queues, ...numbers];
  return exact ? inside : [...outside, ...inside];
}

/** What the stream tells is newer than what was asked for. */
function fresh(agent: Agent | undefined) {
  if (agent === undefined) return {};
  const { state, since, registered } = agent;
  return { state, since, registered, ringing: state === 'ringing' ? agent.call : null };
}

function rank({ state, registered }: { state: AgentState; registered: boolean }): number {
  const place = STATES.indexOf(state);
  return (registered ? 0 : 100) + (place < 0 ? STATES.length : place);
}

function looksDialled(text: string): boolean {
  return /^\+?[\d*#][\d\s()./*#-]+$/.test(text.trim());
}

/** The directory, as it was when somebody last was about to choose. */
export function useDirectory(enabled: boolean) {
  return useQuery({ ...directoryQuery, enabled });
}

/** The name of a colleague, as far as this page knows it. */
export function useNameOf(): (id: string) => string {
  const { user } = useSession();
  const agents = useLive((view) => view.live.agents);
  const directory = useDirectory(user !== '');
  return useMemo(() => {
    const names = new Map(directory.data?.agents.map(({ id, name }) => [id, name]));
    return (id: string) => agents[id]?.name ?? names.get(id) ?? id;
  }, [agents, directory.data]);
}

const FIELD = 'reach';

/** The field is marked, so that a control on every page can lead to it. */
export const REACH_FIELD = FIELD;

export function focusReach(): void {
  document.getElementById(FIELD)?.focus();
}
