// Roles: what people may do. The list, and one role with all its permissions.

import '../texts/people';
import { Button, Checkbox, TextInput } from '@mantine/core';
import { IconArrowLeft, IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PageProps } from '../admin/pages';
import { Problem } from '../api/http';
import { changeRole, createRole, deleteRole, roleQuery, rolesQuery, usersQuery } from '../api/people';
import type { UserRole as Role } from '../api/types';
import { useMay, useSession } from '../app/session';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import { Failure, problemText } from '../ui/Failure';
import grid from '../ui/Grid.module.css';
import { Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { Matrix } from './Matrix';
import { difference, type Grants } from './matrix';
import css from './People.module.css';
import { roleLabel } from './role';
import { Act } from './Sure';

/** No role can have this name. */
const NEW = '+';
/** More names would be read by nobody. */
const NAMED_MAX = 8;

export default function Roles({ name }: PageProps) {
  if (name === null) return <List />;
  return <RolePage key={name} name={name === NEW ? null : name} />;
}

function List() {
  const { t } = useTranslation();
  const roles = useQuery(rolesQuery);
  const may = useMay('roles.manage');
  const users = useUsers();
  const navigate = useNavigate();
  return (
    <div className={css.page}>
      <Panel
        title={t('people.roles')}
        count={roles.data?.length}
        aside={
          may && (
            <Button
              leftSection={<IconPlus size={15} aria-hidden />}
              onClick={() =>
                void navigate({ to: '/admin/$page/$name', params: { page: 'roles', name: NEW } })
              }
            >
              {t('people.new_role')}
            </Button>
          )
        }
      >
        {roles.isError && <Failure error={roles.error} retry={() => void roles.refetch()} />}
        {roles.data && (
          <div className={grid.scroll}>
            <table className={grid.grid}>
              <thead>
                <tr>
                  <th>{t('people.role')}</th>
                  <th>{t('people.role_name')}</th>
                  <th>{t('people.allows')}</th>
                  <th>{t('people.has_it')}</th>
                  <th>{t('people.kind')}</th>
                </tr>
              </thead>
              <tbody>
                {roles.data.map((role) => (
                  <tr key={role.name}>
                    <td>
                      <Link
                        to="/admin/$page/$name"
                        params={{ page: 'roles', name: role.name }}
                        className={grid.link}
                      >
                        {roleLabel(t, role)}
                      </Link>
                    </td>
                    <td className={grid.dim}>{role.name}</td>
                    <td>{t('people.allows_some', { count: Object.keys(role.permissions).length })}</td>
                    <td className="num">{users(role.name).length}</td>
                    <td>
                      {role.built_in && <Tag tone="none">{t('people.built_in')}</Tag>}{' '}
                      {!role.pages && <Tag tone="hold">{t('people.for_programs')}</Tag>}{' '}
                      {role.second_factor && <Tag tone="none">{t('people.second_factor')}</Tag>}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Panel>
    </div>
  );
}

/** The names of those who have a role, among the users that are read. */
function useUsers(): (role: string) => string[] {
  const pages = useInfiniteQuery(usersQuery).data?.pages ?? [];
  const all = pages.flatMap((page) => page.users);
  return (role) => all.filter(({ roles }) => roles.includes(role)).map(({ display_name }) => display_name);
}

function RolePage({ name }: { name: string | null }) {
  const { t } = useTranslation();
  return (
    <div className={css.page}>
      <Link to="/admin/$page" params={{ page: 'roles' }} className={css.back}>
        <IconArrowLeft size={15} aria-hidden /> {t('people.all_roles')}
      </Link>
      {name === null ? <Editor known={null} tag="" /> : <Known name={name} />}
    </div>
  );
}

function Known({ name }: { name: string }) {
  const query = useQuery(roleQuery(name));
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return null;
  return <Editor key={query.data.tag} known={query.data.body} tag={query.data.tag} />;
}

interface Draft {
  name: string;
  label: string;
  permissions: Grants;
  pages: boolean;
  second_factor: boolean;
}

const BLANK: Draft = { name: '', label: '', permissions: {}, pages: true, second_factor: false };

function Editor({ known: role, tag }: { known: Role | null; tag: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const session = useSession();
  const connected = useLive((view) => view.connection === 'live');
  // The role `admin` may always do everything.
  const may = useMay('roles.manage') && role?.name !== 'admin';
  const stored: Draft = role ?? BLANK;
  const [draft, setDraft] = useState(stored);
  const put = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const save = useMutation({
    mutationFn: async ({ name, label, permissions, pages, second_factor }: Draft) => {
      const body = { label, permissions, pages, second_factor };
      if (role === null) await createRole({ name: name.trim(), ...body });
      else queries.setQueryData(roleQuery(name).queryKey, await changeRole(name, tag, body));
    },
    onSuccess: (_, { name }) => {
      void queries.invalidateQueries({ queryKey: ['roles'] });
      if (role === null) {
        void navigate({ to: '/admin/$page/$name', params: { page: 'roles', name: name.trim() } });
      }
    },
  });
  const { error } = save;
  const fields = error instanceof Problem ? error.fields : [];
  const wrong = (field: string) => fields.find((one) => one.field === field)?.problem;
  const dirty = JSON.stringify(draft) !== JSON.stringify(stored);
  return (
    <>
      <Panel title={role === null ? t('people.new_role') : roleLabel(t, role)}>
        <form
          className={css.form}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (connected && dirty && !save.isPending) save.mutate(draft);
          }}
        >
          <div className={css.fields}>
            <TextInput
              label={t('people.role_name')}
              description={role === null ? t('people.name_stays') : undefined}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              value={draft.name}
              readOnly={role !== null}
              error={wrong('name')}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => put({ name: event.currentTarget.value })}
            />
            <TextInput
              label={t('people.label')}
              value={draft.label}
              readOnly={!may}
              error={wrong('label')}
              autoComplete="off"
              onChange={(event) => put({ label: event.currentTarget.value })}
            />
          </div>
          <Checkbox
            label={t('people.with_pages')}
            checked={draft.pages}
            disabled={!may}
            onChange={(event) => put({ pages: event.currentTarget.checked })}
          />
          <Checkbox
            label={t('people.with_factor')}
            checked={draft.second_factor}
            disabled={!may}
            onChange={(event) => put({ second_factor: event.currentTarget.checked })}
          />
          {may && (
            <>
              <Touches role={role} before={stored} after={draft} />
              <div className={css.foot}>
                <Button type="submit" loading={save.isPending} disabled={!connected || !dirty}>
                  {t(role === null ? 'people.make_role' : 'people.save')}
                </Button>
                {dirty && (
                  <Button variant="subtle" color="gray" onClick={() => setDraft(stored)}>
                    {t('people.undo')}
                  </Button>
                )}
                {error && fields.length === 0 && (
                  <span className={css.error} role="alert">
                    {error instanceof Problem && error.status === 412
                      ? t('people.stale')
                      : problemText(t, error)}
                  </span>
                )}
              </div>
            </>
          )}
          <Matrix
            grants={draft.permissions}
            change={(permissions) => put({ permissions })}
            before={stored.permissions}
            held={session.permissions as Grants}
            readOnly={!may}
            problems={fields}
          />
        </form>
      </Panel>
      {role !== null && may && !role.built_in && <Remove role={role} tag={tag} />}
    </>
  );
}

/** Who has the role, and what they may do then and now. */
function Touches({ role, before, after }: { role: Role | null; before: Draft; after: Draft }) {
  const { t } = useTranslation();
  const users = useUsers()(role?.name ?? '');
  const changes = difference(before.permissions, after.permissions);
  const others = before.pages !== after.pages || before.second_factor !== after.second_factor;
  if (role === null || (changes.length === 0 && !others)) return null;
  const named = users.slice(0, NAMED_MAX).join(', ');
  const scope = (one: string | null) => word(t, 'people.scope', one ?? 'none');
  return (
    <ul className={css.touches} role="status">
      <li>
        {users.length === 0
          ? t('people.touches_nobody')
          : t('people.touches_users', { count: users.length, names: named })}
      </li>
      {changes.map((one) => (
        <li key={one.word}>
          {t('people.touches_permission', {
            permission: one.word,
            before: scope(one.before),
            after: scope(one.after),
          })}
        </li>
      ))}
      {before.pages && !after.pages && <li>{t('people.touches_pages')}</li>}
      {!before.second_factor && after.second_factor && <li>{t('people.touches_factor')}</li>}
    </ul>
  );
}

function Remove({ role, tag }: { role: Role; tag: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const users = useUsers()(role.name);
  return (
    <Panel title={t('people.acts')}>
      <ul className={css.acts}>
        <Act
          act={t('people.delete_role')}
          touches={
            users.length === 0
              ? t('people.delete_role_touches')
              : t('people.delete_role_kept', { count: users.length })
          }
          harms
          run={async () => {
            await deleteRole(role.name, tag);
            void navigate({ to: '/admin/$page', params: { page: 'roles' } });
            void queries.invalidateQueries({ queryKey: ['roles'] });
          }}
        />
      </ul>
    </Panel>
  );
}
