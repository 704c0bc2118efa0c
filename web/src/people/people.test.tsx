// Users and roles: what is done to them says what it touches, and every mistake stands at its field.

import '../texts/people';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import i18next from 'i18next';
import { expect, it } from 'vitest';
import type { User, UserRole } from '../api/types';
import { show } from '../test/render';
import { LEADER, snapshot, T0 } from '../test/samples';
import { type Asked, serve } from '../test/server';
import { difference, union } from './matrix';
import Roles from './Roles';
import { roleLabel } from './role';
import Users from './Users';

const SESSION = {
  ...LEADER,
  user: 'admin',
  permissions: { ...LEADER.permissions, 'users.manage': 'all' as const, 'roles.manage': 'all' as const },
};
const USER: User = {
  name: 'ana',
  display_name: 'Ana Kim',
  roles: ['desk'],
  teams: [],
  agent: '1001',
  disabled: false,
  locked_until: null,
  password_changed_at: T0,
  password_temporary: false,
  second_factor: true,
  created_at: T0,
};
const ROLE: UserRole = {
  name: 'desk',
  label: 'At the desk',
  permissions: { 'calls.see': 'own', 'records.see': 'own' },
  pages: true,
  second_factor: false,
  built_in: false,
};
const SESSIONS = [
  { id: 's1', kind: 'session', name: '', address: '10.0.0.7', permissions: null },
  { id: 't1', kind: 'token', name: 'wallboard', address: '', permissions: { 'calls.see': 'all' } },
].map((one) => ({ ...one, created_at: T0, last_seen_at: T0, expires_at: T0, current: false }));

const ABOUT = {
  'GET /api/v1/users?limit=100': { body: { users: [USER], next: null } },
  'GET /api/v1/users/ana': { body: USER },
  'GET /api/v1/users/ana/sessions?limit=500': { body: { sessions: SESSIONS, next: null } },
  'GET /api/v1/roles': { body: { roles: [ROLE] } },
  'GET /api/v1/roles/desk': { body: ROLE },
  'GET /api/v1/teams': { body: { teams: [] } },
  'GET /api/v1/permissions': {
    body: {
      permissions: [
        { permission: 'calls.see', scoped: true, en: 'See calls', zh: '查看通话' },
        { permission: 'records.see', scoped: true, en: 'See records', zh: '查看记录' },
        { permission: 'flows.see', scoped: false, en: 'See flows', zh: '查看流程' },
      ],
    },
  },
};

const changes = (log: Asked[]) => log.filter(({ method }) => method !== 'GET');

it('asks twice for what cannot be taken back, says what it touches, and shows a password once', async () => {
  const log = serve({ ...ABOUT, 'POST /api/v1/users/ana/password': { body: { password: 'blue-sky-7' } } });
  show(<Users name="ana" />, { session: SESSION, snapshot: snapshot() });
  expect(
    await screen.findByText('The present password no longer works; 1 sessions and 1 tokens end.'),
  ).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'New one-time password: Choose' }));
  expect(changes(log)).toEqual([]);
  await userEvent.click(screen.getByRole('button', { name: 'New one-time password: yes' }));
  expect(await screen.findByText('blue-sky-7')).toBeTruthy();
});

it('ends one token of a user', async () => {
  const log = serve({ ...ABOUT, 'DELETE /api/v1/users/ana/sessions/t1': { status: 204 } });
  show(<Users name="ana" />, { session: SESSION, snapshot: snapshot() });
  await userEvent.click(await screen.findByRole('button', { name: 'End: wallboard' }));
  await waitFor(() => expect(changes(log)[0]?.path).toBe('/api/v1/users/ana/sessions/t1'));
});

it('puts each mistake of a new user beside its field, and keeps what was typed', async () => {
  serve({
    ...ABOUT,
    'POST /api/v1/users': {
      status: 422,
      body: {
        title: 'Unprocessable',
        errors: [
          { field: 'name', problem: 'is taken' },
          { field: 'roles', problem: 'must name one role at least' },
        ],
      },
    },
  });
  show(<Users name="+" />, { session: SESSION, snapshot: snapshot() });
  await userEvent.type(screen.getByLabelText('User name'), 'ana');
  await userEvent.click(screen.getByRole('button', { name: 'Create user' }));
  expect(await screen.findByText('is taken')).toBeTruthy();
  expect(screen.getByText('must name one role at least')).toBeTruthy();
  expect((screen.getByLabelText('User name') as HTMLInputElement).value).toBe('ana');
});

it('says of a changed role whom and what the change touches, before it is saved', async () => {
  const log = serve({
    ...ABOUT,
    'PUT /api/v1/roles/desk': ({ body }) => ({ body: { ...ROLE, ...(body as object) } }),
  });
  show(<Roles name="desk" />, { session: SESSION, snapshot: snapshot() });
  await userEvent.click(await screen.findByRole('radio', { name: 'See calls: All' }));
  await userEvent.click(screen.getByRole('radio', { name: 'See records: None' }));
  expect(screen.queryByRole('radio', { name: 'See flows: Own' })).toBeNull();
  const touched = screen.getByRole('status');
  await within(touched).findByText('Applies at once to 1 users: Ana Kim');
  expect(touched.textContent).toContain('calls.see: Own → All');
  expect(touched.textContent).toContain('records.see: Own → None');
  await userEvent.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(changes(log)[0]?.body).toMatchObject({ permissions: { 'calls.see': 'all' } }));
});

it('adds up roles, and tells them apart', () => {
  expect(union([ROLE, { ...ROLE, permissions: { 'calls.see': 'team' } }])).toEqual({
    'calls.see': 'team',
    'records.see': 'own',
  });
  expect(difference({ a: 'own' }, { b: 'all' })).toEqual([
    { word: 'a', before: 'own', after: null },
    { word: 'b', before: null, after: 'all' },
  ]);
});

it('calls a role of every center in the language of the page, unless the center has named it itself', async () => {
  await i18next.changeLanguage('zh-CN');
  const known = { name: 'supervisor', label: 'Supervisor', built_in: true };
  expect(roleLabel(i18next.t, known)).toBe('主管');
  expect(roleLabel(i18next.t, { ...known, label: 'Floor lead' })).toBe('Floor lead');
  expect(roleLabel(i18next.t, { ...known, built_in: false })).toBe('Supervisor');
});
