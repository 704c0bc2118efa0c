// One ticking clock for all the clocks on a page, in the server's time.

import { useSyncExternalStore } from 'react';
import { useLive, type View } from '../live/store';

const TICK_MS = 1000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now_ms = Date.now();

/** Calls once a second, all listeners together; the returned function ends it. */
export function onTick(listener: () => void): () => void {
  // A clock that has just appeared must not start a second late.
  now_ms = Date.now();
  if (listeners.size === 0) {
    timer = setInterval(() => {
      now_ms = Date.now();
      for (const tick of listeners) tick();
    }, TICK_MS);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** This computer's clock, once a second. */
export function useTick(): number {
  return useSyncExternalStore(onTick, () => now_ms);
}

/** The server's clock; it stands still while the connection is lost. */
export function serverNow({ lost_at_ms, skew_ms }: View): number {
  return (lost_at_ms ?? Date.now()) + skew_ms;
}

/** The server's clock, once a second; it stands still while the connection is lost. */
export function useServerNow(): number {
  const tick_ms = useTick();
  const skew_ms = useLive((view) => view.skew_ms);
  const lost_at_ms = useLive((view) => view.lost_at_ms);
  return (lost_at_ms ?? tick_ms) + skew_ms;
}
