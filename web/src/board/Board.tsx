// Everything that goes on at this moment, for those who lead others. Fed by the stream; every row can be acted upon.

import '../texts/wide';
import { ActionIcon, Select, TextInput } from '@mantine/core';
import { IconDeviceDesktop, IconSearch, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { memo, useCallback, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Agent, AgentState, CallState, LiveCall } from '../api/types';
import { useMayFor, useSession } from '../app/session';
import { useLive, useLiveStore } from '../live/store';
import { Nothing, Panel } from '../ui/Panel';
import type { RowSource } from '../ui/rowWindow';
import { AgentGrid } from './AgentGrid';
import { Alarms } from './Alarms';
import { agentActs, callActs } from './acts';
import css from './Board.module.css';
import { CallGrid } from './CallGrid';
import { Counters } from './Counters';
import { LiveText } from './cells';
import { type QueueFigures, useQueueSource } from './figures';
import { LimitsMenu } from './LimitsMenu';
import { MonitorBar } from './MonitorBar';
import { QueueGrid } from './QueueGrid';
import { Steering, useWish } from './Steering';
import { stepAlong } from './seconds';
import { useQueueSound } from './sound';
import { agentsOf, callsOf, derived, useSource } from './sources';
import { TotalFigures } from './TotalFigures';

export function Board() {
  const { t } = useTranslation();
  const store = useLiveStore();
  useEffect(() => store.subscribe(stepAlong), [store]);
  const may = useMayFor('agents.see');
  if (!may) return <Nothing>{t('problem.forbidden')}</Nothing>;
  return (
    <Steering>
      <div className={css.board}>
        <MonitorBar />
        <Panels />
        <Counters />
      </div>
    </Steering>
  );
}

function Panels() {
  const source = useQueueSource();
  const [queue, setQueue] = useState<string | null>(null);
  useQueueSound(source.rows);
  return (
    <>
      <TotalFigures source={source} />
      <Alarms />
      <div className={css.columns}>
        <div className={css.column}>
          <QueuesPanel source={source} queue={queue} setQueue={setQueue} />
          <CallsPanel queue={queue} setQueue={setQueue} />
        </div>
        <div className={css.column}>
          <AgentsPanel queue={queue} setQueue={setQueue} />
        </div>
      </div>
    </>
  );
}

interface QueuesProps {
  source: RowSource<QueueFigures>;
  queue: string | null;
  setQueue(queue: string | null): void;
}

const QueuesPanel = memo(function QueuesPanel({ source, queue, setQueue }: QueuesProps) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const find = useMemo(
    () =>
      derived(
        () => [source.rows()],
        (rows) => (wanted === '' ? rows : rows.filter(({ id, name }) => has(wanted, name, id))),
      ),
    [source, wanted],
  );
  const shown = useSource(find);
  const count = useCallback(() => String(shown.rows().length), [shown]);
  return (
    <Panel
      title={t('board.queues')}
      count={<LiveText of={count} />}
      aside={
        <>
          <Find label={t('board.find_queue')} text={text} set={setText} />
          <Tools />
        </>
      }
    >
      <QueueGrid rows={shown} narrowed={wanted !== ''} chosen={queue} choose={setQueue} />
    </Panel>
  );
});

const Tools = memo(function Tools() {
  const { t } = useTranslation();
  return (
    <>
      <LimitsMenu />
      <ActionIcon
        variant="default"
        size={30}
        component={Link}
        to="/wall"
        aria-label={t('board.wall')}
        title={t('board.wall')}
      >
        <IconDeviceDesktop size={16} />
      </ActionIcon>
    </>
  );
});

interface OfQueue {
  queue: string | null;
  setQueue(queue: string | null): void;
}

const CALL_STATES: readonly CallState[] = [
  'in_flow',
  'queued',
  'offered',
  'connected',
  'dialling',
  'connected_outside',
];

const CallsPanel = memo(function CallsPanel({ queue, setQueue }: OfQueue) {
  const { t } = useTranslation();
  const session = useSession();
  const wish = useWish();
  const [text, setText] = useState('');
  const [state, setState] = useState<string | null>(null);
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const find = useMemo(
    () =>
      derived(
        (view) => [callsOf(view)],
        (calls) =>
          calls.filter(
            (call) =>
              (queue === null || call.queue === queue) &&
              (state === null || call.state === state) &&
              (wanted === '' ||
                has(wanted, call.caller, call.caller_name, call.called, call.agent, call.queue)),
          ),
      ),
    [queue, state, wanted],
  );
  const shown = useSource(find);
  const count = useCallback(() => String(shown.rows().length), [shown]);
  const acts = useCallback((call: LiveCall) => callActs(call, { t, session, wish }), [t, session, wish]);
  const states = useMemo(
    () => CALL_STATES.map((value) => ({ value: value as string, label: t(`call.state.${value}`) })),
    [t],
  );
  return (
    <Panel
      title={t('board.calls')}
      count={<LiveText of={count} />}
      aside={
        <>
          <Chosen queue={queue} setQueue={setQueue} />
          <StateFilter label={t('board.state')} data={states} value={state} set={setState} />
          <Find label={t('board.find_call')} text={text} set={setText} />
        </>
      }
    >
      <CallGrid rows={shown} narrowed={queue !== null || state !== null || wanted !== ''} acts={acts} />
    </Panel>
  );
});

const AGENT_STATES: readonly AgentState[] = [
  'ready',
  'ringing',
  'talking',
  'hold',
  'wrap_up',
  'not_ready',
  'logged_out',
];

const AgentsPanel = memo(function AgentsPanel({ queue, setQueue }: OfQueue) {
  const { t } = useTranslation();
  const session = useSession();
  const wish = useWish();
  const store = useLiveStore();
  const [text, setText] = useState('');
  const [state, setState] = useState<string | null>('here');
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const find = useMemo(
    () =>
      derived(
        (view) => [agentsOf(view), view.live.queues.find(({ id }) => id === queue)?.agents ?? null],
        (agents, members) => {
          const of = members === null ? null : new Set(members);
          return agents.filter(
            (agent) =>
              (of === null || of.has(agent.id)) &&
              (state === null || (state === 'here' ? agent.state !== 'logged_out' : agent.state === state)) &&
              (wanted === '' ||
                has(
                  wanted,
                  agent.name,
                  agent.id,
                  agent.reason,
                  ...agent.groups,
                  ...Object.keys(agent.skills),
                )),
          );
        },
      ),
    [queue, state, wanted],
  );
  const shown = useSource(find);
  const count = useCallback(() => String(shown.rows().length), [shown]);
  const acts = useCallback(
    (agent: Agent) => {
      const call = (agent.call !== null && store.view().live.calls[agent.call]) || null;
      return agentActs(agent, call, { t, session, wish });
    },
    [t, session, wish, store],
  );
  const states = useMemo(
    () => [
      { value: 'here', label: t('board.here') },
      ...AGENT_STATES.map((value) => ({ value: value as string, label: t(`agent.state.${value}`) })),
    ],
    [t],
  );
  return (
    <Panel
      title={t('board.agents')}
      count={<LiveText of={count} />}
      aside={
        <>
          <Chosen queue={queue} setQueue={setQueue} />
          <StateFilter label={t('board.state')} data={states} value={state} set={setState} />
          <Find label={t('board.find_agent')} text={text} set={setText} />
        </>
      }
    >
      <AgentGrid rows={shown} narrowed={queue !== null || state !== null || wanted !== ''} acts={acts} />
    </Panel>
  );
});

function has(wanted: string, ...texts: (string | null)[]): boolean {
  return texts.some((text) => text?.toLowerCase().includes(wanted));
}

interface FindProps {
  label: string;
  text: string;
  set(text: string): void;
}

/** Controls are drawn when they change, not with each update of the rows below. */
const Find = memo(function Find({ label, text, set }: FindProps) {
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => set(event.currentTarget.value)}
      leftSection={<IconSearch size={14} aria-hidden />}
      w={150}
    />
  );
});

interface StateFilterProps {
  label: string;
  data: { value: string; label: string }[];
  value: string | null;
  set(value: string | null): void;
}

const StateFilter = memo(function StateFilter({ label, data, value, set }: StateFilterProps) {
  return (
    <Select
      aria-label={label}
      placeholder={label}
      data={data}
      value={value}
      onChange={set}
      clearable
      w={124}
    />
  );
});

/** The queue that all is limited to, and a way back to all. */
const Chosen = memo(function Chosen({ queue, setQueue }: OfQueue) {
  const { t } = useTranslation();
  const name = useLive((view) => view.live.queues.find(({ id }) => id === queue)?.name ?? queue);
  if (queue === null) return null;
  return (
    <button
      type="button"
      className={css.chosen}
      onClick={() => setQueue(null)}
      aria-label={t('board.all_queues')}
    >
      {name}
      <IconX size={13} aria-hidden />
    </button>
  );
});
