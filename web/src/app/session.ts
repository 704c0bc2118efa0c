// Who uses this page, for the components below the sign-in.

import { createContext, useContext } from 'react';
import type { Session } from '../api/types';

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('nobody is signed in above this component');
  return session;
}

/** Whether the user may do this, to whomever; what may not be done is not shown. */
export function useMay(permission: string): boolean {
  return useSession().permissions[permission] !== undefined;
}
