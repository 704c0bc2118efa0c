// "Why is this caller waiting?": what the server decided for the call so far, and what it would decide now, in words.

import { Loader, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { decisionsQuery } from '../api/steer';
import type { Decision, DecisionMade } from '../api/types';
import { AgentName } from '../calls/CallTable';
import { useLive, useLiveStore } from '../live/store';
import { clock, timeOfDay, word } from '../texts/format';
import { Countdown } from '../ui/Clock';
import { Failure } from '../ui/Failure';
import css from './Board.module.css';

/** Decisions come in bursts; they are read once for each. */
const READ_AFTER_MS = 300;

export function Why({ call, close }: { call: string; close(): void }) {
  const { t } = useTranslation();
  const caller = useLive((view) => view.live.calls[call]?.caller || t('pop.anonymous'));
  const seen = useLastEvent(call);
  const query = useQuery(decisionsQuery(call, seen));
  return (
    <Modal opened onClose={close} size="lg" title={t('board.why_title', { caller })}>
      {query.isPending && <Loader size="sm" aria-label={t('app.loading')} />}
      {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.data && (
        <div className={css.why}>
          <h3>{t('board.why_now')}</h3>
          {query.data.waits_because ? (
            <Because decision={query.data.waits_because} />
          ) : (
            <p>{t('board.why_over')}</p>
          )}
          {query.data.decisions.length > 0 && <h3>{t('board.why_before')}</h3>}
          <ol className={css.decisions}>
            {query.data.decisions.toReversed().map((made) => (
              <li key={`${made.at}${made.agent}`}>
                <Made made={made} />
              </li>
            ))}
          </ol>
        </div>
      )}
    </Modal>
  );
}

/** The number of the call's last event, a moment after it. */
function useLastEvent(call: string): number | null {
  const store = useLiveStore();
  const [seen, setSeen] = useState<number | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = store.onEvent((event) => {
      const concerns = event.type === 'agent.changed' || ('call' in event && event.call === call);
      if (!concerns) return;
      clearTimeout(timer);
      timer = setTimeout(() => setSeen(event.seq), READ_AFTER_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [store, call]);
  return seen;
}

function Made({ made }: { made: DecisionMade }) {
  const { t } = useTranslation();
  return (
    <details>
      <summary>
        <span className="num">{timeOfDay(made.at)}</span>{' '}
        {made.agent === null ? (
          t('board.why_nobody')
        ) : (
          <>
            {t('board.why_offered')} <AgentName id={made.agent} />
          </>
        )}
      </summary>
      <Because decision={made.decision} />
    </details>
  );
}

/** One look at who could have the call. */
export function Because({ decision }: { decision: Decision }) {
  const { t } = useTranslation();
  const gates = byGate(decision.refused);
  return (
    <>
      <p>
        {t('board.why_place', { position: decision.position, waited: clock(decision.waited_ms) })}{' '}
        {t('board.why_strategy', { strategy: word(t, 'board.strategy', decision.strategy) })}
      </p>
      {decision.candidates.length === 0 && <p>{t('board.why_nobody_now')}</p>}
      {decision.candidates.length > 0 && (
        <ol className={css.candidates}>
          {decision.candidates.map((candidate) => (
            <li key={candidate.agent}>
              <AgentName id={candidate.agent} />{' '}
              <span className={css.dim}>
                {t('board.why_candidate', { tier: candidate.tier, idle: clock(candidate.idle_ms) })}
              </span>
            </li>
          ))}
        </ol>
      )}
      <ul className={css.gates}>
        {[...gates].map(([gate, refused]) => (
          <li key={gate}>
            <strong>{word(t, 'board.gate', gate)}</strong>
            <ul>
              {refused.map(({ agent, until, words }) => (
                <li key={agent} title={words}>
                  <AgentName id={agent} />
                  {until !== null && (
                    <>
                      {' '}
                      <Countdown until={until} />
                    </>
                  )}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
      {decision.unlisted > 0 && <p>{t('board.why_more', { number: decision.unlisted })}</p>}
    </>
  );
}

function byGate(refused: Decision['refused']): Map<string, Decision['refused']> {
  const gates = new Map<string, Decision['refused']>();
  for (const one of refused) gates.set(one.gate, [...(gates.get(one.gate) ?? []), one]);
  return gates;
}
