// Rows of my day: calls with a number, and a button that calls it.

import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { makeCall } from '../api/calls';
import type { Agent } from '../api/types';
import { useMay } from '../app/session';
import { dayAndTime } from '../texts/format';
import { problemText } from '../ui/Failure';
import grid from '../ui/Grid.module.css';
import { Nothing } from '../ui/Panel';
import css from './MyDay.module.css';
import { useAct } from './useAct';

export interface RowOf {
  key: string;
  call: string;
  time: string;
  /** To be called; null if it is not known. */
  number: string | null;
  about: string;
  what: ReactNode;
  /** Beside the button that calls. */
  act?: ReactNode;
}

interface Props {
  agent: Agent;
  rows: RowOf[];
  /** Above the rows. */
  title?: string;
}

/** Calls with a number and a button that calls it. */
export function Rows({ agent, rows, title }: Props) {
  const { t } = useTranslation();
  const may = useMay('softphone.use');
  const acting = useAct();
  const able = acting.able && agent.registered && ['ready', 'not_ready'].includes(agent.state);
  if (rows.length === 0) return <Nothing>{t('day.nothing')}</Nothing>;
  return (
    <div className={grid.scroll}>
      {acting.error !== null && (
        <p className={css.error} role="alert">
          {problemText(t, acting.error)}
        </p>
      )}
      <table className={grid.grid}>
        {title !== undefined && <caption className={css.group}>{title}</caption>}
        <thead>
          <tr>
            <th>{t('call.time')}</th>
            <th>{t('call.number')}</th>
            <th>{t('day.about')}</th>
            <th>{t('day.what')}</th>
            <th className={grid.right}>{t('messages.actions')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, call, time, number, about, what, act }) => (
            <tr key={key}>
              <td className="num">
                <Link to="/calls/$call" params={{ call }} className={grid.link}>
                  {dayAndTime(time)}
                </Link>
              </td>
              <td className="num">{number}</td>
              <td className={css.about} title={about}>
                {about}
              </td>
              <td>{what}</td>
              <td className={`${grid.right} ${css.acts}`}>
                {act}
                {may && number !== null && number !== '' && !number.includes('•') && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    disabled={!able}
                    aria-label={t('day.ring_back_to', { number })}
                    onClick={() => acting.run(() => makeCall(number))}
                  >
                    {t('day.ring_back')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
