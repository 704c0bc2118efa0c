// The event-stream reader, with text cut at every place.

import { expect, it } from 'vitest';
import { SseReader } from './sse';

const TEXT =
  'id: 5\nevent: snapshot\ndata: {"a":1}\n\n: alive\n\nid: 6\r\nevent: event\r\ndata: x\r\ndata: y\r\n\r\n';
const MESSAGES = [
  { event: 'snapshot', data: '{"a":1}' },
  { event: 'event', data: 'x\ny' },
];

it('reads the same messages wherever the network cuts the text', () => {
  for (let cut = 0; cut <= TEXT.length; cut += 1) {
    const reader = new SseReader();
    const parts = [reader.read(TEXT.slice(0, cut)), reader.read(TEXT.slice(cut))];
    expect(parts.flatMap(({ messages }) => messages)).toEqual(MESSAGES);
    expect(parts.some(({ alive }) => alive)).toBe(true);
    expect(reader.lastId).toBe('6');
  }
});

it('keeps back a message that has not ended', () => {
  const reader = new SseReader();
  expect(reader.read('event: event\ndata: half').messages).toEqual([]);
  expect(reader.read('\n\n').messages).toEqual([{ event: 'event', data: 'half' }]);
});

it('takes a comment for a sign of life and not for a message', () => {
  expect(new SseReader().read(': alive\n\n')).toEqual({ messages: [], alive: true });
});

it('gives nothing for an event without data', () => {
  expect(new SseReader().read('event: event\n\n').messages).toEqual([]);
});

it('goes on from an id that came alone, once its block has ended', () => {
  const reader = new SseReader();
  expect(reader.read(': here\nid: 90\n').messages).toEqual([]);
  expect(reader.lastId).toBeNull();
  reader.read('\n');
  expect(reader.lastId).toBe('90');
});
