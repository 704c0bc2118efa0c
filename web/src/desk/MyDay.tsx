// My day: calls, those I missed, calls to come back to, callers who want to be called back.

import { Button } from '@mantine/core';
import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callbacksQuery, dispositionsQuery, followUpsQuery } from '../api/agents';
import { callQuery, callsQuery, makeCall } from '../api/calls';
import type { Agent } from '../api/types';
import { useMay } from '../app/session';
import { CallTable } from '../calls/CallTable';
import { missed } from '../calls/record';
import { useLive } from '../live/store';
import { dayAndTime, word } from '../texts/format';
import { Failure, problemText } from '../ui/Failure';
import grid from '../ui/Grid.module.css';
import { Nothing } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import css from './MyDay.module.css';
import { useAct } from './useAct';

const SHOWN = 50;
/** Records of calls to come back to are read one by one. */
const FOLLOW_UPS_SHOWN = 25;
const TABS = ['calls', 'missed', 'follow_ups', 'callbacks'] as const;
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
        {tab === 'follow_ups' && <FollowUps agent={agent} />}
        {tab === 'callbacks' && <Callbacks agent={agent} />}
      </div>
    </section>
  );
}

interface RowOf {
  key: string;
  call: string;
  time: string;
  /** To be called; null if it is not known. */
  number: string | null;
  about: string;
  what: ReactNode;
}

/** Calls with a number and a button that calls it. */
function Rows({ agent, rows }: { agent: Agent; rows: RowOf[] }) {
  const { t } = useTranslation();
  const may = useMay('softphone.use');
  const acting = useAct();
  const able = acting.able && agent.registered && ['ready', 'not_ready'].includes(agent.state);
  if (rows.length === 0) return <Nothing>{t('day.nothing')}</Nothing>;
  return (
    <div className={grid.scroll}>
      {acting.error !== null && (
        <p className={css.error} role="alert">
          {problemText(t, acting.error)}
        </p>
      )}
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('call.time')}</th>
            <th>{t('call.number')}</th>
            <th>{t('day.about')}</th>
            <th>{t('day.what')}</th>
            <th className={grid.right}>{t('messages.actions')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, call, time, number, about, what }) => (
            <tr key={key}>
              <td className="num">
                <Link to="/calls/$call" params={{ call }} className={grid.link}>
                  {dayAndTime(time)}
                </Link>
              </td>
              <td className="num">{number}</td>
              <td className={css.about} title={about}>
                {about}
              </td>
              <td>{what}</td>
              <td className={grid.right}>
                {may && number !== null && number !== '' && !number.includes('•') && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    disabled={!able}
                    aria-label={t('day.ring_back_to', { number })}
                    onClick={() => acting.run(() => makeCall(number))}
                  >
                    {t('day.ring_back')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function FollowUps({ agent }: { agent: Agent }) {
  const list = useQuery(followUpsQuery(agent.id));
  const names = useQuery(dispositionsQuery()).data?.dispositions;
  const shown = list.data?.follow_ups.slice(0, FOLLOW_UPS_SHOWN) ?? [];
  const records = useQueries({ queries: shown.map(({ call }) => callQuery(call)) });
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (!list.isSuccess) return null;
  return (
    <Rows
      agent={agent}
      rows={shown.map((one, index) => {
        const record = records[index]?.data;
        const number = record ? (record.direction === 'out' ? record.called : record.caller) : null;
        const due = Date.parse(one.at) <= Date.now();
        return {
          key: one.call,
          call: one.call,
          time: one.at,
          number,
          about: one.note ?? '',
          what: <Tag tone={due ? 'hold' : 'none'}>{names?.[one.code] ?? one.code}</Tag>,
        };
      })}
    />
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
