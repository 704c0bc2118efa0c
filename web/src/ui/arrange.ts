// Keeps many rows sorted while a few of them change: what did not change is not sorted again.

/** More changes than this are sorted as a whole. */
const CHANGES_MAX = 32;

export interface Arranging<Row> {
  idOf: (row: Row) => string;
  /** Without it the rows stay as they come. */
  compare: ((one: Row, other: Row) => number) | undefined;
  /** Greatest first. */
  down: boolean;
  /** Nothing moves: rows stay where they were, with what is new behind. */
  still: boolean;
}

interface Changes<Row> {
  changed: [Row, Row][];
  gone: Row[];
  fresh: Row[];
}

export class Arrangement<Row> {
  #rows: readonly Row[] = [];
  #by: Arranging<Row> | null = null;
  #order: Row[] = [];

  /** The rows in order. Rows that compare alike stay where they were. The list is the same one each time. */
  of(rows: readonly Row[], by: Arranging<Row>): readonly Row[] {
    const same = this.#by !== null && sameOrder(this.#by, by);
    if (same && rows === this.#rows) return this.#order;
    const changes = same ? changesOf(this.#rows, rows, by.idOf) : null;
    if (changes) this.#follow(changes, by);
    else this.#arrange(rows, by);
    this.#rows = rows;
    this.#by = by;
    return this.#order;
  }

  #arrange(rows: readonly Row[], by: Arranging<Row>): void {
    const shown = this.#order.length > 0;
    this.#order = inOrder(rows, this.#order, by.idOf);
    const { compare } = by;
    if (!compare || (by.still && shown)) return;
    const sign = by.down ? -1 : 1;
    this.#order.sort((one, other) => sign * compare(one, other));
  }

  #follow({ changed, gone, fresh }: Changes<Row>, by: Arranging<Row>): void {
    for (const row of gone) this.#order.splice(this.#order.indexOf(row), 1);
    for (const [before, after] of changed) this.#replace(this.#order.indexOf(before), after, by);
    for (const row of fresh) this.#insert(row, by);
  }

  #replace(at: number, row: Row, by: Arranging<Row>): void {
    const [above, below] = [this.#order[at - 1], this.#order[at + 1]];
    const stays =
      (above === undefined || ranked(above, row, by) <= 0) &&
      (below === undefined || ranked(row, below, by) <= 0);
    if (by.still || stays) {
      this.#order[at] = row;
      return;
    }
    this.#order.splice(at, 1);
    this.#insert(row, by);
  }

  #insert(row: Row, by: Arranging<Row>): void {
    let [low, high] = [by.still ? this.#order.length : 0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ranked(this.#order[middle] as Row, row, by) <= 0) low = middle + 1;
      else high = middle;
    }
    this.#order.splice(low, 0, row);
  }
}

function ranked<Row>(one: Row, other: Row, { compare, down }: Arranging<Row>): number {
  if (!compare) return 0;
  return down ? -compare(one, other) : compare(one, other);
}

function sameOrder<Row>(one: Arranging<Row>, other: Arranging<Row>): boolean {
  return (
    one.compare === other.compare &&
    one.down === other.down &&
    one.still === other.still &&
    one.idOf === other.idOf
  );
}

/** The few rows in which two lists of about the same order differ; null when they are many. */
function changesOf<Row>(
  before: readonly Row[],
  after: readonly Row[],
  idOf: (row: Row) => string,
): Changes<Row> | null {
  const found: Changes<Row> = { changed: [], gone: [], fresh: [] };
  let [left, right, count] = [0, 0, 0];
  while (left < before.length || right < after.length) {
    const [one, other] = [before[left], after[right]];
    if (one === other) {
      left += 1;
      right += 1;
      continue;
    }
    count += 1;
    if (count > CHANGES_MAX) return null;
    if (one !== undefined && other !== undefined && idOf(one) === idOf(other)) {
      found.changed.push([one, other]);
      left += 1;
      right += 1;
    } else if (one !== undefined && (other === undefined || isAt(before, left + 1, other, idOf))) {
      found.gone.push(one);
      left += 1;
    } else if (other !== undefined && (one === undefined || isAt(after, right + 1, one, idOf))) {
      found.fresh.push(other);
      right += 1;
    } else return null;
  }
  return found;
}

function isAt<Row>(rows: readonly Row[], at: number, row: Row, idOf: (row: Row) => string): boolean {
  const there = rows[at];
  return there !== undefined && idOf(there) === idOf(row);
}

/** The rows in the order of those before, then the others. */
function inOrder<Row>(rows: readonly Row[], before: readonly Row[], idOf: (row: Row) => string): Row[] {
  const fresh = new Map(rows.map((row) => [idOf(row), row]));
  const arranged: Row[] = [];
  for (const known of before) {
    const id = idOf(known);
    const row = fresh.get(id);
    if (row === undefined) continue;
    arranged.push(row);
    fresh.delete(id);
  }
  arranged.push(...fresh.values());
  return arranged;
}
