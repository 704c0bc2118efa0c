// The audit log, and what the server finds when it looks at itself.

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { request } from './http';

export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  from?: string | undefined;
  until?: string | undefined;
}

const PAGE = 100;

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

/** Where all that the filter finds is to be had as a file. */
export function auditFile(filter: AuditFilter): string {
  const named = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const query = new URLSearchParams(named).toString();
  return query === '' ? '/api/v1/audit.csv' : `/api/v1/audit.csv?${query}`;
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
