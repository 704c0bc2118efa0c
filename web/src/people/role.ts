// What roles are called.

import type { TFunction } from 'i18next';
import type { UserRole as Role } from '../api/types';

/** The labels that roles have in a new center, in the server's words. */
const FIRST = {
  agent: 'Agent',
  team_leader: 'Team leader',
  supervisor: 'Supervisor',
  quality: 'Quality',
  api_client: 'API client',
  system_admin: 'System administrator',
  admin: 'Administrator',
} as const;

/** How people name a role: in their language, unless somebody has given it a label of the center's own. */
export function roleLabel(
  t: TFunction,
  { name, label, built_in }: Pick<Role, 'name' | 'label' | 'built_in'>,
): string {
  const known = built_in && name in FIRST ? (name as keyof typeof FIRST) : null;
  return known !== null && label === FIRST[known] ? t(`people.built_in_role.${known}`) : label;
}
