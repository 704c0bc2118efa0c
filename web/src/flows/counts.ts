// How many calls went which way today: those that are over from the figures, those that run from the stream.

import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { figuresQuery } from '../api/flows';
import type { FlowFigures } from '../api/types';
import { useLiveStore } from '../live/store';

export interface Counts {
  /** By step, how often it was run. */
  steps: ReadonlyMap<string, number>;
  /** By step and exit. */
  exits: ReadonlyMap<string, number>;
}

/** Counts change at most so often, however many calls there are. */
const SHOWN_EVERY_MS = 500;

export function edgeKey(step: string, exit: string): string {
  return `${step} ${exit}`;
}

export function useCounts(flow: string): Counts {
  const day = new Date().toISOString().slice(0, 10);
  const figures = useQuery(figuresQuery(flow, day));
  const fresh = useFreshSteps(flow);
  return useMemo(() => total(figures.data, fresh), [figures.data, fresh]);
}

function total(figures: FlowFigures | undefined, fresh: ReadonlyMap<string, number>): Counts {
  const steps = new Map<string, number>();
  const exits = new Map<string, number>();
  for (const one of figures?.steps ?? []) {
    steps.set(one.step, one.runs);
    for (const { exit, count } of one.exits) exits.set(edgeKey(one.step, exit), count);
  }
  for (const [key, count] of fresh) {
    const step = key.slice(0, key.indexOf(' '));
    steps.set(step, (steps.get(step) ?? 0) + count);
    exits.set(key, (exits.get(key) ?? 0) + count);
  }
  return { steps, exits };
}

/** What the stream told since the page was opened. */
function useFreshSteps(flow: string): ReadonlyMap<string, number> {
  const store = useLiveStore();
  const [shown, setShown] = useState<ReadonlyMap<string, number>>(new Map());
  useEffect(() => {
    const counted = new Map<string, number>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = store.onEvent((event) => {
      if (event.type !== 'call.step' || event.flow !== flow) return;
      const key = edgeKey(event.step, event.exit);
      counted.set(key, (counted.get(key) ?? 0) + 1);
      timer ??= setTimeout(() => {
        timer = undefined;
        setShown(new Map(counted));
      }, SHOWN_EVERY_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [store, flow]);
  return shown;
}
