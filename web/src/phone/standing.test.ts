// What follows for the phone from what happens to it.

import { expect, it } from 'vitest';
import { levelOf } from './sound';
import { after, isTrouble, OFF, type PhoneEvent, whyNoMicrophone } from './standing';

const then = (...events: PhoneEvent[]) => events.reduce(after, OFF);

it('keeps its call while the server is gone, and loses it when it is switched off', () => {
  const up = then({ kind: 'stands', as: 'registered' }, { kind: 'call', phase: 'up' });
  expect(after(up, { kind: 'stands', as: 'lost' })).toEqual({ standing: 'lost', call: 'up', silent: false });
  expect(after(up, { kind: 'stands', as: 'off' })).toEqual(OFF);
});

it('does not ring for a call that was taken', () => {
  const up = then({ kind: 'stands', as: 'registered' }, { kind: 'call', phase: 'up' });
  expect(after(up, { kind: 'call', phase: 'ringing' })).toBe(up);
});

it('asks for a touch only as long as there is something to hear', () => {
  const silent = then({ kind: 'call', phase: 'up' }, { kind: 'silent', is: true });
  expect(silent.silent).toBe(true);
  expect(after(silent, { kind: 'call_over' })).toMatchObject({ call: null, silent: false });
});

it.each([
  ['NotAllowedError', 'denied'],
  ['NotFoundError', 'no_microphone'],
  ['NotReadableError', 'microphone_busy'],
  ['TypeError', 'failed'],
])('says of %s that the microphone is %s', (name, trouble) => {
  const found = whyNoMicrophone(Object.assign(new Error(''), { name }));
  expect(found).toBe(trouble);
  expect(isTrouble(found)).toBe(true);
});

it('is no trouble to be connecting, or elsewhere', () => {
  expect(
    ['off', 'asking', 'elsewhere', 'connecting', 'registered'].some((it) => isTrouble(it as never)),
  ).toBe(false);
});

it('shows silence as nothing, full scale as all, and a voice in between', () => {
  const of = (amplitude: number) => levelOf(new Float32Array(64).fill(amplitude));
  expect(of(0)).toBe(0);
  expect(of(1)).toBeCloseTo(1, 5);
  expect(of(0.1)).toBeCloseTo(2 / 3, 2);
});
