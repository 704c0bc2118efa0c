// Everything that goes on at this moment, for those who lead others. Fed by the stream; every row can be acted upon.

import '../texts/wide';
import { ActionIcon, Select, TextInput } from '@mantine/core';
import { IconDeviceDesktop, IconSearch, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { memo, type ReactNode, useCallback, useDeferredValue, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Agent, AgentState, CallState, LiveCall } from '../api/types';
import { useMayFor, useSession } from '../app/session';
import { useLive, useLiveStore } from '../live/store';
import { Nothing, Panel } from '../ui/Panel';
import { AgentGrid } from './AgentGrid';
import { Alarms } from './Alarms';
import { agentActs, callActs } from './acts';
import css from './Board.module.css';
import { CallGrid } from './CallGrid';
import { Counters } from './Counters';
import { Ticking } from './cells';
import { longestWait, type QueueFigures, useAgentCounts, useQueueFigures } from './figures';
import { LimitsMenu } from './LimitsMenu';
import { MonitorBar } from './MonitorBar';
import { QueueGrid } from './QueueGrid';
import { Steering, useWish } from './Steering';
import { useQueueSound } from './sound';

export function Board() {
  const { t } = useTranslation();
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
  const rows = useQueueFigures();
  const [queue, setQueue] = useState<string | null>(null);
  return (
    <>
      <QueueSound rows={rows} />
      <Figures rows={rows} />
      <Alarms />
      <div className={css.columns}>
        <div className={css.column}>
          <QueuesPanel rows={rows} queue={queue} setQueue={setQueue} />
          <CallsPanel queue={queue} setQueue={setQueue} />
        </div>
        <div className={css.column}>
          <AgentsPanel queue={queue} setQueue={setQueue} />
        </div>
      </div>
    </>
  );
}

function QueueSound({ rows }: { rows: readonly QueueFigures[] }) {
  useQueueSound(rows);
  return null;
}

interface QueuesProps {
  rows: readonly QueueFigures[];
  queue: string | null;
  setQueue(queue: string | null): void;
}

const QueuesPanel = memo(function QueuesPanel({ rows, queue, setQueue }: QueuesProps) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const shown = useMemo(
    () => (wanted === '' ? rows : rows.filter(({ id, name }) => has(wanted, name, id))),
    [rows, wanted],
  );
  return (
    <Panel
      title={t('board.queues')}
      count={rows.length}
      aside={
        <>
          <Find label={t('board.find_queue')} text={text} set={setText} />
          <Tools />
        </>
      }
    >
      <QueueGrid rows={shown} chosen={queue} choose={setQueue} />
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
  const calls = useLive((view) => view.live.calls);
  const [text, setText] = useState('');
  const [state, setState] = useState<string | null>(null);
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const shown = useMemo(() => {
    const all = Object.values(calls);
    return all.filter(
      (call) =>
        (queue === null || call.queue === queue) &&
        (state === null || call.state === state) &&
        (wanted === '' || has(wanted, call.caller, call.caller_name, call.called, call.agent, call.queue)),
    );
  }, [calls, queue, state, wanted]);
  const acts = useCallback((call: LiveCall) => callActs(call, { t, session, wish }), [t, session, wish]);
  const states = useMemo(
    () => CALL_STATES.map((value) => ({ value: value as string, label: t(`call.state.${value}`) })),
    [t],
  );
  return (
    <Panel
      title={t('board.calls')}
      count={shown.length}
      aside={
        <>
          <Chosen queue={queue} setQueue={setQueue} />
          <StateFilter label={t('board.state')} data={states} value={state} set={setState} />
          <Find label={t('board.find_call')} text={text} set={setText} />
        </>
      }
    >
      <CallGrid rows={shown} acts={acts} />
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
  const agents = useLive((view) => view.live.agents);
  const members = useLive((view) => view.live.queues.find(({ id }) => id === queue)?.agents ?? null);
  const [text, setText] = useState('');
  const [state, setState] = useState<string | null>('here');
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const shown = useMemo(() => {
    const of = members === null ? null : new Set(members);
    return Object.values(agents).filter(
      (agent) =>
        (of === null || of.has(agent.id)) &&
        (state === null || (state === 'here' ? agent.state !== 'logged_out' : agent.state === state)) &&
        (wanted === '' ||
          has(wanted, agent.name, agent.id, agent.reason, ...agent.groups, ...Object.keys(agent.skills))),
    );
  }, [agents, members, state, wanted]);
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
      count={shown.length}
      aside={
        <>
          <Chosen queue={queue} setQueue={setQueue} />
          <StateFilter label={t('board.state')} data={states} value={state} set={setState} />
          <Find label={t('board.find_agent')} text={text} set={setText} />
        </>
      }
    >
      <AgentGrid rows={shown} acts={acts} />
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

/** The few numbers one looks at first. */
const Figures = memo(function Figures({ rows }: { rows: readonly QueueFigures[] }) {
  const { t } = useTranslation();
  const calls = useLive((view) => view.live.calls);
  const counts = useAgentCounts();
  const waiting = rows.reduce((sum, row) => sum + row.waiting, 0);
  const longest = longestWait(rows);
  const offered = rows.reduce((sum, row) => sum + (row.offered_today ?? 0), 0);
  const served = rows.reduce((sum, row) => sum + (row.service_today ?? 0) * (row.offered_today ?? 0), 0);
  return (
    <dl className={css.figures}>
      <Figure label={t('board.figure_waiting')} tone={waiting > 0 ? 'hold' : 'none'}>
        {waiting}
      </Figure>
      <Figure label={t('board.figure_longest')} tone={waiting > 0 ? 'hold' : 'none'}>
        {longest === null ? '–' : <Ticking since={longest} />}
      </Figure>
      <Figure label={t('board.service_today')} tone="none">
        {offered === 0 ? '–' : `${Math.round((100 * served) / offered)} %`}
      </Figure>
      <Figure label={t('board.figure_ready')} tone="ready">
        {counts.ready}
      </Figure>
      <Figure label={t('board.figure_talking')} tone="talking">
        {counts.talking}
      </Figure>
      <Figure label={t('board.wrap_up')} tone="wrap">
        {counts.wrap_up}
      </Figure>
      <Figure label={t('board.figure_calls')} tone="none">
        {Object.keys(calls).length}
      </Figure>
    </dl>
  );
});

function Figure({ label, tone, children }: { label: string; tone: string; children: ReactNode }) {
  return (
    <div className={css.figure} data-tone={tone}>
      <dt>{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}
