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
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Agent } from '../api/types';
import type { Popped } from '../live/state';
import { useLive } from '../live/store';
import { clock, diverted, languageName } from '../texts/format';
import { Clock, Countdown } from '../ui/Clock';
import { agentTone, type Tone } from '../ui/tone';
import { CustomerForm, type Subject, useCard } from './CustomerForm';
import css from './PopCard.module.css';

export type Phase = 'offered' | 'ringing' | 'talking' | 'hold' | 'wrap_up' | 'over';

/** Where the call of the card stands, from this agent's chair. */
export function phaseOf(pop: Popped, agent: Agent | undefined): Phase {
  switch (agent?.state) {
    case 'wrap_up':
      return 'wrap_up';
    case 'talking':
    case 'hold':
      return pop.over ? 'over' : agent.state;
    case 'ringing':
      return pop.over ? 'over' : 'ringing';
    default:
      return pop.over ? 'over' : 'offered';
  }
}

export function PopCard({ pop, agent }: { pop: Popped; agent: Agent | undefined }) {
  const { t } = useTranslation();
  const phase = phaseOf(pop, agent);
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
      <CustomerForm key={pop.call} subject={subject} />
    </article>
  );
}

/** A card of an earlier call on which something is not saved yet. */
export function EarlierCard({ subject, children }: { subject: Subject; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <article className={css.card} data-tone="none" data-phase="earlier" aria-label={t('pop.label')}>
      <Headline subject={subject} looking={false}>
        <div className={css.phase}>{t('pop.phase.earlier')}</div>
        {children}
      </Headline>
      <CustomerForm key={subject.call} subject={subject} />
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
