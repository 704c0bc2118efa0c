// One number of a report, drawn over time or beside each other.

import { Select } from '@mantine/core';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Report, ReportKind } from '../api/reports';
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

/** Of one moment there is nothing to draw. */
export function isDrawn(report: Report): boolean {
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
      <Chart
        label={name}
        times={times}
        series={series}
        format={format}
        height={210}
        {...(isShare(field) ? { max: 1 } : {})}
      />
      <ul className={css.legend}>
        {lines.map(([subject], index) => (
          <li key={subject}>
            <span style={{ background: `var(${COLOURS[index] ?? '--dim'})` }} />
            <SubjectName kind={kind} id={subject} />
          </li>
        ))}
        {more > 0 && <li className={css.dim}>{t('report.more', { number: more })}</li>}
      </ul>
    </Panel>
  );
}
