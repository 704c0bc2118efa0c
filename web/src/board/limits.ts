// From which figures on something is to catch the eye: set by each user, kept in this browser.

import { useCallback, useSyncExternalStore } from 'react';

export type Level = 'fine' | 'warn' | 'bad';

/** A first and a second limit; null is none. */
export interface Limit {
  warn: number | null;
  bad: number | null;
}

export interface Limits {
  /** Callers who wait in one queue. */
  waiting: Limit;
  /** The longest wait, in seconds. */
  longest_s: Limit;
  /** Service level in percent: less is worse. */
  service: Limit;
  /** Seconds in after-call work, not ready, in a talk. */
  wrap_s: Limit;
  not_ready_s: Limit;
  talk_s: Limit;
  /** A tone when a queue comes to its second limit. */
  sound: boolean;
}

export const LIMITS: Limits = {
  waiting: { warn: 3, bad: 8 },
  longest_s: { warn: 20, bad: 60 },
  service: { warn: 85, bad: 70 },
  wrap_s: { warn: 60, bad: 180 },
  not_ready_s: { warn: 1200, bad: 2700 },
  talk_s: { warn: 600, bad: 1800 },
  sound: false,
};

/** Those that have two limits. */
export type Limited = Exclude<keyof Limits, 'sound'>;

/** `value` against a limit above which, or for `service` below which, it is worse. */
export function level(limit: Limit, value: number | null, lessIsWorse = false): Level {
  if (value === null) return 'fine';
  const beyond = (edge: number | null) => edge !== null && (lessIsWorse ? value < edge : value >= edge);
  return beyond(limit.bad) ? 'bad' : beyond(limit.warn) ? 'warn' : 'fine';
}

const REMEMBERED = 'hotline.limits';
const listeners = new Set<() => void>();
let limits: Limits | null = null;

function read(): Limits {
  if (limits !== null) return limits;
  try {
    limits = { ...LIMITS, ...JSON.parse(localStorage.getItem(REMEMBERED) ?? '{}') } as Limits;
  } catch {
    limits = LIMITS;
  }
  return limits;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLimits(): [Limits, (change: Partial<Limits>) => void] {
  const current = useSyncExternalStore(subscribe, read);
  const change = useCallback((changed: Partial<Limits>) => {
    limits = { ...read(), ...changed };
    localStorage.setItem(REMEMBERED, JSON.stringify(limits));
    for (const listener of listeners) listener();
  }, []);
  return [current, change];
}
