// Figures of queues, agents, groups and flows over any time, drawn, explained, and to be taken away.

import '../texts/wide';
import { Button, NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core';
import { IconDownload, IconListDetails } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type Report,
  type ReportFilter,
  type ReportKind,
  type ReportStep,
  reportQuery,
} from '../api/reports';
import type { CallsSearch, ReportsSearch } from '../app/router';
import { useMay } from '../app/session';
import { useEnded } from '../board/figures';
import { localOf } from '../calls/SearchForm';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import { Failure } from '../ui/Failure';
import { Nothing, Panel } from '../ui/Panel';
import { Figure } from './Figure';
import { csvOf, fieldsOf, meaning } from './fields';
import css from './Reports.module.css';
import { isSpan, momentsOf, SPANS, type Span } from './spans';
import { Table } from './Table';

const KINDS: readonly ReportKind[] = ['queues', 'agents', 'groups', 'flows'];
const STEPS: readonly ReportStep[] = ['interval', 'hour', 'day', 'total'];
/** Figures of today are read again when calls have ended, at most so often. */
const READ_AGAIN_MS = 30_000;

export function Reports() {
  const { t } = useTranslation();
  const may = useMay('reports.see');
  if (!may) return <Nothing>{t('problem.forbidden')}</Nothing>;
  return <Page />;
}

function Page() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/reports' });
  const kind = KINDS.find((one) => one === search.kind) ?? 'queues';
  const span = isSpan(search.span) ? search.span : 'today';
  const by = STEPS.find((one) => one === search.by) ?? 'total';
  const ended = useEnded(READ_AGAIN_MS);
  const seen = span === 'today' ? ended : 0;
  const filter = useMemo<ReportFilter>(
    () => ({ ...momentsOf(span, search), by, ...pick(search) }),
    [span, search, by],
  );
  const query = useQuery(reportQuery(kind, filter, seen));
  return (
    <div className={css.page}>
      <Head kind={kind} span={span} by={by} search={search} report={query.data} />
      {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.data && <Shown kind={kind} report={query.data} search={search} />}
      {query.isSuccess && query.data.rows.length === 0 && (
        <Panel title={t(`report.kind.${kind}`)}>
          <Nothing>{t('report.none')}</Nothing>
        </Panel>
      )}
    </div>
  );
}

function pick({ of, within_s, short_s }: ReportsSearch): ReportFilter {
  return { ...(of ? { of } : {}), ...(within_s ? { within_s } : {}), ...(short_s ? { short_s } : {}) };
}

interface ShownProps {
  kind: ReportKind;
  report: Report;
  search: ReportsSearch;
}

function Shown({ kind, report, search }: ShownProps) {
  const navigate = useNavigate({ from: '/reports' });
  const fields = useMemo(() => fieldsOf(report), [report]);
  const field = fields.find((one) => one === search.field) ?? fields[0];
  if (report.rows.length === 0 || field === undefined) return null;
  const choose = (chosen: string) => void navigate({ search: { ...search, field: chosen }, replace: true });
  return (
    <>
      <Figure kind={kind} report={report} field={field} fields={fields} choose={choose} />
      <Table kind={kind} report={report} fields={fields} />
      <Definitions report={report} fields={fields} />
    </>
  );
}

interface HeadProps {
  kind: ReportKind;
  span: Span;
  by: ReportStep;
  search: ReportsSearch;
  report: Report | undefined;
}

function Head({ kind, span, by, search, report }: HeadProps) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: '/reports' });
  const records = useMay('records.see');
  const set = (change: Partial<Record<keyof ReportsSearch, string | undefined>>) => {
    const after = Object.entries({ ...search, ...change }).filter(([, value]) => value);
    void navigate({ search: Object.fromEntries(after) as ReportsSearch, replace: true });
  };
  return (
    <div className={css.head}>
      <SegmentedControl
        aria-label={t('report.about')}
        value={kind}
        onChange={(chosen) => set({ kind: chosen, of: undefined, field: undefined })}
        data={KINDS.map((value) => ({ value, label: t(`report.kind.${value}`) }))}
      />
      <Select
        aria-label={t('report.time')}
        data={SPANS.map((value) => ({ value: value as string, label: t(`report.span.${value}`) }))}
        value={span}
        allowDeselect={false}
        onChange={(chosen) => set({ span: chosen ?? 'today' })}
        w={130}
      />
      {span === 'other' && <Moments search={search} set={set} />}
      {kind !== 'flows' && (
        <Select
          aria-label={t('report.by')}
          data={STEPS.map((value) => ({ value: value as string, label: t(`report.step.${value}`) }))}
          value={by}
          allowDeselect={false}
          onChange={(chosen) => set({ by: chosen ?? 'total' })}
          w={120}
        />
      )}
      {kind !== 'flows' && <Subject key={kind} kind={kind} of={search.of} set={(of) => set({ of })} />}
      {kind === 'queues' && (
        <>
          <Seconds name="within_s" value={search.within_s ?? String(report?.within_s ?? '')} set={set} />
          <Seconds name="short_s" value={search.short_s ?? String(report?.short_s ?? '')} set={set} />
        </>
      )}
      <span className={css.aside}>
        {records && (
          <Button
            renderRoot={(props) => <Link {...props} to="/calls" search={logOf(kind, search, span)} />}
            variant="default"
            leftSection={<IconListDetails size={15} aria-hidden />}
          >
            {t('report.log')}
          </Button>
        )}
        {report && report.rows.length > 0 && (
          <Button
            variant="default"
            leftSection={<IconDownload size={15} aria-hidden />}
            onClick={() => take(csvOf(report, fieldsOf(report)), `${kind}.csv`)}
          >
            {t('report.csv')}
          </Button>
        )}
      </span>
    </div>
  );
}

/** The calls of the same time and subject. */
function logOf(kind: ReportKind, search: ReportsSearch, span: Span): CallsSearch {
  const { from, until } = momentsOf(span, search);
  const of = search.of;
  return {
    ...(from ? { from } : {}),
    ...(until ? { until } : {}),
    ...(of && kind === 'queues' ? { queue: of } : {}),
    ...(of && kind === 'agents' ? { agent: of } : {}),
  };
}

function take(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

interface SubjectProps {
  kind: ReportKind;
  of: string | undefined;
  set(of: string | undefined): void;
}

function Subject({ kind, of, set }: SubjectProps) {
  const { t } = useTranslation();
  const queues = useLive((view) => view.live.queues);
  const agents = useLive((view) => view.live.agents);
  const choices = useMemo(() => {
    if (kind === 'queues') return queues.map(({ id, name }) => ({ value: id, label: name }));
    const all = Object.values(agents);
    if (kind === 'agents') return all.map(({ id, name }) => ({ value: id, label: `${name} · ${id}` }));
    return [...new Set(all.flatMap(({ groups }) => groups))].sort().map((value) => ({ value, label: value }));
  }, [kind, queues, agents]);
  return (
    <Select
      aria-label={t('report.of')}
      placeholder={t('report.all')}
      data={choices}
      value={of ?? null}
      onChange={(chosen) => set(chosen ?? undefined)}
      searchable
      clearable
      limit={200}
      w={150}
    />
  );
}

type Set = (change: Partial<Record<keyof ReportsSearch, string | undefined>>) => void;

function Moments({ search, set }: { search: ReportsSearch; set: Set }) {
  const { t } = useTranslation();
  return (['from', 'until'] as const).map((name) => (
    <TextInput
      key={name}
      type="datetime-local"
      aria-label={t(`search.${name}`)}
      value={localOf(search[name])}
      w={180}
      onChange={(event) => {
        const { value } = event.currentTarget;
        set({ [name]: value ? new Date(value).toISOString() : undefined });
      }}
    />
  ));
}

function Seconds({ name, value, set }: { name: 'within_s' | 'short_s'; value: string; set: Set }) {
  const { t } = useTranslation();
  return (
    <NumberInput
      aria-label={t(`report.${name}`)}
      prefix={`${t(`report.${name}_short`)} `}
      suffix=" s"
      size="xs"
      min={name === 'within_s' ? 1 : 0}
      max={name === 'within_s' ? 3600 : 600}
      value={value}
      hideControls
      onChange={(chosen) => set({ [name]: chosen === '' ? undefined : String(chosen) })}
      w={124}
    />
  );
}

/** Each number with its formula, as the server says it. */
function Definitions({ report, fields }: { report: Report; fields: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <details className={css.definitions}>
      <summary>{t('report.definitions')}</summary>
      <dl>
        {report.definitions
          .filter(({ field }) => fields.includes(field))
          .map((one) => (
            <div key={one.field}>
              <dt>{word(t, 'report.field', one.field)}</dt>
              <dd>
                <code>{one.formula}</code> {meaning(one)}
              </dd>
            </div>
          ))}
      </dl>
    </details>
  );
}
