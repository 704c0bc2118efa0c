// The button for visitors: nothing is asked for before somebody calls, what is said goes along, and each refusal is told in plain words.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { duration, install } from './button';
import type { Step } from './call';

const SERVER = 'https://center.example';
const GUEST = {
  uri: 'sip:guest-1@center',
  user: 'guest-1',
  password: 'x',
  target: 'sip:4000@center',
  socket: '/sip',
  ice_servers: [],
};

let asked: { url: string; body: unknown }[];
let answer: () => Response;
let tell: (step: Step) => void;
const call = { hangUp: vi.fn(), mute: vi.fn(), press: vi.fn() };
const stop = vi.fn();
let microphone: () => Promise<unknown>;

beforeEach(() => {
  asked = [];
  answer = () => Response.json(GUEST);
  microphone = async () => ({ getTracks: () => [{ stop }] });
  vi.clearAllMocks();
  vi.stubGlobal('isSecureContext', true);
  vi.stubGlobal('RTCPeerConnection', class {});
  vi.stubGlobal('navigator', {
    language: 'en',
    mediaDevices: { getUserMedia: vi.fn(() => microphone()) },
  });
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    asked.push({ url, body: JSON.parse(String(init.body)) });
    return answer();
  });
  vi.stubGlobal(
    'CSSStyleSheet',
    class {
      replaceSync() {}
    },
  );
  window.hotlineCall = {
    callAsGuest: (_server, _guest, _microphone, told) => {
      tell = told;
      told('connecting');
      return call;
    },
  };
  // The script for the call is there at once.
  vi.spyOn(document.head, 'append').mockImplementation((...nodes) => {
    for (const node of nodes) (node as HTMLScriptElement).onload?.(new Event('load'));
  });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function put(data: Record<string, string> = {}): ShadowRoot {
  const script = document.createElement('script');
  script.type = 'text/plain';
  script.src = `${SERVER}/call-us.js`;
  Object.assign(script.dataset, { number: '4000', ...data });
  document.body.append(script);
  install(script);
  const root = document.querySelector('hotline-call-us')?.shadowRoot;
  if (!root) throw new Error('there is no button');
  return root;
}

function press(root: ShadowRoot, name: string): void {
  const found = [...root.querySelectorAll('button')].find(({ textContent }) => textContent === name);
  if (!found) throw new Error(`there is no button ${name}`);
  found.click();
}

const status = (root: ShadowRoot) => root.querySelector('[role=status]')?.textContent;

async function called(root: ShadowRoot): Promise<void> {
  press(root, 'Call us');
  press(root, 'Call');
  await vi.waitFor(() => expect(status(root)).toBe('Connecting …'));
  await vi.waitFor(() => expect(root.querySelector('.end')).not.toBeNull());
}

it('asks for nothing before somebody calls, and then for one call with what was said', async () => {
  const root = put();
  press(root, 'Call us');
  expect(navigator.mediaDevices.getUserMedia).not.toHaveBeenCalled();
  const [name, question] = root.querySelectorAll<HTMLInputElement>('input, textarea');
  if (!name || !question) throw new Error('no fields');
  name.value = ' Grace ';
  question.value = 'In blue?';
  press(root, 'Call');
  await vi.waitFor(() => expect(root.querySelector('.end')).not.toBeNull());
  const body = { number: '4000', page: location.href, name: 'Grace', question: 'In blue?' };
  expect(asked).toEqual([{ url: `${SERVER}/api/v1/guests`, body }]);
});

it('shows how long the call takes, mutes, presses keys and hangs up', async () => {
  const root = put();
  await called(root);
  tell('ringing');
  expect(status(root)).toBe('Ringing …');
  tell('talking');
  expect(status(root)).toBe('In a call 0:00');
  press(root, 'Mute');
  press(root, 'Keys');
  press(root, '5');
  press(root, 'Unmute');
  press(root, 'Hang up');
  expect(call.mute.mock.calls).toEqual([[true], [false]]);
  expect(call.press).toHaveBeenCalledWith('5');
  expect(call.hangUp).toHaveBeenCalledOnce();
  tell('over');
  expect(status(root)).toBe('The call is over.');
  press(root, 'Call again');
  await vi.waitFor(() => expect(asked).toHaveLength(2));
});

it.each([
  [429, 'That was often in a short time. Please wait a minute.'],
  [403, 'Calls from this page are not possible at the moment.'],
  [503, 'All lines are busy. Please try again in a few minutes.'],
])('says what an answer %i means, and lets go of the microphone', async (code, text) => {
  answer = () => new Response(null, { status: code });
  const root = put();
  press(root, 'Call us');
  press(root, 'Call');
  await vi.waitFor(() => expect(status(root)).toBe(text));
  expect(stop).toHaveBeenCalledOnce();
});

it('says how to give it the microphone', async () => {
  microphone = () => Promise.reject(Object.assign(new Error(''), { name: 'NotAllowedError' }));
  const root = put();
  press(root, 'Call us');
  press(root, 'Call');
  await vi.waitFor(() => expect(status(root)).toContain('The browser keeps the microphone'));
  expect(asked).toEqual([]);
});

it('speaks Chinese where the script says so, and is no button without a number', () => {
  expect(put({ lang: 'zh' }).querySelector('button')?.textContent).toBe('在线致电');
  document.body.replaceChildren();
  expect(() => put({ number: '' })).toThrow();
});

it('counts minutes and seconds', () => {
  expect([duration(0), duration(61_500), duration(3_600_000)]).toEqual(['0:00', '1:01', '60:00']);
});
