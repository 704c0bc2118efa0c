// Who did what: the audit log, found by who, what and when; whether it is whole; and as a table for spreadsheets.

import '../texts/people';
import { Button, TextInput } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type AuditFilter, auditFile, auditQuery, checkAudit } from '../api/system';
import type { AuditEntry } from '../api/types';
import { useLive } from '../live/store';
import { dayAndTime, word } from '../texts/format';
import { problemText } from '../ui/Failure';
import { Found } from '../ui/Found';
import grid from '../ui/Grid.module.css';
import { Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import css from './System.module.css';

export default function Audit() {
  const { t } = useTranslation();
  const [filter, setFilter] = useState<AuditFilter>({});
  const query = useInfiniteQuery(auditQuery(filter));
  const entries = query.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <div className={css.page}>
      <Chain />
      <Panel title={t('audit.title')}>
        <Search filter={filter} search={setFilter} />
        <Found query={query} count={entries.length} nothing={t('audit.none')} more={t('audit.older')}>
          <Entries entries={entries} />
        </Found>
      </Panel>
    </div>
  );
}

/** Whether nothing was changed in the log, or taken out of it. */
function Chain() {
  const { t } = useTranslation();
  const connected = useLive((view) => view.connection === 'live');
  const check = useMutation({ mutationFn: checkAudit });
  const { data } = check;
  return (
    <Panel title={t('audit.chain')}>
      <div className={css.chain}>
        <span role="status">
          {data === undefined ? (
            t('audit.chain_hint')
          ) : data.broken_at === null ? (
            <>
              <Tag tone="ready">{t('audit.whole')}</Tag> {t('audit.whole_text', { rows: data.rows })}
            </>
          ) : (
            <>
              <Tag tone="bad">{t('audit.broken')}</Tag>{' '}
              {data.broken_at === 0
                ? t('audit.broken_end')
                : t('audit.broken_text', { row: data.broken_at, rows: data.rows })}
            </>
          )}
        </span>
        {check.error && (
          <span className={css.error} role="alert">
            {problemText(t, check.error)}
          </span>
        )}
        <Button
          variant="default"
          size="compact-sm"
          loading={check.isPending}
          disabled={!connected}
          onClick={() => check.mutate()}
        >
          {t('audit.check')}
        </Button>
      </div>
    </Panel>
  );
}

interface SearchProps {
  filter: AuditFilter;
  search(filter: AuditFilter): void;
}

function Search({ filter, search }: SearchProps) {
  const { t } = useTranslation();
  const [actor, setActor] = useState('');
  const [action, setAction] = useState('');
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const moment = (local: string) => (local === '' ? undefined : new Date(local).toISOString());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    search({
      actor: actor.trim() || undefined,
      action: action.trim() || undefined,
      from: moment(from),
      until: moment(until),
    });
  };
  const field = (label: string, value: string, set: (value: string) => void) => ({
    label,
    value,
    onChange: (event: { currentTarget: { value: string } }) => set(event.currentTarget.value),
  });
  return (
    <form className={css.tools} onSubmit={submit}>
      <TextInput
        {...field(t('audit.actor'), actor, setActor)}
        className={css.short ?? ''}
        autoComplete="off"
      />
      <TextInput
        {...field(t('audit.action'), action, setAction)}
        placeholder={t('audit.action_hint')}
        autoComplete="off"
      />
      <TextInput
        {...field(t('audit.from'), from, setFrom)}
        className={css.moment ?? ''}
        type="datetime-local"
      />
      <TextInput
        {...field(t('audit.until'), until, setUntil)}
        className={css.moment ?? ''}
        type="datetime-local"
      />
      <Button type="submit">{t('audit.find')}</Button>
      <Button component="a" href={auditFile(filter)} download variant="default">
        {t('audit.export')}
      </Button>
    </form>
  );
}

function Entries({ entries }: { entries: AuditEntry[] }) {
  const { t } = useTranslation();
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('audit.time')}</th>
            <th>{t('audit.actor')}</th>
            <th>{t('audit.action')}</th>
            <th>{t('audit.subject')}</th>
            <th>{t('audit.detail')}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ seq, at, actor, action, subject, detail }) => (
            <tr key={seq}>
              <td className="num">{dayAndTime(at)}</td>
              <td>{actor}</td>
              <td title={action}>{word(t, 'audit.actions', action.replaceAll('.', '_'))}</td>
              <td className={grid.clip} title={subject}>
                {subject}
              </td>
              <td className={css.detail}>{told(detail)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** `{"a": 1, "b": [..]}` as people read it. */
function told(detail: unknown): string {
  if (detail === null || detail === undefined) return '';
  if (typeof detail !== 'object' || Array.isArray(detail)) return JSON.stringify(detail);
  return Object.entries(detail)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');
}
