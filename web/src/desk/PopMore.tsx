// What else is known of the caller: who else has the number, the way here, what was collected, calls before.

import { IconArrowDownLeft, IconArrowUpRight, IconExternalLink, IconFlag } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { dispositionsQuery, followUpsQuery } from '../api/agents';
import type { Contact, Customer, FollowUp, Pop } from '../api/types';
import { useSession } from '../app/session';
import { useLive } from '../live/store';
import { dayAndTime, word } from '../texts/format';
import css from './PopMore.module.css';
import { useNameOf } from './reach';

/** Several customers have the number: which of them is it? */
export function Matches({
  call,
  matches,
  chosen,
}: {
  call: string;
  matches: Customer[];
  chosen: string | null;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  if (matches.length < 2) return null;
  return (
    <fieldset className={css.matches}>
      <legend>{t('pop.which')}</legend>
      {matches.map((one) => (
        <button
          key={one.id}
          type="button"
          aria-pressed={one.id === chosen}
          onClick={() => queries.setQueryData(['card', call], one)}
        >
          {one.name}
          {one.company && <small>{one.company}</small>}
        </button>
      ))}
    </fieldset>
  );
}

/** The steps of the flow with the keys that were pressed, and what the flow has collected. */
export function Way({ pop }: { pop: Pop }) {
  const { t } = useTranslation();
  const steps = pop.path.filter(({ input }) => input !== null);
  const collected = Object.entries(pop.collected);
  const crm = pop.crm_url !== null && /^https?:/.test(pop.crm_url) ? pop.crm_url : null;
  if (steps.length === 0 && collected.length === 0 && crm === null) return null;
  return (
    <div className={css.way}>
      {steps.length > 0 && (
        <span className={css.path}>
          <span className={css.label}>{t('pop.way')}</span>
          {steps.map(({ flow, step, input, entered_at }) => (
            <span key={`${flow} ${step} ${entered_at}`} className={css.step}>
              {step} <kbd>{input}</kbd>
            </span>
          ))}
        </span>
      )}
      {collected.map(([name, value]) => (
        <span key={name} className={css.value}>
          <span className={css.label}>{word(t, 'pop.collected', name)}</span> <strong>{String(value)}</strong>
        </span>
      ))}
      {crm !== null && (
        <a className={css.crm} href={crm} target="_blank" rel="noreferrer">
          {t('pop.crm')} <IconExternalLink size={14} aria-hidden />
        </a>
      )}
    </div>
  );
}

/** The last calls, and which of them I wanted to come back to. */
export function History({ history, agent }: { history: Contact[]; agent: string | null }) {
  const { t } = useTranslation();
  const followUps = useQuery({ ...followUpsQuery(agent ?? ''), enabled: agent !== null });
  if (history.length === 0) return <p className={css.nothing}>{t('pop.no_history')}</p>;
  const open = new Map(followUps.data?.follow_ups.map((one) => [one.call, one]));
  return (
    <ul className={css.history}>
      {history.map((one) => (
        <Past key={one.call} contact={one} followUp={open.get(one.call)} />
      ))}
    </ul>
  );
}

function Past({ contact, followUp }: { contact: Contact; followUp: FollowUp | undefined }) {
  const { t } = useTranslation();
  const session = useSession();
  const nameOf = useNameOf();
  const queues = useLive((view) => view.live.queues);
  const names = useQuery(dispositionsQuery()).data?.dispositions;
  const { call, started_at, direction, outcome, agent, queue, disposition, note } = contact;
  // Records of colleagues' calls are for those who may see them.
  const mine = agent === session.agent || session.permissions['records.see'] !== 'own';
  const Arrow = direction === 'out' ? IconArrowUpRight : IconArrowDownLeft;
  return (
    <li className={css.past}>
      <Arrow
        size={15}
        className={css.arrow}
        aria-label={t(`pop.direction_${direction === 'out' ? 'out' : 'in'}`)}
      />
      <div className={css.pastText}>
        <div className={css.pastHead}>
          {mine ? (
            <Link to="/calls/$call" params={{ call }} className="num">
              {dayAndTime(started_at)}
            </Link>
          ) : (
            <span className="num">{dayAndTime(started_at)}</span>
          )}
          <span>{t(`pop.outcome.${outcome}`)}</span>
          {agent !== null && <span className={css.label}>{nameOf(agent)}</span>}
          {queue !== null && (
            <span className={css.label}>{queues.find(({ id }) => id === queue)?.name ?? queue}</span>
          )}
          {disposition !== null && <strong>{names?.[disposition] ?? disposition}</strong>}
        </div>
        {note !== null && <p>{note}</p>}
        {followUp && (
          <p className={css.flag}>
            <IconFlag size={13} aria-hidden /> {t('pop.follow_up', { time: dayAndTime(followUp.at) })}
          </p>
        )}
      </div>
    </li>
  );
}
