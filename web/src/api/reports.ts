// The figures of queues, agents, groups and flows, each with its definition.

import { queryOptions } from '@tanstack/react-query';
import { request } from './http';
import type { Definition, ReportStep } from './types';

export type { Definition, ReportStep } from './types';

export type ReportKind = 'queues' | 'agents' | 'groups' | 'flows';

/** A number, a share, or nothing where nothing was divided by. */
export type Figure = number | null;

export interface ReportRow {
  /** What the row is about: `queue`, `id` or `flow`. */
  queue?: string;
  id?: string;
  flow?: string;
  from?: string;
  until?: string;
  not_ready_by_reason_ms?: Record<string, number>;
  [field: string]: unknown;
}

export interface Report {
  from: string;
  until?: string;
  to?: string;
  by?: ReportStep;
  zone?: string;
  within_s?: number;
  short_s?: number;
  rows: ReportRow[];
  definitions: Definition[];
}

export interface ReportFilter {
  /** Moments; of flows days in UTC. Today unless they are said. */
  from?: string;
  until?: string;
  by?: ReportStep;
  /** One queue, agent or group. */
  of?: string;
  within_s?: string;
  short_s?: string;
}

/** `seen` grows when calls have ended, which is when the figures change. */
export function reportQuery(kind: ReportKind, filter: ReportFilter, seen = 0) {
  return queryOptions({
    queryKey: ['report', kind, filter, seen],
    // One shape for all kinds: tables and charts are the same for each.
    queryFn: async ({ signal }) => (await ask(kind, filter, signal)) as unknown as Report,
    placeholderData: (before) => before,
    gcTime: 60_000,
  });
}

function ask(kind: ReportKind, filter: ReportFilter, signal: AbortSignal) {
  const { from, until, by, of, within_s, short_s } = filter;
  switch (kind) {
    case 'queues': {
      const times = { within_s: numberOf(within_s), short_s: numberOf(short_s) };
      return request('GET', '/api/v1/reports/queues', {
        query: { from, until, by, queue: of, ...times },
        signal,
      });
    }
    case 'agents':
      return request('GET', '/api/v1/reports/agents', { query: { from, until, by, id: of }, signal });
    case 'groups':
      return request('GET', '/api/v1/reports/groups', { query: { from, until, by, id: of }, signal });
    case 'flows': {
      const days = { from: from?.slice(0, 10), to: until?.slice(0, 10) };
      return request('GET', '/api/v1/reports/flows', { query: days, signal });
    }
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

export function subjectOf(row: ReportRow): string {
  return row.queue ?? row.id ?? row.flow ?? '';
}

export function figure(row: ReportRow, field: string): Figure {
  const value = row[field];
  return typeof value === 'number' ? value : null;
}
