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

/** Sorted; where `before` is given, in the order of those ids, with what is new behind. */
export function order<Row>(
  rows: readonly Row[],
  idOf: (row: Row) => string,
  compare: ((one: Row, other: Row) => number) | undefined,
  down: boolean,
  before: readonly string[] | null,
): readonly Row[] {
  const sorted = [...rows];
  if (before !== null && before.length > 0) {
    const place = new Map(before.map((id, index) => [id, index]));
    const of = (row: Row) => place.get(idOf(row)) ?? before.length;
    return sorted.sort((one, other) => of(one) - of(other));
  }
  if (!compare) return sorted;
  const sign = down ? -1 : 1;
  return sorted.sort((one, other) => sign * compare(one, other));
}

export function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Nothing comes first. */
export function byNumber(one: number | null, other: number | null): number {
  return (one ?? Number.NEGATIVE_INFINITY) - (other ?? Number.NEGATIVE_INFINITY) || 0;
}
