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
    expect(parts.flat()).toEqual(MESSAGES);
    expect(reader.lastId).toBe('6');
  }
});

it('keeps back a message that has not ended', () => {
  const reader = new SseReader();
  expect(reader.read('event: event\ndata: half')).toEqual([]);
  expect(reader.read('\n\n')).toEqual([{ event: 'event', data: 'half' }]);
});

it('takes a comment for no message', () => {
  expect(new SseReader().read(': alive\n\n')).toEqual([]);
});

it('gives nothing for an event without data', () => {
  expect(new SseReader().read('event: event\n\n')).toEqual([]);
});

it('goes on from an id that came alone, once its block has ended', () => {
  const reader = new SseReader();
  expect(reader.read(': here\nid: 90\n')).toEqual([]);
  expect(reader.lastId).toBeNull();
  reader.read('\n');
  expect(reader.lastId).toBe('90');
});
