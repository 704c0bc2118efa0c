// All numbers of a report; a title tells what its number means.

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { figure, type Report, type ReportKind, type ReportRow, subjectOf } from '../api/reports';
import { AgentName, QueueName } from '../calls/CallTable';
import { dayAndTime, word } from '../texts/format';
import { byNumber, byText } from '../ui/order';
import { Panel } from '../ui/Panel';
import { type Column, RowTable } from '../ui/RowTable';
import { definitionOf, meaning, shown } from './fields';
import css from './Reports.module.css';

const NUMBER_PX = 118;
const SUBJECT_PX = 170;
const TIME_PX = 150;

interface Props {
  kind: ReportKind;
  report: Report;
  fields: readonly string[];
}

export function Table({ kind, report, fields }: Props) {
  const { t } = useTranslation();
  const timed = report.by !== undefined && report.by !== 'total';
  const columns = useMemo<Column<ReportRow>[]>(
    () => [
      {
        id: 'subject',
        title: t(`report.one.${kind}`),
        width: `${SUBJECT_PX}px`,
        compare: (one, other) => byText(subjectOf(one), subjectOf(other)),
        cell: (row) => <SubjectName kind={kind} id={subjectOf(row)} />,
      },
      ...(timed ? [moment(t('report.from'))] : []),
      ...fields.map((field) => ({
        id: field,
        title: word(t, 'report.field', field),
        hint: meaning(definitionOf(report, field)),
        width: `minmax(${NUMBER_PX}px, 1fr)`,
        right: true,
        compare: (one: ReportRow, other: ReportRow) => byNumber(figure(one, field), figure(other, field)),
        cell: (row: ReportRow) => <span className="num">{shown(field, figure(row, field))}</span>,
      })),
    ],
    [t, kind, timed, fields, report],
  );
  return (
    <Panel title={t(`report.kind.${kind}`)} count={report.rows.length}>
      <div className={css.wide}>
        <div
          className={css.table}
          style={{
            minWidth: SUBJECT_PX + (timed ? TIME_PX : 0) + fields.length * NUMBER_PX,
            height: heightOf(report),
          }}
        >
          <RowTable
            id={`report ${kind}`}
            label={t(`report.kind.${kind}`)}
            rows={report.rows}
            idOf={idOf}
            columns={columns}
            sorting={FIRST}
            nothing={t('report.none')}
          />
        </div>
      </div>
      {kind === 'agents' && <Reasons report={report} />}
    </Panel>
  );
}

const FIRST = { column: 'subject', down: false };
const ROW_PX = 30;
const ROWS_SHOWN = 14;

function heightOf({ rows }: Report): number {
  return 46 + ROW_PX * Math.min(rows.length, ROWS_SHOWN);
}

function idOf(row: ReportRow): string {
  return `${subjectOf(row)} ${row.from ?? ''}`;
}

function moment(title: string): Column<ReportRow> {
  return {
    id: 'from',
    title,
    width: `${TIME_PX}px`,
    compare: (one, other) => byText(one.from ?? '', other.from ?? ''),
    cell: ({ from }) => <span className="num">{from && dayAndTime(from)}</span>,
  };
}

/** Where the time of agents went who were not ready. */
function Reasons({ report }: { report: Report }) {
  const { t } = useTranslation();
  const sums = new Map<string, number>();
  for (const { not_ready_by_reason_ms } of report.rows) {
    for (const [reason, ms] of Object.entries(not_ready_by_reason_ms ?? {})) {
      sums.set(reason, (sums.get(reason) ?? 0) + ms);
    }
  }
  if (sums.size === 0) return null;
  return (
    <p className={css.reasons}>
      <strong>{t('report.reasons')}</strong>{' '}
      {[...sums].map(([reason, ms]) => `${word(t, 'agent.reason', reason)} ${shown('_ms', ms)}`).join(' · ')}
    </p>
  );
}

export function SubjectName({ kind, id }: { kind: ReportKind; id: string }) {
  if (kind === 'queues') return <QueueName id={id} />;
  if (kind === 'agents') return <AgentName id={id} />;
  return id;
}
