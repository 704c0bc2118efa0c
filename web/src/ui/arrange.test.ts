import { expect, it } from 'vitest';
import { Arrangement } from './arrange';
import { byNumber } from './order';

interface Row {
  id: string;
  n: number;
}

const idOf = ({ id }: Row) => id;
const compare = (one: Row, other: Row) => byNumber(one.n, other.n);
const UP = { idOf, compare, down: false, still: false };
const DOWN = { ...UP, down: true };
const STILL = { ...UP, still: true };

function rows(...many: [string, number][]): Row[] {
  return many.map(([id, n]) => ({ id, n }));
}

it('sorts either way, and what has no number comes first', () => {
  const two = rows(['a', 2], ['b', 1]);
  expect(new Arrangement<Row>().of(two, UP).map(idOf)).toEqual(['b', 'a']);
  expect(new Arrangement<Row>().of(two, DOWN).map(idOf)).toEqual(['a', 'b']);
  expect([3, null, 1].sort(byNumber)).toEqual([null, 1, 3]);
});

it('keeps an order that somebody is pointing into, with what is new behind', () => {
  const arrangement = new Arrangement<Row>();
  expect(arrangement.of(rows(['a', 1], ['gone', 2], ['b', 9]), UP).map(idOf)).toEqual(['a', 'gone', 'b']);
  const [a, b, fresh] = rows(['a', 9], ['b', 1], ['new', 0]) as [Row, Row, Row];
  expect(arrangement.of([fresh, a, b], STILL).map(idOf)).toEqual(['a', 'b', 'new']);
  expect(arrangement.of([fresh, { ...a, n: 0.5 }, b], STILL).map(idOf)).toEqual(['a', 'b', 'new']);
  expect(arrangement.of([fresh, a, b], UP).map(idOf)).toEqual(['new', 'b', 'a']);
});

it('leaves rows that compare alike where they were', () => {
  const arrangement = new Arrangement<Row>();
  arrangement.of(rows(['a', 1], ['b', 0]), UP);
  expect(arrangement.of(rows(['a', 1], ['b', 1], ['c', 0]), UP).map(idOf)).toEqual(['c', 'b', 'a']);
});

it('follows changes as if all were sorted anew', () => {
  const arrangement = new Arrangement<Row>();
  const next = seeded(11);
  let now: readonly Row[] = Array.from({ length: 200 }, (_, index) => ({ id: `r${index}`, n: next(1e9) }));
  for (let step = 0; step < 400; step += 1) {
    now = changed(now, step, next);
    const sorted = [...now].sort((one, other) => compare(other, one));
    expect(arrangement.of(now, DOWN).map(idOf)).toEqual(sorted.map(idOf));
  }
  expect(now.length).toBeGreaterThan(100);
});

/** One or two rows change, come or go, as the live state does it: in their places, new ones at the end. */
function changed(before: readonly Row[], step: number, next: (below: number) => number): readonly Row[] {
  const at = next(before.length);
  switch (next(4)) {
    case 0:
      return before.filter((_, index) => index !== at);
    case 1:
      return [...before, { id: `new${step}`, n: next(1e9) }];
    case 2:
      return before.map((row, index) => (index === at || index === at + 1 ? { ...row, n: next(1e9) } : row));
    default:
      return [
        ...before.filter((_, index) => index !== at),
        ...rows([`one${step}`, next(1e9)], [`two${step}`, step / 1000]),
      ];
  }
}

function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}
