// A table of rows worked by keys and by the pointer.

import { type KeyboardEvent, type MouseEvent, type RefObject, useState } from 'react';
import type { Act } from './acts';
import type { Opened } from './RowMenu';
import { ROW_PX, type RowWindow } from './rowWindow';

/** So far above the lower edge of the window a menu begins at least. */
const MENU_ABOVE_EDGE_PX = 16;

interface Keys<Row> {
  acts: ((row: Row) => Act[]) | undefined;
  choose: ((row: Row) => void) | undefined;
  idOf: (row: Row) => string;
  shown: RowWindow<Row>;
  scroll: RefObject<HTMLDivElement | null>;
  open(menu: Opened<Row>): void;
}

/** Arrows go from row to row, Enter opens the menu, letters act at once, space chooses. */
export function useRowKeys<Row>({ acts, choose, idOf, shown, scroll, open }: Keys<Row>) {
  const [active, setActive] = useState<string | null>(null);

  const element = (id: string) => {
    const drawn = scroll.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [];
    return [...drawn].find(({ dataset }) => dataset.row === id);
  };
  const rowOf = (target: EventTarget): Row | undefined => {
    const id = (target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset.row;
    return shown.sorted().find((row) => idOf(row) === id);
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
    const sorted = shown.sorted();
    const index = Math.max(0, Math.min(sorted.indexOf(row) + by, sorted.length - 1));
    const next = sorted[index];
    if (next === undefined) return;
    bringIntoSight(shown, scroll.current, index);
    setActive(idOf(next));
    requestAnimationFrame(() => element(idOf(next))?.focus());
  };
  const pressed = (event: KeyboardEvent) => {
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
  const clicked = (event: MouseEvent) => {
    const row = rowOf(event.target);
    if (row === undefined) return;
    setActive(idOf(row));
    if ((event.target as HTMLElement).closest('[data-more]')) openAt(row, event.clientX, event.clientY);
    else if (!(event.target as HTMLElement).closest('a')) choose?.(row);
  };
  const context = (event: MouseEvent) => {
    const row = rowOf(event.target);
    if (row === undefined || !acts) return;
    event.preventDefault();
    openAt(row, event.clientX, event.clientY);
  };
  const back = () => {
    requestAnimationFrame(() => active !== null && element(active)?.focus());
  };
  return { active, pressed, clicked, context, back };
}

function bringIntoSight<Row>(shown: RowWindow<Row>, scroll: HTMLElement | null, index: number): void {
  if (!scroll) return;
  const [above, below] = [index * ROW_PX, (index + 1) * ROW_PX - scroll.clientHeight];
  if (scroll.scrollTop > above) scroll.scrollTop = above;
  else if (scroll.scrollTop < below) scroll.scrollTop = below;
  shown.look(scroll.scrollTop, scroll.clientHeight);
}
