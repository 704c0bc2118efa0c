// Calls to come back to: what is overdue, due today and later; and what is done.

import { Button } from '@mantine/core';
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { dispositionsQuery, followUpsQuery, setFollowUpDone } from '../api/agents';
import { callQuery } from '../api/calls';
import type { Agent, FollowUp } from '../api/types';
import { useLive } from '../live/store';
import { dayAndTime } from '../texts/format';
import { Failure, problemText } from '../ui/Failure';
import { Nothing } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { Rows } from './DayRows';
import css from './MyDay.module.css';

/** Records of calls to come back to are read one by one. */
const SHOWN_MAX = 25;
const WHEN = ['overdue', 'today', 'later'] as const;
type When = (typeof WHEN)[number];

export default function FollowUps({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const [done, setDone] = useState(false);
  const list = useQuery(followUpsQuery(agent.id, done));
  const shown = list.data?.follow_ups.slice(0, SHOWN_MAX) ?? [];
  const row = useRow(shown);
  const mark = useMark(agent.id);
  const now_ms = Date.now();
  return (
    <>
      <div className={css.choices}>
        {[false, true].map((which) => (
          <button
            key={String(which)}
            type="button"
            aria-pressed={done === which}
            className={css.choice}
            onClick={() => setDone(which)}
          >
            {t(which ? 'day.done' : 'day.open')}
          </button>
        ))}
        {mark.error && (
          <span className={css.error} role="alert">
            {problemText(t, mark.error)}
          </span>
        )}
      </div>
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && shown.length === 0 && <Nothing>{t('day.nothing')}</Nothing>}
      {done && shown.length > 0 && (
        <Rows
          agent={agent}
          rows={shown.map((one, index) => row(one, index, <Reopen one={one} mark={mark} />))}
        />
      )}
      {!done &&
        WHEN.map((when) => {
          const rows = shown.flatMap((one, index) =>
            whenOf(one.at, now_ms) === when ? [row(one, index, <Done one={one} mark={mark} />)] : [],
          );
          return rows.length > 0 && <Rows key={when} agent={agent} rows={rows} title={t(`day.${when}`)} />;
        })}
    </>
  );
}

/** Of days in the browser's zone. */
export function whenOf(at: string, now_ms: number): When {
  if (Date.parse(at) <= now_ms) return 'overdue';
  return new Date(at).toDateString() === new Date(now_ms).toDateString() ? 'today' : 'later';
}

function useRow(shown: FollowUp[]) {
  const { t } = useTranslation();
  const names = useQuery(dispositionsQuery()).data?.dispositions;
  const records = useQueries({ queries: shown.map(({ call }) => callQuery(call)) });
  return (one: FollowUp, index: number, act: React.ReactNode) => {
    const record = records[index]?.data;
    const number = record ? (record.direction === 'out' ? record.called : record.caller) : null;
    const late = one.done_at === null && Date.parse(one.at) <= Date.now();
    return {
      key: one.call,
      call: one.call,
      time: one.at,
      number,
      about: one.note ?? '',
      what: (
        <>
          <Tag tone={late ? 'hold' : 'none'}>{names?.[one.code] ?? one.code}</Tag>
          {one.done_at !== null && <small> {t('day.done_at', { time: dayAndTime(one.done_at) })}</small>}
        </>
      ),
      act,
    };
  };
}

interface Wish {
  call: string;
  done: boolean;
}

function useMark(agent: string) {
  const queries = useQueryClient();
  const connected = useLive((view) => view.connection === 'live');
  const mutation = useMutation({
    mutationFn: ({ call, done }: Wish) => setFollowUpDone(call, done),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['follow-ups', agent] }),
  });
  return { ...mutation, able: connected && !mutation.isPending };
}

interface ActProps {
  one: FollowUp;
  mark: ReturnType<typeof useMark>;
}

function Done({ one, mark }: ActProps) {
  const { t } = useTranslation();
  return (
    <Button
      size="compact-xs"
      variant="default"
      disabled={!mark.able}
      onClick={() => mark.mutate({ call: one.call, done: true })}
    >
      {t('day.mark_done')}
    </Button>
  );
}

function Reopen({ one, mark }: ActProps) {
  const { t } = useTranslation();
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      disabled={!mark.able}
      onClick={() => mark.mutate({ call: one.call, done: false })}
    >
      {t('day.reopen')}
    </Button>
  );
}
