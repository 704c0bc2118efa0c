// For a screen on the wall: the few numbers that everybody should see, and today against yesterday. Sizes follow the screen.

import '../texts/wide';
import { ActionIcon, MultiSelect } from '@mantine/core';
import { IconMaximize, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { figure, type Report, type ReportRow, reportQuery } from '../api/reports';
import { useMay, useMayFor } from '../app/session';
import { longestWait, type QueueFigures, useEnded, useQueueFigures } from '../board/figures';
import { type Level, level, useLimits } from '../board/limits';
import { useQueueSound } from '../board/sound';
import { useLive } from '../live/store';
import { clock, timeOfDay } from '../texts/format';
import { Chart, type Series } from '../ui/Chart';
import { useServerNow } from '../ui/now';
import { Nothing } from '../ui/Panel';
import { sumBy } from './fields';
import css from './Wall.module.css';

const READ_AGAIN_MS = 30_000;
const DAY_MS = 86_400_000;
const CHOSEN = 'hotline.wall.queues';
/** More queues than this are not read from afar. */
const TILES_MAX = 12;

export function Wall() {
  const { t } = useTranslation();
  const sees = useMayFor('queues.see');
  const reports = useMay('reports.see');
  const [chosen, setChosen] = useState<string[]>(() => readChosen());
  const all = useQueueFigures();
  const rows = useMemo(
    () => (chosen.length === 0 ? all : all.filter(({ id }) => chosen.includes(id))),
    [all, chosen],
  );
  useQueueSound(useCallback(() => rows, [rows]));
  if (!sees) return <Nothing>{t('problem.forbidden')}</Nothing>;
  const choose = (queues: string[]) => {
    localStorage.setItem(CHOSEN, JSON.stringify(queues));
    setChosen(queues);
  };
  return (
    <div className={css.wall}>
      <Head chosen={chosen} choose={choose} />
      <Numbers rows={rows} />
      {reports && <Charts queues={chosen} />}
      <Tiles rows={rows} />
    </div>
  );
}

function readChosen(): string[] {
  try {
    return JSON.parse(localStorage.getItem(CHOSEN) ?? '[]') as string[];
  } catch {
    return [];
  }
}

function Head({ chosen, choose }: { chosen: string[]; choose(queues: string[]): void }) {
  const { t } = useTranslation();
  const queues = useLive((view) => view.live.queues);
  const now_ms = useServerNow();
  const names = useMemo(() => queues.map(({ id, name }) => ({ value: id, label: name })), [queues]);
  return (
    <header className={css.head}>
      <h1 className="num">{timeOfDay(now_ms)}</h1>
      <div className={css.tools}>
        <MultiSelect
          aria-label={t('wall.queues')}
          placeholder={chosen.length === 0 ? t('wall.all_queues') : ''}
          data={names}
          value={chosen}
          onChange={choose}
          searchable
          clearable
          size="xs"
          w={260}
        />
        <ActionIcon
          variant="default"
          size={30}
          aria-label={t('wall.full')}
          title={t('wall.full')}
          onClick={() => void document.documentElement.requestFullscreen()}
        >
          <IconMaximize size={16} />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size={30}
          component={Link}
          to="/live"
          aria-label={t('wall.leave')}
          title={t('wall.leave')}
        >
          <IconX size={16} />
        </ActionIcon>
      </div>
    </header>
  );
}

function Numbers({ rows }: { rows: readonly QueueFigures[] }) {
  const { t } = useTranslation();
  const [limits] = useLimits();
  const now_ms = useServerNow();
  const sum = (of: (row: QueueFigures) => number | null) =>
    rows.reduce((total, row) => total + (of(row) ?? 0), 0);
  const people = useStaff(rows);
  const longest = longestWait(rows);
  const longest_ms = longest === null ? null : now_ms - Date.parse(longest);
  const offered = sum((row) => row.offered_today);
  const service =
    offered === 0
      ? null
      : Math.round((100 * sum((row) => (row.service_today ?? 0) * (row.offered_today ?? 0))) / offered);
  const waiting = sum((row) => row.waiting);
  return (
    <dl className={css.numbers}>
      <Big label={t('board.figure_waiting')} level={level(limits.waiting, waiting)}>
        {waiting}
      </Big>
      <Big
        label={t('board.figure_longest')}
        level={level(limits.longest_s, longest_ms === null ? null : longest_ms / 1000)}
      >
        {longest_ms === null ? '–' : clock(longest_ms)}
      </Big>
      <Big label={t('board.service_today')} level={level(limits.service, service, true)}>
        {service === null ? '–' : `${service} %`}
      </Big>
      <Big label={t('wall.offered')}>{offered}</Big>
      <Big label={t('wall.abandoned')}>{sum((row) => row.abandoned_today)}</Big>
      <Big label={t('board.figure_ready')}>{people.ready}</Big>
      <Big label={t('board.figure_talking')}>{people.talking}</Big>
      <Big label={t('board.wrap_up')}>{people.wrap_up}</Big>
    </dl>
  );
}

/** Each agent once, though some serve several of the queues. */
function useStaff(rows: readonly QueueFigures[]) {
  const queues = useLive((view) => view.live.queues);
  const agents = useLive((view) => view.live.agents);
  return useMemo(() => {
    const ids = new Set(rows.map(({ id }) => id));
    const staff = new Set(queues.filter(({ id }) => ids.has(id)).flatMap((queue) => queue.agents ?? []));
    const counts = { ready: 0, talking: 0, wrap_up: 0 };
    for (const id of staff) {
      const state = agents[id]?.state;
      if (state === 'ready') counts.ready += 1;
      else if (state === 'talking' || state === 'hold') counts.talking += 1;
      else if (state === 'wrap_up') counts.wrap_up += 1;
    }
    return counts;
  }, [rows, queues, agents]);
}

function Big({ label, level: at = 'fine', children }: { label: string; level?: Level; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className={css.big} data-level={at} title={at === 'fine' ? undefined : t(`board.level.${at}`)}>
      <dt>{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}

function Charts({ queues }: { queues: string[] }) {
  const { t } = useTranslation();
  const ended = useEnded(READ_AGAIN_MS);
  const today = useQuery(reportQuery('queues', { by: 'interval' }, ended));
  const before = useMemo(() => dayBefore(today.data), [today.data]);
  const yesterday = useQuery({
    ...reportQuery('queues', { ...before, by: 'interval' }),
    enabled: before !== null,
  });
  const font = useFont();
  const offered = useMemo(
    () => offeredSeries(today.data, yesterday.data, queues, [t('wall.today'), t('wall.yesterday')]),
    [today.data, yesterday.data, queues, t],
  );
  const service = useMemo(
    () => serviceSeries(today.data, yesterday.data, queues, [t('wall.today'), t('wall.yesterday')]),
    [today.data, yesterday.data, queues, t],
  );
  return (
    <div className={css.charts}>
      <figure>
        <figcaption>
          {t('wall.calls_chart')} <Legend />
        </figcaption>
        <Chart label={t('wall.calls_chart')} {...offered} format={whole} height={null} font={font} />
      </figure>
      <figure>
        <figcaption>
          {t('wall.service_chart')} <Legend />
        </figcaption>
        <Chart
          label={t('wall.service_chart')}
          {...service}
          format={percent}
          height={null}
          font={font}
          max={1}
        />
      </figure>
    </div>
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <span className={css.legend}>
      <i data-line="today" /> {t('wall.today')} <i data-line="yesterday" /> {t('wall.yesterday')}
    </span>
  );
}

function whole(value: number): string {
  return Number.isInteger(value) ? String(value) : '';
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** Words of charts grow with the screen, as all others do by the style sheet. */
function useFont(): number {
  const size = () => Math.max(11, Math.round(window.innerWidth / 120));
  const [font, setFont] = useState(size);
  const last = useRef(font);
  useEffect(() => {
    const measure = () => {
      if (size() === last.current) return;
      last.current = size();
      setFont(last.current);
    };
    window.addEventListener('resize', measure);
    return () => window.removeEventListener('resize', measure);
  });
  return font;
}

/** The whole day before the first of `report`. */
function dayBefore(report: Report | undefined): { from: string; until: string } | null {
  if (!report) return null;
  const from_ms = Date.parse(report.from);
  return { from: new Date(from_ms - DAY_MS).toISOString(), until: report.from };
}

type Drawn = { times: number[]; series: Series[] };

const QUARTER_MS = 900_000;

/** Yesterday is moved on by a day, so that the same times lie above each other. */
function offeredSeries(
  today: Report | undefined,
  yesterday: Report | undefined,
  queues: string[],
  labels: [string, string],
): Drawn {
  const now = sumBy(of(today, queues), 'offered');
  const past = sumBy(of(yesterday, queues), 'offered');
  return drawn(
    today,
    (from) => now.get(from) ?? 0,
    (from) => past.get(from) ?? 0,
    labels,
  );
}

/** Answered in time of those who count, all queues together. */
function serviceSeries(
  today: Report | undefined,
  yesterday: Report | undefined,
  queues: string[],
  labels: [string, string],
): Drawn {
  return drawn(today, shareOf(of(today, queues)), shareOf(of(yesterday, queues)), labels);
}

function of(report: Report | undefined, queues: string[]): ReportRow[] {
  return (report?.rows ?? []).filter(({ queue }) => queues.length === 0 || queues.includes(queue ?? ''));
}

function shareOf(rows: ReportRow[]): (from: string) => number | null {
  const good = sumBy(rows, 'answered_within');
  const all = new Map<string, number>();
  for (const row of rows) {
    const count =
      (figure(row, 'answered') ?? 0) +
      (figure(row, 'abandoned') ?? 0) -
      (figure(row, 'abandoned_short') ?? 0);
    all.set(row.from ?? '', (all.get(row.from ?? '') ?? 0) + count);
  }
  return (from) => (all.get(from) ? (good.get(from) ?? 0) / (all.get(from) ?? 1) : null);
}

function drawn(
  report: Report | undefined,
  today: (from: string) => number | null,
  yesterday: (from: string) => number | null,
  [todayLabel, yesterdayLabel]: [string, string],
): Drawn {
  if (!report) return { times: [], series: [] };
  const begin_ms = Date.parse(report.from);
  const until_ms = Date.parse(report.until ?? report.from);
  const starts = Array.from({ length: DAY_MS / QUARTER_MS }, (_, index) => begin_ms + index * QUARTER_MS);
  return {
    times: starts.map((ms) => ms / 1000),
    series: [
      {
        label: yesterdayLabel,
        colour: '--dim',
        dashed: true,
        values: starts.map((ms) => yesterday(stamp(ms - DAY_MS))),
      },
      {
        label: todayLabel,
        colour: '--tone-talking',
        filled: true,
        values: starts.map((ms) => (ms < until_ms ? today(stamp(ms)) : null)),
      },
    ],
  };
}

function stamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** Each queue by itself, those with the longest wait first. */
function Tiles({ rows }: { rows: readonly QueueFigures[] }) {
  const { t } = useTranslation();
  const shown = useMemo(
    () =>
      [...rows]
        .sort(
          (one, other) =>
            other.waiting - one.waiting || (one.longest ?? '~').localeCompare(other.longest ?? '~'),
        )
        .slice(0, TILES_MAX),
    [rows],
  );
  return (
    <section className={css.tiles} aria-label={t('board.queues')}>
      {shown.map((row) => (
        <Tile key={row.id} row={row} />
      ))}
    </section>
  );
}

function Tile({ row }: { row: QueueFigures }) {
  const { t } = useTranslation();
  const [limits] = useLimits();
  const now_ms = useServerNow();
  const wait_ms = row.longest === null ? null : now_ms - Date.parse(row.longest);
  const service = row.service_today === null ? null : Math.round(row.service_today * 100);
  const worst = [
    level(limits.waiting, row.waiting),
    level(limits.longest_s, wait_ms === null ? null : wait_ms / 1000),
  ];
  const at: Level = worst.includes('bad') ? 'bad' : worst.includes('warn') ? 'warn' : 'fine';
  return (
    <article className={css.tile} data-level={at}>
      <h2>{row.name}</h2>
      <p className={`${css.tileWaiting} num`}>{row.waiting}</p>
      <p className="num">
        {[
          wait_ms === null ? t('wall.nobody_waits') : clock(wait_ms),
          `${t('board.ready')} ${row.ready}`,
          service === null ? '–' : `${service} %`,
        ].join(' · ')}
      </p>
    </article>
  );
}
