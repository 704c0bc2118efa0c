// How many wait in my queues.

import { useTranslation } from 'react-i18next';
import type { Agent, Queue } from '../api/types';
import { longestSince, queueLength } from '../live/state';
import { useLive } from '../live/store';
import { Clock } from '../ui/Clock';
import { Nothing, Panel } from '../ui/Panel';
import css from './Desk.module.css';

export function MyQueues({ agent }: { agent: Agent | undefined }) {
  const { t } = useTranslation();
  const all = useLive((view) => view.live.queues);
  const queues = all.filter(({ id }) => agent?.queues.includes(id));
  return (
    <Panel title={t('desk.queues')}>
      {queues.length === 0 ? (
        <Nothing>{t('desk.no_queues')}</Nothing>
      ) : (
        <ul className={css.queues}>
          {queues.map((queue) => (
            <QueueRow key={queue.id} queue={queue} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function QueueRow({ queue }: { queue: Queue }) {
  const { t } = useTranslation();
  const length = queueLength(queue);
  const longest = longestSince(queue);
  return (
    <li className={css.queue}>
      <span className={css.queueName}>{queue.name}</span>
      {longest !== null && (
        <span className={css.queueWait} title={t('desk.longest')}>
          <Clock since={longest} />
        </span>
      )}
      <span
        className={`${css.queueLength} num`}
        data-waiting={length > 0}
        title={t('desk.waiting')}
        data-queue={queue.id}
      >
        {length}
      </span>
    </li>
  );
}
