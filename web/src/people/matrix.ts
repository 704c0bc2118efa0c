// Permissions with their scopes, as roles and tokens have them. Pure.

import type { Permission, UserRole as Role } from '../api/types';

/** By word: `own`, `team` or `all`. */
export type Grants = Record<string, string>;

export const SCOPES = ['own', 'team', 'all'] as const;

const rank = (scope: string | undefined) => SCOPES.indexOf(scope as 'own') + 1;

/** What the roles allow together: of each permission the widest scope. */
export function union(roles: readonly Role[]): Grants {
  const all: Grants = {};
  for (const { permissions } of roles) {
    for (const [word, scope] of Object.entries(permissions)) {
      if (rank(scope) > rank(all[word])) all[word] = scope;
    }
  }
  return all;
}

/** Whether it is within what somebody has. */
export function covers(held: Readonly<Grants>, word: string, scope: string): boolean {
  return rank(held[word]) >= rank(scope);
}

/** By the part of the word before the dot, in the order in which people read them. */
export function grouped(permissions: readonly Permission[]): [string, Permission[]][] {
  const groups = new Map<string, Permission[]>();
  for (const one of permissions) {
    const group = one.permission.split('.')[0] ?? '';
    groups.set(group, [...(groups.get(group) ?? []), one]);
  }
  return [...groups];
}

export interface Difference {
  word: string;
  before: string | null;
  after: string | null;
}

export function difference(before: Readonly<Grants>, after: Readonly<Grants>): Difference[] {
  const words = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return words
    .filter((word) => before[word] !== after[word])
    .map((word) => ({ word, before: before[word] ?? null, after: after[word] ?? null }));
}
