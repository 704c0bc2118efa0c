// Who is in the room, how each stands, and what can be done.

import { describe, expect, it } from 'vitest';
import { agent, call } from '../test/samples';
import { myCall, roomOf } from './room';

const me = agent({ state: 'talking', call: 'c1' });
const talk = call({ state: 'connected', agent: '1001' });
const bob = { leg: 9, agent: '1002', number: null };
const standing = (room: ReturnType<typeof roomOf>) =>
  room.seats.map(({ kind, standing }) => `${kind} ${standing}`);

describe('the room', () => {
  it('has the caller and me, and all that can be done with a talk', () => {
    const room = roomOf(talk, me, undefined);
    expect(standing(room)).toEqual(['other talking', 'me talking']);
    expect(room.can).toEqual({ answer: false, steer: true, consulting: false, consulted: false });
  });

  it('shows who is being asked, and the customer waits', () => {
    const room = roomOf({ ...talk, consulting: true, held: true }, me, { agent: '1002' });
    expect(standing(room)).toEqual(['other waiting', 'me talking', 'asked ringing']);
    expect(room.seats[2]?.who).toBe('1002');
    expect(room.can).toMatchObject({ consulting: true, consulted: false });
  });

  it('tells by hold with whom I talk while somebody is asked', () => {
    const attendees = [{ ...bob, part: 'consulted' as const }];
    const aside = roomOf({ ...talk, held: true, attendees }, me, undefined);
    expect(standing(aside)).toEqual(['other waiting', 'me talking', 'attendee talking']);
    const back = roomOf({ ...talk, held: false, attendees }, me, undefined);
    expect(standing(back)).toEqual(['other talking', 'me talking', 'attendee waiting']);
    expect(back.can.consulted).toBe(true);
  });

  it('of a conference has everybody talking', () => {
    const room = roomOf({ ...talk, attendees: [{ ...bob, part: 'conference' }] }, me, undefined);
    expect(standing(room)).toEqual(['other talking', 'me talking', 'attendee talking']);
    expect(room.can).toMatchObject({ steer: true, consulting: false });
  });

  it('goes on without a customer who has hung up, whose place somebody has', () => {
    const attendees = [{ ...bob, part: 'conference' as const }];
    const left = { ...talk, customer_left: true, attendees };
    expect(standing(roomOf(left, me, undefined))).toEqual(['me talking', 'attendee talking']);
    const held = roomOf({ ...left, held: true }, me, undefined);
    expect(standing(held)).toEqual(['me talking', 'attendee waiting']);
    expect(held.can).toMatchObject({ steer: true });
  });

  it('of whom I was asked into lets me leave, and nothing else', () => {
    const asked = {
      ...talk,
      agent: '1002',
      attendees: [{ leg: 4, agent: '1001', number: null, part: 'consulted' as const }],
    };
    const room = roomOf(asked, me, undefined);
    expect(room.seats.map(({ who }) => who)).toEqual(['+493055512345', '1001', '1002']);
    expect(room.can).toEqual({ answer: false, steer: false, consulting: false, consulted: false });
  });

  it('can only be answered while it rings', () => {
    const ringing = call({ state: 'offered', agent: '1001', offered_to: ['1001'] });
    expect(roomOf(ringing, agent({ state: 'ringing', call: 'c1' }), undefined).can).toMatchObject({
      answer: true,
      steer: false,
    });
  });

  it('shows whom I call, and not my own name', () => {
    const out = call({ state: 'dialling', direction: 'out', agent: '1001', caller: '1001', called: '+4930' });
    expect(roomOf(out, me, undefined).seats[0]).toMatchObject({
      who: '+4930',
      outgoing: true,
      standing: 'ringing',
    });
  });
});

it('finds my call also while I am signed out, and none in after-call work', () => {
  const asked = call({
    agent: '1002',
    attendees: [{ leg: 4, agent: '1001', number: null, part: 'consulted' }],
  });
  expect(myCall({ c1: asked }, agent({ state: 'logged_out' }))).toBe(asked);
  expect(myCall({ c1: talk }, agent({ state: 'wrap_up', call: 'c1' }))).toBeUndefined();
  expect(myCall({ c1: call() }, agent())).toBeUndefined();
});
