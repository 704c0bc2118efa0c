// What an operator should look at; nothing when all is well.

import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Alarm } from '../api/types';
import { AgentName } from '../calls/CallTable';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import { Clock } from '../ui/Clock';
import { alarmCause, alarmSaid } from './alarmCause';
import css from './Board.module.css';

export function Alarms() {
  const { t } = useTranslation();
  const alarms = useLive((view) => view.live.alarms);
  if (alarms.length === 0) return null;
  return (
    <div role="alert">
      <ul className={css.alarms} aria-label={t('board.alarms')}>
        {alarms.map((alarm) => (
          <li key={alarm.kind} className={css.alarm}>
            <IconAlertTriangle size={16} aria-hidden />
            <Kind kind={alarm.kind} />
            <span className={css.alarmDetail}>
              {alarmCause(t, alarm)} <Said alarm={alarm} />
            </span>
            <Clock since={alarm.since} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A message of the system's is quoted as it is. */
function Said({ alarm }: { alarm: Alarm }) {
  const said = alarmSaid(alarm);
  return said === null ? null : <code lang="en">{said}</code>;
}

/** `phone_fault:1001` → the alarm and whom it is about. */
function Kind({ kind }: { kind: string }) {
  const { t } = useTranslation();
  const [name = kind, subject] = kind.split(':');
  return (
    <>
      <strong>{word(t, 'board.alarm', name)}</strong>
      {subject !== undefined && <AgentName id={subject} />}
    </>
  );
}
