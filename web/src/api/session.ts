// Who is signed in.

import { queryOptions } from '@tanstack/react-query';
import { Problem, request } from './http';
import type { Session, TotpOffer } from './types';

const PATH = '/api/v1/session';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    try {
      return await request('GET', PATH);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

export function signIn(user: string, password: string, code?: string): Promise<Session> {
  return request('POST', PATH, { body: code ? { user, password, code } : { user, password } });
}

export function changePassword(current: string, fresh: string): Promise<void> {
  return request('PUT', '/api/v1/session/password', { body: { current, new: fresh } });
}

export function offerTotp(password: string): Promise<TotpOffer> {
  return request('POST', '/api/v1/session/totp', { body: { password } });
}

export function confirmTotp(code: string): Promise<{ recovery_codes: string[] }> {
  return request('PUT', '/api/v1/session/totp', { body: { code } });
}

export async function signOut(): Promise<void> {
  try {
    await request('DELETE', PATH);
  } catch (error) {
    // The session may be over already.
    if (!(error instanceof Problem && error.status === 401)) throw error;
  }
}
