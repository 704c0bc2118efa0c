// What is proposed at a place of a flow's text: the schema is the server's own.

import { expect, it } from 'vitest';
import schema from '../../../ivr-flows/flow.schema.json';
import { layout } from './layout';
import { placeAt } from './place';
import { keysAt, type Schema, takesName, valuesAt } from './schema';

const SCHEMA = schema as unknown as Schema;

/** What is proposed where `|` stands. */
function proposed(text: string) {
  const at = text.indexOf('|');
  const place = placeAt(text.replace('|', ''), at);
  return {
    ...place,
    keys: keysAt(SCHEMA, place.path, place.present).map(({ label }) => label),
    values: valuesAt(SCHEMA, place.path).map(({ label }) => label),
    name: takesName(SCHEMA, place.path),
  };
}

it('proposes the keys of a file that are not there yet', () => {
  const { keys } = proposed('flow: main\nst|\nlanguages: [en]\n');
  expect(keys).toContain('start');
  expect(keys).toContain('steps');
  expect(keys).not.toContain('flow');
  expect(keys).not.toContain('languages');
});

it('proposes kinds of steps below a step, and the keys of a kind below that', () => {
  const { path, keys } = proposed('steps:\n  menu:\n    m|\n');
  expect(path).toEqual(['steps', 'menu']);
  expect(keys).toEqual(expect.arrayContaining(['menu', 'say', 'queue', 'hangup']));
  const below = proposed('steps:\n  menu:\n    menu:\n      prompts: [a]\n      t|\n');
  expect(below.keys).toContain('timeout_s');
  expect(below.keys).not.toContain('prompts');
});

it('does so within brackets too, and knows values and where a step is named', () => {
  const { path, keys } = proposed('steps:\n  bye: {hangup: {c|}}\n');
  expect([path, keys]).toEqual([['steps', 'bye', 'hangup'], ['cause']]);
  const cause = proposed('steps:\n  bye: {hangup: {cause: b|}}\n');
  expect(cause.isKey).toBe(false);
  expect(cause.values).toEqual(expect.arrayContaining(['normal', 'busy']));
  const next = proposed('steps:\n  a:\n    answer: {then: x|}\n');
  expect([next.path, next.name, next.word]).toEqual([['steps', 'a', 'answer', 'then'], true, 'x']);
});

it('puts each step below those that lead to it, and what nothing leads to at the end', () => {
  const node = (step: string) => ({ step, kind: 'say', title: '', line: 1, column: 1 });
  const edge = (from: string, to: string) => ({ from, to, exit: 'done', line: 1, column: 1 });
  const spots = layout({
    start: 'a',
    nodes: ['lost', 'a', 'b', 'c'].map(node),
    edges: [edge('a', 'b'), edge('a', 'c'), edge('b', 'c'), edge('c', 'a')],
  });
  const y = (step: string) => spots.get(step)?.y ?? -1;
  expect(y('a')).toBe(0);
  expect(y('b')).toBe(y('c'));
  expect(y('b')).toBeGreaterThan(y('a'));
  expect(y('lost')).toBeGreaterThan(y('c'));
});
