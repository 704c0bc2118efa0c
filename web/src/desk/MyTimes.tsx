// Where my day went: a line from the first sign-in to now, and how long I was in each state, for each reason.

import { useTranslation } from 'react-i18next';
import type { Agent, AgentSpan, AgentState } from '../api/types';
import { clock, timeOfDay, word } from '../texts/format';
import grid from '../ui/Grid.module.css';
import { Nothing } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { agentTone } from '../ui/tone';
import css from './MyDay.module.css';
import { useMyDay } from './spans';
import { stretches, sums, worked } from './today';

export default function MyTimes({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const { from, spans } = useMyDay(agent);
  const day = worked(spans, from);
  const first = day[0];
  const last = day.at(-1);
  if (first === undefined || last === undefined) return <Nothing>{t('day.no_times')}</Nothing>;
  const begin_ms = Date.parse(first.from);
  const length_ms = Math.max(1, Date.parse(last.until) - begin_ms);
  const rows = sums(day);
  const all_ms = rows.reduce((sum, { total_ms }) => sum + total_ms, 0);
  const name = (state: string) => t(`agent.state.${state as AgentState}`);
  return (
    <div className={css.times}>
      <p className={css.sessions}>
        {stretches(day).map(({ from: since, until }) => (
          <span key={since}>
            {until === last.until && agent.state !== 'logged_out'
              ? t('day.signed_in_since', { from: timeOfDay(since, false) })
              : t('day.signed_in', { from: timeOfDay(since, false), until: timeOfDay(until, false) })}
          </span>
        ))}
      </p>
      {/* The table says the same in words. */}
      <div className={css.line} aria-hidden>
        {day.map((span) => (
          <i
            key={span.from}
            data-tone={agentTone(span.state as AgentState)}
            title={titleOf(name(span.state), span)}
            style={{
              left: `${((Date.parse(span.from) - begin_ms) / length_ms) * 100}%`,
              width: `${((Date.parse(span.until) - Date.parse(span.from)) / length_ms) * 100}%`,
            }}
          />
        ))}
      </div>
      <p className={css.ends} aria-hidden>
        <span className="num">{timeOfDay(first.from, false)}</span>
        <span className="num">{timeOfDay(last.until, false)}</span>
      </p>
      <div className={grid.scroll}>
        <table className={grid.grid}>
          <thead>
            <tr>
              <th>{t('day.state')}</th>
              <th className={grid.right}>{t('day.often')}</th>
              <th className={grid.right}>{t('day.longest')}</th>
              <th className={grid.right}>{t('day.total')}</th>
              <th className={grid.right}>{t('day.share')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ state, reason, often, longest_ms, total_ms }) => (
              <tr key={`${state} ${reason}`} data-state={state}>
                <td>
                  <Tag tone={agentTone(state as AgentState)}>{name(state)}</Tag>{' '}
                  {reason !== null && word(t, 'agent.reason', reason)}
                </td>
                <td className={`${grid.right} num`}>{often}</td>
                <td className={`${grid.right} num`}>{clock(longest_ms)}</td>
                <td className={`${grid.right} num`}>{clock(total_ms)}</td>
                <td className={`${grid.right} num`}>
                  {all_ms === 0 ? '' : `${Math.round((total_ms / all_ms) * 100)} %`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function titleOf(state: string, { from, until }: AgentSpan): string {
  return `${state} ${timeOfDay(from)} – ${timeOfDay(until)}`;
}
