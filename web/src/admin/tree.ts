// The codes of dispositions as a tree that is edited, and as the file has it. Pure.

import { type Entry, entryOf } from './draft';

export interface Node {
  /** Names the node while it is edited. */
  key: string;
  code: string;
  name: string;
  /** Of a group; null for a code that can be chosen. */
  inside: Node[] | null;
  /** Was made here: its code may still change. */
  fresh: boolean;
}

/** Groups can be so deep. */
export const DEPTH_MAX = 4;
const CODE = /^[A-Za-z0-9_-]{1,64}$/;

export function treeOf(section: unknown): Node[] {
  return Object.entries(entryOf(section)).map(([code, what]) => {
    const entry: Entry = typeof what === 'string' ? { name: what } : entryOf(what);
    const inside = entry.codes === undefined ? null : treeOf(entry.codes);
    return { key: code, code, name: typeof entry.name === 'string' ? entry.name : '', inside, fresh: false };
  });
}

export function sectionOf(tree: readonly Node[]): Entry | null {
  if (tree.length === 0) return null;
  return Object.fromEntries(
    tree.map(({ code, name, inside }) => [
      code,
      inside === null ? name : { name, codes: sectionOf(inside) ?? {} },
    ]),
  );
}

/** All codes, groups included. */
export function codesOf(tree: readonly Node[]): string[] {
  return tree.flatMap(({ code, inside }) => [code, ...codesOf(inside ?? [])]);
}

export function change(tree: readonly Node[], key: string, edit: (node: Node) => Node | null): Node[] {
  return tree.flatMap((node) => {
    if (node.key === key) return edit(node) ?? [];
    return node.inside === null ? node : { ...node, inside: change(node.inside, key, edit) };
  });
}

/** A node one place up (-1) or down (1) among those beside it. */
export function shift(tree: readonly Node[], key: string, by: -1 | 1): Node[] {
  const place = tree.findIndex((node) => node.key === key);
  if (place < 0) {
    return tree.map((node) =>
      node.inside === null ? node : { ...node, inside: shift(node.inside, key, by) },
    );
  }
  const next = [...tree];
  const [moved] = next.splice(place, 1);
  if (moved) next.splice(Math.max(0, place + by), 0, moved);
  return next;
}

/** What is wrong with a code: how it is written, or that it is there already. */
export function codeProblem(tree: readonly Node[], node: Node): 'bad' | 'twice' | null {
  if (!CODE.test(node.code)) return 'bad';
  return codesOf(tree).filter((code) => code === node.code).length > 1 ? 'twice' : null;
}
