// A supervisor who stays with an agent: what is to be done as things stand. Pure.

import type { Agent, LiveCall, MonitorMode } from '../api/types';
import { ownMode } from './acts';

export interface Followed {
  agent: string;
  mode: MonitorMode;
  /** The call in which the own phone is, or that it was asked into. */
  call: string;
  /** Whether the own phone is in it, or was. */
  present: boolean;
}

export type Next =
  | { do: 'nothing' | 'stop' }
  | { do: 'enter'; mode: MonitorMode }
  | { do: 'join'; call: string };

/** Follows into the agent's next call; ends when the supervisor leaves, or the agent signs out. */
export function nextOf(
  followed: Followed,
  agents: Readonly<Record<string, Agent>>,
  calls: Readonly<Record<string, LiveCall>>,
  me: string | null,
): Next {
  const agent = agents[followed.agent];
  if (agent === undefined || agent.state === 'logged_out') return { do: 'stop' };
  const own = calls[followed.call];
  const mode = own === undefined ? null : ownMode(own, me);
  if (mode !== null) {
    return followed.present && mode === followed.mode ? { do: 'nothing' } : { do: 'enter', mode };
  }
  const talk = agent.call === null ? undefined : calls[agent.call];
  if (talk === undefined || talk.state !== 'connected' || talk.agent !== agent.id) return { do: 'nothing' };
  if (talk.id !== followed.call) return { do: 'join', call: talk.id };
  return followed.present ? { do: 'stop' } : { do: 'nothing' };
}
