// The center's configuration: read, judged, changed, compared, rolled back.

import { queryOptions } from '@tanstack/react-query';
import { request, requestTagged } from './http';
import type { Config, ConfigCheck, ConfigDraft } from './types';

/** With the tag that a change must name. */
export interface Center extends Config {
  tag: string;
}

export function centerQuery() {
  return queryOptions({ queryKey: ['config'], queryFn: ({ signal }) => readCenter(signal) });
}

export async function readCenter(signal?: AbortSignal): Promise<Center> {
  const { body, tag } = await requestTagged('GET', '/api/v1/config', signal ? { signal } : {});
  return { ...body, tag };
}

/** What would come of a change; nothing is changed. */
export async function checkConfig(body: ConfigDraft, signal?: AbortSignal): Promise<ConfigCheck> {
  return request('POST', '/api/v1/config/check', signal ? { body, signal } : { body });
}

export async function saveConfig(body: ConfigDraft, ifMatch: string): Promise<Center> {
  const answer = await requestTagged('PUT', '/api/v1/config', { body, ifMatch });
  return { ...answer.body, tag: answer.tag };
}

export async function rollBackConfig(version: number, ifMatch: string): Promise<Center> {
  const answer = await requestTagged('POST', '/api/v1/config/rollback', { body: { version }, ifMatch });
  return { ...answer.body, tag: answer.tag };
}

/** The JSON schema of the center's file. It changes with the server alone. */
export function configSchemaQuery() {
  return queryOptions({
    queryKey: ['config-schema'],
    queryFn: ({ signal }) => request('GET', '/api/v1/config/schema', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function configVersionsQuery() {
  return queryOptions({
    queryKey: ['config', 'versions'],
    queryFn: ({ signal }) => request('GET', '/api/v1/config/versions', { signal }),
  });
}

export function configVersionQuery(version: number) {
  return queryOptions({
    queryKey: ['config', 'version', version],
    queryFn: ({ signal }) =>
      request('GET', '/api/v1/config/versions/{version}', { path: { version }, signal }),
  });
}

/** What differs between two versions, or from the text in force. */
export function configDiffQuery(from: number, to: number | null) {
  return queryOptions({
    queryKey: ['config', 'diff', from, to],
    queryFn: ({ signal }) =>
      request('GET', '/api/v1/config/diff', { query: { from, to: to ?? undefined }, signal }),
  });
}

export function trunksQuery() {
  return queryOptions({
    queryKey: ['trunks'],
    queryFn: ({ signal }) => request('GET', '/api/v1/trunks', { signal }),
  });
}

/** How opening hours stand, now or at a moment. */
export function hoursAtQuery(at: string | null) {
  return queryOptions({
    queryKey: ['hours', 'at', at],
    queryFn: ({ signal }) => request('GET', '/api/v1/hours', { query: { at: at ?? undefined }, signal }),
  });
}

export async function overrideHours(name: string, open: boolean, until: string | null): Promise<void> {
  await request('PUT', '/api/v1/hours/{name}/override', { path: { name }, body: { open, until } });
}

export async function endOverride(name: string): Promise<void> {
  await request('DELETE', '/api/v1/hours/{name}/override', { path: { name } });
}
