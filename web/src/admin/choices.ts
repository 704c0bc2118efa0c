// What can be chosen in forms, from the configuration.

import type { Center } from '../api/config';
import { entriesOf, entryOf } from './draft';
import type { Choice } from './Form';

export function flowChoices(flows: readonly string[]): Choice[] {
  return flows.map((value) => ({ value, label: value }));
}

/** The languages that something in the center speaks. */
export function languageChoices({ sections }: Center): Choice[] {
  const spoken = [sections.language, ...entriesOf(sections.numbers).map(([, { language }]) => language)];
  const names = [...new Set(spoken.filter((language) => typeof language === 'string'))];
  return names.map((value) => ({ value, label: value }));
}

/** The entries of a section, each with its name if it has one. */
export function entryChoices(center: Center, section: string): Choice[] {
  return Object.entries(entryOf(center.sections[section])).map(([value, entry]) => {
    const name = typeof entry === 'string' ? entry : entryOf(entry).name;
    return { value, label: typeof name === 'string' && name !== value ? `${name} (${value})` : value };
  });
}

/** The codes of dispositions that are no groups, with the names on the way there. */
export function dispositionChoices({ sections }: Center): Choice[] {
  const found: Choice[] = [];
  const walk = (codes: unknown, names: string[]) => {
    for (const [code, what] of Object.entries(entryOf(codes))) {
      const { name = code, codes: inside } = typeof what === 'string' ? { name: what } : entryOf(what);
      const path = [...names, String(name)];
      if (inside) walk(inside, path);
      else found.push({ value: code, label: path.join(' › ') });
    }
  };
  walk(sections.dispositions, []);
  return found;
}

/** The groups that agents are in. */
export function groupChoices({ sections }: Center): Choice[] {
  const groups = entriesOf(sections.agents).flatMap(([, { groups: own }]) => (Array.isArray(own) ? own : []));
  return [...new Set(groups.filter((group) => typeof group === 'string'))]
    .sort()
    .map((value) => ({ value, label: value }));
}

/** Skills with names, and those that agents have. */
export function skillNames({ sections }: Center): { id: string; name: string }[] {
  const named = entryOf(sections.skills);
  const had = entriesOf(sections.agents).flatMap(([, { skills }]) =>
    Array.isArray(skills) ? skills : Object.keys(entryOf(skills)),
  );
  const ids = new Set([...Object.keys(named), ...had.filter((skill) => typeof skill === 'string')]);
  return [...ids].map((id) => ({ id, name: typeof named[id] === 'string' ? named[id] : id }));
}
