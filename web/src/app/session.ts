// Who uses this page, for the components below the sign-in.

import { createContext, useContext } from 'react';
import type { Session } from '../api/types';

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('nobody is signed in above this component');
  return session;
}

/** Whether the user has the permission, for whatever scope. What is not allowed is not shown. */
export function useMay(permission: string): boolean {
  return permission in useSession().permissions;
}

/** Whether the user has the permission for others too. */
export function useMayFor(permission: string): boolean {
  const scope = useSession().permissions[permission];
  return scope === 'team' || scope === 'all';
}
