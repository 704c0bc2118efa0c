// What calls are looked for by. All of it is in the address, so that a search can be kept and sent to others.

import { Button, Select, TextInput } from '@mantine/core';
import { IconAdjustments, IconSearch, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { dispositionsQuery } from '../api/agents';
import type { FieldProblem } from '../api/types';
import type { CallsSearch } from '../app/router';
import { useMayFor } from '../app/session';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import css from './SearchForm.module.css';

type Name = keyof CallsSearch;

const CAUSES = [
  'completed',
  'transferred',
  'abandoned',
  'hung_up_early',
  'flow_ended',
  'not_answered',
  'blocked',
  'refused',
  'no_trunk',
  'unreachable',
  'media_lost',
  'session_expired',
  'shutdown',
  'server_restart',
  'internal_error',
];
/** Shown only when somebody asks for more, or looks by one of them. */
const FURTHER: readonly Name[] = [
  'flow',
  'trunk',
  'dialled',
  'disposition',
  'customer',
  'waited_min_s',
  'waited_max_s',
  'talked_min_s',
  'talked_max_s',
  'recorded',
];
const NUMBER_MODES = ['number', 'number_begins', 'number_ends'] as const;

export function SearchForm({ wrong }: { wrong: FieldProblem[] }) {
  const { t } = useTranslation();
  const search = useSearch({ from: '/calls' });
  const navigate = useNavigate({ from: '/calls' });
  const [more, setMore] = useState(() => FURTHER.some((name) => search[name] !== undefined));
  const set = (name: Name, value: string | null) => {
    const { [name]: _, ...others } = search;
    const after = value ? { ...others, [name]: value } : others;
    void navigate({ search: after, replace: true });
  };
  const problem = (name: Name) => wrong.find(({ field }) => field === name)?.problem;
  const words = (name: Name, width = 130) => (
    <Words
      key={name}
      label={t(`search.${name}` as 'search.text')}
      value={search[name] ?? ''}
      set={(value) => set(name, value)}
      width={width}
      problem={problem(name)}
    />
  );
  return (
    <search className={css.form} aria-label={t('search.title')}>
      <div className={css.row}>
        <Words
          label={t('search.text')}
          icon={<IconSearch size={14} aria-hidden />}
          value={search.text ?? ''}
          set={(value) => set('text', value)}
          width={230}
          problem={problem('text')}
        />
        <NumberField
          search={search}
          change={(after) => void navigate({ search: after, replace: true })}
          problem={problem}
        />
        <Persons search={search} set={set} />
        <Moment name="from" search={search} set={set} problem={problem('from')} />
        <Moment name="until" search={search} set={set} problem={problem('until')} />
        <Choice name="direction" search={search} set={set} width={110}>
          {(['in', 'out', 'internal'] as const).map((value) => ({ value, label: t(`search.way.${value}`) }))}
        </Choice>
        <Choice name="cause" search={search} set={set} width={160}>
          {CAUSES.map((value) => ({ value, label: word(t, 'call.end', value) }))}
        </Choice>
        <Button
          variant="default"
          className={css.button}
          leftSection={<IconAdjustments size={15} aria-hidden />}
          aria-expanded={more}
          onClick={() => setMore(!more)}
        >
          {t('search.more')}
        </Button>
        {Object.keys(search).length > 0 && (
          <Button
            variant="subtle"
            className={css.button}
            leftSection={<IconX size={15} aria-hidden />}
            onClick={() => void navigate({ search: {}, replace: true })}
          >
            {t('search.clear')}
          </Button>
        )}
      </div>
      {more && (
        <div className={css.row}>
          <Disposition search={search} set={set} />
          <Choice name="recorded" search={search} set={set} width={110}>
            {[
              { value: 'true', label: t('search.recorded_yes') },
              { value: 'false', label: t('search.recorded_no') },
            ]}
          </Choice>
          {words('waited_min_s', 100)}
          {words('waited_max_s', 100)}
          {words('talked_min_s', 100)}
          {words('talked_max_s', 100)}
          {words('flow', 110)}
          {words('trunk', 110)}
          {words('dialled', 110)}
          {words('customer', 150)}
        </div>
      )}
    </search>
  );
}

interface WordsProps {
  label: string;
  value: string;
  set(value: string): void;
  width: number;
  icon?: ReactNode;
  problem: string | undefined;
}

/** Looked for when it is finished: by the enter key, or when the field is left. */
function Words({ label, value, set, width, icon, problem }: WordsProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const take = () => text.trim() !== value && set(text.trim());
  return (
    <TextInput
      label={label}
      value={text}
      w={width}
      leftSection={icon}
      error={problem}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === 'Enter' && take()}
    />
  );
}

interface FieldProps {
  search: CallsSearch;
  set(name: Name, value: string | null): void;
}

interface NumberProps {
  search: CallsSearch;
  change(search: CallsSearch): void;
  problem(name: Name): string | undefined;
}

/** A number as a whole, or how it begins or ends. */
function NumberField({ search, change, problem }: NumberProps) {
  const { t } = useTranslation();
  const used = NUMBER_MODES.find((name) => search[name] !== undefined);
  const [mode, setMode] = useState<(typeof NUMBER_MODES)[number]>(used ?? 'number');
  const put = (name: (typeof NUMBER_MODES)[number], value: string) => {
    const { number: _1, number_begins: _2, number_ends: _3, ...others } = search;
    change(value ? { ...others, [name]: value } : others);
  };
  const value = search[mode] ?? '';
  return (
    <div className={css.pair}>
      <Words
        label={t('search.number')}
        value={value}
        set={(text) => put(mode, text)}
        width={130}
        problem={problem(mode)}
      />
      <Select
        aria-label={t('search.number_mode')}
        data={NUMBER_MODES.map((name) => ({ value: name, label: t(`search.mode.${name}`) }))}
        value={mode}
        allowDeselect={false}
        w={92}
        onChange={(name) => {
          const next = NUMBER_MODES.find((one) => one === name) ?? 'number';
          setMode(next);
          if (value) put(next, value);
        }}
      />
    </div>
  );
}

function Persons({ search, set }: FieldProps) {
  const { t } = useTranslation();
  const mayFor = useMayFor('records.see');
  const queues = useLive((view) => view.live.queues);
  const agents = useLive((view) => view.live.agents);
  const queueNames = useMemo(() => queues.map(({ id, name }) => ({ value: id, label: name })), [queues]);
  const agentNames = useMemo(
    () => Object.values(agents).map(({ id, name }) => ({ value: id, label: `${name} · ${id}` })),
    [agents],
  );
  return (
    <>
      {mayFor && (
        <Select
          label={t('calls.agent_filter')}
          data={agentNames}
          value={search.agent ?? null}
          onChange={(value) => set('agent', value)}
          searchable
          clearable
          limit={100}
          w={150}
        />
      )}
      <Select
        label={t('calls.queue_filter')}
        data={queueNames}
        value={search.queue ?? null}
        onChange={(value) => set('queue', value)}
        searchable
        clearable
        limit={100}
        w={130}
      />
    </>
  );
}

function Disposition({ search, set }: FieldProps) {
  const { t } = useTranslation();
  const query = useQuery(dispositionsQuery());
  const codes = Object.entries(query.data?.dispositions ?? {});
  return (
    <Select
      label={t('search.disposition')}
      data={codes.map(([value, label]) => ({ value, label }))}
      value={search.disposition ?? null}
      onChange={(value) => set('disposition', value)}
      searchable
      clearable
      w={150}
    />
  );
}

interface ChoiceProps extends FieldProps {
  name: 'direction' | 'cause' | 'recorded';
  width: number;
  children: { value: string; label: string }[];
}

function Choice({ name, search, set, width, children }: ChoiceProps) {
  const { t } = useTranslation();
  return (
    <Select
      label={t(`search.${name}`)}
      data={children}
      value={search[name] ?? null}
      onChange={(value) => set(name, value)}
      clearable
      w={width}
    />
  );
}

interface MomentProps extends FieldProps {
  name: 'from' | 'until';
  problem: string | undefined;
}

/** Chosen in the time of this place; asked for in UTC. */
function Moment({ name, search, set, problem }: MomentProps) {
  const { t } = useTranslation();
  return (
    <TextInput
      type="datetime-local"
      label={t(`search.${name}`)}
      value={localOf(search[name])}
      error={problem}
      w={175}
      onChange={(event) => {
        const { value } = event.currentTarget;
        set(name, value ? new Date(value).toISOString() : null);
      }}
    />
  );
}

/** `2026-01-31T09:05` of a moment, here. */
export function localOf(moment: string | undefined): string {
  if (moment === undefined || Number.isNaN(Date.parse(moment))) return '';
  const at = new Date(moment);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
