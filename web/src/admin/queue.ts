// A queue as the form shows it: every setting at one place, where the file may have a short form. And back.

import { type Entry, entryOf, isEntry } from './draft';

/** What short forms stand for. */
const SHORT: readonly [string, string, string][] = [
  ['wrap_up_s', 'wrap_up', 'seconds'],
  ['announce_position', 'announce', 'position'],
];

export interface Member extends Entry {
  agent: string;
}

export function queueToForm(entry: Entry): Entry {
  const form: Entry = { ...entry };
  for (const [short, long, key] of SHORT) {
    if (form[short] === undefined) continue;
    form[long] = { ...entryOf(form[long]), [key]: form[short] };
    delete form[short];
  }
  if (typeof form.music === 'string') form.music = { prompt: form.music };
  form.members = membersOf(entry);
  if (Array.isArray(form.plan)) form.plan = form.plan.map((step) => leveled(entryOf(step)));
  return form;
}

/** `before` is what the file has: what it writes in short stays short, what it writes in full stays in full. */
export function queueFromForm(form: Entry, before: Entry): Entry {
  const entry: Entry = { ...form };
  for (const [short, long, key] of SHORT) {
    const only = isOnly(entry[long], key);
    if (only === undefined || isEntry(before[long])) continue;
    entry[short] = only;
    delete entry[long];
  }
  const music = isOnly(entry.music, 'prompt');
  if (music !== undefined && !isEntry(before.music)) entry.music = music;
  entry.members = membersOf(form).map((member) => isOnly(member, 'agent') ?? member);
  if (Array.isArray(entry.plan) && entry.plan.length === 0) delete entry.plan;
  return entry;
}

export function membersOf(entry: Entry): Member[] {
  if (!Array.isArray(entry.members)) return [];
  return entry.members.map((member) =>
    typeof member === 'string' ? { agent: member } : ({ ...entryOf(member) } as Member),
  );
}

/** `[french]` is short for level 1. */
function leveled(step: Entry): Entry {
  const full = { ...step };
  for (const key of ['require', 'prefer']) {
    const value = full[key];
    if (Array.isArray(value)) full[key] = Object.fromEntries(value.map((skill) => [String(skill), 1]));
  }
  return full;
}

/** The value of an entry that has this key and no other. */
function isOnly(value: unknown, key: string): unknown {
  if (!isEntry(value)) return undefined;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === key ? value[key] : undefined;
}

const IN_FORM: Record<string, string> = {
  wrap_up_s: 'wrap_up.seconds',
  announce_position: 'announce.position',
  music: 'music.prompt',
};

/** Where a path of the file is in the form. */
export function queuePath(path: string): string {
  return IN_FORM[path] ?? path;
}
