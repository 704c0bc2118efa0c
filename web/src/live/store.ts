// Holds the live state of this page and tells the components what changed.

import { createContext, useContext, useSyncExternalStore } from 'react';
import type { LineQuality, StreamEvent } from '../api/types';
import { apply, EMPTY, fromSnapshot, type LiveState, type Popped } from './state';
import { type Arrival, type Connection, openStream } from './stream';

const POP = 'hotline.pop.';

export interface View {
  live: LiveState;
  connection: Connection;
  /** When the connection was lost, by this computer's clock. */
  lost_at_ms: number | null;
  /** What to add to this computer's clock to get the server's. */
  skew_ms: number;
}

export class LiveStore {
  readonly #me: string | null;
  readonly #changed = new Set<() => void>();
  readonly #events = new Set<(event: StreamEvent) => void>();
  readonly #lines = new Set<(line: LineQuality) => void>();
  #view: View = { live: EMPTY, connection: 'connecting', lost_at_ms: null, skew_ms: 0 };

  /** `me` is the agent of this page, if it has one. */
  constructor(me: string | null) {
    this.#me = me;
  }

  /** Connects; the returned function disconnects. */
  open(): () => void {
    return openStream({
      arrived: (arrivals) => this.arrived(arrivals),
      connection: (connection) => this.connection(connection),
    });
  }

  readonly view = (): View => this.#view;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  };

  /** Every new event, once, after it is in the state. */
  onEvent(listener: (event: StreamEvent) => void): () => void {
    this.#events.add(listener);
    return () => this.#events.delete(listener);
  }

  /** How my line sounds, every few seconds of a talk. It is no part of the state. */
  onLine(listener: (line: LineQuality) => void): () => void {
    this.#lines.add(listener);
    return () => this.#lines.delete(listener);
  }

  arrived(arrivals: readonly Arrival[]): void {
    let { live, skew_ms } = this.#view;
    const fresh: StreamEvent[] = [];
    for (const arrival of arrivals) {
      if ('snapshot' in arrival) {
        live = fromSnapshot(arrival.snapshot, this.#me, live.pop ?? this.#remembered());
        skew_ms = Date.parse(arrival.snapshot.at) - Date.now();
      } else if ('line' in arrival) {
        for (const listener of this.#lines) listener(arrival.line);
      } else {
        const next = apply(live, arrival.event, this.#me);
        if (next !== live) fresh.push(arrival.event);
        live = next;
        // The way here only makes an event look older, so the youngest looking one is nearest the truth.
        skew_ms = Math.max(skew_ms, Date.parse(arrival.event.at) - Date.now());
      }
    }
    if (live.pop !== this.#view.live.pop) this.#remember(live.pop);
    this.#set({ ...this.#view, live, skew_ms });
    for (const event of fresh) for (const listener of this.#events) listener(event);
  }

  connection(connection: Connection): void {
    const lost_at_ms = connection === 'lost' ? (this.#view.lost_at_ms ?? Date.now()) : null;
    this.#set({ ...this.#view, connection, lost_at_ms });
  }

  /** A reload during wrap-up must not lose the card; this tab keeps it until it goes. */
  #remember(pop: Popped | null): void {
    if (this.#me === null) return;
    try {
      if (pop) sessionStorage.setItem(POP + this.#me, JSON.stringify(pop));
      else sessionStorage.removeItem(POP + this.#me);
    } catch {
      // Without room the card lives as long as the page.
    }
  }

  #remembered(): Popped | null {
    if (this.#me === null) return null;
    return JSON.parse(sessionStorage.getItem(POP + this.#me) ?? 'null') as Popped | null;
  }

  #set(view: View): void {
    this.#view = view;
    for (const changed of this.#changed) changed();
  }
}

export const LiveContext = createContext<LiveStore | null>(null);

export function useLiveStore(): LiveStore {
  const store = useContext(LiveContext);
  if (!store) throw new Error('no live store above this component');
  return store;
}

/** `select` must return a part of the view, not something new each time. */
export function useLive<Part>(select: (view: View) => Part): Part {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, () => select(store.view()));
}

/** Whether the stream is up: what asks the server for something is off while it is not. */
export function useConnected(): boolean {
  return useLive((view) => view.connection === 'live');
}
