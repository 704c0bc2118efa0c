// The phone of the browser: asks for nothing before it is switched on, one page has it, and it says what is missing.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Phone } from './phone';
import type { PhoneEvent } from './standing';

type Tell = (event: PhoneEvent) => void;

/** A browser with one lock and a microphone that may be refused. */
function browser({ secure = true, refuse = '' } = {}) {
  const asked = { microphone: 0 };
  const waiting: (() => void)[] = [];
  let held = false;
  const grant = async (task: (lock: object | null) => unknown) => {
    held = true;
    try {
      return await task({});
    } finally {
      held = false;
      waiting.shift()?.();
    }
  };
  const request = async (_: string, { ifAvailable, signal }: LockOptions, task: never) => {
    if (!held) return grant(task);
    if (ifAvailable) return (task as (lock: null) => unknown)(null);
    await new Promise<void>((resolve, reject) => {
      waiting.push(resolve);
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
    return grant(task);
  };
  const permission = new EventTarget();
  vi.stubGlobal('isSecureContext', secure);
  vi.stubGlobal('RTCPeerConnection', class {});
  const mediaDevices = Object.assign(new EventTarget(), {
    getUserMedia: async () => {
      asked.microphone += 1;
      if (refuse !== '') throw Object.assign(new Error(''), { name: refuse });
      return { getTracks: () => [] };
    },
  });
  vi.stubGlobal('navigator', {
    mediaDevices,
    permissions: { query: async () => permission },
    locks: { request },
  });
  const allow = () => {
    refuse = '';
    permission.dispatchEvent(new Event('change'));
  };
  return { asked, allow };
}

function line() {
  const line = {
    tell: (() => {}) as Tell,
    open: vi.fn(async () => {}),
    close: vi.fn(),
    answer: vi.fn(async () => {}),
    hangUp: vi.fn(),
    press: vi.fn(),
    applyDevices: vi.fn(async () => {}),
    streams: () => ({ said: null, heard: null }),
  };
  const around = {
    line: async (tell: Tell) => {
      line.tell = tell;
      return line;
    },
  };
  return { line, around };
}

const standing = (phone: Phone, as: string) => vi.waitFor(() => expect(phone.view().standing).toBe(as));

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

it('asks for no microphone before it is switched on, and remembers that it was', async () => {
  const { asked } = browser();
  const { line: one, around } = line();
  const phone = new Phone(around);
  const close = phone.open();
  expect([asked.microphone, phone.view().standing]).toEqual([0, 'off']);
  phone.switchOn();
  await vi.waitFor(() => expect(one.open).toHaveBeenCalledOnce());
  one.tell({ kind: 'stands', as: 'registered' });
  expect(phone.view().standing).toBe('registered');
  close();
  await vi.waitFor(() => expect(one.close).toHaveBeenCalledOnce());

  const { line: next, around: later } = line();
  const other = new Phone(later);
  other.open();
  await vi.waitFor(() => expect(next.open).toHaveBeenCalledOnce());
  other.switchOff();
  expect([other.view().standing, localStorage.getItem('hotline.phone.on')]).toEqual(['off', null]);
});

it('is in one tab at a time, and goes to the next when that one is closed', async () => {
  browser();
  const [first, second] = [line(), line()];
  const [one, other] = [new Phone(first.around), new Phone(second.around)];
  one.switchOn();
  await standing(one, 'connecting');
  other.switchOn();
  await standing(other, 'elsewhere');
  one.switchOff();
  await standing(other, 'connecting');
  await vi.waitFor(() => expect(second.line.open).toHaveBeenCalledOnce());
});

it('says that the page has no HTTPS, and asks for nothing', async () => {
  const { asked } = browser({ secure: false });
  const phone = new Phone(line().around);
  phone.switchOn();
  await standing(phone, 'insecure');
  expect(asked.microphone).toBe(0);
});

it('goes on by itself when the microphone is allowed after all', async () => {
  const { allow } = browser({ refuse: 'NotAllowedError' });
  const { line: one, around } = line();
  const phone = new Phone(around);
  phone.switchOn();
  await standing(phone, 'denied');
  await Promise.resolve();
  allow();
  await vi.waitFor(() => expect(one.open).toHaveBeenCalledOnce());
});

it('warns before the page is left in a call, and not otherwise', async () => {
  browser();
  const { line: one, around } = line();
  const phone = new Phone(around);
  phone.switchOn();
  await vi.waitFor(() => expect(one.open).toHaveBeenCalledOnce());
  const leaves = () => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  expect(leaves()).toBe(false);
  one.tell({ kind: 'call', phase: 'up' });
  expect(leaves()).toBe(true);
  one.tell({ kind: 'call_over' });
  expect(leaves()).toBe(false);
  phone.switchOff();
});
