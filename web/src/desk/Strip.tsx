// Under the bar: who waits in my queues, my figures of today, how my phone sounded.

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Agent } from '../api/types';
import { longestSince, queueLength } from '../live/state';
import { useLive } from '../live/store';
import { clock } from '../texts/format';
import { Clock } from '../ui/Clock';
import { gradeOfMos, TONES } from './line';
import css from './Strip.module.css';
import { useMyDay } from './spans';
import { today } from './today';

export function Strip({ agent }: { agent: Agent }) {
  return (
    <div className={css.strip}>
      <Line agent={agent} />
      <Figures agent={agent} />
      <Sound />
    </div>
  );
}

/** Callers in the queues that I serve. */
function Line({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const queues = useLive((view) => view.live.queues);
  const mine = queues.filter(({ id }) => agent.queues.includes(id));
  const waiting = mine.reduce((sum, queue) => sum + queueLength(queue), 0);
  const longest = mine
    .flatMap((queue) => longestSince(queue) ?? [])
    .sort()
    .at(0);
  return (
    <span className={css.figure} data-tone={waiting > 0 ? 'hold' : 'none'} data-waiting={waiting}>
      <span>{t('strip.waiting')}</span>
      <strong className="num">{waiting}</strong>
      {longest !== undefined && (
        <span className={css.longest}>
          {t('strip.longest')} <Clock since={longest} />
        </span>
      )}
    </span>
  );
}

function Figures({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const { spans, from } = useMyDay(agent);
  const sum = useMemo(() => today(spans, from), [spans, from]);
  const figures = [
    ['calls_in', String(sum.calls_in)],
    ['calls_out', String(sum.calls_out)],
    ['talk', clock(sum.talk_ms)],
    ['wrap_up', clock(sum.wrap_up_ms)],
    ['ready', clock(sum.waiting_ms)],
    ['away', clock(sum.away_ms)],
  ] as const;
  return (
    <dl className={css.figures} aria-label={t('strip.today')}>
      {figures.map(([name, value]) => (
        <div key={name} className={css.figure} data-figure={name}>
          <dt>{t(`strip.${name}`)}</dt>
          <dd className="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** How my side of the last call sounded, in words and as a mean opinion score. */
function Sound() {
  const { t } = useTranslation();
  const sound = useLive((view) => view.live.sound);
  const mos = sound?.mos ?? null;
  if (mos === null) return null;
  const grade = gradeOfMos(mos);
  return (
    <span
      className={css.figure}
      data-tone={TONES[grade]}
      title={t('strip.line_hint', { mos: mos.toFixed(2) })}
    >
      <span>{t('strip.line')}</span>
      <strong>{t(`call.sound.${grade}`)}</strong>
    </span>
  );
}
