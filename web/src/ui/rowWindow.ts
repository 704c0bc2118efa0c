// Which rows of a long table are in sight. Reckoned beside React, so that a change of what is out of sight draws nothing.

import { Arrangement, type Arranging } from './arrange';

/** Rows that change by themselves. `rows` gives the same list as long as nothing has. */
export interface RowSource<Row> {
  rows(): readonly Row[];
  /** Calls whenever they may have changed; the returned function ends it. */
  subscribe(changed: () => void): () => void;
}

/** Rows in sight, and where the first of them stands. */
export interface Slice<Row> {
  first: number;
  rows: readonly Row[];
}

export const ROW_PX = 30;
/** Rows drawn beyond the edges, so that scrolling shows no holes. */
const OVERSCAN = 4;

export class RowWindow<Row> {
  readonly #arrangement = new Arrangement<Row>();
  readonly #moved = new Set<() => void>();
  #source: RowSource<Row>;
  #by: Arranging<Row>;
  #top_px = 0;
  #height_px = 0;
  #slice: Slice<Row> = { first: 0, rows: [] };

  constructor(source: RowSource<Row>, by: Arranging<Row>) {
    this.#source = source;
    this.#by = by;
  }

  /** To be followed by a drawing: nobody is told of it. */
  set(source: RowSource<Row>, by: Arranging<Row>): void {
    this.#source = source;
    this.#by = by;
  }

  /** What the window shows of the whole height, after scrolling or a change of size. */
  look(top_px: number, height_px: number): void {
    if (top_px === this.#top_px && height_px === this.#height_px) return;
    this.#top_px = top_px;
    this.#height_px = height_px;
    for (const moved of this.#moved) moved();
  }

  /** All rows, in order. */
  readonly sorted = (): readonly Row[] => this.#arrangement.of(this.#source.rows(), this.#by);

  readonly count = (): number => this.#source.rows().length;

  /** The same object as long as it says the same. */
  readonly slice = (): Slice<Row> => {
    const sorted = this.sorted();
    const last = Math.ceil((this.#top_px + this.#height_px) / ROW_PX) + OVERSCAN;
    const end = this.#height_px === 0 ? 0 : Math.min(sorted.length, last);
    const first = Math.min(end, Math.max(0, Math.floor(this.#top_px / ROW_PX) - OVERSCAN));
    const known = this.#slice;
    if (first !== known.first || !showsThe(known.rows, sorted, first, end)) {
      this.#slice = { first, rows: sorted.slice(first, end) };
    }
    return this.#slice;
  };

  /** Calls when `source`, the one last set, may have changed, or the window looks elsewhere. */
  subscribe(source: RowSource<Row>, changed: () => void): () => void {
    this.#moved.add(changed);
    const end = source.subscribe(changed);
    return () => {
      this.#moved.delete(changed);
      end();
    };
  }
}

function showsThe<Row>(rows: readonly Row[], sorted: readonly Row[], first: number, end: number): boolean {
  return rows.length === end - first && rows.every((row, index) => row === sorted[first + index]);
}

const NEVER = () => () => {};

/** A list that stays as it is. */
export function fixedRows<Row>(rows: readonly Row[]): RowSource<Row> {
  return { rows: () => rows, subscribe: NEVER };
}
