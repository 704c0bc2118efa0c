// In which order a table shows its rows.

import { useCallback, useState } from 'react';

export interface Sorting {
  column: string;
  /** Greatest first. */
  down: boolean;
}

const REMEMBERED = 'hotline.sort.';

/** The sorting that somebody chose for a table, kept in this browser. */
export function useSorting(table: string, first: Sorting): [Sorting, (column: string) => void] {
  const [sorting, setSorting] = useState<Sorting>(() => remembered(table) ?? first);
  const sortBy = useCallback(
    (column: string) => {
      setSorting((before) => {
        const after = { column, down: before.column === column ? !before.down : false };
        localStorage.setItem(REMEMBERED + table, JSON.stringify(after));
        return after;
      });
    },
    [table],
  );
  return [sorting, sortBy];
}

function remembered(table: string): Sorting | null {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED + table) ?? 'null') as Sorting | null;
  } catch {
    return null;
  }
}

export function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Nothing comes first. */
export function byNumber(one: number | null, other: number | null): number {
  return (one ?? Number.NEGATIVE_INFINITY) - (other ?? Number.NEGATIVE_INFINITY) || 0;
}
