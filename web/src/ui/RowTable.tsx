// A table of very many rows that change all the time: only those in sight are drawn, and only what changed is drawn again.
// Sorted by any column, worked by keys; a menu on each row.

import { IconChevronDown, IconChevronUp, IconDotsVertical } from '@tabler/icons-react';
import {
  type CSSProperties,
  memo,
  type ReactNode,
  type RefObject,
  useCallback,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { Act } from './acts';
import { type Sorting, useSorting } from './order';
import { type Opened, RowMenu } from './RowMenu';
import css from './RowTable.module.css';
import { useRowKeys } from './rowKeys';
import { fixedRows, ROW_PX, type RowSource, RowWindow, type Slice } from './rowWindow';

const MENU_PX = 36;

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
  rows: readonly Row[] | RowSource<Row>;
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

export function RowTable<Row>(props: Props<Row>) {
  const { t } = useTranslation();
  const { rows, idOf, columns, acts, label } = props;
  const [sorting, sortBy] = useSorting(props.id, props.sorting);
  const [menu, setMenu] = useState<Opened<Row> | null>(null);
  const [held, setHeld] = useState(false);
  const scroll = useRef<HTMLDivElement>(null);
  const table = useRef<HTMLDivElement>(null);
  const source = useMemo(() => ('rows' in rows ? rows : fixedRows(rows)), [rows]);
  const compare = columns.find(({ id }) => id === sorting.column)?.compare;
  // Nothing moves from under the pointer or the focus: the order stands still meanwhile.
  const by = { idOf, compare, down: sorting.down, still: held || menu !== null };
  const [shown] = useState(() => new RowWindow(source, by));
  shown.set(source, by);
  const subscribe = useCallback((changed: () => void) => shown.subscribe(source, changed), [shown, source]);
  const slice = useSyncExternalStore(subscribe, shown.slice);
  const nothing = useSyncExternalStore(subscribe, () => shown.count() === 0);
  const keys = useRowKeys({ acts, choose: props.choose, idOf, shown, scroll, open: setMenu });
  // One row takes part in the order of the Tab key: the one that was last worked upon, if it is in sight.
  const active = slice.rows.find((row) => idOf(row) === keys.active) ?? slice.rows[0];
  const drawn = useRef<HTMLDivElement>(null);
  useNumbers(drawn, slice);
  useSight(shown, scroll);
  useSize(shown, subscribe, table);
  const columnsStyle = {
    '--columns': [...columns.map(({ width }) => width), ...(acts ? [`${MENU_PX}px`] : [])].join(' '),
  } as CSSProperties;

  return (
    <>
      <div
        ref={table}
        className={css.table}
        style={columnsStyle}
        role="grid"
        aria-label={label}
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
        <div className={css.frame}>
          <div ref={scroll} className={css.rows} role="rowgroup">
            {nothing && (
              <div role="row">
                <div role="gridcell" className={css.nothing}>
                  {props.nothing}
                </div>
              </div>
            )}
            <div className={css.space} role="presentation" data-space>
              <div
                ref={drawn}
                className={css.drawn}
                role="presentation"
                style={{ top: slice.first * ROW_PX }}
              >
                {slice.rows.map((row) => (
                  <RowView
                    key={idOf(row)}
                    row={row}
                    id={idOf(row)}
                    columns={columns as readonly Column<unknown>[]}
                    more={acts ? t('table.acts') : null}
                    active={row === active}
                    chosen={props.chosen === idOf(row)}
                  />
                ))}
              </div>
            </div>
          </div>
        </div>
      </div>
      {menu && acts && (
        <RowMenu menu={menu} acts={acts(menu.row)} close={() => setMenu(null)} back={keys.back} />
      )}
    </>
  );
}

/** Which rows of all these are. Written past the rows, which are not drawn again when others come before them. */
function useNumbers<Row>(drawn: RefObject<HTMLDivElement | null>, { first, rows }: Slice<Row>): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows are other elements
  useLayoutEffect(() => {
    // The head is the first.
    let number = first + 2;
    for (const row of drawn.current?.children ?? []) {
      const text = String(number);
      if (row.getAttribute('aria-rowindex') !== text) row.setAttribute('aria-rowindex', text);
      number += 1;
    }
  }, [drawn, first, rows]);
}

/** Tells the window what is in sight. */
function useSight<Row>(shown: RowWindow<Row>, scroll: RefObject<HTMLDivElement | null>): void {
  useLayoutEffect(() => {
    const element = scroll.current;
    if (!element) return;
    const look = () => shown.look(element.scrollTop, element.clientHeight);
    look();
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [shown, scroll]);
}

/** How many rows there are, said by the height of the scrolled space and to screen readers. Put there without a drawing. */
function useSize<Row>(
  shown: RowWindow<Row>,
  subscribe: (changed: () => void) => () => void,
  table: RefObject<HTMLDivElement | null>,
): void {
  useLayoutEffect(() => {
    let known = -1;
    const show = () => {
      const count = shown.count();
      if (count === known) return;
      known = count;
      table.current?.setAttribute('aria-rowcount', String(count + 1));
      const space = table.current?.querySelector<HTMLElement>('[data-space]');
      if (space) space.style.height = `${count * ROW_PX}px`;
    };
    show();
    return subscribe(show);
  }, [shown, subscribe, table]);
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
              title={column.hint ?? column.title}
              aria-sort={sorted ? (sorting.down ? 'descending' : 'ascending') : 'none'}
            >
              {column.compare ? (
                <button
                  type="button"
                  className={`${css.sort} ${sorted ? css.sorted : ''}`}
                  onClick={() => sortBy(column.id)}
                >
                  <span className={css.text}>{column.title}</span>
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
  columns: readonly Column<unknown>[];
  more: string | null;
  active: boolean;
  chosen: boolean;
}

const RowView = memo(function RowView({ row, id, columns, more, active, chosen }: RowProps) {
  return (
    <div
      className={css.row}
      role="row"
      aria-selected={chosen}
      tabIndex={active ? 0 : -1}
      data-row={id}
      data-chosen={chosen}
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
