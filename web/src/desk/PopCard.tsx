// Who is calling: large, at once, and there until wrap-up is over.

import { Loader } from '@mantine/core';
import {
  IconArrowForwardUp,
  IconBuilding,
  IconClockHour4,
  IconLanguage,
  IconPhoneIncoming,
  IconUsers,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { callQuery } from '../api/calls';
import { contactsQuery, customersByNumberQuery } from '../api/customers';
import type { Agent, LiveCall } from '../api/types';
import type { Popped } from '../live/state';
import { useLive } from '../live/store';
import { clock, diverted, languageName } from '../texts/format';
import { Clock, Countdown } from '../ui/Clock';
import { agentTone, callTone, type Tone } from '../ui/tone';
import { CallNote } from './CallNote';
import { CustomerForm, type Subject, useCard } from './CustomerForm';
import type { Unsaved } from './drafts';
import css from './PopCard.module.css';
import { History, Matches, Way } from './PopMore';
import { phaseOf } from './phase';
import { numberOf } from './room';
import { Script } from './Script';

export function PopCard({ pop, agent }: { pop: Popped; agent: Agent | undefined }) {
  const { t } = useTranslation();
  const call = useLive((view) => view.live.calls[pop.call]);
  const phase = phaseOf(pop, agent, call);
  const subject: Subject = { ...pop, customer_id: pop.customer?.id ?? pop.found };
  const tone: Tone = phase === 'over' ? 'none' : phase === 'offered' ? 'ringing' : agentTone(phase);
  return (
    <article
      className={css.card}
      data-tone={tone}
      data-phase={phase}
      data-call={pop.call}
      aria-label={t('pop.label')}
    >
      <Headline subject={subject} looking={!pop.lookup_done && pop.customer === null}>
        <div className={css.phase}>
          <span role="status">{t(`pop.phase.${phase}`)}</span>
          {phase !== 'over' && agent && (
            <strong className="num">
              {phase === 'wrap_up' && agent.until ? (
                <Countdown until={agent.until} />
              ) : (
                <Clock since={agent.since} />
              )}
            </strong>
          )}
        </div>
      </Headline>
      <Facts pop={pop} />
      <MatchesOf pop={pop} subject={subject} />
      <Way pop={pop} />
      <div className={css.body}>
        <CustomerForm key={pop.call} subject={subject} />
        <div className={css.aside}>
          <ScriptOf pop={pop} subject={subject} />
          {agent && <NoteOf pop={pop} agent={agent} />}
          <h2 className={css.title}>{t('pop.history')}</h2>
          <History history={pop.history} agent={pop.agent} />
        </div>
      </div>
    </article>
  );
}

function MatchesOf({ pop, subject }: { pop: Popped; subject: Subject }) {
  const { card } = useCard(subject);
  return <Matches call={pop.call} matches={pop.matches} chosen={card?.id ?? null} />;
}

function ScriptOf({ pop, subject }: { pop: Popped; subject: Subject }) {
  const { card } = useCard(subject);
  if (pop.queue === null) return null;
  return <Script queue={pop.queue} caller={pop.caller} caller_name={pop.caller_name} card={card} />;
}

function NoteOf({ pop, agent }: { pop: Popped; agent: Agent }) {
  const awaited = agent.wrap_up !== null && agent.wrap_up.disposition !== 'settled';
  const { call, caller, caller_name, queue } = pop;
  return (
    <CallNote
      key={call}
      call={call}
      caller={caller}
      caller_name={caller_name}
      queue={queue}
      agent={agent.id}
      awaited={awaited}
    />
  );
}

/** The card of a call that I make, or that a colleague asks me into: found by its number. */
export function CallCard({ call, agent }: { call: LiveCall; agent: string }) {
  const { t } = useTranslation();
  const number = numberOf(call, agent);
  const found = useQuery(customersByNumberQuery(number));
  const customer = found.data?.customers[0] ?? null;
  const contacts = useQuery(contactsQuery(customer?.id ?? null));
  const subject: Subject = { call: call.id, caller: number, caller_name: null, customer, customer_id: null };
  return (
    <article
      className={css.card}
      data-tone={callTone(call.state)}
      data-phase="own"
      data-call={call.id}
      aria-label={t('dial.own')}
    >
      <Headline subject={subject} looking={found.isFetching}>
        <div className={css.phase}>
          <span role="status">{t(`call.state.${call.state}`)}</span>
        </div>
      </Headline>
      {found.isSuccess && (
        <div className={css.body}>
          <CustomerForm key={customer?.id ?? call.id} subject={subject} />
          <div className={css.aside}>
            <CallNote
              call={call.id}
              caller={number}
              caller_name={null}
              queue={call.queue}
              agent={agent}
              awaited={false}
            />
            <h2 className={css.title}>{t('pop.history')}</h2>
            <History history={contacts.data?.contacts ?? []} agent={agent} />
          </div>
        </div>
      )}
    </article>
  );
}

/** A call that is over, about which something is not saved, or not said yet. */
export function EarlierCard({
  earlier,
  agent,
  children,
}: {
  earlier: Pick<Unsaved, 'call' | 'caller' | 'caller_name' | 'card'>;
  agent: string;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const { call, card } = earlier;
  const record = useQuery(callQuery(call));
  const caller = earlier.caller || (record.data?.caller ?? '');
  const caller_name = earlier.caller_name ?? record.data?.caller_name ?? null;
  const subject: Subject = {
    call,
    caller,
    caller_name,
    customer: null,
    customer_id: card?.customer ?? record.data?.customer ?? null,
  };
  return (
    <article className={css.card} data-tone="none" data-phase="earlier" aria-label={t('pop.label')}>
      <Headline subject={subject} looking={false}>
        <div className={css.phase}>{t('pop.phase.earlier')}</div>
        {children}
      </Headline>
      <div className={css.body}>
        {card || subject.customer_id !== null ? <CustomerForm key={call} subject={subject} /> : <span />}
        <div className={css.aside}>
          <CallNote
            call={call}
            caller={caller}
            caller_name={caller_name}
            queue={record.data?.queues.at(-1)?.queue ?? null}
            agent={agent}
            awaited={false}
          />
        </div>
      </div>
    </article>
  );
}

interface HeadlineProps {
  subject: Subject;
  looking: boolean;
  children: ReactNode;
}

function Headline({ subject, looking, children }: HeadlineProps) {
  const { t } = useTranslation();
  const { card, reading } = useCard(subject);
  const name = card?.name ?? subject.caller_name ?? t('pop.unknown');
  return (
    <header className={css.head}>
      <div className={css.who}>
        <h1 className={css.name}>{name}</h1>
        <div className={css.sub}>
          <span className={`${css.number} num`}>{subject.caller || t('pop.anonymous')}</span>
          {card?.company && (
            <span className={css.company}>
              <IconBuilding size={15} stroke={1.7} aria-hidden />
              {card.company}
            </span>
          )}
          {looking || reading ? (
            <span className={css.kind}>
              <Loader size={12} /> {t('pop.looking_up')}
            </span>
          ) : (
            <span className={css.kind}>{card ? t('customer.known') : t('customer.new')}</span>
          )}
          {card?.vip && <span className={css.vip}>{t('customer.vip')}</span>}
          {card?.blocked && <span className={css.blocked}>{t('customer.blocked')}</span>}
          {card?.tags.map((tag) => (
            <span key={tag} className={css.tag}>
              {tag}
            </span>
          ))}
          {card && (
            <Link to="/customers/$customer" params={{ customer: card.id }} className={css.open}>
              {t('pop.open')}
            </Link>
          )}
        </div>
      </div>
      <div className={css.right}>{children}</div>
    </header>
  );
}

function Facts({ pop }: { pop: Popped }) {
  const { t } = useTranslation();
  const queue = useLive((view) => view.live.queues.find(({ id }) => id === pop.queue));
  return (
    <dl className={css.facts}>
      <Fact icon={<IconUsers size={15} stroke={1.7} aria-hidden />} label={t('pop.queue')}>
        {pop.queue === null ? t('pop.direct') : (queue?.name ?? pop.queue)}
      </Fact>
      {pop.queued_at !== null && (
        <Fact icon={<IconClockHour4 size={15} stroke={1.7} aria-hidden />} label={t('pop.waited')}>
          <Waited since={pop.queued_at} until={pop.waited_until} />
        </Fact>
      )}
      <Fact icon={<IconLanguage size={15} stroke={1.7} aria-hidden />} label={t('pop.language')}>
        {languageName(pop.language)}
      </Fact>
      <Fact icon={<IconPhoneIncoming size={15} stroke={1.7} aria-hidden />} label={t('pop.called')}>
        <span className="num">{pop.called}</span>
      </Fact>
      {pop.diversion && (
        <Fact icon={<IconArrowForwardUp size={15} stroke={1.7} aria-hidden />} label={t('call.diverted')}>
          <span className="num">{diverted(t, pop.diversion)}</span>
        </Fact>
      )}
    </dl>
  );
}

/** Runs until somebody answers. */
function Waited({ since, until }: { since: string; until: string | null }) {
  if (until === null) return <Clock since={since} />;
  return <span className="num">{clock(Date.parse(until) - Date.parse(since))}</span>;
}

function Fact({ icon, label, children }: { icon: ReactNode; label: string; children: ReactNode }) {
  return (
    <div className={css.fact}>
      <dt>
        {icon}
        {label}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
