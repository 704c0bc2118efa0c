// What an agent has typed on a caller's card and not saved yet, kept in this browser by call.
//
// It outlives a reload, a crash of the page, the end of wrap-up and a sign-out, until it is saved or discarded.

import { createContext, useContext, useSyncExternalStore } from 'react';
import { type Fields, sameFields } from './fields';

export interface Draft {
  call: string;
  caller: string;
  caller_name: string | null;
  /** The customer that is being changed; null for one that will be created. */
  customer: string | null;
  /** What the card held before the agent typed. */
  base: Fields;
  fields: Fields;
  at_ms: number;
}

/** Older ones are dropped, oldest first. */
const DRAFTS_MAX = 50;

export class DraftStore {
  readonly #prefix: string;
  readonly #changed = new Set<() => void>();
  #all: readonly Draft[] = [];

  constructor(user: string) {
    this.#prefix = `hotline.draft.${user}.`;
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
  readonly all = (): readonly Draft[] => this.#all;

  get(call: string): Draft | undefined {
    return this.#all.find((draft) => draft.call === call);
  }

  /** A draft that changes nothing is no draft. */
  put(draft: Draft): void {
    if (sameFields(draft.base, draft.fields)) {
      this.remove(draft.call);
      return;
    }
    const all = [draft, ...this.#others(draft.call)];
    try {
      localStorage.setItem(this.#prefix + draft.call, JSON.stringify(draft));
      for (const old of all.slice(DRAFTS_MAX)) localStorage.removeItem(this.#prefix + old.call);
    } catch {
      // The browser's store is full or forbidden: the draft lives as long as the page.
    }
    this.#set(all.slice(0, DRAFTS_MAX));
  }

  remove(call: string): void {
    localStorage.removeItem(this.#prefix + call);
    this.#set(this.#others(call));
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  };

  #others(call: string): Draft[] {
    return this.#all.filter((draft) => draft.call !== call);
  }

  #set(all: readonly Draft[]): void {
    this.#all = all;
    for (const changed of this.#changed) changed();
  }

  #read(): Draft[] {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(this.#prefix))
      .flatMap((key) => parse(localStorage.getItem(key)))
      .sort((one, other) => other.at_ms - one.at_ms);
  }
}

function parse(text: string | null): Draft[] {
  try {
    return text === null ? [] : [JSON.parse(text) as Draft];
  } catch {
    // Written by something else under our name.
    return [];
  }
}

export const DraftContext = createContext<DraftStore | null>(null);

export function useDraftStore(): DraftStore {
  const store = useContext(DraftContext);
  if (!store) throw new Error('no draft store above this component');
  return store;
}

export function useDrafts(): readonly Draft[] {
  const store = useDraftStore();
  return useSyncExternalStore(store.subscribe, store.all);
}
