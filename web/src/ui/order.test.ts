import { expect, it } from 'vitest';
import { byNumber, order } from './order';

const idOf = ({ id }: { id: string }) => id;
const compare = (one: { n: number }, other: { n: number }) => byNumber(one.n, other.n);

it('sorts either way, and what has no number comes first', () => {
  const rows = [
    { id: 'a', n: 2 },
    { id: 'b', n: 1 },
  ];
  expect(order(rows, idOf, compare, false, [], false).map(idOf)).toEqual(['b', 'a']);
  expect(order(rows, idOf, compare, true, [], false).map(idOf)).toEqual(['a', 'b']);
  expect([3, null, 1].sort(byNumber)).toEqual([null, 1, 3]);
});

it('keeps an order that somebody is pointing into, with what is new behind', () => {
  const rows = [
    { id: 'new', n: 0 },
    { id: 'a', n: 9 },
    { id: 'b', n: 1 },
  ];
  expect(order(rows, idOf, compare, false, ['a', 'gone', 'b'], true).map(idOf)).toEqual(['a', 'b', 'new']);
});

it('leaves rows that compare alike where they were', () => {
  const rows = [
    { id: 'a', n: 1 },
    { id: 'b', n: 1 },
    { id: 'c', n: 0 },
  ];
  expect(order(rows, idOf, compare, false, ['b', 'a'], false).map(idOf)).toEqual(['c', 'b', 'a']);
});
