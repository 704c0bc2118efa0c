// Users: who signs in. The list, and one user.

import '../texts/people';
import { Button, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PageProps } from '../admin/pages';
import { rolesQuery, usersQuery } from '../api/people';
import type { User } from '../api/types';
import { useLive } from '../live/store';
import { Found } from '../ui/Found';
import grid from '../ui/Grid.module.css';
import { Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import css from './People.module.css';
import { roleLabel } from './role';
import { UserPage } from './UserPage';

/** No user can have this name. */
export const NEW = '+';

export default function Users({ name }: PageProps) {
  return name === null ? <List /> : <UserPage key={name} name={name === NEW ? null : name} />;
}

function List() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const users = useInfiniteQuery(usersQuery);
  const [text, setText] = useState('');
  const all = users.data?.pages.flatMap((page) => page.users) ?? [];
  const wanted = text.trim().toLowerCase();
  const shown = all.filter(({ name, display_name, roles }) =>
    [name, display_name, ...roles].some((one) => one.toLowerCase().includes(wanted)),
  );
  return (
    <div className={css.page}>
      <Panel
        title={t('people.users')}
        count={all.length}
        aside={
          <Button
            leftSection={<IconPlus size={15} aria-hidden />}
            onClick={() => void navigate({ to: '/admin/$page/$name', params: { page: 'users', name: NEW } })}
          >
            {t('people.new_user')}
          </Button>
        }
      >
        <div className={css.tools}>
          <TextInput
            className={css.find ?? ''}
            aria-label={t('people.find_user')}
            placeholder={t('people.find_user')}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </div>
        <Found query={users} count={shown.length} nothing={t('people.no_user')} more={t('people.more')}>
          <Table users={shown} />
        </Found>
      </Panel>
    </div>
  );
}

function Table({ users }: { users: User[] }) {
  const { t } = useTranslation();
  const labels = useRoleLabels();
  const agents = useLive((view) => view.live.agents);
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('people.name')}</th>
            <th>{t('people.display_name')}</th>
            <th>{t('people.roles')}</th>
            <th>{t('people.agent')}</th>
            <th>{t('people.state')}</th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <tr key={user.name}>
              <td>
                <Link
                  to="/admin/$page/$name"
                  params={{ page: 'users', name: user.name }}
                  className={grid.link}
                >
                  {user.name}
                </Link>
              </td>
              <td>{user.display_name}</td>
              <td>{user.roles.map(labels).join(', ')}</td>
              <td>{user.agent !== null && (agents[user.agent]?.name ?? user.agent)}</td>
              <td>
                <State user={user} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function State({ user }: { user: User }) {
  const { t } = useTranslation();
  return (
    <>
      {user.disabled ? (
        <Tag tone="bad">{t('people.disabled')}</Tag>
      ) : user.locked_until !== null ? (
        <Tag tone="hold">{t('people.locked')}</Tag>
      ) : (
        <Tag tone="ready">{t('people.active')}</Tag>
      )}{' '}
      {user.password_temporary && <Tag tone="hold">{t('people.temporary')}</Tag>}{' '}
      {user.second_factor && <Tag tone="none">{t('people.second_factor')}</Tag>}
    </>
  );
}

/** How people name a role. */
export function useRoleLabels(): (name: string) => string {
  const { t } = useTranslation();
  const roles = useQuery(rolesQuery).data;
  return (name) => {
    const known = roles?.find((role) => role.name === name);
    return known ? roleLabel(t, known) : name;
  };
}
