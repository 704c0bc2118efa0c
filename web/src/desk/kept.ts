// What was typed and is not saved yet, kept in this browser: by the call or the customer that it is about.
//
// It outlives a reload, a crash of the page, the end of wrap-up and a sign-out, until it is saved or discarded.

export interface Kept {
  at_ms: number;
}

/** Older ones are dropped, oldest first. */
const KEPT_MAX = 50;

export class KeptStore<Item extends Kept> {
  readonly #prefix: string;
  readonly #keyOf: (item: Item) => string;
  readonly #isEmpty: (item: Item) => boolean;
  readonly #changed = new Set<() => void>();
  #all: readonly Item[] = [];

  /** `keyOf` says what an item is about. What is empty need not be kept. */
  constructor(prefix: string, keyOf: (item: Item) => string, isEmpty: (item: Item) => boolean) {
    this.#prefix = prefix;
    this.#keyOf = keyOf;
    this.#isEmpty = isEmpty;
    this.#all = this.#read();
  }

  /** Follows other tabs of this browser until the returned function is called. */
  open(): () => void {
    const follow = (event: StorageEvent) => {
      if (event.key === null || event.key.startsWith(this.#prefix)) this.#set(this.#read());
    };
    window.addEventListener('storage', follow);
    return () => window.removeEventListener('storage', follow);
  }

  /** Newest first. */
  readonly all = (): readonly Item[] => this.#all;

  get(key: string): Item | undefined {
    return this.#all.find((item) => this.#keyOf(item) === key);
  }

  put(item: Item): void {
    const key = this.#keyOf(item);
    if (this.#isEmpty(item)) {
      this.remove(key);
      return;
    }
    const all = [item, ...this.#others(key)];
    try {
      localStorage.setItem(this.#prefix + key, JSON.stringify(item));
      for (const old of all.slice(KEPT_MAX)) localStorage.removeItem(this.#prefix + this.#keyOf(old));
    } catch {
      // The browser's store is full or forbidden: it lives as long as the page.
    }
    this.#set(all.slice(0, KEPT_MAX));
  }

  remove(key: string): void {
    localStorage.removeItem(this.#prefix + key);
    this.#set(this.#others(key));
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  };

  #others(key: string): Item[] {
    return this.#all.filter((item) => this.#keyOf(item) !== key);
  }

  #set(all: readonly Item[]): void {
    this.#all = all;
    for (const changed of this.#changed) changed();
  }

  #read(): Item[] {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(this.#prefix))
      .flatMap((key) => parse<Item>(localStorage.getItem(key)))
      .sort((one, other) => other.at_ms - one.at_ms);
  }
}

function parse<Item>(text: string | null): Item[] {
  try {
    return text === null ? [] : [JSON.parse(text) as Item];
  } catch {
    // Written by something else under our name.
    return [];
  }
}
