// Values of the configuration as they are edited: looked into, changed, compared, brought together. Pure.

/** A value as JSON has them. `undefined` is a key that is not there. */
export type Value = unknown;

export type Entry = Record<string, Value>;

export function isEntry(value: Value): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An entry by its name; an empty one if there is none. */
export function entryOf(value: Value): Entry {
  return isEntry(value) ? value : {};
}

/** The entries of a section, in the order of the file. */
export function entriesOf(section: Value): [string, Entry][] {
  return Object.entries(entryOf(section)).map(([name, value]) => [name, entryOf(value)]);
}

/** What stands at a path such as `wrap_up.mode`. */
export function at(value: Value, path: string): Value {
  return path
    .split('.')
    .reduce<Value>(
      (inside, key) => (isEntry(inside) && Object.hasOwn(inside, key) ? inside[key] : undefined),
      value,
    );
}

/** The same with another value there; `undefined` takes it away, and what is empty then. */
export function put(entry: Entry, path: string, value: Value): Entry {
  const [key = '', ...rest] = path.split('.');
  const next = rest.length === 0 ? value : emptied(put(entryOf(entry[key]), rest.join('.'), value));
  if (next !== undefined) return { ...entry, [key]: next };
  const { [key]: _gone, ...others } = entry;
  return others;
}

function emptied(entry: Entry): Entry | undefined {
  return Object.keys(entry).length === 0 ? undefined : entry;
}

/** Whether two values say the same; the order of keys does not matter. */
export function same(one: Value, other: Value): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => same(item, other[index]));
  }
  if (!isEntry(one) || !isEntry(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]))
  );
}

export interface Merged {
  value: Value;
  /** Paths at which both changed the same in different ways; there, mine counts. */
  both: string[];
}

/** My change and another's to the same value, brought together key by key. */
export function merge(base: Value, mine: Value, theirs: Value, path = ''): Merged {
  if (same(mine, theirs) || same(base, theirs)) return { value: mine, both: [] };
  if (same(base, mine)) return { value: theirs, both: [] };
  if (!isEntry(mine) || !isEntry(theirs)) return { value: mine, both: [path] };
  const from = entryOf(base);
  const value: Entry = {};
  const both: string[] = [];
  for (const key of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
    const one = merge(from[key], mine[key], theirs[key], path === '' ? key : `${path}.${key}`);
    if (one.value !== undefined) value[key] = one.value;
    both.push(...one.both);
  }
  return { value, both };
}

/** Paths at which two values differ, as deep as both are entries. */
export function differing(one: Value, other: Value, path = ''): string[] {
  if (same(one, other)) return [];
  if (!isEntry(one) || !isEntry(other)) return [path];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    differing(one[key], other[key], path === '' ? key : `${path}.${key}`),
  );
}

/** A part of the configuration as it is to be; `null` takes it away. */
export interface Part {
  section: string;
  name?: string;
  value: Value;
}

/** What a part says in these sections; `null` if it is not there, as in a [`Part`]. */
export function partOf(sections: Entry, { section, name }: Part): Value {
  const value = name === undefined ? sections[section] : entryOf(sections[section])[name];
  return value ?? null;
}

export function partName({ section, name }: Part): string {
  return name === undefined ? section : `${section}/${name}`;
}
