// A table of many rows, worked by keys.

import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';
import { show } from '../test/render';
import { byNumber, byText } from './order';
import { type Column, RowTable } from './RowTable';

interface Row {
  id: string;
  age: number;
}

const COLUMNS: Column<Row>[] = [
  { id: 'name', title: 'Name', width: '1fr', compare: (a, b) => byText(a.id, b.id), cell: ({ id }) => id },
  {
    id: 'age',
    title: 'Age',
    width: '60px',
    compare: (a, b) => byNumber(a.age, b.age),
    cell: ({ age }) => age,
  },
];
const byAge = (one: Row, other: Row) => byNumber(one.age, other.age);
const FIRST = { column: 'name', down: false };

beforeEach(() => {
  // jsdom lays nothing out: the window of rows has a height, and a row has its own.
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(300);
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(600);
});

function rows(): (string | null)[] {
  return screen
    .getAllByRole('row')
    .slice(1)
    .map((row) => row.getAttribute('data-row'));
}

function table(many: Row[], acts?: (row: Row) => { id: string; label: string; key: string; run(): void }[]) {
  return show(
    <RowTable
      id="people"
      label="People"
      rows={many}
      idOf={({ id }) => id}
      columns={COLUMNS}
      sorting={FIRST}
      {...(acts ? { acts } : {})}
      nothing="Nobody"
    />,
  );
}

it('draws of a thousand rows those that are in sight', async () => {
  table(
    Array.from({ length: 1000 }, (_, index) => ({ id: `p${String(index).padStart(4, '0')}`, age: index })),
  );
  await waitFor(() => expect(rows().length).toBeGreaterThan(8));
  expect(rows().length).toBeLessThan(40);
  expect(rows()[0]).toBe('p0000');
  expect(screen.getByRole('grid').getAttribute('aria-rowcount')).toBe('1001');
});

it('sorts by the column that is clicked, the other way at the next click, and remembers it', async () => {
  const many = [
    { id: 'ann', age: 30 },
    { id: 'bob', age: 20 },
    { id: 'cy', age: 40 },
  ];
  const { unmount } = table(many);
  await waitFor(() => expect(rows()).toEqual(['ann', 'bob', 'cy']));
  await userEvent.click(screen.getByRole('button', { name: 'Age' }));
  await userEvent.unhover(screen.getByRole('grid'));
  await waitFor(() => expect(rows()).toEqual(['bob', 'ann', 'cy']));
  await userEvent.click(screen.getByRole('button', { name: 'Age' }));
  await userEvent.unhover(screen.getByRole('grid'));
  await waitFor(() => expect(rows()).toEqual(['cy', 'ann', 'bob']));
  expect(screen.getByRole('columnheader', { name: 'Age' }).getAttribute('aria-sort')).toBe('descending');
  unmount();
  table(many);
  await waitFor(() => expect(rows()).toEqual(['cy', 'ann', 'bob']));
});

it('goes from row to row by arrows, opens the menu by Enter, and acts by a letter there or on the row', async () => {
  const done: string[] = [];
  const acts = ({ id }: Row) => [
    { id: 'call', label: 'Call', key: 'c', run: () => done.push(`call ${id}`) },
    { id: 'greet', label: 'Greet', key: 'g', run: () => done.push(`greet ${id}`) },
  ];
  table(
    [
      { id: 'ann', age: 1 },
      { id: 'bob', age: 2 },
    ],
    acts,
  );
  await waitFor(() => expect(rows()).toEqual(['ann', 'bob']));
  const [, ann, bob] = screen.getAllByRole('row');
  ann?.focus();
  await userEvent.keyboard('{ArrowDown}');
  await waitFor(() => expect(document.activeElement).toBe(bob));
  await userEvent.keyboard('g');
  expect(done).toEqual(['greet bob']);
  await userEvent.keyboard('{Enter}');
  const menu = await screen.findByRole('menu');
  expect(
    within(menu)
      .getAllByRole('menuitem')
      .map((item) => item.textContent),
  ).toEqual(['CallC', 'GreetG']);
  within(menu).getByRole('menuitem', { name: /Call/ }).focus();
  await userEvent.keyboard('c');
  expect(done).toEqual(['greet bob', 'call bob']);
  await waitFor(() => expect(screen.queryByRole('menu')).toBeNull());
});

it('follows rows that change by themselves, and draws nothing for those out of sight', async () => {
  let many = Array.from({ length: 500 }, (_, index) => ({
    id: `p${String(index).padStart(3, '0')}`,
    age: index,
  }));
  const listeners = new Set<() => void>();
  const source = {
    rows: () => many,
    subscribe: (changed: () => void) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
  const change = (id: string, age: number) =>
    act(() => {
      many = many.map((row) => (row.id === id ? { ...row, age } : row));
      for (const changed of listeners) changed();
    });
  const drawn = vi.fn(({ age }: Row) => age);
  const columns: Column<Row>[] = [{ id: 'age', title: 'Age', width: '60px', compare: byAge, cell: drawn }];
  show(
    <RowTable
      id="live"
      label="People"
      rows={source}
      idOf={({ id }) => id}
      columns={columns}
      sorting={{ column: 'age', down: false }}
      nothing="Nobody"
    />,
  );
  await waitFor(() => expect(rows()[0]).toBe('p000'));
  drawn.mockClear();
  change('p400', 350.5);
  expect(drawn).not.toHaveBeenCalled();
  change('p003', -1);
  expect(rows().slice(0, 5)).toEqual(['p003', 'p000', 'p001', 'p002', 'p004']);
  expect(drawn).toHaveBeenCalledTimes(1);
  act(() => {
    many = many.slice(0, 2);
    for (const changed of listeners) changed();
  });
  expect(rows()).toEqual(['p000', 'p001']);
  expect(screen.getByRole('grid').getAttribute('aria-rowcount')).toBe('3');
});
