// A table of very many rows that change all the time: only those in sight are drawn, and only what changed is drawn again.
// Sorted by any column, worked by keys; a menu on each row.

import { Menu } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconDotsVertical } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, memo, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Act } from './acts';
import { order, type Sorting, useSorting } from './order';
import css from './RowTable.module.css';

export const ROW_PX = 30;
/** Rows drawn beyond the edges, so that scrolling shows no holes. */
const OVERSCAN = 4;
const MENU_PX = 36;
const OUTSIDE = ['mousedown', 'touchstart'];

export interface Column<Row> {
  id: string;
  title: string;
  /** What the title means, in more words. */
  hint?: string;
  /** A track of a CSS grid. */
  width: string;
  right?: boolean;
  /** Rows can be sorted by it. */
  compare?: (one: Row, other: Row) => number;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  /** Names the table, also where the sorting is remembered. */
  id: string;
  label: string;
  rows: readonly Row[];
  idOf: (row: Row) => string;
  columns: readonly Column<Row>[];
  sorting: Sorting;
  /** What can be done to a row; asked when somebody wants to do something. */
  acts?: (row: Row) => Act[];
  chosen?: string | null;
  /** A click, or the space key. */
  choose?: (row: Row) => void;
  nothing: string;
}

interface Opened<Row> {
  row: Row;
  x: number;
  y: number;
}

export function RowTable<Row>(props: Props<Row>) {
  const { t } = useTranslation();
  const { rows, idOf, columns, acts, label } = props;
  const [sorting, sortBy] = useSorting(props.id, props.sorting);
  const [menu, setMenu] = useState<Opened<Row> | null>(null);
  const [held, setHeld] = useState(false);
  const scroll = useRef<HTMLDivElement>(null);
  const before = useRef<readonly string[]>([]);
  const keys = useKeys(props, scroll, setMenu);

  // Nothing moves from under the pointer or the focus: the order stands still meanwhile.
  const still = held || menu !== null;
  const sorted = useMemo(() => {
    const column = columns.find(({ id }) => id === sorting.column);
    return order(rows, idOf, column?.compare, sorting.down, before.current, still);
  }, [rows, idOf, columns, sorting, still]);
  useEffect(() => {
    before.current = sorted.map(idOf);
  }, [sorted, idOf]);
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const columnsStyle = {
    '--columns': [...columns.map(({ width }) => width), ...(acts ? [`${MENU_PX}px`] : [])].join(' '),
  } as CSSProperties;
  keys.show.current = (index) => virtual.scrollToIndex(index);
  keys.sorted.current = sorted;

  return (
    <>
      <div
        className={css.table}
        style={columnsStyle}
        role="grid"
        aria-label={label}
        aria-rowcount={sorted.length + 1}
        tabIndex={-1}
        onPointerEnter={() => setHeld(true)}
        onPointerLeave={() => setHeld(false)}
        onKeyDown={keys.pressed}
        onClick={keys.clicked}
        onContextMenu={keys.context}
      >
        <Head
          columns={columns as readonly Column<unknown>[]}
          sorting={sorting}
          sortBy={sortBy}
          menu={acts !== undefined}
        />
        <div ref={scroll} className={css.rows} role="rowgroup">
          {sorted.length === 0 && (
            <div role="row">
              <div role="gridcell" className={css.nothing}>
                {props.nothing}
              </div>
            </div>
          )}
          <div className={css.space} style={{ height: virtual.getTotalSize() }} role="presentation">
            {virtual.getVirtualItems().map((item) => {
              const row = sorted[item.index];
              return row === undefined ? null : (
                <RowView
                  key={idOf(row)}
                  row={row}
                  id={idOf(row)}
                  index={item.index}
                  columns={columns as readonly Column<unknown>[]}
                  more={acts ? t('table.acts') : null}
                  active={keys.active === null ? item.index === 0 : keys.active === idOf(row)}
                  chosen={props.chosen === idOf(row)}
                />
              );
            })}
          </div>
        </div>
      </div>
      {menu && acts && (
        <RowMenu menu={menu} acts={acts(menu.row)} close={() => setMenu(null)} back={keys.back} />
      )}
    </>
  );
}

interface HeadProps {
  columns: readonly Column<unknown>[];
  sorting: Sorting;
  sortBy(column: string): void;
  menu: boolean;
}

const Head = memo(function Head({ columns, sorting, sortBy, menu }: HeadProps) {
  const { t } = useTranslation();
  return (
    <div role="rowgroup">
      <div className={css.head} role="row" aria-rowindex={1}>
        {columns.map((column) => {
          const sorted = sorting.column === column.id;
          const Arrow = sorting.down ? IconChevronDown : IconChevronUp;
          return (
            <div
              key={column.id}
              role="columnheader"
              className={`${css.title} ${column.right ? css.right : ''}`}
              title={column.hint}
              aria-sort={sorted ? (sorting.down ? 'descending' : 'ascending') : 'none'}
            >
              {column.compare ? (
                <button
                  type="button"
                  className={`${css.sort} ${sorted ? css.sorted : ''}`}
                  onClick={() => sortBy(column.id)}
                >
                  {column.title}
                  {sorted && <Arrow size={13} aria-hidden />}
                </button>
              ) : (
                column.title
              )}
            </div>
          );
        })}
        {menu && (
          <div role="columnheader" className={css.title}>
            <span className="hidden">{t('table.acts')}</span>
          </div>
        )}
      </div>
    </div>
  );
});

interface RowProps {
  row: unknown;
  id: string;
  index: number;
  columns: readonly Column<unknown>[];
  more: string | null;
  active: boolean;
  chosen: boolean;
}

const RowView = memo(function RowView({ row, id, index, columns, more, active, chosen }: RowProps) {
  return (
    <div
      className={css.row}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={chosen}
      tabIndex={active ? 0 : -1}
      data-row={id}
      data-chosen={chosen}
      style={{ transform: `translateY(${index * ROW_PX}px)` }}
    >
      <Cells row={row} columns={columns} more={more} />
    </div>
  );
});

/** What a row shows is not drawn again when the row only moves. */
const Cells = memo(function Cells({ row, columns, more }: Pick<RowProps, 'row' | 'columns' | 'more'>) {
  return (
    <>
      {columns.map((column) => (
        <div key={column.id} role="gridcell" className={`${css.cell} ${column.right ? css.right : ''}`}>
          {column.cell(row)}
        </div>
      ))}
      {more !== null && (
        <div role="gridcell" className={css.cell}>
          <button
            type="button"
            className={css.more}
            data-more
            aria-label={more}
            aria-haspopup="menu"
            tabIndex={-1}
          >
            <IconDotsVertical size={15} aria-hidden />
          </button>
        </div>
      )}
    </>
  );
});

interface MenuProps<Row> {
  menu: Opened<Row>;
  acts: Act[];
  close(): void;
  back(): void;
}

function RowMenu<Row>({ menu, acts, close, back }: MenuProps<Row>) {
  const { t } = useTranslation();
  const leave = () => {
    close();
    back();
  };
  const press = (key: string) => {
    const act = acts.find((one) => one.key?.toLowerCase() === key.toLowerCase());
    if (!act) return;
    leave();
    act.run();
  };
  return (
    <Menu
      opened
      onClose={leave}
      position="bottom-start"
      width={250}
      trapFocus
      returnFocus={false}
      withinPortal
      // Not by the key that opened it.
      clickOutsideEvents={OUTSIDE}
    >
      <Menu.Target>
        <button
          type="button"
          tabIndex={-1}
          className={css.anchor}
          style={{ left: menu.x, top: menu.y }}
          aria-label={t('table.acts')}
        />
      </Menu.Target>
      <Menu.Dropdown aria-label={t('table.acts')} onKeyDown={(event) => press(event.key)}>
        {acts.length === 0 && <Menu.Item disabled>{t('table.no_acts')}</Menu.Item>}
        {acts.map((act, index) => (
          <div key={act.id} role="presentation">
            {index > 0 && act.apart && <Menu.Divider />}
            <Menu.Item
              {...(act.danger ? { color: 'var(--tone-bad)' } : {})}
              rightSection={act.key && <kbd className={css.key}>{act.key.toUpperCase()}</kbd>}
              onClick={act.run}
            >
              {act.label}
            </Menu.Item>
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** So far above the lower edge of the window a menu begins at least. */
const MENU_ABOVE_EDGE_PX = 16;

/** Arrows go from row to row, Enter opens the menu, letters act at once, space chooses. */
function useKeys<Row>(
  { acts, choose, idOf }: Props<Row>,
  scroll: React.RefObject<HTMLDivElement | null>,
  open: (menu: Opened<Row>) => void,
) {
  const [active, setActive] = useState<string | null>(null);
  const sorted = useRef<readonly Row[]>([]);
  const show = useRef<(index: number) => void>(() => {});

  const element = (id: string) => {
    const drawn = scroll.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [];
    return [...drawn].find(({ dataset }) => dataset.row === id);
  };
  const rowOf = (target: EventTarget): Row | undefined => {
    const id = (target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset.row;
    return sorted.current.find((row) => idOf(row) === id);
  };
  const openAt = (row: Row, x: number, y: number) => {
    if (!acts) return;
    setActive(idOf(row));
    // A menu that hangs on a place out of sight is hidden, so that of a row at the lower edge hangs a little higher.
    open({ row, x, y: Math.min(y, window.innerHeight - MENU_ABOVE_EDGE_PX) });
  };
  const openBelow = (row: Row) => {
    const box = element(idOf(row))?.getBoundingClientRect();
    if (box) openAt(row, box.left + 12, box.bottom);
  };
  const go = (row: Row, by: number) => {
    const index = sorted.current.indexOf(row) + by;
    const next = sorted.current[Math.max(0, Math.min(index, sorted.current.length - 1))];
    if (next === undefined) return;
    show.current(sorted.current.indexOf(next));
    setActive(idOf(next));
    requestAnimationFrame(() => element(idOf(next))?.focus());
  };
  const pressed = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rowOf(event.target);
    if (row === undefined || (event.target as HTMLElement).closest('a, input')) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    const step = steps[event.key];
    const end = event.key === 'Home' ? -1e6 : event.key === 'End' ? 1e6 : step;
    if (end !== undefined) go(row, end);
    else if (event.key === 'Enter' || event.key === 'ContextMenu') openBelow(row);
    else if (event.key === ' ') choose?.(row);
    else {
      const act = acts?.(row).find(({ key }) => key?.toLowerCase() === event.key.toLowerCase());
      if (!act) return;
      act.run();
    }
    event.preventDefault();
  };
  const clicked = (event: React.MouseEvent) => {
    const row = rowOf(event.target);
    if (row === undefined) return;
    setActive(idOf(row));
    if ((event.target as HTMLElement).closest('[data-more]')) openAt(row, event.clientX, event.clientY);
    else if (!(event.target as HTMLElement).closest('a')) choose?.(row);
  };
  const context = (event: React.MouseEvent) => {
    const row = rowOf(event.target);
    if (row === undefined || !acts) return;
    event.preventDefault();
    openAt(row, event.clientX, event.clientY);
  };
  const back = () => {
    requestAnimationFrame(() => active !== null && element(active)?.focus());
  };
  return { active, sorted, show, pressed, clicked, context, back };
}
