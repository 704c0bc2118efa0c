// Users, roles, and the tokens of programs.

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { request, requestTagged } from './http';
import type { NewRole, NewToken, NewUser, RoleChange, UserChange } from './types';

const PAGE = 100;

/** By name, a page at a time. */
export const usersQuery = infiniteQueryOptions({
  queryKey: ['users', 'list'],
  initialPageParam: '',
  queryFn: ({ pageParam, signal }) =>
    request('GET', '/api/v1/users', { query: { limit: PAGE, cursor: pageParam }, signal }),
  getNextPageParam: (page) => page.next,
});

export function userQuery(name: string) {
  return queryOptions({
    queryKey: ['users', 'one', name],
    queryFn: ({ signal }) => requestTagged('GET', '/api/v1/users/{name}', { path: { name }, signal }),
  });
}

export const createUser = (body: NewUser) => request('POST', '/api/v1/users', { body });

export const changeUser = (name: string, ifMatch: string, body: UserChange) =>
  requestTagged('PUT', '/api/v1/users/{name}', { path: { name }, ifMatch, body });

export async function deleteUser(name: string, ifMatch: string): Promise<void> {
  await request('DELETE', '/api/v1/users/{name}', { path: { name }, ifMatch });
}

export const resetPassword = (name: string) =>
  request('POST', '/api/v1/users/{name}/password', { path: { name } });

export async function removeSecondFactor(name: string): Promise<void> {
  await request('DELETE', '/api/v1/users/{name}/second-factor', { path: { name } });
}

export async function unlockUser(name: string): Promise<void> {
  await request('POST', '/api/v1/users/{name}/unlock', { path: { name } });
}

export async function signOutUser(name: string): Promise<void> {
  await request('POST', '/api/v1/users/{name}/sign-out', { path: { name } });
}

/** Sessions and tokens; a user has few. */
export function sessionsOfQuery(name: string) {
  return queryOptions({
    queryKey: ['users', 'sessions', name],
    queryFn: ({ signal }) =>
      request('GET', '/api/v1/users/{name}/sessions', { path: { name }, query: { limit: 500 }, signal }),
  });
}

export async function endSessionOf(name: string, id: string): Promise<void> {
  await request('DELETE', '/api/v1/users/{name}/sessions/{id}', { path: { name, id } });
}

/** For a program; people make their own. */
export const createTokenFor = (name: string, body: NewToken) =>
  request('POST', '/api/v1/users/{name}/tokens', { path: { name }, body });

export const createOwnToken = (body: NewToken) => request('POST', '/api/v1/tokens', { body });

export const rolesQuery = queryOptions({
  queryKey: ['roles', 'list'],
  queryFn: async ({ signal }) => (await request('GET', '/api/v1/roles', { signal })).roles,
});

export function roleQuery(name: string) {
  return queryOptions({
    queryKey: ['roles', 'one', name],
    queryFn: ({ signal }) => requestTagged('GET', '/api/v1/roles/{name}', { path: { name }, signal }),
  });
}

export const createRole = (body: NewRole) => request('POST', '/api/v1/roles', { body });

export const changeRole = (name: string, ifMatch: string, body: RoleChange) =>
  requestTagged('PUT', '/api/v1/roles/{name}', { path: { name }, ifMatch, body });

export async function deleteRole(name: string, ifMatch: string): Promise<void> {
  await request('DELETE', '/api/v1/roles/{name}', { path: { name }, ifMatch });
}

/** All that a role can allow, with what it means in both languages. */
export const permissionsQuery = queryOptions({
  queryKey: ['permissions'],
  queryFn: async ({ signal }) => (await request('GET', '/api/v1/permissions', { signal })).permissions,
  staleTime: Number.POSITIVE_INFINITY,
});

export const teamsQuery = queryOptions({
  queryKey: ['teams'],
  queryFn: async ({ signal }) => (await request('GET', '/api/v1/teams', { signal })).teams,
});
