// Living calls, oldest first.

import { Link } from '@tanstack/react-router';
import { Fragment, memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveCall } from '../api/types';
import { AgentName, QueueName } from '../calls/CallTable';
import { useLive } from '../live/store';
import { Clock } from '../ui/Clock';
import grid from '../ui/Grid.module.css';
import { Nothing, Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { callTone } from '../ui/tone';

export function LiveCalls() {
  const { t } = useTranslation();
  const calls = useLive((view) => view.live.calls);
  const sorted = useMemo(
    () => Object.values(calls).sort((one, other) => one.started_at.localeCompare(other.started_at)),
    [calls],
  );
  return (
    <Panel title={t('board.calls')} count={sorted.length}>
      {sorted.length === 0 ? (
        <Nothing>{t('board.no_calls')}</Nothing>
      ) : (
        <div className={grid.scroll}>
          <table className={grid.grid}>
            <thead>
              <tr>
                <th>{t('board.caller')}</th>
                <th>{t('board.state')}</th>
                <th>{t('board.place')}</th>
                <th className={grid.right}>{t('board.length')}</th>
                <th>{t('board.language')}</th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((call) => (
                <CallRow key={call.id} call={call} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

const CallRow = memo(function CallRow({ call }: { call: LiveCall }) {
  const { t } = useTranslation();
  return (
    <tr>
      <td className={grid.clip}>
        <Link to="/calls/$call" params={{ call: call.id }} className={`${grid.link} num`}>
          {call.caller || t('pop.anonymous')}
        </Link>{' '}
        {call.caller_name && <span className={grid.dim}>{call.caller_name}</span>}
      </td>
      <td>
        <Tag tone={callTone(call.state)}>{t(`call.state.${call.state}`)}</Tag>
      </td>
      <td className={grid.clip}>
        <Place call={call} />
      </td>
      <td className={grid.right}>
        <Clock since={call.started_at} />
      </td>
      <td>{call.language}</td>
    </tr>
  );
});

/** The agent who has it, everybody who is rung for it, or the place in line. */
function Place({ call }: { call: LiveCall }) {
  const { t } = useTranslation();
  const queue = useLive((view) => view.live.queues.find(({ id }) => id === call.queue)?.name ?? call.queue);
  if (call.offered_to.length > 1) {
    return call.offered_to.map((id, index) => (
      <Fragment key={id}>
        {index > 0 && ', '}
        <AgentName id={id} />
      </Fragment>
    ));
  }
  if (call.agent !== null) return <AgentName id={call.agent} />;
  if (call.queue === null) return null;
  if (call.position === null) return <QueueName id={call.queue} />;
  return t('board.position', { queue, position: call.position });
}
