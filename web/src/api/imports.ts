// Customers out of a file: a look at what it would change, then the change.

import { queryOptions } from '@tanstack/react-query';
import { answered, request } from './http';
import type { Import } from './types';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** Reads the file; nothing is changed yet. */
export async function createImport(file: File): Promise<Import> {
  const is_workbook = file.name.toLowerCase().endsWith('.xlsx');
  const init: RequestInit = {
    method: 'POST',
    headers: { 'content-type': is_workbook ? XLSX : 'text/csv', accept: 'application/json' },
    credentials: 'same-origin',
    body: file,
  };
  return (await answered('/api/v1/imports', init)) as Import;
}

/** How far it is. There is no event of it: it is asked for while it runs, which takes seconds. */
export function importQuery(id: string | null, refetch_ms: number) {
  return queryOptions({
    queryKey: ['import', id],
    queryFn: ({ signal }) => request('GET', '/api/v1/imports/{id}', { path: { id: id ?? '' }, signal }),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? refetch_ms : false),
  });
}

export function setColumns(id: string, columns: (string | null)[]): Promise<Import> {
  return request('PUT', '/api/v1/imports/{id}', { path: { id }, body: { columns } });
}

export async function commitImport(id: string, skip_wrong: boolean): Promise<void> {
  await request('POST', '/api/v1/imports/{id}/commit', { path: { id }, body: { skip_wrong } });
}

export async function forgetImport(id: string): Promise<void> {
  await request('DELETE', '/api/v1/imports/{id}', { path: { id } });
}
