// Queues: who waits, how long, who is there for them, and how well callers were served.

import { memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { clock } from '../texts/format';
import { byNumber, byText } from '../ui/order';
import { type Column, RowTable } from '../ui/RowTable';
import type { RowSource } from '../ui/rowWindow';
import css from './Board.module.css';
import { ClockOf, Service, Waiting } from './cells';
import type { QueueFigures } from './figures';

interface Props {
  rows: RowSource<QueueFigures>;
  /** Rows are left out by a filter. */
  narrowed: boolean;
  chosen: string | null;
  choose(queue: string | null): void;
}

export const QueueGrid = memo(function QueueGrid({ rows, narrowed, chosen, choose }: Props) {
  const { t } = useTranslation();
  const columns = useMemo<Column<QueueFigures>[]>(
    () => [
      {
        id: 'name',
        title: t('board.queue'),
        width: 'minmax(84px, 1.6fr)',
        compare: (one, other) => byText(one.name, other.name),
        cell: ({ name }) => <strong className={css.name}>{name}</strong>,
      },
      number('waiting', t('board.waiting'), '54px', ({ waiting }) => <Waiting waiting={waiting} />),
      {
        id: 'longest',
        title: t('board.longest_short'),
        hint: t('board.longest'),
        width: '73px',
        right: true,
        // Who waits since earlier waits longer.
        compare: (one, other) => byText(other.longest ?? '~', one.longest ?? '~'),
        cell: ({ longest }) => longest !== null && <ClockOf since={longest} of="longest_s" />,
      },
      {
        id: 'forecast',
        title: t('board.forecast'),
        width: '59px',
        right: true,
        compare: (one, other) => byNumber(one.forecast_ms, other.forecast_ms),
        cell: ({ forecast_ms }) => <Forecast ms={forecast_ms} />,
      },
      number('ready', t('board.ready'), '46px'),
      number('talking', t('board.talking'), '45px'),
      number('wrap_up', t('board.wrap_up'), '61px'),
      share('service_now', t('board.service_now')),
      share('service_today', t('board.service_today')),
      number('offered_today', t('board.offered_today'), '45px'),
      number('abandoned_today', t('board.abandoned_today'), '45px'),
    ],
    [t],
  );
  return (
    <RowTable
      id="queues"
      label={t('board.queues')}
      rows={rows}
      idOf={idOf}
      columns={columns}
      sorting={FIRST}
      chosen={chosen}
      choose={({ id }) => choose(id === chosen ? null : id)}
      nothing={t(narrowed ? 'board.no_queue_fits' : 'board.no_queues')}
    />
  );
});

const FIRST = { column: 'longest', down: true };

function idOf({ id }: QueueFigures): string {
  return id;
}

function number(
  id: 'waiting' | 'ready' | 'talking' | 'wrap_up' | 'offered_today' | 'abandoned_today',
  title: string,
  width: string,
  cell: Column<QueueFigures>['cell'] = (row) => <Count count={row[id]} />,
): Column<QueueFigures> {
  return { id, title, width, right: true, compare: (one, other) => byNumber(one[id], other[id]), cell };
}

function share(id: 'service_now' | 'service_today', title: string): Column<QueueFigures> {
  return {
    id,
    title,
    width: '70px',
    right: true,
    compare: (one, other) => byNumber(one[id], other[id]),
    cell: (row) => <Service share={row[id]} />,
  };
}

function Count({ count }: { count: number | null }) {
  return <span className={`num ${count ? '' : css.dim}`}>{count ?? '–'}</span>;
}

/** Null: nobody works. */
function Forecast({ ms }: { ms: number | null }) {
  const { t } = useTranslation();
  if (ms === null) return <span className={css.dim}>{t('board.unstaffed')}</span>;
  return <span className={`num ${ms === 0 ? css.dim : ''}`}>{clock(ms)}</span>;
}
