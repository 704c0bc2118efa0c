// Rows and figures that follow the live state without a component being drawn.

import { useMemo } from 'react';
import type { Agent, LiveCall } from '../api/types';
import { useLiveStore, type View } from '../live/store';
import type { RowSource } from '../ui/rowWindow';

/** What is made of some parts of the state; made again only when one of them is another. */
export function derived<const Parts extends readonly unknown[], Made>(
  parts: (view: View) => Parts,
  make: (...parts: Parts) => Made,
): (view: View) => Made {
  let known: { parts: Parts; made: Made } | null = null;
  return (view) => {
    const now = parts(view);
    if (!known?.parts.every((part, index) => part === now[index])) {
      known = { parts: now, made: make(...now) };
    }
    return known.made;
  };
}

const lists = new WeakMap<object, readonly unknown[]>();

/** What a part of the state holds, as a list that is the same as long as the part is. */
export function listOf<Item>(items: Readonly<Record<string, Item>>): readonly Item[] {
  const known = lists.get(items) as readonly Item[] | undefined;
  if (known) return known;
  const list = Object.values(items);
  lists.set(items, list);
  return list;
}

/** Rows made of the state by `rows`, which must stay the same function while it says the same. */
export function useSource<Row>(rows: (view: View) => readonly Row[]): RowSource<Row> {
  const store = useLiveStore();
  return useMemo(() => ({ rows: () => rows(store.view()), subscribe: store.subscribe }), [store, rows]);
}

export const agentsOf = (view: View): readonly Agent[] => listOf(view.live.agents);

export const callsOf = (view: View): readonly LiveCall[] => listOf(view.live.calls);
