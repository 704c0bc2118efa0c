// Living calls: who calls, what goes on, where, for how long.

import { IconEar, IconPlayerPause } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import { Fragment, type MouseEvent, memo, type ReactNode, useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallState, LiveCall } from '../api/types';
import { AgentName, QueueName } from '../calls/CallTable';
import { useLive } from '../live/store';
import { languageName } from '../texts/format';
import type { Act } from '../ui/acts';
import { byText } from '../ui/order';
import { type Column, RowTable } from '../ui/RowTable';
import type { RowSource } from '../ui/rowWindow';
import { Tag } from '../ui/Tag';
import { callTone } from '../ui/tone';
import css from './Board.module.css';
import { Ticking } from './cells';
import { useLimits } from './limits';

const ORDER: Record<CallState, number> = {
  queued: 0,
  offered: 1,
  in_flow: 2,
  dialling: 3,
  connected: 4,
  connected_outside: 5,
  ending: 6,
};

interface Props {
  rows: RowSource<LiveCall>;
  /** Rows are left out by a filter. */
  narrowed: boolean;
  acts(call: LiveCall): Act[];
}

export const CallGrid = memo(function CallGrid({ rows, narrowed, acts }: Props) {
  const { t } = useTranslation();
  const [limits] = useLimits();
  const navigate = useNavigate();
  const open = useCallback<Open>(
    (event, call) => {
      // In another tab, if that is wished.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      void navigate({ to: '/calls/$call', params: { call } });
    },
    [navigate],
  );
  const columns = useMemo<Column<LiveCall>[]>(
    () => [
      {
        id: 'caller',
        title: t('board.caller'),
        width: 'minmax(120px, 1.3fr)',
        compare: (one, other) => byText(one.caller, other.caller),
        cell: (call) => caller(t, call, open),
      },
      {
        id: 'state',
        title: t('board.state'),
        width: 'minmax(96px, 0.9fr)',
        compare: (one, other) =>
          ORDER[one.state] - ORDER[other.state] || byText(one.started_at, other.started_at),
        cell: (call) => state(t, call),
      },
      {
        id: 'place',
        title: t('board.place'),
        width: 'minmax(90px, 1.2fr)',
        compare: (one, other) =>
          byText(one.queue ?? '~', other.queue ?? '~') || (one.position ?? 0) - (other.position ?? 0),
        cell: (call) => <Place t={t} call={call} />,
      },
      {
        id: 'length',
        title: t('board.length'),
        width: '74px',
        right: true,
        compare: (one, other) => byText(other.started_at, one.started_at),
        cell: ({ started_at, connected_at }) => (
          <Ticking t={t} since={started_at} limit={connected_at === null ? undefined : limits.talk_s} />
        ),
      },
      {
        id: 'language',
        title: t('board.language'),
        width: '78px',
        cell: ({ language }) => languageName(language),
      },
    ],
    [t, limits, open],
  );
  return (
    <RowTable
      id="calls"
      label={t('board.calls')}
      rows={rows}
      idOf={idOf}
      columns={columns}
      sorting={FIRST}
      acts={acts}
      nothing={t(narrowed ? 'board.no_call_fits' : 'board.no_calls')}
    />
  );
});

const FIRST = { column: 'state', down: false };

function idOf({ id }: LiveCall): string {
  return id;
}

type Open = (event: MouseEvent, call: string) => void;

/** A link of the router would reckon with all routes for each row that comes. */
function caller(t: TFunction, call: LiveCall, open: Open): ReactNode {
  return (
    <>
      <a
        href={`/calls/${encodeURIComponent(call.id)}`}
        className={`${css.link} num`}
        tabIndex={-1}
        onClick={(event) => open(event, call.id)}
      >
        {call.caller || t('pop.anonymous')}
      </a>{' '}
      {call.caller_name && <span className={css.dim}>{call.caller_name}</span>}
    </>
  );
}

function state(t: TFunction, call: LiveCall): ReactNode {
  const heard = call.attendees.filter(({ part }) => part !== 'conference' && part !== 'consulted');
  return (
    <Tag tone={call.held ? 'hold' : callTone(call.state)}>
      {call.held ? t('agent.state.hold') : t(`call.state.${call.state}`)}
      {call.held && <IconPlayerPause size={13} aria-hidden />}
      {heard.length > 0 && <IconEar size={14} role="img" aria-label={t('board.listened_to')} />}
    </Tag>
  );
}

/** The agent who has it, everybody who is rung for it, or the place in line. */
function Place({ t, call }: { t: TFunction; call: LiveCall }) {
  const queue = useLive((view) => view.live.queues.find(({ id }) => id === call.queue)?.name ?? call.queue);
  if (call.offered_to.length > 1) {
    return call.offered_to.map((id, index) => (
      <Fragment key={id}>
        {index > 0 && ', '}
        <AgentName id={id} />
      </Fragment>
    ));
  }
  if (call.agent !== null) {
    return (
      <>
        <AgentName id={call.agent} /> {queue !== null && <span className={css.dim}>{queue}</span>}
      </>
    );
  }
  if (call.queue === null) return null;
  if (call.position === null) return <QueueName id={call.queue} />;
  return t('board.position', { queue, position: call.position });
}
