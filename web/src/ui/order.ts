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

/**
 * Sorted. `before` are the ids in the order shown last: nearly sorted, so that sorting costs little, and rows that compare
 * alike stay where they were. `still` keeps that order, with what is new behind.
 */
export function order<Row>(
  rows: readonly Row[],
  idOf: (row: Row) => string,
  compare: ((one: Row, other: Row) => number) | undefined,
  down: boolean,
  before: readonly string[],
  still: boolean,
): readonly Row[] {
  const arranged = arrange(rows, idOf, before);
  if (!compare || (still && before.length > 0)) return arranged;
  const sign = down ? -1 : 1;
  return arranged.sort((one, other) => sign * compare(one, other));
}

/** The rows in the order of those ids, then the others. */
function arrange<Row>(rows: readonly Row[], idOf: (row: Row) => string, before: readonly string[]): Row[] {
  const fresh = new Map(rows.map((row) => [idOf(row), row]));
  const arranged: Row[] = [];
  for (const id of before) {
    const row = fresh.get(id);
    if (row === undefined) continue;
    arranged.push(row);
    fresh.delete(id);
  }
  arranged.push(...fresh.values());
  return arranged;
}

export function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Nothing comes first. */
export function byNumber(one: number | null, other: number | null): number {
  return (one ?? Number.NEGATIVE_INFINITY) - (other ?? Number.NEGATIVE_INFINITY) || 0;
}
