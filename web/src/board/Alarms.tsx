// What an operator should look at; nothing when all is well.

import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import { Clock } from '../ui/Clock';
import css from './Board.module.css';

export function Alarms() {
  const { t } = useTranslation();
  const alarms = useLive((view) => view.live.alarms);
  if (alarms.length === 0) return null;
  return (
    <ul className={css.alarms} aria-label={t('board.alarms')} role="alert">
      {alarms.map((alarm) => (
        <li key={alarm.kind} className={css.alarm}>
          <IconAlertTriangle size={16} aria-hidden />
          <strong>{word(t, 'board.alarm', alarm.kind)}</strong>
          <span className={css.alarmDetail}>{alarm.detail}</span>
          <Clock since={alarm.since} />
        </li>
      ))}
    </ul>
  );
}
