// Gathers what is known of a call from all sources, and shows it on one line and as a list; either plays the recording.

import { useQueries, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { agentTimesQuery, pcapUrl, peaksQuery, sipQuery } from '../api/calls';
import { decisionsQuery } from '../api/steer';
import type { CallRecord, Recording } from '../api/types';
import { useMay, useMayFor } from '../app/session';
import { clock, timeWithMs } from '../texts/format';
import { useServerNow } from '../ui/now';
import { Panel } from '../ui/Panel';
import { AgentName } from './CallTable';
import { Ladder } from './Ladder';
import { usePlayback } from './playback';
import { silences } from './silence';
import css from './Timeline.module.css';
import { decisionText, entryText, TimelineView } from './TimelineView';
import { agentsOf, type Entry, eventsOf, placeIn, type Timeline, timelineOf } from './timeline';
import { POINTS } from './Waveform';

export function CallTimeline({ call }: { call: CallRecord }) {
  const { t } = useTranslation();
  const mayTrace = useMay('trace.see');
  const mayDecide = useMayFor('queues.see');
  const mayPlay = useMay('recordings.play');
  const sip = useQuery({ ...sipQuery(call.id), enabled: mayTrace, retry: false });
  const decisions = useQuery({ ...decisionsQuery(call.id, null), enabled: mayDecide, retry: false });
  const times = useAgentTimes(call);
  const now_ms = useServerNow();
  const end_ms = call.ended_at === null ? now_ms : 0;
  const line = useMemo(
    () => timelineOf(call, { decisions: decisions.data, sip: sip.data, times }, end_ms),
    [call, decisions.data, sip.data, times, end_ms],
  );
  const recording = mayPlay
    ? (call.recordings.find(({ state }) => state !== 'failed' && state !== 'erased') ?? null)
    : null;
  const playback = useRecordingPlayback(call.id, recording);
  const [chosen, setChosen] = useState<string | null>(null);
  const { hear } = playback;
  const hearAt = useCallback(
    (at_ms: number) => {
      const place = recording && placeIn(recording, at_ms);
      if (place !== null) hear(place);
    },
    [recording, hear],
  );
  const choose = useCallback(
    (entry: Entry) => {
      setChosen(entry.id);
      hearAt(entry.from_ms);
    },
    [hearAt],
  );
  return (
    <>
      <Panel title={t('call.course')}>
        <TimelineView
          call={call.id}
          line={line}
          recording={recording}
          playback={playback}
          chosen={chosen}
          choose={choose}
        />
      </Panel>
      <Panel title={t('timeline.events')}>
        <Events line={line} chosen={chosen} choose={choose} />
      </Panel>
      {sip.data && (
        <Panel
          title={t('timeline.lane.sip')}
          count={sip.data.messages.length}
          aside={
            <a href={pcapUrl(call.id)} download className={css.download}>
              {t('timeline.pcap')}
            </a>
          }
        >
          <Ladder ladder={sip.data} hear={hearAt} />
        </Panel>
      )}
    </>
  );
}

function useRecordingPlayback(call: string, recording: Recording | null) {
  const query = useQuery({
    ...peaksQuery(call, recording?.id ?? '', POINTS),
    enabled: recording !== null,
    retry: false,
  });
  const quiet = useMemo(() => (query.data ? silences(query.data) : []), [query.data]);
  return usePlayback(quiet);
}

/** What the agents of the call did meanwhile, as far as one may see it. */
function useAgentTimes(call: CallRecord) {
  const may = useMay('agents.see');
  const agents = useMemo(() => agentsOf(call), [call]);
  const until = call.ended_at;
  return useQueries({
    queries: agents.map((agent) => ({
      ...agentTimesQuery(agent, call.started_at, until ?? call.started_at),
      enabled: may && until !== null,
      retry: false,
    })),
    combine: useCallback(
      (
        results: {
          data: Awaited<ReturnType<NonNullable<ReturnType<typeof agentTimesQuery>['queryFn']>>> | undefined;
        }[],
      ) => results.flatMap(({ data }, index) => (data ? [{ agent: agents[index] ?? '', times: data }] : [])),
      [agents],
    ),
  });
}

interface EventsProps {
  line: Timeline;
  chosen: string | null;
  choose(entry: Entry): void;
}

/** The same in words, in order. */
function Events({ line, chosen, choose }: EventsProps) {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  const events = useMemo(() => eventsOf(line), [line]);
  useEffect(() => {
    list.current?.querySelector('[data-chosen="true"]')?.scrollIntoView({ block: 'nearest' });
  });
  return (
    <ol ref={list} className={css.events}>
      {events.map((entry) => (
        <li key={entry.id}>
          <button
            type="button"
            className={css.event}
            data-chosen={entry.id === chosen}
            onClick={() => choose(entry)}
          >
            <span className="num">{timeWithMs(new Date(entry.from_ms).toISOString())}</span>
            <span className={`${css.dim} num`}>{`+${clock(entry.from_ms - line.from_ms)}`}</span>
            <span className={css.dim}>{t(`timeline.lane.${entry.lane}`)}</span>
            <span>
              {entryText(t, entry)}
              {entry.agent !== null && entry.lane !== 'sip' && (
                <>
                  {' · '}
                  <AgentName id={entry.agent} />
                </>
              )}
              {entry.to_ms > entry.from_ms && (
                <span className={css.dim}> {clock(entry.to_ms - entry.from_ms)}</span>
              )}
              {entry.lane === 'sip' && <span className={css.dim}> {entry.detail}</span>}
              {entry.decision && <span className={css.dim}> {decisionText(t, entry.decision)}</span>}
              {entry.lane === 'request' && (
                <code className={css.requestId} title={t('timeline.request_id', { id: entry.detail })}>
                  {entry.detail}
                </code>
              )}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
