// Agents: what each does, since when, with whom, and what each can do.

import { IconDeviceMobile, IconHandStop, IconPhone, IconPhoneOff } from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { memo, type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Agent, AgentState } from '../api/types';
import { deviceText } from '../desk/DeviceMenu';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import type { Act } from '../ui/acts';
import { byText } from '../ui/order';
import { type Column, RowTable } from '../ui/RowTable';
import type { RowSource } from '../ui/rowWindow';
import { Tag } from '../ui/Tag';
import { agentTone } from '../ui/tone';
import css from './Board.module.css';
import { Ticking } from './cells';
import { type Limit, type Limits, useLimits } from './limits';

const ORDER: Record<AgentState, number> = {
  offline_grace: 0,
  ringing: 1,
  reserved: 2,
  talking: 3,
  hold: 4,
  wrap_up: 5,
  ready: 6,
  not_ready: 7,
  logged_out: 8,
};

interface Props {
  rows: RowSource<Agent>;
  /** Rows are left out by a filter. */
  narrowed: boolean;
  acts(agent: Agent): Act[];
}

export const AgentGrid = memo(function AgentGrid({ rows, narrowed, acts }: Props) {
  const { t } = useTranslation();
  const [limits] = useLimits();
  const columns = useMemo<Column<Agent>[]>(
    () => [
      {
        id: 'name',
        title: t('board.agent'),
        width: 'minmax(106px, 1.6fr)',
        compare: (one, other) => byText(one.name, other.name),
        cell: (agent) => name(t, agent),
      },
      {
        id: 'state',
        title: t('board.state'),
        width: 'minmax(100px, 1.2fr)',
        compare: byState,
        cell: ({ state, reason }) => (
          <Tag tone={agentTone(state)}>
            {t(`agent.state.${state}`)}
            {reason !== null && <span className={css.dim}>{word(t, 'agent.reason', reason)}</span>}
          </Tag>
        ),
      },
      {
        id: 'since',
        title: t('board.since'),
        width: '60px',
        right: true,
        compare: (one, other) => byText(other.since, one.since),
        cell: ({ state, since }) =>
          state !== 'logged_out' && <Ticking t={t} since={since} limit={limitOf(limits, state)} />,
      },
      {
        id: 'call',
        title: t('board.with'),
        width: 'minmax(112px, 1.1fr)',
        cell: ({ call }) => call !== null && <Caller call={call} anonymous={t('pop.anonymous')} />,
      },
      {
        id: 'skills',
        title: t('board.skills'),
        width: 'minmax(48px, 0.8fr)',
        cell: skills,
      },
      { id: 'phone', title: '', width: '28px', cell: (agent) => phone(t, agent) },
    ],
    [t, limits],
  );
  return (
    <RowTable
      id="agents"
      label={t('board.agents')}
      rows={rows}
      idOf={idOf}
      columns={columns}
      sorting={FIRST}
      acts={acts}
      nothing={t(narrowed ? 'board.no_agent_fits' : 'board.no_agents')}
    />
  );
});

const FIRST = { column: 'state', down: false };

function idOf({ id }: Agent): string {
  return id;
}

function byState(one: Agent, other: Agent): number {
  return ORDER[one.state] - ORDER[other.state] || byText(one.since, other.since) || byText(one.id, other.id);
}

function name(t: TFunction, agent: Agent): ReactNode {
  const asks = agent.help !== null && agent.help.answered_at === null;
  return (
    <>
      {asks && (
        <IconHandStop
          size={14}
          color="var(--tone-bad)"
          className={css.mark}
          aria-label={t('board.asks_help')}
        />
      )}
      <strong className={css.name}>{agent.name}</strong> <span className={css.dim}>{agent.id}</span>
    </>
  );
}

/** The limit that there is for how long one is in a state. */
function limitOf(limits: Limits, state: AgentState): Limit | undefined {
  switch (state) {
    case 'wrap_up':
      return limits.wrap_s;
    case 'not_ready':
      return limits.not_ready_s;
    case 'talking':
    case 'hold':
      return limits.talk_s;
    default:
      return undefined;
  }
}

function Caller({ call, anonymous }: { call: string; anonymous: string }) {
  return (
    <span className="num">
      {useLive((view) => {
        const known = view.live.calls[call];
        if (!known) return '';
        return (known.direction === 'out' ? known.called : known.caller) || anonymous;
      })}
    </span>
  );
}

function skills({ skills: grades, groups }: Agent): ReactNode {
  const all = Object.entries(grades).map(([skill, grade]) => `${skill} ${grade}`);
  const text = [...all, ...groups].join(', ');
  return (
    <span className={css.dim} title={text}>
      {text}
    </span>
  );
}

function phone(t: TFunction, agent: Agent): ReactNode {
  const Known = agent.device.kind === 'phone' ? IconPhone : IconDeviceMobile;
  const Icon = agent.registered ? Known : IconPhoneOff;
  const text = deviceText(t, agent);
  return (
    <span data-tone={agent.registered ? 'none' : 'bad'}>
      <Icon size={15} color="var(--tone)" role="img" aria-label={text}>
        <title>{text}</title>
      </Icon>
    </span>
  );
}
