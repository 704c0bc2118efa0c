// What the editor of the center's file proposes.

import { CompletionContext } from '@codemirror/autocomplete';
import { EditorState } from '@codemirror/state';
import { expect, it } from 'vitest';
import { complete } from '../flows/CodeEditor';
import type { Schema } from '../flows/schema';
import { namesAt } from './centerNames';

const SCHEMA: Schema = {
  $defs: { name: { type: 'string' } },
  properties: {
    queues: {
      additionalProperties: {
        properties: {
          strategy: { description: 'Who is asked first.', enum: ['longest_idle', 'ring_all'] },
          hours: { $ref: '#/$defs/name', description: 'When it takes callers.' },
          members: { items: { anyOf: [{ type: 'string' }, { properties: { agent: { type: 'string' } } }] } },
        },
      },
    },
    numbers: { additionalProperties: { properties: { flow: { $ref: '#/$defs/name' } } } },
    agents: {
      additionalProperties: { properties: { skills: { additionalProperties: { type: 'integer' } } } },
    },
  },
};
const REST = `
hours:
  office:
    zone: Europe/Berlin
  # closed: on Sundays
  night: {zone: UTC}
skills:
  french: Français
agents:
  "1001":
    name: Ann
  "1002": {name: Bob}
`;

/** What is proposed where \`|\` stands. */
function proposed(begun: string): string[] {
  const at = begun.indexOf('|');
  const text = begun.replace('|', '') + REST;
  const context = new CompletionContext(EditorState.create({ doc: text }), at, true);
  const names = (path: readonly (string | null)[], isKey: boolean) =>
    namesAt(text, path, isKey, ['main', 'support']);
  return complete(context, { schema: SCHEMA, names })?.options.map(({ label }) => label) ?? [];
}

it('proposes keys and values of the schema, with what they mean', () => {
  expect(proposed('queues:\n  sales:\n    |\n')).toEqual(['strategy', 'hours', 'members']);
  expect(proposed('queues:\n  sales: {strategy: |}\n')).toEqual(['longest_idle', 'ring_all']);
});

it('proposes the names of what is named there, as the file writes them', () => {
  expect(proposed('queues:\n  sales:\n    hours: |\n')).toEqual(['office', 'night']);
  expect(proposed('queues:\n  sales: {members: [|]}\n')).toEqual(
    expect.arrayContaining(['"1001"', '"1002"']),
  );
  expect(proposed('queues:\n  sales:\n    members:\n      - agent: |\n')).toEqual(['"1001"', '"1002"']);
  expect(proposed('numbers:\n  "4000": {flow: |}\n')).toEqual(['main', 'support']);
  expect(proposed('agents:\n  "1003":\n    skills: {|}\n')).toEqual(['french']);
  expect(proposed('queues:\n  |\n')).toEqual([]);
});
