// Everything that goes on at this moment, for supervisors and admins. Fed by the stream alone.

import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../app/session';
import { queueLength } from '../live/state';
import { useLive } from '../live/store';
import { Clock } from '../ui/Clock';
import { Nothing } from '../ui/Panel';
import { AgentTable } from './AgentTable';
import { Alarms } from './Alarms';
import css from './Board.module.css';
import { Counters } from './Counters';
import { LiveCalls } from './LiveCalls';
import { QueueTable } from './QueueTable';

export function Board() {
  const { t } = useTranslation();
  const session = useSession();
  if (session.role !== 'admin') return <Nothing>{t('problem.forbidden')}</Nothing>;
  return (
    <div className={css.board}>
      <Figures />
      <Alarms />
      <div className={css.columns}>
        <div className={css.column}>
          <QueueTable />
          <LiveCalls />
        </div>
        <div className={css.column}>
          <AgentTable />
          <Counters />
        </div>
      </div>
    </div>
  );
}

/** The few numbers one looks at first. */
function Figures() {
  const { t } = useTranslation();
  const queues = useLive((view) => view.live.queues);
  const agents = useLive((view) => view.live.agents);
  const calls = useLive((view) => view.live.calls);
  const waiting = queues.reduce((sum, queue) => sum + queueLength(queue), 0);
  const longest = queues
    .flatMap((queue) => queue.waiting?.[0]?.since ?? [])
    .reduce<string | null>((first, since) => (first === null || since < first ? since : first), null);
  const states = useMemo(() => Object.values(agents).map(({ state }) => state), [agents]);
  return (
    <dl className={css.figures}>
      <Figure label={t('board.figure_waiting')} tone={waiting > 0 ? 'hold' : 'none'}>
        {waiting}
      </Figure>
      <Figure label={t('board.figure_longest')} tone={waiting > 0 ? 'hold' : 'none'}>
        {longest === null ? '–' : <Clock since={longest} />}
      </Figure>
      <Figure label={t('board.figure_ready')} tone="ready">
        {states.filter((state) => state === 'ready').length}
      </Figure>
      <Figure label={t('board.figure_talking')} tone="talking">
        {states.filter((state) => state === 'talking' || state === 'hold').length}
      </Figure>
      <Figure label={t('board.figure_calls')} tone="none">
        {Object.keys(calls).length}
      </Figure>
    </dl>
  );
}

function Figure({ label, tone, children }: { label: string; tone: string; children: ReactNode }) {
  return (
    <div className={css.figure} data-tone={tone}>
      <dt>{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}
