// The flows: read, checked, tried, saved, compared, rolled back; and what became of calls in them.

import { queryOptions } from '@tanstack/react-query';
import { request, requestTagged } from './http';
import type { FlowCheck, FlowTest } from './types';

/** Read again whenever `alarm` about their files is another. */
export function flowsQuery(alarm: string | null) {
  return queryOptions({
    queryKey: ['flows', alarm],
    queryFn: ({ signal }) => request('GET', '/api/v1/flows', { signal }),
  });
}

/** With the tag that a change must name. */
export function flowQuery(name: string) {
  return queryOptions({
    queryKey: ['flow', name],
    queryFn: ({ signal }) => requestTagged('GET', '/api/v1/flows/{name}', { path: { name }, signal }),
  });
}

export async function checkFlow(name: string, text: string, signal: AbortSignal): Promise<FlowCheck> {
  return request('POST', '/api/v1/flows/{name}/check', { path: { name }, body: { text }, signal });
}

/** `tag` is what was read; null for a flow that is not there yet. */
export async function saveFlow(name: string, text: string, tag: string | null) {
  const base = tag === null ? { ifNoneMatch: '*' } : { ifMatch: tag };
  return requestTagged('PUT', '/api/v1/flows/{name}', { path: { name }, body: { text }, ...base });
}

export async function rollBackFlow(name: string, version: number, ifMatch: string) {
  return request('POST', '/api/v1/flows/{name}/rollback', { path: { name }, body: { version }, ifMatch });
}

export function versionsQuery(name: string) {
  return queryOptions({
    queryKey: ['flow', name, 'versions'],
    queryFn: ({ signal }) => request('GET', '/api/v1/flows/{name}/versions', { path: { name }, signal }),
  });
}

export function versionQuery(name: string, version: number) {
  return queryOptions({
    queryKey: ['flow', name, 'version', version],
    queryFn: ({ signal }) =>
      request('GET', '/api/v1/flows/{name}/versions/{version}', { path: { name, version }, signal }),
  });
}

/** Of calls that began on that day (UTC) and are over. */
export function figuresQuery(name: string, day: string) {
  return queryOptions({
    queryKey: ['flow', name, 'figures', day],
    queryFn: ({ signal }) =>
      request('GET', '/api/v1/flows/{name}/figures', {
        path: { name },
        query: { from: day, to: day },
        signal,
      }),
  });
}

export function flowSchemaQuery() {
  return queryOptions({
    queryKey: ['flow-schema'],
    queryFn: ({ signal }) => request('GET', '/api/v1/flow-schema', { signal }),
  });
}

/** Runs one made-up call on a text that need not be saved. `test` is as in a file of tests. */
export async function runTestCall(name: string, text: string, test: unknown): Promise<FlowTest> {
  // JSON is YAML.
  const tests = JSON.stringify({ flow: name, tests: [test] });
  const run = await request('POST', '/api/v1/flows/{name}/test', { path: { name }, body: { text, tests } });
  const [call] = run.tests;
  if (!call) throw new Error('the server ran no test');
  return call;
}

/** The names of the opening hours that there are. */
export function hoursQuery() {
  return queryOptions({
    queryKey: ['hours', 'names'],
    queryFn: async () => (await request('GET', '/api/v1/hours')).hours.map(({ name }) => name),
  });
}
