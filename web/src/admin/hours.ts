// Opening hours as they are edited: a week of days, holidays, single days. Pure.

import { type Entry, entryOf, same } from './draft';

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

/** Spans such as `08:00-12:00`, of each day. */
export type Week = Partial<Record<Day, string[]>>;

const MINUTES_OF_DAY = 24 * 60;

/** `mon-fri` is each of its days. */
export function daysOf(key: string): Day[] {
  const [first, last = first] = key.split('-').map((part) => DAYS.indexOf(part.trim() as Day));
  if (first === undefined || last === undefined || first < 0 || last < 0) return [];
  return DAYS.filter((_, index) => index >= first && index <= last);
}

export function weekOf(weekly: unknown): Week {
  const week: Week = {};
  for (const [key, spans] of Object.entries(entryOf(weekly))) {
    for (const day of daysOf(key)) week[day] = Array.isArray(spans) ? spans.map(String) : [];
  }
  return week;
}

/** Days beside each other with the same spans are written together. Closed days are left out. */
export function weeklyOf(week: Week): Entry {
  const weekly: Entry = {};
  for (let index = 0; index < DAYS.length; ) {
    const spans = week[DAYS[index] as Day] ?? [];
    let last = index;
    while (last + 1 < DAYS.length && same(week[DAYS[last + 1] as Day] ?? [], spans)) last += 1;
    if (spans.length > 0) weekly[index === last ? `${DAYS[index]}` : `${DAYS[index]}-${DAYS[last]}`] = spans;
    index = last + 1;
  }
  return weekly;
}

export function hoursToForm({ weekly, ...entry }: Entry): Entry {
  return { ...entry, week: weekOf(weekly) };
}

export function hoursFromForm({ week, ...form }: Entry, before: Entry): Entry {
  const unchanged = before.weekly !== undefined && same(weekOf(before.weekly), week);
  return { ...form, weekly: unchanged ? before.weekly : weeklyOf(entryOf(week) as Week) };
}

/** `weekly.mon-fri.0` is `week.mon`. */
export function hoursPath(path: string): string {
  const [head, key = ''] = path.split('.');
  if (head !== 'weekly') return path;
  const [day] = daysOf(key);
  return day ? `week.${day}` : 'week';
}

/** `08:00-12:00, 13:00-18:00` as spans; what is no span stays as it is written, for the server to judge. */
export function spansOf(text: string): string[] {
  return text
    .split(/[,;，；、]/)
    .map((span) => span.trim().replace(/\s*[-–—~]\s*/, '-'))
    .filter((span) => span !== '')
    .map((span) => span.replace(/(^|-)(\d):/g, '$10$2:'));
}

export interface Bar {
  from_minutes: number;
  to_minutes: number;
}

/** Where spans are on the line of a day; those beyond midnight are cut there. Null for what is no span. */
export function barsOf(spans: readonly string[]): Bar[] {
  return spans.flatMap((span) => {
    const found = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(span);
    if (!found) return [];
    const [from_h = 0, from_m = 0, to_h = 0, to_m = 0] = found.slice(1).map(Number);
    const from_minutes = from_h * 60 + from_m;
    const to_minutes = Math.min(to_h * 60 + to_m, MINUTES_OF_DAY);
    return from_minutes < to_minutes ? [{ from_minutes, to_minutes }] : [];
  });
}

export interface DayLook {
  kind: 'open' | 'closed' | 'holiday' | 'special';
  spans: string[];
  /** Of a holiday: its name, and the key under which it is written. */
  name: string | null;
  key: string | null;
}

/** What counts on a date, `2026-12-24`: its own hours, then a holiday, then the week. */
export function lookOf(form: Entry, date: string): DayLook {
  const special = entryOf(form.special)[date];
  if (Array.isArray(special)) return { kind: 'special', spans: special.map(String), name: null, key: date };
  const holiday = holidayOn(entryOf(form.holidays), date);
  if (holiday) return { kind: 'holiday', spans: [], name: holiday.name, key: holiday.key };
  const day = DAYS[(new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7] as Day;
  const spans = (entryOf(form.week) as Week)[day] ?? [];
  return { kind: spans.length > 0 ? 'open' : 'closed', spans, name: null, key: null };
}

/** A date or a span of dates counts before the same day of every year. */
function holidayOn(holidays: Entry, date: string): { key: string; name: string } | null {
  for (const [key, name] of Object.entries(holidays)) {
    const [first = '', last = first] = key.split('..');
    if (first.length === 10 && date >= first && date <= last) return { key, name: String(name) };
  }
  const yearly = holidays[date.slice(5)];
  return yearly === undefined ? null : { key: date.slice(5), name: String(yearly) };
}

export interface Month {
  /** `2026-03`. */
  id: string;
  /** Days before the first Monday's column. */
  blanks: number;
  dates: string[];
}

export function monthsOf(year: number): Month[] {
  return Array.from({ length: 12 }, (_, month) => {
    const first = new Date(Date.UTC(year, month, 1));
    const count = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    const id = first.toISOString().slice(0, 7);
    return {
      id,
      blanks: (first.getUTCDay() + 6) % 7,
      dates: Array.from({ length: count }, (_, day) => `${id}-${String(day + 1).padStart(2, '0')}`),
    };
  });
}

export function addDays(date: string, days: number): string {
  const next = new Date(`${date}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + days);
  return next.toISOString().slice(0, 10);
}
