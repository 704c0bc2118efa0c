// When the center is open: the week, holidays and single days, and whether it is open now.

import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { hoursAtQuery } from '../api/config';
import { useMay } from '../app/session';
import { DayEditor, DayList } from './DayEditor';
import { entriesOf, entryOf, type Part, put } from './draft';
import { EntryEditor, NEW } from './EntryEditor';
import { EntryList } from './EntryList';
import { type FieldGroup, Section, useForm } from './Form';
import form from './Form.module.css';
import css from './Hours.module.css';
import { barsOf, DAYS, type Day, hoursFromForm, hoursPath, hoursToForm, spansOf, type Week } from './hours';
import { OpenNow, StateTag } from './OpenNow';
import type { PageProps } from './pages';
import { plain } from './plain';
import { sectionPage } from './SectionPage';
import { Year } from './Year';

const WORDS = { field: 'hours_field', hint: 'hours_hint', group: 'hours_group' };
const MINUTES_OF_DAY = 1440;

const GROUPS: readonly FieldGroup[] = [
  {
    id: 'place',
    fields: [
      {
        kind: 'pick',
        path: 'zone',
        needed: true,
        free: true,
        hint: true,
        from: () => Intl.supportedValuesOf('timeZone').map((value) => ({ value, label: value })),
      },
    ],
  },
];

export default function HoursPage({ name }: PageProps) {
  const seesConfig = useMay('config.see');
  if (!seesConfig) return <ByHand />;
  return <OfSection name={name} />;
}

const OfSection = sectionPage(List, Editor);

/** For those who may open and close by hand and no more. */
function ByHand() {
  const may = useMay('hours.see');
  const { data } = useQuery({ ...hoursAtQuery(null), enabled: may });
  return data?.hours.map(({ name }) => (
    <div key={name} className={form.form}>
      <h2 className={form.hint}>{name}</h2>
      <OpenNow name={name} />
    </div>
  ));
}

function List({ center }: { center: Center }) {
  const { t } = useTranslation();
  const may = useMay('hours.see');
  const { data } = useQuery({ ...hoursAtQuery(null), enabled: may, staleTime: 0, refetchOnMount: 'always' });
  const count = (value: unknown) => Object.keys(entryOf(value)).length;
  return (
    <EntryList
      page="hours"
      center={center}
      words="admin_hours"
      textOf={([, entry]) => String(entry.zone ?? '')}
      columns={[
        {
          id: 'now',
          title: t('admin_hours.now'),
          cell: ([id]) => <StateTag hours={data?.hours.find(({ name }) => name === id)} />,
        },
        { id: 'zone', title: t('hours_field.zone'), cell: ([, { zone }]) => String(zone ?? '') },
        {
          id: 'holidays',
          title: t('admin_hours.holidays'),
          right: true,
          cell: ([, entry]) => count(entry.holidays),
        },
        {
          id: 'special',
          title: t('admin_hours.specials'),
          right: true,
          cell: ([, entry]) => count(entry.special),
        },
        { id: 'queues', title: t('admin_hours.queues'), cell: ([id]) => queuesOf(center, id).join(', ') },
      ]}
    />
  );
}

function queuesOf({ sections }: Center, hours: string): string[] {
  return entriesOf(sections.queues)
    .filter(([, queue]) => queue.hours === hours)
    .map(([name]) => name);
}

function Editor({ name, center }: { name: string; center: Center }) {
  const { t } = useTranslation();
  const [date, setDate] = useState(() => new Date().toISOString().slice(0, 10));
  const queues = queuesOf(center, name);
  return (
    <EntryEditor
      page="hours"
      section="hours"
      name={name}
      center={center}
      groups={GROUPS}
      words={WORDS}
      blank={{
        zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        weekly: { 'mon-fri': ['09:00-17:00'] },
      }}
      nameLabel={t('admin_hours.id')}
      nameHint={t('admin_hours.id_hint')}
      handled={['week', 'weekly', 'holidays', 'special']}
      toForm={hoursToForm}
      fromForm={hoursFromForm}
      pathInForm={hoursPath}
      rest={false}
      head={name !== NEW && <OpenNow name={name} />}
      removal={name === NEW ? undefined : () => removalOf(center, queues, <Touches queues={queues} />)}
    >
      <WeekEditor />
      <Section title={t('admin_hours.calendar')}>
        <div className={form.wide}>
          <Calendar date={date} choose={setDate} />
        </div>
      </Section>
      <Section title={t('admin_hours.holidays')}>
        <div className={form.wide}>
          <DayList section="holidays" choose={setDate} />
        </div>
      </Section>
      <Section title={t('admin_hours.specials')}>
        <div className={form.wide}>
          <DayList section="special" choose={setDate} />
        </div>
      </Section>
    </EntryEditor>
  );
}

function Calendar({ date, choose }: { date: string; choose(date: string): void }) {
  const { draft } = useForm();
  return (
    <>
      <DayEditor key={date} date={date} />
      <Year form={draft} date={date} choose={choose} />
    </>
  );
}

function WeekEditor() {
  const { t } = useTranslation();
  return (
    <Section title={t('admin_hours.week')}>
      <div className={`${css.week} ${form.wide}`}>
        <span />
        <span />
        <span className={css.scale} aria-hidden>
          {[0, 6, 12, 18, 24].map((hour) => (
            <span key={hour}>{hour}</span>
          ))}
        </span>
        <span />
        {DAYS.map((day, index) => (
          <DayLine key={day} day={day} before={DAYS[index - 1] ?? null} />
        ))}
      </div>
    </Section>
  );
}

function DayLine({ day, before }: { day: Day; before: Day | null }) {
  const { t } = useTranslation();
  const { draft, change, readOnly, errors } = useForm();
  const week = entryOf(draft.week) as Week;
  const spans = week[day] ?? [];
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = errors.filter(({ field }) => field === `week.${day}` || (day === 'mon' && field === 'week'));
  const set = (next: string[]) =>
    change({ ...draft, week: put(week, day, next.length > 0 ? next : undefined) });
  return (
    <>
      <label htmlFor={`hours-${day}`}>{t(`admin_day.${day}`)}</label>
      <TextInput
        id={`hours-${day}`}
        placeholder={t('admin_hours.closed')}
        autoComplete="off"
        disabled={readOnly}
        value={typed ?? spans.join(', ')}
        error={wrong.length > 0 ? wrong.map(({ problem }) => plain(t, problem)).join(' ') : null}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          set(spansOf(event.currentTarget.value));
        }}
        onBlur={() => setTyped(null)}
      />
      <div className={css.bar} aria-hidden>
        {barsOf(spans).map(({ from_minutes, to_minutes }) => (
          <span
            key={from_minutes}
            className={css.span}
            style={{
              left: `${(from_minutes / MINUTES_OF_DAY) * 100}%`,
              width: `${((to_minutes - from_minutes) / MINUTES_OF_DAY) * 100}%`,
            }}
          />
        ))}
      </div>
      {before !== null && !readOnly ? (
        <Button variant="subtle" size="compact-xs" onClick={() => set(week[before] ?? [])}>
          {t('admin_hours.as_before')}
        </Button>
      ) : (
        <span />
      )}
    </>
  );
}

/** Queues that kept to these hours are open always then. */
function removalOf(
  center: Center,
  queues: readonly string[],
  note: React.ReactNode,
): { parts: Part[]; note: React.ReactNode } {
  const parts = queues.map((name) => ({
    section: 'queues',
    name,
    value: put(entryOf(entryOf(center.sections.queues)[name]), 'hours', undefined),
  }));
  return { parts, note };
}

function Touches({ queues }: { queues: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <div className={form.touches}>
      {t('admin_queue.removal')}
      <ul>
        {queues.length > 0 && <li>{t('admin_hours.removal_queues', { queues: queues.join(', ') })}</li>}
        <li>{t('admin_hours.removal_flows')}</li>
      </ul>
    </div>
  );
}
