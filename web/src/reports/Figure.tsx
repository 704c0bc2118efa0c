// One number of a report, drawn over time or beside each other.

import { Select } from '@mantine/core';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { figure, type Report, type ReportKind, subjectOf } from '../api/reports';
import { word } from '../texts/format';
import { Chart } from '../ui/Chart';
import { Panel } from '../ui/Panel';
import { definitionOf, isShare, linesOf, meaning, shown } from './fields';
import css from './Reports.module.css';
import { SubjectName } from './Table';

const LINES_MAX = 6;
const COLOURS = [
  '--tone-talking',
  '--tone-ready',
  '--tone-ringing',
  '--tone-wrap',
  '--tone-off',
  '--tone-hold',
];

/** More bars are not told apart. */
const BARS_MAX = 12;

function isOverTime(report: Report): boolean {
  return report.rows.some(({ from }) => from !== report.rows[0]?.from);
}

interface Props {
  kind: ReportKind;
  report: Report;
  field: string;
  fields: readonly string[];
  choose(field: string): void;
}

export function Figure({ kind, report, field, fields, choose }: Props) {
  const { t } = useTranslation();
  const { times, lines, more } = useMemo(() => linesOf(report, field, LINES_MAX), [report, field]);
  const series = useMemo(
    () =>
      lines.map(([subject, values], index) => ({
        label: subject,
        values,
        colour: COLOURS[index] ?? '--dim',
        filled: lines.length === 1,
      })),
    [lines],
  );
  const format = useCallback((value: number) => shown(field, value).replace('.0 %', ' %'), [field]);
  const name = word(t, 'report.field', field);
  return (
    <Panel
      title={name}
      aside={
        <Select
          aria-label={t('report.drawn')}
          data={fields.map((value) => ({ value, label: word(t, 'report.field', value) }))}
          value={field}
          allowDeselect={false}
          searchable
          onChange={(chosen) => chosen !== null && choose(chosen)}
          w={220}
        />
      }
    >
      <p className={css.meaning}>{meaning(definitionOf(report, field))}</p>
      {!isOverTime(report) && <Bars kind={kind} report={report} field={field} />}
      {isOverTime(report) && (
        <Chart
          label={name}
          times={times}
          series={series}
          format={format}
          height={210}
          {...(isShare(field) ? { max: 1 } : {})}
        />
      )}
      {isOverTime(report) && (
        <ul className={css.legend}>
          {lines.map(([subject], index) => (
            <li key={subject}>
              <span style={{ background: `var(${COLOURS[index] ?? '--dim'})` }} />
              <SubjectName kind={kind} id={subject} />
            </li>
          ))}
          {more > 0 && <li className={css.dim}>{t('report.more', { number: more })}</li>}
        </ul>
      )}
    </Panel>
  );
}

/** Of one stretch of time: who has most of it beside the others. */
function Bars({ kind, report, field }: Pick<Props, 'kind' | 'report' | 'field'>) {
  const { t } = useTranslation();
  const rows = useMemo(
    () => [...report.rows].sort((one, other) => (figure(other, field) ?? 0) - (figure(one, field) ?? 0)),
    [report, field],
  );
  const most = isShare(field) ? 1 : Math.max(...rows.map((row) => figure(row, field) ?? 0), 0);
  return (
    <ul className={css.bars}>
      {rows.slice(0, BARS_MAX).map((row) => {
        const value = figure(row, field);
        return (
          <li key={subjectOf(row)}>
            <span className={css.barName}>
              <SubjectName kind={kind} id={subjectOf(row)} />
            </span>
            <span className={css.bar}>
              <i style={{ width: `${most > 0 ? ((value ?? 0) / most) * 100 : 0}%` }} />
            </span>
            <span className="num">{shown(field, value)}</span>
          </li>
        );
      })}
      {rows.length > BARS_MAX && (
        <li className={css.dim}>{t('report.more', { number: rows.length - BARS_MAX })}</li>
      )}
    </ul>
  );
}
