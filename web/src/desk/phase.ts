// Where a call stands, from this agent's chair. Pure.

import type { Agent, LiveCall } from '../api/types';
import type { Popped } from '../live/state';

export type Phase = 'offered' | 'ringing' | 'talking' | 'hold' | 'wrap_up' | 'over';

/** Where the call of the card stands, from this agent's chair. */
export function phaseOf(pop: Popped, agent: Agent | undefined, call?: LiveCall): Phase {
  switch (agent?.state) {
    case 'wrap_up':
      return 'wrap_up';
    case 'talking':
    case 'hold':
      return pop.over ? 'over' : agent.state;
    case 'ringing':
      return pop.over ? 'over' : 'ringing';
    default:
      if (pop.over) return 'over';
      // Somebody who is signed out can have a call too.
      return call !== undefined && agent !== undefined && isTalking(call, agent.id) ? 'talking' : 'offered';
  }
}

function isTalking(call: LiveCall, me: string): boolean {
  return (
    (call.state === 'connected' && call.agent === me) || call.attendees.some(({ agent }) => agent === me)
  );
}
