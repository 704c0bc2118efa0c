// Where a user is signed in, and the tokens of programs: each with its scope and its end.

import { Button, Checkbox, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/http';
import { createOwnToken, createTokenFor, endSessionOf, rolesQuery, sessionsOfQuery } from '../api/people';
import type { ListedSession, NewToken, User } from '../api/types';
import { useSession } from '../app/session';
import { useLive } from '../live/store';
import { dayAndTime } from '../texts/format';
import { Failure, problemText } from '../ui/Failure';
import grid from '../ui/Grid.module.css';
import { Nothing, Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { Matrix } from './Matrix';
import { type Grants, union } from './matrix';
import css from './People.module.css';
import { Secret } from './Sure';

const DAY_S = 86_400;

export function Tokens({ user }: { user: User }) {
  const { t } = useTranslation();
  const { user: me } = useSession();
  const list = useQuery(sessionsOfQuery(user.name));
  const roles = (useQuery(rolesQuery).data ?? []).filter(({ name }) => user.roles.includes(name));
  const isProgram = roles.length > 0 && roles.every(({ pages }) => !pages);
  const own = me === user.name;
  const sessions = list.data?.sessions ?? [];
  return (
    <Panel title={t('people.sessions')} count={sessions.length}>
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && sessions.length === 0 && <Nothing>{t('people.no_session')}</Nothing>}
      {sessions.length > 0 && <Table user={user.name} sessions={sessions} />}
      {isProgram || own ? (
        <NewTokenForm user={user.name} own={own} held={union(roles)} />
      ) : (
        <p className={css.tools}>{t('people.own_tokens')}</p>
      )}
    </Panel>
  );
}

function Table({ user, sessions }: { user: string; sessions: ListedSession[] }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const connected = useLive((view) => view.connection === 'live');
  const end = useMutation({
    mutationFn: (id: string) => endSessionOf(user, id),
    onSettled: () => queries.invalidateQueries({ queryKey: sessionsOfQuery(user).queryKey }),
  });
  return (
    <div className={grid.scroll}>
      {end.error && (
        <p className={css.error} role="alert">
          {problemText(t, end.error)}
        </p>
      )}
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('people.kind')}</th>
            <th>{t('people.what_for')}</th>
            <th>{t('people.seen')}</th>
            <th>{t('people.expires')}</th>
            <th>{t('people.allows')}</th>
            <th className={grid.right}>{t('people.acts')}</th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((one) => (
            <tr key={one.id}>
              <td>
                <Tag tone={one.kind === 'token' ? 'hold' : 'none'}>{t(`people.kinds.${one.kind}`)}</Tag>
              </td>
              <td className={grid.clip} title={one.name}>
                {one.name || one.address}
              </td>
              <td className="num">{dayAndTime(one.last_seen_at)}</td>
              <td className="num">{one.expires_at === null ? '' : dayAndTime(one.expires_at)}</td>
              <td>{allowed(t, one.permissions)}</td>
              <td className={grid.right}>
                {one.current ? (
                  t('people.this_one')
                ) : (
                  <Button
                    size="compact-xs"
                    variant="default"
                    disabled={!connected || end.isPending}
                    aria-label={t('people.end_one', { name: one.name || one.address })}
                    onClick={() => end.mutate(one.id)}
                  >
                    {t('people.end')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function allowed(t: TFunction, permissions: Grants | null): string {
  if (permissions === null) return t('people.allows_all');
  return t('people.allows_some', { count: Object.keys(permissions).length });
}

interface NewProps {
  user: string;
  own: boolean;
  held: Grants;
}

function NewTokenForm({ user, own, held }: NewProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const connected = useLive((view) => view.connection === 'live');
  const [name, setName] = useState('');
  const [days, setDays] = useState<number | string>(90);
  const [grants, setGrants] = useState<Grants | null>(null);
  const make = useMutation({
    mutationFn: () => {
      const body: NewToken = { name: name.trim(), permissions: grants };
      if (days !== '') body.expires_in_s = Math.round(Number(days) * DAY_S);
      return own ? createOwnToken(body) : createTokenFor(user, body);
    },
    onSuccess: () => {
      setName('');
      void queries.invalidateQueries({ queryKey: sessionsOfQuery(user).queryKey });
    },
  });
  const { error } = make;
  const fields = error instanceof Problem ? error.fields : [];
  const wrong = (field: string) => fields.find((one) => one.field === field)?.problem;
  return (
    <form
      className={css.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (connected && !make.isPending) make.mutate();
      }}
    >
      <div className={css.fields}>
        <TextInput
          label={t('people.token_name')}
          description={t('people.token_name_hint')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          value={name}
          error={wrong('name')}
          autoComplete="off"
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NumberInput
          label={t('people.token_days')}
          description={t('people.token_days_hint')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          min={1}
          value={days}
          error={wrong('expires_in_s')}
          onChange={setDays}
        />
      </div>
      <Checkbox
        label={t('people.token_limited')}
        checked={grants !== null}
        onChange={(event) => setGrants(event.currentTarget.checked ? {} : null)}
      />
      {grants !== null && (
        <Matrix
          grants={grants}
          change={setGrants}
          before={{}}
          held={held}
          readOnly={false}
          problems={fields}
        />
      )}
      <div className={css.foot}>
        <Button type="submit" variant="default" loading={make.isPending} disabled={!connected}>
          {t('people.make_token')}
        </Button>
        {error && fields.length === 0 && (
          <span className={css.error} role="alert">
            {problemText(t, error)}
          </span>
        )}
      </div>
      {make.data && <Secret label={t('people.token_once')} text={make.data.token} />}
    </form>
  );
}
