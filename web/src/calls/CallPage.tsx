// One call: what happened, when, and how it sounded.

import '../texts/wide';
import { Loader } from '@mantine/core';
import { IconArrowLeft, IconPhoneOutgoing } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { dispositionsQuery } from '../api/agents';
import { callQuery } from '../api/calls';
import type { CallRecord, Recording } from '../api/types';
import {
  between,
  clock,
  diverted,
  fullDate,
  languageName,
  timeOfDay,
  timeWithMs,
  word,
} from '../texts/format';
import { Failure } from '../ui/Failure';
import { Nothing, Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { endTone } from '../ui/tone';
import css from './CallPage.module.css';
import { AgentName, QueueName } from './CallTable';
import { CallTimeline } from './CallTimeline';
import { Marks, Talk } from './RecordedTimes';
import { Answers, Dials, Offers, Path, Queues, Sounds } from './RecordTables';
import { waited } from './record';
import { recordingProblem } from './recordingProblem';

export function CallPage() {
  const { t } = useTranslation();
  const { call: id } = useParams({ from: '/calls/$call' });
  const query = useQuery(callQuery(id));
  if (query.isPending) return <Loader size="sm" aria-label={t('app.loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Record call={query.data} />;
}

function Record({ call }: { call: CallRecord }) {
  const { t } = useTranslation();
  const out = call.direction === 'out';
  return (
    <div className={css.page}>
      <header className={css.head}>
        <Link to="/calls" className={css.back} aria-label={t('call.back')} title={t('call.back')}>
          <IconArrowLeft size={18} aria-hidden />
        </Link>
        <h1 className={css.title}>
          {out && <IconPhoneOutgoing size={18} aria-label={t('call.direction.out')} />}{' '}
          <span className="num">{out ? call.called : call.caller}</span>
          {!out && call.caller_name && <span className={css.name}>{call.caller_name}</span>}
        </h1>
        {call.cause ? (
          <Tag tone={endTone(call.cause.kind)}>{word(t, 'call.end', call.cause.kind)}</Tag>
        ) : (
          <Tag tone="talking">{t('call.running')}</Tag>
        )}
        <span className={css.when}>{`${fullDate(call.started_at)} ${timeOfDay(call.started_at)}`}</span>
      </header>

      <CallTimeline call={call} />
      <div className={css.columns}>
        <div className={css.column}>
          {(!out || call.offers.length > 0) && (
            <Panel title={t('call.offers')} count={call.offers.length}>
              <Offers offers={call.offers} />
            </Panel>
          )}
          {call.dials.length > 0 && (
            <Panel title={t('call.dials')} count={call.dials.length}>
              <Dials dials={call.dials} />
            </Panel>
          )}
          {(!out || call.queues.length > 0) && (
            <Panel title={t('call.queue_visits')} count={call.queues.length}>
              <Queues visits={call.queues} />
            </Panel>
          )}
          {(!out || call.path.length > 0) && (
            <Panel title={t('call.path')} count={call.path.length}>
              <Path steps={call.path} />
            </Panel>
          )}
          {call.answers.length > 0 && (
            <Panel title={t('call.answers')} count={call.answers.length}>
              <Answers answers={call.answers} />
            </Panel>
          )}
          {call.sounds.length > 0 && (
            <Panel title={t('call.sound.title')}>
              <Sounds sounds={call.sounds} />
            </Panel>
          )}
        </div>
        <div className={css.column}>
          <Panel title={t('call.recording')}>
            <Recordings call={call} />
          </Panel>
          {(call.dispositions ?? []).length > 0 && (
            <Panel title={t('timeline.said')}>
              <Said call={call} />
            </Panel>
          )}
          <Panel title={t('call.title')}>
            <Facts call={call} />
          </Panel>
        </div>
      </div>
    </div>
  );
}

function Recordings({ call }: { call: CallRecord }) {
  const { t } = useTranslation();
  if (call.recordings.length === 0) return <Nothing>{t('call.no_recording')}</Nothing>;
  return (
    <>
      {call.recordings.map((recording) => (
        <RecordingLine key={recording.id} recording={recording} />
      ))}
    </>
  );
}

function RecordingLine({ recording }: { recording: Recording }) {
  const { t } = useTranslation();
  if (recording.state === 'failed') {
    return (
      <p className={css.recording}>
        <Tag tone="bad">{t('call.recording_failed')}</Tag>{' '}
        {recording.problem !== null && recordingProblem(t, recording.problem)}
      </p>
    );
  }
  return (
    <>
      <p className={css.recording}>
        <span className={css.path}>{recording.path}</span>
        <span className="num">
          {recording.duration_ms === null ? t('call.recording_open') : clock(recording.duration_ms)}
        </span>
        {recording.state === 'mended' && <Tag tone="hold">{t('call.recording_mended')}</Tag>}
        {(recording.gap_ms ?? 0) > 0 && <Tag tone="hold">{t('call.gap', { ms: recording.gap_ms })}</Tag>}
      </p>
      {recording.talk && <Talk talk={recording.talk} />}
      {recording.marks.length > 0 && <Marks marks={recording.marks} />}
    </>
  );
}

function Facts({ call }: { call: CallRecord }) {
  const { t } = useTranslation();
  const length = between(call.started_at, call.ended_at);
  const talk = between(call.connected_at, call.ended_at);
  const wait = waited(call);
  const queue = call.queues.at(-1)?.queue;
  return (
    <dl className={css.facts}>
      <Fact label={t('call.called')}>{call.called}</Fact>
      {call.number !== null && <Fact label={t('call.number')}>{call.number}</Fact>}
      {call.flow !== null && <Fact label={t('call.flow')}>{call.flow}</Fact>}
      <Fact label={t('call.source')}>
        {'trunk' in call.source
          ? t('call.from_trunk', { trunk: call.source.trunk })
          : 'agent' in call.source
            ? t('call.from_agent', { agent: call.source.agent })
            : t('call.from_queue', { queue: call.source.queue })}
      </Fact>
      {call.visitor?.page && <Fact label={t('pop.collected.visitor_page')}>{call.visitor.page}</Fact>}
      {call.visitor?.question && (
        <Fact label={t('pop.collected.visitor_question')}>{call.visitor.question}</Fact>
      )}
      {call.diversion && <Fact label={t('call.diverted')}>{diverted(t, call.diversion)}</Fact>}
      <Fact label={t('call.language')}>{languageName(call.language)}</Fact>
      {queue && (
        <Fact label={t('call.queue')}>
          <QueueName id={queue} />
        </Fact>
      )}
      {call.agent !== null && (
        <Fact label={t('call.agent')}>
          <AgentName id={call.agent} />
        </Fact>
      )}
      <Moment label={t('call.started')} at={call.started_at} />
      <Moment label={t('call.answered')} at={call.answered_at} />
      <Moment label={t('call.connected')} at={call.connected_at} />
      <Moment label={t('call.ended')} at={call.ended_at} />
      {length !== null && <Fact label={t('call.total')}>{clock(length)}</Fact>}
      {wait !== null && <Fact label={t('call.waited')}>{clock(wait)}</Fact>}
      {talk !== null && <Fact label={t('call.talk')}>{clock(talk)}</Fact>}
      {call.ended_by !== null && <Fact label={t('call.ended_by')}>{word(t, 'call.by', call.ended_by)}</Fact>}
      {call.cause && <Fact label={t('call.cause')}>{<CauseText call={call} />}</Fact>}
      {call.blocked && <Fact label={t('blocked_call.why')}>{blockedWhy(t, call.blocked)}</Fact>}
      <Fact label={t('call.sip_call_id')}>
        <code className={css.code}>{call.sip_call_id}</code>
      </Fact>
    </dl>
  );
}

/** What became of the call, in the words of each agent. */
function Said({ call }: { call: CallRecord }) {
  const query = useQuery(dispositionsQuery());
  return (
    <dl className={css.facts}>
      {(call.dispositions ?? []).map((one) => (
        <Fact key={`${one.agent}${one.code}`} label={query.data?.dispositions[one.code] ?? one.code}>
          {one.note} <AgentName id={one.agent} />
        </Fact>
      ))}
    </dl>
  );
}

function CauseText({ call }: { call: CallRecord }) {
  const { t } = useTranslation();
  const cause = call.cause;
  if (!cause) return null;
  const parts = [word(t, 'call.end', cause.kind)];
  if (cause.sip_status !== null) parts.push(t('call.sip', { status: cause.sip_status }));
  if (cause.q850 !== null) parts.push(t('call.q850', { cause: cause.q850 }));
  return parts.join(' · ');
}

/** On what grounds the caller is blocked, and which flow answered, if one did. */
function blockedWhy(t: TFunction, blocked: NonNullable<CallRecord['blocked']>): string {
  const why = t(`blocked_call.by_${blocked.by}`, { list: blocked.list, reason: blocked.reason });
  return blocked.flow ? t('blocked_call.with_flow', { why, flow: blocked.flow }) : why;
}

function Moment({ label, at }: { label: string; at: string | null }) {
  return at === null ? null : <Fact label={label}>{timeWithMs(at)}</Fact>;
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={css.fact}>
      <dt>{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}
