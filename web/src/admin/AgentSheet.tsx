// Many agents at once: rows of agents, columns of skills and queues. Worked by keys like a table of figures: arrows move,
// with shift they select, digits write, delete clears, Ctrl+D fills down, Ctrl+C and Ctrl+V copy.

import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ClipboardEvent, type KeyboardEvent, memo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import css from './AgentSheet.module.css';
import { entryOf } from './draft';
import { type Cell, type Column, cellValue, fill, type Sheet } from './grid';

const ROW_PX = 28;
/** The digits of ten follow each other so closely. */
const DIGITS_MS = 800;
const PAGE_ROWS = 10;

interface Place {
  row: number;
  column: number;
}

interface Props {
  label: string;
  sheet: Sheet;
  before: Sheet;
  agents: readonly string[];
  columns: readonly Column[];
  readOnly: boolean;
  /** Cells that are wrong, as `agent/kind/column`. */
  wrong: ReadonlySet<string>;
  change(sheet: Sheet): void;
}

export function AgentSheet(props: Props) {
  const { t } = useTranslation();
  const { sheet, before, agents, columns, readOnly } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<Place>({ row: 0, column: 0 });
  const [anchor, setAnchor] = useState<Place>({ row: 0, column: 0 });
  const typed = useRef({ digits: '', at_ms: 0 });
  const virtual = useVirtualizer({
    count: agents.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
    // What is drawn before the size is known.
    initialRect: { width: 900, height: 560 },
  });
  const box = {
    top: Math.min(at.row, anchor.row),
    bottom: Math.max(at.row, anchor.row),
    left: Math.min(at.column, anchor.column),
    right: Math.max(at.column, anchor.column),
  };
  const chosen = (): Cell[] =>
    agents
      .slice(box.top, box.bottom + 1)
      .flatMap((agent) => columns.slice(box.left, box.right + 1).map((column) => ({ agent, column })));
  const write = (value: number | null) => {
    if (!readOnly)
      props.change(
        fill(
          sheet,
          chosen().map((cell) => ({ ...cell, value })),
        ),
      );
  };
  const go = (row: number, column: number, extend: boolean) => {
    const next = {
      row: Math.max(0, Math.min(row, agents.length - 1)),
      column: Math.max(0, Math.min(column, columns.length - 1)),
    };
    typed.current.digits = '';
    setAt(next);
    if (!extend) setAnchor(next);
    virtual.scrollToIndex(next.row);
    // The cell may be drawn only after the next frame.
    requestAnimationFrame(() =>
      scroll.current?.querySelector<HTMLElement>(`[data-at="${next.row}/${next.column}"]`)?.focus(),
    );
  };
  const fillDown = () => {
    if (readOnly) return;
    const top = agents[box.top];
    if (top === undefined) return;
    props.change(
      fill(
        sheet,
        chosen().map((cell) => ({ ...cell, value: cellValue(sheet, { ...cell, agent: top }) })),
      ),
    );
  };
  const digit = (key: string) => {
    const now = Date.now();
    const digits = now - typed.current.at_ms < DIGITS_MS ? typed.current.digits + key : key;
    typed.current = { digits, at_ms: now };
    const value = Number(digits);
    write(value === 0 ? null : value);
  };
  const press = (event: KeyboardEvent) => {
    const moved = moveOf(event, at, { row: agents.length - 1, column: columns.length - 1 });
    if (moved) go(moved.row, moved.column, event.shiftKey);
    else if (/^\d$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) digit(event.key);
    else if (event.key === 'Delete' || event.key === 'Backspace') write(null);
    else if (event.key === ' ') toggle();
    else if (event.key === 'd' && (event.ctrlKey || event.metaKey)) fillDown();
    else return;
    event.preventDefault();
  };
  const toggle = () => {
    const agent = agents[at.row];
    const column = columns[at.column];
    if (agent !== undefined && column) write(cellValue(sheet, { agent, column }) === null ? 1 : null);
  };
  const copy = (event: ClipboardEvent) => {
    const rows = agents
      .slice(box.top, box.bottom + 1)
      .map((agent) =>
        columns.slice(box.left, box.right + 1).map((column) => cellValue(sheet, { agent, column }) ?? ''),
      );
    event.clipboardData.setData('text/plain', rows.map((row) => row.join('\t')).join('\n'));
    event.preventDefault();
  };
  const paste = (event: ClipboardEvent) => {
    if (readOnly) return;
    const cells = pasted(event.clipboardData.getData('text/plain'), box, agents, columns);
    props.change(fill(sheet, cells));
    event.preventDefault();
  };
  const template = `190px repeat(${columns.length}, 76px)`;
  return (
    <div
      ref={scroll}
      className={css.scroll}
      role="grid"
      aria-label={props.label}
      aria-rowcount={agents.length + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable
      onCopy={copy}
      onPaste={paste}
    >
      <div className={css.head} role="row" style={{ gridTemplateColumns: template }}>
        <div className={css.name} role="columnheader" tabIndex={-1}>
          {t('admin_agent.agent')}
        </div>
        {columns.map((column) => (
          <div
            key={`${column.kind}/${column.id}`}
            role="columnheader"
            tabIndex={-1}
            className={css.column}
            data-kind={column.kind}
            title={`${t(`admin_agent.${column.kind}`)}: ${column.name}`}
          >
            {column.name}
          </div>
        ))}
      </div>
      <div className={css.body} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const agent = agents[index];
          if (agent === undefined) return null;
          return (
            <Row
              key={agent}
              agent={agent}
              name={String(entryOf(sheet.agents[agent]).name ?? agent)}
              index={index}
              start={start}
              template={template}
              cells={columns.map((column) => cellValue(sheet, { agent, column }))}
              marks={columns.map((column, place) =>
                markOf({ agent, column }, place, index, { box, at, sheet, before, wrong: props.wrong }),
              )}
              columns={columns}
              press={press}
              choose={go}
              toggle={toggle}
            />
          );
        })}
      </div>
    </div>
  );
}

interface Around {
  box: { top: number; bottom: number; left: number; right: number };
  at: Place;
  sheet: Sheet;
  before: Sheet;
  wrong: ReadonlySet<string>;
}

/** How a cell looks, in one word for each thing, so that a row is drawn again only if something of it changed. */
function markOf(cell: Cell, column: number, row: number, { box, at, sheet, before, wrong }: Around): string {
  const inBox = row >= box.top && row <= box.bottom && column >= box.left && column <= box.right;
  return [
    row === at.row && column === at.column ? 'at' : '',
    inBox ? 'chosen' : '',
    cellValue(sheet, cell) === cellValue(before, cell) ? '' : 'changed',
    wrong.has(`${cell.agent}/${cell.column.kind}/${cell.column.id}`) ? 'wrong' : '',
  ].join(' ');
}

interface RowProps {
  agent: string;
  name: string;
  index: number;
  start: number;
  template: string;
  cells: readonly (number | null)[];
  marks: readonly string[];
  columns: readonly Column[];
  press(event: KeyboardEvent): void;
  choose(row: number, column: number, extend: boolean): void;
  toggle(): void;
}

const Row = memo(
  function Row(props: RowProps) {
    const { t } = useTranslation();
    const { agent, name, index, columns, marks } = props;
    return (
      <div
        className={css.row}
        role="row"
        tabIndex={-1}
        aria-rowindex={index + 2}
        style={{ gridTemplateColumns: props.template, transform: `translateY(${props.start}px)` }}
      >
        <div className={css.name} role="rowheader" tabIndex={-1}>
          <Link to="/admin/$page/$name" params={{ page: 'agents', name: agent }} title={agent} tabIndex={-1}>
            {name}
          </Link>
          <span className={css.id}>{agent}</span>
        </div>
        {props.cells.map((value, place) => {
          const column = columns[place];
          const mark = marks[place] ?? '';
          if (!column) return null;
          const here = mark.startsWith('at');
          return (
            <div
              key={`${column.kind}/${column.id}`}
              role="gridcell"
              aria-colindex={place + 2}
              aria-selected={mark.includes('chosen')}
              aria-label={t('admin_agent.cell', {
                name,
                column: column.name,
                value: value ?? t('admin_agent.empty'),
              })}
              tabIndex={here ? 0 : -1}
              data-at={`${index}/${place}`}
              className={css.cell}
              data-mark={mark}
              data-kind={column.kind}
              onKeyDown={props.press}
              onMouseDown={(event) => {
                event.preventDefault();
                props.choose(index, place, event.shiftKey);
              }}
              onDoubleClick={props.toggle}
            >
              {value}
            </div>
          );
        })}
      </div>
    );
  },
  // What is done on a key is asked of the newest table: those that are drawn with other marks are the ones that have the focus.
  (one, other) =>
    one.name === other.name &&
    one.index === other.index &&
    one.start === other.start &&
    one.columns === other.columns &&
    one.cells.join() === other.cells.join() &&
    one.marks.join() === other.marks.join() &&
    !other.marks.some((mark) => mark.startsWith('at')),
);

/** Where a key leads. */
function moveOf(event: KeyboardEvent, { row, column }: Place, last: Place): Place | null {
  switch (event.key) {
    case 'ArrowUp':
      return { row: row - 1, column };
    case 'ArrowDown':
    case 'Enter':
      return { row: row + 1, column };
    case 'ArrowLeft':
      return { row, column: column - 1 };
    case 'ArrowRight':
      return { row, column: column + 1 };
    case 'Home':
      return event.ctrlKey ? { row: 0, column: 0 } : { row, column: 0 };
    case 'End':
      return event.ctrlKey ? last : { row, column: last.column };
    case 'PageUp':
      return { row: row - PAGE_ROWS, column };
    case 'PageDown':
      return { row: row + PAGE_ROWS, column };
    default:
      return null;
  }
}

/** A pasted table, from the upper left of what is chosen; a single value fills all of it. */
export function pasted(
  text: string,
  box: { top: number; bottom: number; left: number; right: number },
  agents: readonly string[],
  columns: readonly Column[],
): (Cell & { value: number | null })[] {
  const rows = text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((row) => row.split('\t'));
  const single = rows.length === 1 && rows[0]?.length === 1;
  const height = single ? box.bottom - box.top + 1 : rows.length;
  const width = single ? box.right - box.left + 1 : Math.max(...rows.map((row) => row.length));
  const cells: (Cell & { value: number | null })[] = [];
  for (let row = 0; row < height; row += 1) {
    for (let place = 0; place < width; place += 1) {
      const agent = agents[box.top + row];
      const column = columns[box.left + place];
      const word = (single ? rows[0]?.[0] : rows[row]?.[place])?.trim();
      const value = Number(word);
      if (agent === undefined || !column || word === undefined || !Number.isFinite(value)) continue;
      cells.push({ agent, column, value: value === 0 ? null : value });
    }
  }
  return cells;
}
