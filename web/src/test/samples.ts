// Sample values for tests.

import type { Agent, Customer, Fact, LiveCall, Pop, Session, Snapshot } from '../api/types';

export const T0 = '2025-11-23T10:00:00.000Z';

export function agent(more: Partial<Agent> = {}): Agent {
  return {
    id: '1001',
    name: 'Ana Kim',
    state: 'ready',
    reason: null,
    since: T0,
    until: null,
    pending: null,
    device: { kind: 'phone' },
    registered: true,
    call: null,
    wrap_up: null,
    help: null,
    skills: {},
    groups: [],
    queues: ['support'],
    daily_cap: null,
    ...more,
  };
}

export function call(more: Partial<LiveCall> = {}): LiveCall {
  return {
    id: 'c1',
    state: 'in_flow',
    caller: '+493055512345',
    caller_name: null,
    called: '100',
    direction: 'in',
    queue: null,
    position: null,
    agent: null,
    offered_to: [],
    attendees: [],
    consulting: false,
    customer_left: false,
    held: false,
    muted: false,
    started_at: T0,
    answered_at: null,
    connected_at: null,
    language: 'en',
    customer: null,
    ...more,
  };
}

export function customer(more: Partial<Customer> = {}): Customer {
  return {
    id: 'k1',
    name: 'Lena Brandt',
    company: 'Nordlicht',
    email: null,
    numbers: ['+493055512345'],
    note: 'Call before noon',
    class: 'gold',
    language: 'de',
    vip: false,
    blocked: false,
    tags: [],
    agent: null,
    fields: {},
    assets: [],
    changed_at: T0,
    ...more,
  };
}

export function pop(more: Partial<Pop> = {}): Pop {
  return {
    call: 'c1',
    offer: 7,
    agent: '1001',
    caller: '+493055512345',
    caller_name: null,
    called: '100',
    queue: 'support',
    queued_at: T0,
    diversion: null,
    language: 'en',
    customer: null,
    lookup_done: true,
    matches: [],
    history: [],
    path: [],
    collected: {},
    crm_url: null,
    ...more,
  };
}

export function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    seq: 10,
    at: T0,
    agents: [agent()],
    queues: [
      {
        id: 'support',
        name: 'Support',
        length: 0,
        longest_since: null,
        callbacks: 0,
        waiting: [],
        agents: [],
      },
    ],
    calls: [],
    pop: null,
    alarms: [],
    counters: {},
    ...more,
  };
}

/** Somebody who leads everybody, and has a phone. */
export const LEADER: Session = {
  user: 'sam',
  name: 'Sam Lee',
  role: 'admin',
  agent: '1009',
  roles: ['admin'],
  teams: [],
  permissions: Object.fromEntries(
    [
      'agents.see',
      'agents.steer',
      'agents.lead',
      'calls.see',
      'calls.listen',
      'calls.whisper',
      'calls.barge',
      'calls.take_over',
      'calls.control',
      'queues.see',
      'queues.steer',
      'records.see',
      'records.export',
      'recordings.play',
      'reports.see',
      'flows.see',
      'flows.edit',
    ].map((permission) => [permission, 'all' as const]),
  ),
  second_factor: false,
  must: null,
  expires_at: '2025-11-23T18:00:00.000Z',
};

export const SESSION: Session = {
  user: 'ana',
  name: 'Ana Kim',
  role: 'agent',
  agent: '1001',
  roles: ['agent'],
  teams: [],
  permissions: { 'calls.see': 'own' },
  second_factor: false,
  must: null,
  expires_at: '2025-11-23T18:00:00.000Z',
};

type Part<Whole> = Whole extends { type: string } ? Pick<Whole, 'type'> & Partial<Whole> : never;

/** A fact of which only those fields are told that the pages read. */
export type Told = Part<Fact>;
