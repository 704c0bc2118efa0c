// Where in a YAML text the cursor stands: the keys that lead there. By indentation and brackets, so that it works on a
// text that is not finished. Pure.

import type { Path } from './schema';

export interface Place {
  path: Path;
  /** Whether a key is being written, and not a value. */
  isKey: boolean;
  /** What is written so far, and where it begins. */
  word: string;
  from: number;
  /** The keys that stand in the same mapping on this level of indentation. */
  present: string[];
}

interface Opened {
  indent: number;
  key: string | null;
}

const KEY = /^("?)([\w.*#-]+)\1\s*:(?:\s|$)/;

export function placeAt(text: string, at: number): Place {
  const before = text.slice(0, at);
  const lines = before.split('\n');
  const line = lines.pop() ?? '';
  const opened: Opened[] = [];
  let present: string[] = [];
  for (const one of lines) present = follow(one, opened, present);
  const indent = line.length - line.trimStart().length;
  while ((opened.at(-1)?.indent ?? -1) >= indent) opened.pop();
  const path: (string | null)[] = opened.map(({ key }) => key);
  return within(line.slice(indent), {
    path,
    at,
    present: siblings(text, at, indent, opened.at(-1)?.indent ?? -1),
  });
}

/** Takes a whole line into what is open. */
function follow(line: string, opened: Opened[], present: string[]): string[] {
  const bare = line.trimStart();
  if (bare === '' || bare.startsWith('#')) return present;
  let indent = line.length - bare.length;
  let rest = bare;
  while ((opened.at(-1)?.indent ?? -1) >= indent) opened.pop();
  while (rest.startsWith('- ')) {
    opened.push({ indent, key: null });
    const item = rest.slice(2).trimStart();
    indent += rest.length - item.length;
    rest = item;
  }
  const key = KEY.exec(rest)?.[2];
  if (key !== undefined) opened.push({ indent, key });
  return present;
}

interface Within {
  path: (string | null)[];
  at: number;
  present: string[];
}

/** The rest of the cursor's own line: list items, a key, brackets. */
function within(line: string, { path, at, present }: Within): Place {
  let rest = line;
  while (rest.startsWith('- ')) {
    path.push(null);
    rest = rest.slice(2).trimStart();
  }
  let isKey = true;
  let word = '';
  const brackets: { list: boolean; depth: number }[] = [];
  let inline: string[] = [];
  for (const char of rest) {
    if (char === ':' && isKey) {
      path.push(word.trim().replaceAll('"', ''));
      inline.push(word.trim());
      word = '';
      isKey = false;
    } else if (char === '{' || char === '[') {
      const list = char === '[';
      if (list) path.push(null);
      brackets.push({ list, depth: path.length });
      isKey = !list;
      word = '';
      inline = [];
    } else if (char === '}' || char === ']') {
      const closed = brackets.pop();
      path.length = Math.max(0, (closed?.depth ?? path.length) - (closed?.list ? 1 : 0));
      word = '';
    } else if (char === ',' && brackets.length > 0) {
      const open = brackets.at(-1);
      path.length = open?.depth ?? path.length;
      isKey = !open?.list;
      word = '';
    } else word += char;
  }
  const written = word.trimStart();
  return {
    path,
    isKey,
    word: written,
    from: at - written.length,
    present: brackets.length > 0 ? inline : present,
  };
}

/** The keys beside the cursor's line, above and below. */
function siblings(text: string, at: number, indent: number, parent: number): string[] {
  const lines = text.split('\n');
  const here = text.slice(0, at).split('\n').length - 1;
  const found: string[] = [];
  const walk = (step: number) => {
    for (let index = here + step; index >= 0 && index < lines.length; index += step) {
      const line = lines[index] ?? '';
      const bare = line.trimStart();
      if (bare === '' || bare.startsWith('#')) continue;
      const deep = line.length - bare.length;
      if (deep <= parent) return;
      const key = KEY.exec(bare)?.[2];
      if (deep === indent && key !== undefined) found.push(key);
    }
  };
  walk(-1);
  walk(1);
  return found;
}
