// One user, or a new one: who it is and may do; below, what is done with passwords, sessions and tokens.

import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/http';
import { changeUser, createUser, rolesQuery, sessionsOfQuery, teamsQuery, userQuery } from '../api/people';
import type { User } from '../api/types';
import { useLive } from '../live/store';
import { Failure, problemText } from '../ui/Failure';
import { Panel } from '../ui/Panel';
import css from './People.module.css';
import { roleLabel } from './role';
import { Secret } from './Sure';
import { Tokens } from './Tokens';
import { UserActs } from './UserActs';

export function UserPage({ name }: { name: string | null }) {
  const { t } = useTranslation();
  return (
    <div className={css.page}>
      <Link to="/admin/$page" params={{ page: 'users' }} className={css.back}>
        <IconArrowLeft size={15} aria-hidden /> {t('people.all_users')}
      </Link>
      {name === null ? <New /> : <Known name={name} />}
    </div>
  );
}

function Known({ name }: { name: string }) {
  const query = useQuery(userQuery(name));
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return null;
  const { body, tag } = query.data;
  return (
    <>
      <Editor key={tag} user={body} tag={tag} />
      <UserActs user={body} tag={tag} />
      <Tokens user={body} />
    </>
  );
}

interface Draft {
  name: string;
  display_name: string;
  roles: string[];
  teams: string[];
  agent: string | null;
  disabled: boolean;
}

const BLANK: Draft = { name: '', display_name: '', roles: [], teams: [], agent: null, disabled: false };

function draftOf({ name, display_name, roles, teams, agent, disabled }: User): Draft {
  return { name, display_name, roles, teams, agent, disabled };
}

/** After it is made, its first password stays on the screen until somebody leaves the page. */
function New() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(BLANK);
  const make = useMutation({
    mutationFn: ({ disabled: _, ...body }: Draft) => createUser(body),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['users'] }),
  });
  if (make.data) {
    const { user, password } = make.data;
    return (
      <Panel title={user.display_name}>
        <div className={css.form}>
          {password === null ? (
            <p>{t('people.made_program', { name: user.name })}</p>
          ) : (
            <Secret label={t('people.first_password', { name: user.name })} text={password} />
          )}
          <Link to="/admin/$page/$name" params={{ page: 'users', name: user.name }}>
            {t('people.to_user')}
          </Link>
        </div>
      </Panel>
    );
  }
  return (
    <Form
      title={t('people.new_user')}
      draft={draft}
      change={setDraft}
      isNew
      dirty
      error={make.error}
      pending={make.isPending}
      save={() => make.mutate(draft)}
      undo={null}
    />
  );
}

function Editor({ user, tag }: { user: User; tag: string }) {
  const queries = useQueryClient();
  const stored = draftOf(user);
  const [draft, setDraft] = useState(stored);
  const { name } = user;
  const save = useMutation({
    mutationFn: ({ name: _, ...body }: Draft) => changeUser(name, tag, body),
    onSuccess: (answer) => {
      queries.setQueryData(userQuery(name).queryKey, answer);
      void queries.invalidateQueries({ queryKey: ['users'] });
    },
  });
  return (
    <Form
      title={user.display_name}
      draft={draft}
      change={setDraft}
      isNew={false}
      dirty={JSON.stringify(draft) !== JSON.stringify(stored)}
      disables={draft.disabled && !stored.disabled}
      error={save.error}
      pending={save.isPending}
      save={() => save.mutate(draft)}
      undo={() => setDraft(stored)}
    />
  );
}

interface FormProps {
  title: string;
  draft: Draft;
  change(draft: Draft): void;
  isNew: boolean;
  dirty: boolean;
  /** It would end what the user has open. */
  disables?: boolean;
  error: Error | null;
  pending: boolean;
  save(): void;
  undo: (() => void) | null;
}

function Form({
  title,
  draft,
  change,
  isNew,
  dirty,
  disables = false,
  error,
  pending,
  save,
  undo,
}: FormProps) {
  const { t } = useTranslation();
  const connected = useLive((view) => view.connection === 'live');
  const agents = useLive((view) => view.live.agents);
  const roles = useQuery(rolesQuery).data ?? [];
  const teams = useQuery(teamsQuery).data ?? [];
  const put = (part: Partial<Draft>) => change({ ...draft, ...part });
  const wrong = (field: string) =>
    error instanceof Problem ? error.fields.find((one) => one.field === field)?.problem : undefined;
  const rest = error instanceof Problem && error.fields.length > 0 ? null : error;
  const agentIds = [
    ...new Set([...Object.keys(agents), ...(draft.agent === null ? [] : [draft.agent])]),
  ].sort();
  return (
    <Panel title={title}>
      <form
        className={css.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (connected && dirty && !pending) save();
        }}
      >
        <div className={css.fields}>
          <TextInput
            label={t('people.name')}
            description={isNew ? t('people.name_stays') : undefined}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            value={draft.name}
            readOnly={!isNew}
            error={wrong('name')}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => put({ name: event.currentTarget.value })}
          />
          <TextInput
            label={t('people.display_name')}
            value={draft.display_name}
            error={wrong('display_name')}
            autoComplete="off"
            onChange={(event) => put({ display_name: event.currentTarget.value })}
          />
          <NativeSelect
            label={t('people.agent')}
            value={draft.agent ?? ''}
            error={wrong('agent')}
            onChange={(event) => put({ agent: event.currentTarget.value || null })}
          >
            <option value="">{t('people.no_agent')}</option>
            {agentIds.map((id) => (
              <option key={id} value={id}>
                {`${agents[id]?.name ?? id} (${id})`}
              </option>
            ))}
          </NativeSelect>
        </div>
        <Choices
          legend={t('people.roles')}
          options={roles.map((role) => ({ value: role.name, label: roleLabel(t, role) }))}
          chosen={draft.roles}
          choose={(chosen) => put({ roles: chosen })}
          error={wrong('roles')}
        />
        {teams.length > 0 && (
          <Choices
            legend={t('people.teams')}
            options={teams.map(({ name }) => ({ value: name, label: name }))}
            chosen={draft.teams}
            choose={(chosen) => put({ teams: chosen })}
            error={wrong('teams')}
          />
        )}
        {!isNew && (
          <Checkbox
            label={t('people.disabled_box')}
            checked={draft.disabled}
            onChange={(event) => put({ disabled: event.currentTarget.checked })}
          />
        )}
        {disables && <Disabling name={draft.name} />}
        <div className={css.foot}>
          <Button type="submit" loading={pending} disabled={!connected || !dirty}>
            {t(isNew ? 'people.make_user' : 'people.save')}
          </Button>
          {dirty && undo !== null && (
            <Button variant="subtle" color="gray" onClick={undo}>
              {t('people.undo')}
            </Button>
          )}
          {rest && (
            <span className={css.error} role="alert">
              {rest instanceof Problem && rest.status === 412 ? t('people.stale') : problemText(t, rest)}
            </span>
          )}
        </div>
      </form>
    </Panel>
  );
}

/** What ends when the user is shut out. */
function Disabling({ name }: { name: string }) {
  const { t } = useTranslation();
  const open = useQuery(sessionsOfQuery(name)).data?.sessions ?? [];
  const tokens = open.filter(({ kind }) => kind === 'token').length;
  return (
    <ul className={css.touches} role="status">
      <li>{t('people.disable_touches', { sessions: open.length - tokens, tokens })}</li>
    </ul>
  );
}

interface ChoicesProps {
  legend: string;
  options: { value: string; label: string }[];
  chosen: string[];
  choose(chosen: string[]): void;
  error: string | undefined;
}

function Choices({ legend, options, chosen, choose, error }: ChoicesProps) {
  return (
    <fieldset className={css.choices}>
      <legend>{legend}</legend>
      <div className={css.list}>
        {options.map(({ value, label }) => (
          <Checkbox
            key={value}
            label={label}
            checked={chosen.includes(value)}
            onChange={(event) =>
              choose(event.currentTarget.checked ? [...chosen, value] : chosen.filter((one) => one !== value))
            }
          />
        ))}
      </div>
      {error !== undefined && (
        <p className={css.error} role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}
