// The server's counters, as of the last snapshot.

import { useTranslation } from 'react-i18next';
import { useLive } from '../live/store';
import { timeOfDay } from '../texts/format';
import { Panel } from '../ui/Panel';
import css from './Board.module.css';

export function Counters() {
  const { t } = useTranslation();
  const counters = useLive((view) => view.live.counters);
  const at = useLive((view) => view.live.counted_at);
  const names = Object.keys(counters).sort();
  if (names.length === 0) return null;
  return (
    <Panel
      title={t('board.counters')}
      aside={
        at !== null && <span className={css.countedAt}>{t('board.counted_at', { time: timeOfDay(at) })}</span>
      }
    >
      <dl className={css.counters}>
        {names.map((name) => (
          <div key={name} className={css.counter}>
            <dt title={name}>{name}</dt>
            <dd className="num">{counters[name]}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
