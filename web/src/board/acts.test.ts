// What is offered to do, by permission and by how things stand.

import i18next from 'i18next';
import { expect, it } from 'vitest';
import type { Session } from '../api/types';
import { agent, call, LEADER, SESSION } from '../test/samples';
import { agentActs, callActs, ownMode, type Wish } from './acts';

const TALK = call({ state: 'connected', agent: '1001', queue: 'sales' });
const WAITS = call({ state: 'queued', queue: 'sales', position: 2 });

function ids(session: Session, of = TALK): string[] {
  return callActs(of, { t: i18next.t, session, wish: () => {} }).map(({ id }) => id);
}

it('offers a leader everything in a talk, and nothing of it to an agent', () => {
  expect(ids(LEADER)).toEqual([
    'listen',
    'whisper',
    'private_whisper',
    'barge',
    'take_over',
    'record_start',
    'record_stop',
    'mark',
    'transfer',
    'hang_up',
  ]);
  expect(ids(SESSION)).toEqual([]);
});

it('offers only the ways to take part that are permitted, and none without a phone of one’s own', () => {
  const listener = { ...SESSION, agent: '1009', permissions: { 'calls.listen': 'all' as const } };
  expect(ids(listener)).toEqual(['listen', 'mark']);
  expect(ids({ ...LEADER, agent: null })).not.toContain('listen');
  expect(ids({ ...LEADER, agent: '1001' })).not.toContain('listen');
});

it('offers the ways that one does not take part in yet, and to leave', () => {
  const heard = call({
    ...TALK,
    attendees: [{ leg: 5, agent: '1009', number: null, part: 'listen' }],
  });
  expect(ownMode(heard, '1009')).toBe('listen');
  expect(ids(LEADER, heard).slice(0, 5)).toEqual([
    'whisper',
    'private_whisper',
    'barge',
    'take_over',
    'leave',
  ]);
});

it('offers to steer who waits, and to say why; an agent may neither', () => {
  expect(ids(LEADER, WAITS)).toEqual(['why', 'move', 'priority', 'withdraw', 'hang_up']);
  expect(ids({ ...SESSION, permissions: { 'queues.see': 'own', 'calls.see': 'own' } }, WAITS)).toEqual([]);
});

it('offers to change an agent’s state, and to answer a call for help', () => {
  const wishes: Wish[] = [];
  const help = { asked_at: '', call: null, answered_at: null, answered_by: null };
  const acts = agentActs(agent({ help }), null, {
    t: i18next.t,
    session: LEADER,
    wish: (wish) => wishes.push(wish),
  });
  expect(acts.map(({ id }) => id)).toEqual(['answer_help', 'state', 'sign_out']);
  for (const act of acts) act.run();
  expect(wishes.map(({ kind }) => kind)).toEqual(['answer_help', 'state', 'sign_out']);
  expect(agentActs(agent(), null, { t: i18next.t, session: SESSION, wish: () => {} })).toEqual([]);
});
