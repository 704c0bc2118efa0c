// Following an agent from call to call.

import { expect, it } from 'vitest';
import { agent, call } from '../test/samples';
import { type Followed, nextOf } from './following';

const LISTENS: Followed = { agent: '1001', mode: 'listen', call: 'c1', present: true };
const listening = { leg: 7, agent: '1009', number: null, part: 'listen' as const };
const talk = (id: string, attendees = [listening]) =>
  call({ id, state: 'connected', agent: '1001', attendees });
const next = (followed: Followed, now: Parameters<typeof agent>[0], ...calls: ReturnType<typeof call>[]) =>
  nextOf(followed, { '1001': agent(now) }, Object.fromEntries(calls.map((one) => [one.id, one])), '1009');

it('does nothing while the supervisor is in the call', () => {
  expect(next(LISTENS, { state: 'talking', call: 'c1' }, talk('c1'))).toEqual({ do: 'nothing' });
  const asked = { ...LISTENS, present: false };
  expect(next(asked, { state: 'talking', call: 'c1' }, talk('c1'))).toEqual({ do: 'enter', mode: 'listen' });
  expect(next(asked, { state: 'talking', call: 'c1' }, talk('c1', []))).toEqual({ do: 'nothing' });
});

it('goes into the next call of the agent, once the two talk', () => {
  expect(next(LISTENS, { state: 'wrap_up', call: null })).toEqual({ do: 'nothing' });
  const rings = call({ id: 'c2', state: 'offered', agent: '1001' });
  expect(next(LISTENS, { state: 'ringing', call: 'c2' }, rings)).toEqual({ do: 'nothing' });
  const talking = next(LISTENS, { state: 'talking', call: 'c2' }, talk('c2', []));
  expect(talking).toEqual({ do: 'join', call: 'c2' });
});

it('ends when the supervisor leaves, or the agent does', () => {
  expect(next(LISTENS, { state: 'talking', call: 'c1' }, talk('c1', []))).toEqual({ do: 'stop' });
  expect(next(LISTENS, { state: 'logged_out', call: null })).toEqual({ do: 'stop' });
  expect(nextOf(LISTENS, {}, {}, '1009')).toEqual({ do: 'stop' });
});
