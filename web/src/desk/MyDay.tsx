// My day: calls, those I missed, calls to come back to, callers who want to be called back, where the time went.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callbacksQuery, followUpsQuery } from '../api/agents';
import { callsQuery } from '../api/calls';
import type { Agent } from '../api/types';
import { CallTable } from '../calls/CallTable';
import { missed } from '../calls/record';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import { Failure } from '../ui/Failure';
import { Nothing } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { Rows } from './DayRows';
import css from './MyDay.module.css';

const FollowUps = lazy(() => import('./FollowUps'));
const MyTimes = lazy(() => import('./MyTimes'));

const SHOWN = 50;
const TABS = ['calls', 'missed', 'follow_ups', 'callbacks', 'times'] as const;
type Tab = (typeof TABS)[number];

export default function MyDay({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const [tab, setTab] = useState<Tab>('calls');
  const query = useInfiniteQuery(callsQuery({ agent: agent.id }, SHOWN));
  const followUps = useQuery(followUpsQuery(agent.id));
  const callbacks = useQuery(callbacksQuery);
  const calls = query.data?.pages.flatMap((page) => page.calls) ?? [];
  const lost = calls.filter((call) => missed(call, agent.id) !== null);
  const counts = {
    calls: null,
    times: null,
    missed: lost.length,
    follow_ups: followUps.data?.follow_ups.length ?? 0,
    callbacks: (callbacks.data?.callbacks.length ?? 0) + (callbacks.data?.missed.length ?? 0),
  };
  return (
    <section className={css.panel} aria-label={t('day.title')}>
      <div className={css.tabs} role="tablist" aria-label={t('day.title')}>
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`day-${name}`}
            aria-selected={tab === name}
            aria-controls="day-panel"
            tabIndex={tab === name ? 0 : -1}
            className={css.tab}
            onClick={() => {
              setTab(name);
              // Nobody tells when a call that I missed is over, or who wants to be called back.
              void (name === 'callbacks' ? callbacks : query).refetch();
            }}
            onKeyDown={(event) => {
              const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
              const next = TABS[TABS.indexOf(name) + step];
              if (step === 0 || next === undefined) return;
              setTab(next);
              document.getElementById(`day-${next}`)?.focus();
            }}
          >
            {t(`day.${name}`)}
            {counts[name] !== null && counts[name] > 0 && <span className={css.count}>{counts[name]}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="day-panel" aria-labelledby={`day-${tab}`}>
        {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
        {tab === 'calls' && calls.length > 0 && <CallTable calls={calls} agent={agent.id} />}
        {tab === 'calls' && query.isSuccess && calls.length === 0 && <Nothing>{t('desk.no_calls')}</Nothing>}
        {tab === 'missed' && (
          <Rows
            agent={agent}
            rows={lost.map((call) => ({
              key: call.id,
              call: call.id,
              time: call.started_at,
              number: call.caller,
              about: call.caller_name ?? '',
              what: <Tag tone="off">{word(t, 'call.offer_outcome', missed(call, agent.id) ?? '')}</Tag>,
            }))}
          />
        )}
        <Suspense>
          {tab === 'follow_ups' && <FollowUps agent={agent} />}
          {tab === 'times' && <MyTimes agent={agent} />}
        </Suspense>
        {tab === 'callbacks' && <Callbacks agent={agent} />}
      </div>
    </section>
  );
}

function Callbacks({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const list = useQuery(callbacksQuery);
  const queues = useLive((view) => view.live.queues);
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (!list.data) return null;
  const nameOf = (id: string) => queues.find((queue) => queue.id === id)?.name ?? id;
  const row = (missedOnes: boolean) => (one: (typeof list.data)['callbacks'][number]) => ({
    key: one.id,
    call: one.call,
    time: one.requested_at,
    number: one.number,
    about: nameOf(one.queue),
    what: (
      <Tag tone={missedOnes ? 'bad' : 'hold'}>
        {missedOnes ? t('day.not_reached') : t('day.tries', { count: one.tries })}
      </Tag>
    ),
  });
  return (
    <Rows agent={agent} rows={[...list.data.callbacks.map(row(false)), ...list.data.missed.map(row(true))]} />
  );
}
