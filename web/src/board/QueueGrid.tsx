// Queues: who waits, how long, who is there for them, and how well callers were served.

import type { TFunction } from 'i18next';
import { memo, type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { clock } from '../texts/format';
import { byNumber, byText } from '../ui/order';
import { type Column, RowTable } from '../ui/RowTable';
import type { RowSource } from '../ui/rowWindow';
import css from './Board.module.css';
import { levelled, Ticking } from './cells';
import type { QueueFigures } from './figures';
import { type Limit, level, useLimits } from './limits';

interface Props {
  rows: RowSource<QueueFigures>;
  /** Rows are left out by a filter. */
  narrowed: boolean;
  chosen: string | null;
  choose(queue: string | null): void;
}

export const QueueGrid = memo(function QueueGrid({ rows, narrowed, chosen, choose }: Props) {
  const { t } = useTranslation();
  const [limits] = useLimits();
  const columns = useMemo<Column<QueueFigures>[]>(() => {
    const served = (share: number | null) => service(t, limits.service, share);
    return [
      {
        id: 'name',
        title: t('board.queue'),
        width: 'minmax(84px, 1.6fr)',
        compare: (one, other) => byText(one.name, other.name),
        cell: ({ name }) => <strong className={css.name}>{name}</strong>,
      },
      number('waiting', t('board.waiting'), '54px', ({ waiting }) =>
        levelled(t, level(limits.waiting, waiting), waiting),
      ),
      {
        id: 'longest',
        title: t('board.longest_short'),
        hint: t('board.longest'),
        width: '73px',
        right: true,
        // Who waits since earlier waits longer.
        compare: (one, other) => byText(other.longest ?? '~', one.longest ?? '~'),
        cell: ({ longest }) => longest !== null && <Ticking t={t} since={longest} limit={limits.longest_s} />,
      },
      {
        id: 'forecast',
        title: t('board.forecast'),
        width: '59px',
        right: true,
        compare: (one, other) => byNumber(one.forecast_ms, other.forecast_ms),
        cell: ({ forecast_ms }) => forecast(t, forecast_ms),
      },
      number('ready', t('board.ready'), '46px'),
      number('talking', t('board.talking'), '45px'),
      number('wrap_up', t('board.wrap_up'), '61px'),
      share('service_now', t('board.service_now'), served),
      share('service_today', t('board.service_today'), served),
      number('offered_today', t('board.offered_today'), '45px'),
      number('abandoned_today', t('board.abandoned_today'), '45px'),
    ];
  }, [t, limits]);
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
  cell: Column<QueueFigures>['cell'] = (row) => count(row[id]),
): Column<QueueFigures> {
  return { id, title, width, right: true, compare: (one, other) => byNumber(one[id], other[id]), cell };
}

function share(
  id: 'service_now' | 'service_today',
  title: string,
  cell: (share: number | null) => ReactNode,
): Column<QueueFigures> {
  return {
    id,
    title,
    width: '70px',
    right: true,
    compare: (one, other) => byNumber(one[id], other[id]),
    cell: (row) => cell(row[id]),
  };
}

function count(figure: number | null): ReactNode {
  return <span className={`num ${figure ? '' : css.dim}`}>{figure ?? '–'}</span>;
}

/** A share in percent, of which less is worse. */
function service(t: TFunction, limit: Limit, share: number | null): ReactNode {
  if (share === null) return <span className={css.dim}>{'–'}</span>;
  const percent = Math.round(share * 100);
  return levelled(t, level(limit, percent, true), `${percent} %`);
}

/** Null: nobody works. */
function forecast(t: TFunction, ms: number | null): ReactNode {
  if (ms === null) return <span className={css.dim}>{t('board.unstaffed')}</span>;
  return <span className={`num ${ms === 0 ? css.dim : ''}`}>{clock(ms)}</span>;
}
