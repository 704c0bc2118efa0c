// The configuration as the pages see it: read once, read again when the stream says that another one is in force.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useContext, useEffect, useMemo, useState } from 'react';
import { type Center, centerQuery, checkConfig } from '../api/config';
import { Problem } from '../api/http';
import type { ConfigCheck } from '../api/types';
import { LiveContext } from '../live/store';
import type { Part } from './draft';

/** After the last key a draft is checked. */
const CHECK_AFTER_MS = 350;

/** Reads again what has changed for everybody. Used once, by the frame. */
export function useFreshCenter(): void {
  const queries = useQueryClient();
  const store = useContext(LiveContext);
  useEffect(
    () =>
      store?.onEvent((event) => {
        if (event.type !== 'center.changed') return;
        for (const key of ['config', 'trunks', 'hours', 'prompt_uses']) {
          void queries.invalidateQueries({ queryKey: [key] });
        }
      }),
    [store, queries],
  );
}

export function useCenter() {
  return useQuery(centerQuery());
}

export interface Check {
  /** What the server says of the draft; the last answer stays until the next. */
  check: ConfigCheck | null;
  /** Why nothing could be said. */
  error: unknown;
  /** Whether the answer is of the draft as it is now. */
  settled: boolean;
}

const NOTHING: Check = { check: null, error: null, settled: true };

/** What would come of these parts, a moment after the last key. `null` asks nothing. */
export function useCheck(parts: readonly Part[] | null, after_ms = CHECK_AFTER_MS): Check {
  const key = useMemo(() => (parts === null ? null : JSON.stringify(parts)), [parts]);
  const [answer, setAnswer] = useState<Check & { key: string | null }>({ ...NOTHING, key: null });
  useEffect(() => {
    if (key === null) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      checkConfig({ parts: JSON.parse(key) as Part[] }, stop.signal).then(
        (check) => setAnswer({ check, error: null, settled: true, key }),
        (error: unknown) => {
          if (stop.signal.aborted) return;
          // What cannot be a part at all is told like a mistake in it.
          const refused = error instanceof Problem && error.fields.length > 0 ? error.fields : null;
          const check = refused && { errors: refused, mistakes: [], needs_restart: [], diff: '' };
          setAnswer({ check, error: refused ? null : error, settled: true, key });
        },
      );
    }, after_ms);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [key, after_ms]);
  if (key === null) return NOTHING;
  return { ...answer, settled: answer.key === key };
}

/** A section's names, for choices. */
export function namesIn(center: Center, section: string): string[] {
  const value = center.sections[section];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}
