// The flows in force, and what is wrong with their files.

import { queryOptions } from '@tanstack/react-query';
import { request } from './http';

/** Read again whenever `alarm` about their files is another. */
export function flowsQuery(alarm: string | null) {
  return queryOptions({
    queryKey: ['flows', alarm],
    queryFn: ({ signal }) => request('GET', '/api/v1/flows', { signal }),
  });
}
