// The few numbers of the board that one looks at first.

import { memo, type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive, type View } from '../live/store';
import type { RowSource } from '../ui/rowWindow';
import css from './Board.module.css';
import { LiveText, Ticking } from './cells';
import { agentCounts, type QueueFigures, totalsOf } from './figures';
import { agentsOf, callsOf, derived } from './sources';

const counts = derived((view) => [agentsOf(view)], agentCounts);
const ready = (view: View) => String(counts(view).ready);
const talking = (view: View) => String(counts(view).talking);
const wrapUp = (view: View) => String(counts(view).wrap_up);
const calls = (view: View) => String(callsOf(view).length);

export const TotalFigures = memo(function TotalFigures({ source }: { source: RowSource<QueueFigures> }) {
  const { t } = useTranslation();
  const [waiting, service, totals] = useMemo(() => {
    const made = derived(() => [source.rows()], totalsOf);
    return [
      (view: View) => String(made(view).waiting),
      (view: View) => percent(made(view).service),
      made,
    ] as const;
  }, [source]);
  const longest = useLive((view) => totals(view).longest);
  const tone = useLive((view) => totals(view).waiting > 0) ? 'hold' : 'none';
  return (
    <dl className={css.figures}>
      <Figure label={t('board.figure_waiting')} tone={tone}>
        <LiveText of={waiting} />
      </Figure>
      <Figure label={t('board.figure_longest')} tone={tone}>
        {longest === null ? '–' : <Ticking t={t} since={longest} />}
      </Figure>
      <Figure label={t('board.service_today')} tone="none">
        <LiveText of={service} />
      </Figure>
      <Figure label={t('board.figure_ready')} tone="ready">
        <LiveText of={ready} />
      </Figure>
      <Figure label={t('board.figure_talking')} tone="talking">
        <LiveText of={talking} />
      </Figure>
      <Figure label={t('board.wrap_up')} tone="wrap">
        <LiveText of={wrapUp} />
      </Figure>
      <Figure label={t('board.figure_calls')} tone="none">
        <LiveText of={calls} />
      </Figure>
    </dl>
  );
});

function percent(share: number | null): string {
  return share === null ? '–' : `${Math.round(100 * share)} %`;
}

function Figure({ label, tone, children }: { label: string; tone: string; children: ReactNode }) {
  return (
    <div className={css.figure} data-tone={tone}>
      <dt>{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}
