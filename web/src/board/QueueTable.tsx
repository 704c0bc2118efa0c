// Queues with who waits in them.

import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Queue } from '../api/types';
import { queueLength } from '../live/state';
import { useLive } from '../live/store';
import { Clock } from '../ui/Clock';
import grid from '../ui/Grid.module.css';
import { Nothing, Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import css from './Board.module.css';

/** Callers named in a row; the number says how many there are. */
const NAMED = 3;

export function QueueTable() {
  const { t } = useTranslation();
  const queues = useLive((view) => view.live.queues);
  return (
    <Panel title={t('board.queues')} count={queues.length}>
      {queues.length === 0 ? (
        <Nothing>{t('board.no_queues')}</Nothing>
      ) : (
        <div className={grid.scroll}>
          <table className={grid.grid}>
            <thead>
              <tr>
                <th>{t('board.queue')}</th>
                <th className={grid.right}>{t('board.waiting')}</th>
                <th className={grid.right}>{t('board.longest')}</th>
                <th>{t('board.next')}</th>
              </tr>
            </thead>
            <tbody>
              {queues.map((queue) => (
                <QueueRow key={queue.id} queue={queue} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

const QueueRow = memo(function QueueRow({ queue }: { queue: Queue }) {
  const length = queueLength(queue);
  const first = queue.waiting?.[0];
  return (
    <tr>
      <td>{queue.name}</td>
      <td className={`num ${grid.right}`}>{length > 0 ? <Tag tone="hold">{length}</Tag> : length}</td>
      <td className={`num ${grid.right}`}>{first && <Clock since={first.since} />}</td>
      <td>
        <span className={css.line}>
          {queue.waiting?.slice(0, NAMED).map(({ call }) => (
            <Seat key={call} call={call} />
          ))}
        </span>
      </td>
    </tr>
  );
});

function Seat({ call }: { call: string }) {
  const caller = useLive((view) => view.live.calls[call]?.caller);
  return <span className={`${css.seat} num`}>{caller}</span>;
}
