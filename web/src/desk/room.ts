// Who is in my call, and what I can do there. Pure.

import type { Agent, Attendee, LiveCall, Target } from '../api/types';

export interface Seat {
  key: string;
  kind: 'other' | 'me' | 'asked' | 'attendee';
  /** A number, or an agent's id. */
  who: string;
  agent: string | null;
  /** Of whom I call: the name that came with the call is mine. */
  outgoing: boolean;
  /** How that one hears and is heard at the moment. */
  standing: 'ringing' | 'talking' | 'waiting' | 'listening' | 'muted';
  attendee: Attendee | null;
}

export interface Room {
  seats: Seat[];
  /** What the buttons offer. */
  can: {
    answer: boolean;
    /** Hold, mute, keys, sending on: I have the call. */
    steer: boolean;
    /** Somebody is being asked, or was. */
    consulting: boolean;
    /** Who is asked is there. */
    consulted: boolean;
  };
}

/** The call I am in, that rings at my phone, or that I make. */
export function myCall(
  calls: Readonly<Record<string, LiveCall>>,
  me: Agent | undefined,
): LiveCall | undefined {
  if (me === undefined) return undefined;
  if (me.state === 'wrap_up') return undefined;
  const occupying = me.call === null ? undefined : calls[me.call];
  if (occupying !== undefined) return occupying;
  // Somebody who is signed out can be asked and called too, and then has no state that says so.
  return Object.values(calls).find((call) => call.state !== 'ending' && isIn(call, me.id));
}

function isIn(call: LiveCall, me: string): boolean {
  return (
    call.agent === me || call.offered_to.includes(me) || call.attendees.some(({ agent }) => agent === me)
  );
}

/** Somebody's place beside me in the call, told apart from the two who talk. */
export function roomOf(call: LiveCall, me: Agent, asked: Target | undefined): Room {
  const mine = call.agent === me.id && call.state !== 'offered';
  const rings = me.state === 'ringing' || call.offered_to.includes(me.id);
  const consulted = call.attendees.find(({ part }) => part === 'consulted');
  const seats: Seat[] = call.customer_left ? [] : [other(call, me, consulted !== undefined)];
  seats.push({
    key: 'me',
    kind: 'me',
    who: me.id,
    agent: me.id,
    outgoing: false,
    standing: rings ? 'ringing' : call.muted && mine ? 'muted' : 'talking',
    attendee: null,
  });
  // Another agent has the call, whom I stand beside.
  if (!mine && !rings && call.agent !== null && call.agent !== me.id) {
    seats.push({
      key: 'agent',
      kind: 'attendee',
      who: call.agent,
      agent: call.agent,
      outgoing: false,
      standing: 'talking',
      attendee: null,
    });
  }
  if (call.consulting) {
    const { who, agent } = asked ? targetOf(asked) : { who: '', agent: null };
    seats.push({
      key: 'asked',
      kind: 'asked',
      who,
      agent,
      outgoing: false,
      standing: 'ringing',
      attendee: null,
    });
  }
  // Who has the customer's place is held as the customer was.
  const inPlace = call.customer_left ? call.attendees.find(({ part }) => part === 'conference') : undefined;
  for (const one of call.attendees) {
    if (one.agent === me.id) continue;
    const seat = attendee(one, call);
    const held = one === inPlace && (call.held || call.consulting);
    seats.push(held ? { ...seat, standing: 'waiting' } : seat);
  }
  const talks = mine && (call.state === 'connected' || call.state === 'connected_outside');
  return {
    seats,
    can: {
      answer: rings,
      steer: talks,
      consulting: talks && (call.consulting || consulted !== undefined),
      consulted: talks && consulted !== undefined,
    },
  };
}

/** The number of the one whom a call is about. */
export function numberOf(call: LiveCall, me: string): string {
  return isOutgoing(call, me) ? call.called : call.caller;
}

function isOutgoing(call: LiveCall, me: string): boolean {
  return call.direction === 'out' || (call.direction === 'internal' && call.caller === me);
}

/** The one whom the call is about: who called, or whom I called. */
function other(call: LiveCall, me: Agent, consulted: boolean): Seat {
  const outgoing = isOutgoing(call, me.id);
  const dialling = call.state === 'dialling' || call.state === 'in_flow' || call.state === 'queued';
  const held = call.held || call.consulting;
  return {
    key: 'other',
    kind: 'other',
    who: outgoing ? call.called : call.caller,
    agent: null,
    outgoing,
    standing: dialling ? 'ringing' : held || (consulted && call.held) ? 'waiting' : 'talking',
    attendee: null,
  };
}

function attendee(one: Attendee, call: LiveCall): Seat {
  const listens = one.part === 'listen' || one.part === 'whisper' || one.part === 'private_whisper';
  return {
    key: `leg ${one.leg}`,
    kind: 'attendee',
    who: one.agent ?? one.number ?? '',
    agent: one.agent,
    outgoing: false,
    // While the customer is not held, the agent talks with the customer, and who was asked waits.
    standing: listens ? 'listening' : one.part === 'consulted' && !call.held ? 'waiting' : 'talking',
    attendee: one,
  };
}

export function targetOf(target: Target): { who: string; agent: string | null } {
  if ('agent' in target) return { who: target.agent, agent: target.agent };
  if ('queue' in target) return { who: target.queue, agent: null };
  return { who: 'number' in target ? target.number : target.outside, agent: null };
}
