// The audit log, and what the server finds when it looks at itself.

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { request } from './http';
import type { AuditEntry } from './types';

export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  from?: string | undefined;
  until?: string | undefined;
}

const PAGE = 100;
/** Rows of one export. */
export const EXPORT_ROWS_MAX = 20_000;

/** The newest first, a page at a time. */
export function auditQuery(filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ['audit', filter],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      request('GET', '/api/v1/audit', { query: { ...filter, limit: PAGE, cursor: pageParam }, signal }),
    getNextPageParam: (page) => page.next,
  });
}

/** All that the filter finds, up to [`EXPORT_ROWS_MAX`]. */
export async function allAudit(filter: AuditFilter): Promise<AuditEntry[]> {
  const all: AuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await request('GET', '/api/v1/audit', { query: { ...filter, limit: 500, cursor } });
    all.push(...page.entries);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && all.length < EXPORT_ROWS_MAX);
  return all.slice(0, EXPORT_ROWS_MAX);
}

/** Reads all of the log, which takes a while. */
export const checkAudit = () => request('GET', '/api/v1/audit/check');

export const doctorQuery = queryOptions({
  queryKey: ['doctor'],
  queryFn: ({ signal }) => request('GET', '/api/v1/system/doctor', { signal }),
  // It takes seconds: only whoever asks has it read again.
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});
