// The admin pages, in the order of their names at the left. A page is one entry here; its code comes when it is opened.

import type { ComponentType } from 'react';

/** What a page is given: the entry that the address names, if it names one (`/admin/queues/sales`). */
export interface PageProps {
  name: string | null;
}

export interface AdminPage {
  /** In the address, and the key of its name in `admin.page`. */
  id: PageId;
  group: (typeof GROUPS)[number];
  /** Whoever has one of these sees it. */
  permissions: readonly string[];
  load(): Promise<{ default: ComponentType<PageProps> }>;
}

export const GROUPS = ['calls', 'people', 'system'] as const;

export type PageId = keyof typeof import('../texts/admin.en.json')['admin']['page'];

export const PAGES: readonly AdminPage[] = [
  { id: 'numbers', group: 'calls', permissions: ['config.see'], load: () => import('./Numbers') },
  { id: 'queues', group: 'calls', permissions: ['config.see'], load: () => import('./Queues') },
  { id: 'hours', group: 'calls', permissions: ['config.see', 'hours.set'], load: () => import('./Hours') },
  { id: 'prompts', group: 'calls', permissions: ['prompts.see'], load: () => import('./Prompts') },
  { id: 'trunks', group: 'calls', permissions: ['config.see'], load: () => import('./Trunks') },
  { id: 'agents', group: 'people', permissions: ['config.see'], load: () => import('./Agents') },
  { id: 'reasons', group: 'people', permissions: ['config.see'], load: () => import('./Reasons') },
  { id: 'dispositions', group: 'people', permissions: ['config.see'], load: () => import('./Dispositions') },
  { id: 'users', group: 'people', permissions: ['users.manage'], load: () => import('../people/Users') },
  { id: 'roles', group: 'people', permissions: ['users.manage'], load: () => import('../people/Roles') },
  { id: 'history', group: 'system', permissions: ['config.see'], load: () => import('./HistoryPage') },
  { id: 'audit', group: 'system', permissions: ['audit.see'], load: () => import('../system/Audit') },
  { id: 'doctor', group: 'system', permissions: ['system.see'], load: () => import('../system/Doctor') },
];

/** Those that somebody with these permissions sees. */
export function openPages(permissions: Readonly<Record<string, unknown>>): AdminPage[] {
  return PAGES.filter((page) => page.permissions.some((permission) => permission in permissions));
}
