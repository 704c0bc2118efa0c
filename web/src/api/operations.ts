// What each operation of the interface takes and gives, read out of the generated `schema.d.ts`.

import type { paths } from './schema';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The paths that have this method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<Lowercase<M>, { responses: unknown }> ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends PathOf<M>> =
  paths[P] extends Record<Lowercase<M>, infer Found> ? Found : never;

type Json<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : undefined;

/** What comes back when it is as wished. */
export type Answer<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends {
    responses: infer Responses;
  }
    ? { [Status in keyof Responses & (200 | 201 | 202 | 204)]: Json<Responses[Status]> }[keyof Responses &
        (200 | 201 | 202 | 204)]
    : never;

type InPath<Found> = Found extends { parameters: { path: infer Parts } } ? { path: Parts } : { path?: never };

type InQuery<Found> = Found extends { parameters: { query: infer Wanted } }
  ? { query: Undefinable<Wanted> }
  : Found extends { parameters: { query?: infer Wanted } }
    ? { query?: Undefinable<NonNullable<Wanted>> }
    : { query?: never };

type InBody<Found> = Found extends { requestBody: { content: { 'application/json': infer Body } } }
  ? { body: Body }
  : Found extends { requestBody?: { content: { 'application/json': infer Body } } }
    ? { body?: Body }
    : { body?: never };

type Undefinable<Fields> = { [Name in keyof Fields]: Fields[Name] | undefined };

type Asked<M extends Method, P extends PathOf<M>> = InPath<Operation<M, P>> &
  InQuery<Operation<M, P>> &
  InBody<Operation<M, P>> & { ifMatch?: string; ifNoneMatch?: string; signal?: AbortSignal };

/** The argument after method and path; it may be left out where nothing in it is needed. */
export type Arguments<M extends Method, P extends PathOf<M>> =
  Record<never, never> extends Asked<M, P> ? [asked?: Asked<M, P>] : [asked: Asked<M, P>];
