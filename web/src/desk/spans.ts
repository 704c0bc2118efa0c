// What I did today, state by state: what the server has, what the stream has told since, and what goes on.

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { timesQuery } from '../api/agents';
import type { Agent, AgentSpan } from '../api/types';
import { useLive } from '../live/store';
import { useServerNow } from '../ui/now';
import { dayBegan, merge, spanOf } from './today';

export interface MyDay {
  /** Midnight here. */
  from: string;
  /** In their order, none twice. */
  spans: AgentSpan[];
}

/** Follows the clock, once a second. */
export function useMyDay(agent: Agent): MyDay {
  const now_ms = useServerNow();
  const from = dayBegan(now_ms);
  const seen = useLive((view) => view.live.spans);
  const read_at = useLive((view) => view.live.counted_at);
  const direction = useLive((view) => view.live.direction);
  const known = useQuery(timesQuery(agent.id, from, read_at)).data?.states;
  const until = new Date(now_ms).toISOString();
  return useMemo(
    () => ({
      from,
      spans: merge(known ?? [], seen, spanOf(agent, direction, until)),
    }),
    [known, seen, agent, direction, until, from],
  );
}
