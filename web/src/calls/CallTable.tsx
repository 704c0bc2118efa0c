// A list of calls; the recording plays in its row.

import { ActionIcon } from '@mantine/core';
import { IconPhoneOutgoing, IconPlayerPlayFilled, IconPlayerStopFilled } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallRecord } from '../api/types';
import { useLive } from '../live/store';
import { between, clock, dayAndTime, word } from '../texts/format';
import grid from '../ui/Grid.module.css';
import { Tag } from '../ui/Tag';
import { endTone } from '../ui/tone';
import { Player } from './Player';
import { hasAudio, missed, waited } from './record';

interface Props {
  calls: CallRecord[];
  /** Whose own list it is: that agent is not named, and a call that it missed is shown as missed. */
  agent?: string;
}

export function CallTable({ calls, agent }: Props) {
  const { t } = useTranslation();
  const [playing, setPlaying] = useState<string | null>(null);
  const all = agent === undefined;
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('call.time')}</th>
            <th>{t('call.caller')}</th>
            {all && <th>{t('call.called')}</th>}
            <th>{t('call.queue')}</th>
            {all && <th>{t('call.agent')}</th>}
            <th className={grid.right}>{t('call.waited')}</th>
            <th className={grid.right}>{t('call.talk')}</th>
            <th>{t('call.outcome')}</th>
            <th className={grid.right}>{t('call.recording')}</th>
          </tr>
        </thead>
        <tbody>
          {calls.map((call) => (
            <Fragment key={call.id}>
              <CallRow
                call={call}
                agent={agent ?? null}
                playing={playing === call.id}
                play={() => setPlaying(playing === call.id ? null : call.id)}
              />
              {playing === call.id && (
                <tr>
                  <td colSpan={all ? 9 : 7}>
                    <Player call={call.id} autoPlay />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  call: CallRecord;
  agent: string | null;
  playing: boolean;
  play(): void;
}

function CallRow({ call, agent, playing, play }: RowProps) {
  const { t } = useTranslation();
  const queue = call.queues.at(-1)?.queue;
  const all = agent === null;
  const why = agent === null ? null : missed(call, agent);
  const talk = why === null ? between(call.connected_at, call.ended_at) : null;
  return (
    <tr>
      <td className="num">
        <Link to="/calls/$call" params={{ call: call.id }} className={grid.link}>
          {dayAndTime(call.started_at)}
        </Link>
      </td>
      <td className={grid.clip}>
        <Other call={call} all={all} />
      </td>
      {all && <td className="num">{call.called}</td>}
      <td className={grid.clip}>{queue && <QueueName id={queue} />}</td>
      {all && <td className={grid.clip}>{call.agent && <AgentName id={call.agent} />}</td>}
      <td className={`num ${grid.right}`}>{clockOrNothing(waited(call))}</td>
      <td className={`num ${grid.right}`}>{clockOrNothing(talk)}</td>
      <td>
        {why !== null ? (
          <Tag tone="off">{word(t, 'call.offer_outcome', why)}</Tag>
        ) : call.cause ? (
          <Tag tone={endTone(call.cause.kind)}>{word(t, 'call.end', call.cause.kind)}</Tag>
        ) : (
          <Tag tone="talking">{t('call.running')}</Tag>
        )}
      </td>
      <td className={grid.right}>
        {hasAudio(call) && (
          <ActionIcon
            variant="subtle"
            size="sm"
            aria-label={t('call.play')}
            aria-expanded={playing}
            title={t('call.play')}
            onClick={play}
          >
            {playing ? <IconPlayerStopFilled size={15} /> : <IconPlayerPlayFilled size={15} />}
          </ActionIcon>
        )}
      </td>
    </tr>
  );
}

/** Whom the call was with: who called, or in an agent's own list who was called outside. */
function Other({ call, all }: { call: CallRecord; all: boolean }) {
  const { t } = useTranslation();
  const out = call.direction === 'out';
  return (
    <>
      {out && <IconPhoneOutgoing size={14} className={grid.mark} aria-label={t('call.direction.out')} />}
      <span className="num">{out && !all ? call.called : call.caller}</span>{' '}
      {call.caller_name && (all || !out) && <span className={grid.dim}>{call.caller_name}</span>}
    </>
  );
}

/** The name when the page knows it, else the id. */
export function QueueName({ id }: { id: string }) {
  return useLive((view) => view.live.queues.find((queue) => queue.id === id)?.name ?? id);
}

export function AgentName({ id }: { id: string }) {
  return useLive((view) => view.live.agents[id]?.name ?? id);
}

function clockOrNothing(ms: number | null): string {
  return ms === null ? '' : clock(ms);
}
