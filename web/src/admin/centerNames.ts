// Names that may stand at a place of the center's file: what is proposed beside its schema. Pure.

import type { Path } from '../flows/schema';

/** The section whose entries are named by what stands under such a key. */
const NAMED: Record<string, string> = {
  agent: 'agents',
  members: 'agents',
  leaders: 'agents',
  groups: 'groups',
  hours: 'hours',
  queue: 'queues',
  trunk: 'trunks',
  trunks: 'trunks',
  skills: 'skills',
  require: 'skills',
  flow: 'flows',
};
/** Of these the keys are names, and not the values. */
const BY_KEY = new Set(['skills', 'require']);

/** Names as the file writes them. `flows` are no part of the file. */
export function namesAt(text: string, path: Path, isKey: boolean, flows: readonly string[]): string[] {
  // In a section itself entries get their names.
  if (path.length < 2) return [];
  const key = path.findLast((one) => one !== null) ?? '';
  const section = NAMED[key];
  if (section === undefined || (isKey && path.at(-1) !== null) !== BY_KEY.has(key)) return [];
  return section === 'flows' ? [...flows] : entriesOf(text, section);
}

/** The names of a section's entries, where each has a line of its own. */
function entriesOf(text: string, section: string): string[] {
  const lines = text.split('\n');
  const names: string[] = [];
  let depth: number | null = null;
  for (const line of lines.slice(lines.findIndex((one) => one.startsWith(`${section}:`)) + 1)) {
    if (/^\S/.test(line) && !line.startsWith('#')) break;
    const entry = /^(\s+)("[^"]+"|'[^']+'|[\w.*#-]+)\s*:/.exec(line);
    if (!entry) continue;
    const [, indent = '', name = ''] = entry;
    depth ??= indent.length;
    if (indent.length === depth) names.push(name);
  }
  return names;
}
