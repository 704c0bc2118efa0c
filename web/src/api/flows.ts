// The flows: read, checked, tried, saved, compared, rolled back; and what became of calls in them.

import { queryOptions } from '@tanstack/react-query';
import { request, requestTagged } from './http';
import type { Flow, FlowList, FlowMistake } from './types';

/** Read again whenever `alarm` about their files is another. */
export function flowsQuery(alarm: string | null) {
  return queryOptions({
    queryKey: ['flows', alarm],
    queryFn: ({ signal }) => request<FlowList>('GET', '/api/v1/flows', { signal }),
  });
}

export interface FlowText {
  flow: Flow;
  text: string;
}

/** With the tag that a change must name. */
export function flowQuery(name: string) {
  return queryOptions({
    queryKey: ['flow', name],
    queryFn: ({ signal }) => requestTagged<FlowText>('GET', path(name), { signal }),
  });
}

export interface FlowNode {
  step: string;
  kind: string;
  title: string;
  line: number;
  column: number;
}

export interface FlowEdge {
  from: string;
  exit: string;
  to: string;
  line: number;
  column: number;
}

export interface FlowGraph {
  start: string;
  nodes: FlowNode[];
  edges: FlowEdge[];
}

export interface FlowCheck {
  mistakes: FlowMistake[];
  /** Null if the text is no flow at all. */
  graph: FlowGraph | null;
}

export async function checkFlow(name: string, text: string, signal?: AbortSignal): Promise<FlowCheck> {
  return request<FlowCheck>('POST', `${path(name)}/check`, { body: { text }, ...(signal ? { signal } : {}) });
}

/** `tag` is what was read; null for a flow that is not there yet. */
export async function saveFlow(name: string, text: string, tag: string | null) {
  const base = tag === null ? { ifNoneMatch: '*' } : { ifMatch: tag };
  return requestTagged<FlowText>('PUT', path(name), { body: { text }, ...base });
}

export async function rollBackFlow(name: string, version: number, tag: string) {
  return requestTagged<FlowText>('POST', `${path(name)}/rollback`, { body: { version }, ifMatch: tag });
}

export interface FlowVersion {
  version: number;
  since: string;
  author: string;
  removed: boolean;
}

export function versionsQuery(name: string) {
  return queryOptions({
    queryKey: ['flow', name, 'versions'],
    queryFn: ({ signal }) =>
      request<{ versions: FlowVersion[] }>('GET', `${path(name)}/versions`, { signal }),
  });
}

export function versionQuery(name: string, version: number) {
  return queryOptions({
    queryKey: ['flow', name, 'version', version],
    queryFn: ({ signal }) =>
      request<{ text: string }>('GET', `${path(name)}/versions/${version}`, { signal }),
  });
}

export interface FlowFigures {
  calls: number;
  contained: number;
  steps: { step: string; runs: number; dropped: number; exits: { exit: string; count: number }[] }[];
}

/** Of calls that began today (UTC) and are over. */
export function figuresQuery(name: string, day: string) {
  return queryOptions({
    queryKey: ['flow', name, 'figures', day],
    queryFn: ({ signal }) =>
      request<FlowFigures>('GET', `${path(name)}/figures?from=${day}&to=${day}`, { signal }),
  });
}

export function flowSchemaQuery() {
  return queryOptions({
    queryKey: ['flow-schema'],
    queryFn: ({ signal }) => request<unknown>('GET', '/api/v1/flow-schema', { signal }),
  });
}

/** How a made-up call went. */
export interface TestCall {
  duration_ms: number;
  path: { flow: string; step: string; exit: string }[];
  last: { flow: string; step: string } | null;
  transcript: { at_ms: number; what: string }[];
  failure: { happened: string; expected: string } | null;
}

/** Runs one made-up call on a text that need not be saved. `test` is as in a file of tests. */
export async function runTestCall(name: string, text: string, test: unknown): Promise<TestCall> {
  // JSON is YAML.
  const tests = JSON.stringify({ flow: name, tests: [test] });
  const run = await request<{ tests: TestCall[] }>('POST', `${path(name)}/test`, { body: { text, tests } });
  const [call] = run.tests;
  if (!call) throw new Error('the server ran no test');
  return call;
}

/** Runs the tests that lie beside the flow on a text. */
export async function runFlowTests(name: string, text: string) {
  return request<{
    tests: { name: string; line: number; failure: { expected: string; happened: string } | null }[];
    coverage_percent: number;
  }>('POST', `${path(name)}/test`, { body: { text } });
}

/** The names of the opening hours that there are. */
export function hoursQuery() {
  return queryOptions({
    queryKey: ['hours', 'names'],
    queryFn: async () => {
      const { hours } = await request<{ hours: { name: string }[] }>('GET', '/api/v1/hours');
      return hours.map(({ name }) => name);
    },
  });
}

function path(name: string): string {
  return `/api/v1/flows/${encodeURIComponent(name)}`;
}
