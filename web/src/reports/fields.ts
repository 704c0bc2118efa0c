// How the numbers of reports are read and taken away. Pure.

import { type Definition, figure, type Report, type ReportRow, subjectOf } from '../api/reports';
import { currentLanguage } from '../texts';
import { clock } from '../texts/format';

/** Shares lie between 0 and 1; the server says so of these. */
const SHARES = /^(service_level|sl\d|.*_rate(_long)?|occupancy.*|utilisation|containment)$/;

export function isShare(field: string): boolean {
  return SHARES.test(field);
}

export function isTime(field: string): boolean {
  return field.endsWith('_ms');
}

/** As people read it; nothing where nothing was divided by. */
export function shown(field: string, value: number | null): string {
  if (value === null) return '–';
  if (isShare(field)) return `${(value * 100).toFixed(1)} %`;
  return isTime(field) ? clock(value) : String(value);
}

/** The numbers of a report, in the order of their definitions. */
export function fieldsOf(report: Report): string[] {
  const defined = report.definitions.map(({ field }) => field);
  const [row] = report.rows;
  const here = (field: string) => row === undefined || typeof row[field] === 'number' || row[field] === null;
  return [...new Set(defined)].filter(here);
}

export function definitionOf(report: Report, field: string): Definition | undefined {
  return report.definitions.find((one) => one.field === field);
}

/** What a number means, in the language of the page. */
export function meaning(definition: Definition | undefined): string {
  if (!definition) return '';
  return currentLanguage() === 'zh-CN' ? definition.zh : definition.words;
}

/** Points of a figure over time, one line for each subject; at most so many lines, those with the most. */
export function linesOf(report: Report, field: string, lines_max: number) {
  const times = [...new Set(report.rows.map(({ from }) => Date.parse(from ?? '') / 1000))].sort(
    (one, other) => one - other,
  );
  const places = new Map(times.map((time, index) => [time, index]));
  const lines = new Map<string, (number | null)[]>();
  for (const row of report.rows) {
    const subject = subjectOf(row);
    const values = lines.get(subject) ?? Array.from({ length: times.length }, () => null);
    const place = places.get(Date.parse(row.from ?? '') / 1000);
    if (place !== undefined) values[place] = figure(row, field);
    lines.set(subject, values);
  }
  const sum = (values: (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const sorted = [...lines].sort(([, one], [, other]) => sum(other) - sum(one)).slice(0, lines_max);
  return { times, lines: sorted, more: lines.size - sorted.length };
}

/** A table for a spreadsheet: comma-separated, with the server's names of fields, and no formulas. */
export function csvOf(report: Report, fields: readonly string[]): string {
  const head = ['subject', 'from', 'until', ...fields];
  const rows = report.rows.map((row) => [
    subjectOf(row),
    row.from ?? report.from,
    row.until ?? report.until ?? report.to ?? '',
    ...fields.map((field) => figure(row, field)?.toString() ?? ''),
  ]);
  // A spreadsheet reads UTF-8 only with the mark in front.
  return `\uFEFF${[head, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Those of one moment together: what the wall shows of all its queues. */
export function sumBy(rows: readonly ReportRow[], field: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) {
    const from = row.from ?? '';
    sums.set(from, (sums.get(from) ?? 0) + (figure(row, field) ?? 0));
  }
  return sums;
}
