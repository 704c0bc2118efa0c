// The figures of queues, agents, groups and flows, each with its definition.

import { queryOptions } from '@tanstack/react-query';
import { request } from './http';

export type ReportKind = 'queues' | 'agents' | 'groups' | 'flows';
export type ReportStep = 'interval' | 'hour' | 'day' | 'total';

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

export interface Definition {
  field: string;
  formula: string;
  words: string;
  /** The words in Chinese. */
  zh: string;
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
    queryFn: ({ signal }) => request<Report>('GET', reportPath(kind, filter), { signal }),
    placeholderData: (before) => before,
    gcTime: 60_000,
  });
}

export function reportPath(kind: ReportKind, filter: ReportFilter): string {
  const query = new URLSearchParams();
  const { from, until, by, of, within_s, short_s } = filter;
  if (kind === 'flows') {
    if (from) query.set('from', from.slice(0, 10));
    if (until) query.set('to', until.slice(0, 10));
  } else {
    if (from) query.set('from', from);
    if (until) query.set('until', until);
    if (by) query.set('by', by);
    if (of) query.set(kind === 'queues' ? 'queue' : 'id', of);
    if (kind === 'queues' && within_s) query.set('within_s', within_s);
    if (kind === 'queues' && short_s) query.set('short_s', short_s);
  }
  const text = query.toString();
  return `/api/v1/reports/${kind}${text ? `?${text}` : ''}`;
}

export function subjectOf(row: ReportRow): string {
  return row.queue ?? row.id ?? row.flow ?? '';
}

export function figure(row: ReportRow, field: string): Figure {
  const value = row[field];
  return typeof value === 'number' ? value : null;
}
