// What counts on the day that is chosen in the calendar, and all days that are not like their weekday.

import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Entry, entryOf, put } from './draft';
import { useErrorAt, useForm } from './Form';
import css from './Form.module.css';
import look from './Hours.module.css';
import { lookOf, spansOf } from './hours';
import { plain } from './plain';

/** Keys with a point in them are no paths: dates have none, but names of holidays do not matter here. */
function withKey(form: Entry, section: 'holidays' | 'special', key: string, value: unknown): Entry {
  const { [key]: _before, ...others } = entryOf(form[section]);
  const next = value === undefined ? others : { ...others, [key]: value };
  return put(form, section, Object.keys(next).length > 0 ? next : undefined);
}

type Kind = 'day' | 'yearly' | 'span' | 'special';

export function DayEditor({ date }: { date: string }) {
  const { t } = useTranslation();
  const { draft, change, readOnly } = useForm();
  const [kind, setKind] = useState<Kind>('day');
  const [name, setName] = useState('');
  const [last, setLast] = useState('');
  const [spans, setSpans] = useState('');
  const today = lookOf(draft, date);
  const special = kind === 'special';
  const can = special ? true : name.trim() !== '' && (kind !== 'span' || last > date);
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (!can) return;
    if (special) change(withKey(draft, 'special', date, spansOf(spans)));
    else change(withKey(draft, 'holidays', keyOf(kind, date, last), name.trim()));
    setName('');
    setSpans('');
  };
  const what = today.name ?? (today.spans.length > 0 ? today.spans.join(', ') : t('admin_hours.closed'));
  return (
    <div>
      <p className={look.chosen}>
        <strong className="num">{date}</strong> {t(`admin_hours.${today.kind}`)}
        {today.kind !== 'closed' && `: ${what}`}
        {!readOnly && (today.kind === 'holiday' || today.kind === 'special') && (
          <Button
            variant="subtle"
            color="red"
            size="compact-xs"
            onClick={() =>
              change(
                withKey(
                  draft,
                  today.kind === 'special' ? 'special' : 'holidays',
                  today.key ?? date,
                  undefined,
                ),
              )
            }
          >
            {t('admin_hours.take_back')}
          </Button>
        )}
      </p>
      {!readOnly && (
        <form className={css.row} onSubmit={add}>
          <NativeSelect
            label={t('admin_hours.make_it')}
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value as Kind)}
            data={(['day', 'yearly', 'span', 'special'] as const).map((value) => ({
              value,
              label: t(`admin_hours.kind_${value}`),
            }))}
          />
          {kind === 'span' && (
            <TextInput
              type="date"
              label={t('admin_hours.last')}
              min={date}
              value={last}
              onChange={(event) => setLast(event.currentTarget.value)}
            />
          )}
          {special ? (
            <TextInput
              label={t('admin_hours.spans')}
              placeholder="08:00-12:00"
              value={spans}
              onChange={(event) => setSpans(event.currentTarget.value)}
            />
          ) : (
            <TextInput
              label={t('admin_hours.name')}
              maxLength={64}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
          <Button type="submit" variant="default" disabled={!can}>
            {t('admin_hours.set')}
          </Button>
        </form>
      )}
    </div>
  );
}

function keyOf(kind: Kind, date: string, last: string): string {
  if (kind === 'yearly') return date.slice(5);
  return kind === 'span' ? `${date}..${last}` : date;
}

/** All holidays and single days, as they are written. */
export function DayList({
  section,
  choose,
}: {
  section: 'holidays' | 'special';
  choose(date: string): void;
}) {
  const { t } = useTranslation();
  const { draft, change, readOnly, errors } = useForm();
  const wrong = useErrorAt(section, true);
  const rows = Object.entries(entryOf(draft[section])).sort(([one], [other]) => one.localeCompare(other));
  return (
    <div>
      {rows.length === 0 && <p className={css.hintLine}>{t(`admin_hours.no_${section}`)}</p>}
      {wrong !== null && <p className={css.error}>{wrong}</p>}
      <ul className={look.list}>
        {rows.map(([key, value]) => {
          const found = errors.filter(({ field }) => field.startsWith(`${section}.${key}`));
          return (
            <li key={key}>
              <button type="button" className={look.date} onClick={() => choose(dateIn(key))}>
                {key.length === 5 ? t('admin_hours.each_year', { date: key }) : key.replace('..', ' – ')}
              </button>
              <span>
                {Array.isArray(value) ? value.join(', ') || t('admin_hours.closed') : String(value)}
              </span>
              {!readOnly && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="sm"
                  aria-label={t('admin_form.without', { name: key })}
                  onClick={() => change(withKey(draft, section, key, undefined))}
                >
                  <IconTrash size={13} aria-hidden />
                </ActionIcon>
              )}
              {found.length > 0 && (
                <p className={css.error}>{found.map(({ problem }) => plain(t, problem)).join(' ')}</p>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** A date to look at: the first of a span, this year's of a day of every year. */
function dateIn(key: string): string {
  return key.length === 5 ? `${new Date().getFullYear()}-${key}` : key.slice(0, 10);
}
