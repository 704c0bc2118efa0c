// Which colour a state has; the same on every page.

import type { AgentState, CallState } from '../api/types';

export type Tone = 'ready' | 'ringing' | 'talking' | 'hold' | 'wrap' | 'off' | 'none' | 'bad';

export function agentTone(state: AgentState): Tone {
  switch (state) {
    case 'ready':
      return 'ready';
    case 'reserved':
    case 'ringing':
      return 'ringing';
    case 'talking':
      return 'talking';
    case 'hold':
      return 'hold';
    case 'wrap_up':
      return 'wrap';
    case 'not_ready':
      return 'off';
    case 'offline_grace':
      return 'bad';
    case 'logged_out':
      return 'none';
  }
}

export function callTone(state: CallState): Tone {
  switch (state) {
    case 'queued':
      return 'hold';
    case 'offered':
    case 'dialling':
      return 'ringing';
    case 'connected':
    case 'connected_outside':
      return 'talking';
    case 'in_flow':
    case 'ending':
      return 'none';
  }
}

/** How a phone sounded. */
export function gradeTone(grade: 'good' | 'fair' | 'poor'): Tone {
  switch (grade) {
    case 'good':
      return 'ready';
    case 'fair':
      return 'hold';
    case 'poor':
      return 'bad';
  }
}

/** How a call ended: good, lost, or our fault. */
export function endTone(kind: string): Tone {
  switch (kind) {
    case 'completed':
    case 'transferred':
    case 'flow_ended':
      return 'ready';
    case 'abandoned':
    case 'hung_up_early':
    case 'not_answered':
    case 'blocked':
      return 'hold';
    default:
      return 'bad';
  }
}
