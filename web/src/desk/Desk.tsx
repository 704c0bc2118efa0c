// The agent's page: who is calling, the queues, my calls.

import { Button } from '@mantine/core';
import { Navigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Agent } from '../api/types';
import { useMay, useSession } from '../app/session';
import { useLive } from '../live/store';
import { agentTone } from '../ui/tone';
import css from './Desk.module.css';
import { type Unsaved as UnsavedCall, useUnsaved } from './drafts';
import { Messages } from './Messages';
import { MyQueues } from './MyQueues';
import { ReachPanel } from './ReachPanel';
import { myCall, numberOf } from './room';
import { Unsaved } from './Unsaved';

const MyDay = lazy(() => import('./MyDay'));

/** The cards come when the agent is about to have calls, which is before the first one is offered. */
const cards = () => import('./PopCard');
const PopCard = lazy(async () => ({ default: (await cards()).PopCard }));
const CallCard = lazy(async () => ({ default: (await cards()).CallCard }));
const EarlierCard = lazy(async () => ({ default: (await cards()).EarlierCard }));

/** The call that was on the screen last. */
type Last = Pick<UnsavedCall, 'call' | 'caller' | 'caller_name'> & {
  /** I made it: no after-call work keeps its card. */
  made?: boolean;
};

export function Desk() {
  const session = useSession();
  if (session.agent === null) return <Navigate to={session.role === 'admin' ? '/live' : '/calls'} />;
  return <AgentDesk id={session.agent} />;
}

function AgentDesk({ id }: { id: string }) {
  const { t } = useTranslation();
  const agent = useLive((view) => view.live.agents[id]);
  const pop = useLive((view) => view.live.pop);
  const own = useLive((view) => myCall(view.live.calls, agent));
  const unsaved = useUnsaved();
  const may = useMay('softphone.use');
  const [last, setLast] = useState<Last | null>(null);

  const working = agent !== undefined && agent.state !== 'logged_out';
  useEffect(() => {
    if (working) void cards();
  }, [working]);

  // A card with something unsaved on it stays when the call is over, and that of a call that I made until I am done with it.
  useEffect(() => {
    if (pop) setLast({ call: pop.call, caller: pop.caller, caller_name: pop.caller_name });
    else if (own)
      setLast({ call: own.id, caller: numberOf(own, id), caller_name: null, made: own.agent === id });
  }, [pop, own, id]);
  const kept = unsaved.find(({ call }) => call === last?.call);
  const wrapping = last?.made || (agent?.state === 'wrap_up' && agent.call === last?.call);
  const after = wrapping && last ? { ...last, card: null } : afterCall(agent);
  const earlier = pop || own ? null : (kept ?? after);

  return (
    <div className={css.desk}>
      <div className={css.main}>
        {agent && !agent.registered && agent.device.kind === 'phone' && (
          <p className={css.hint}>{t('agent.phone_help', { agent: id })}</p>
        )}
        <Suspense>
          {pop && <PopCard pop={pop} agent={agent} />}
          {earlier && (
            <EarlierCard key={earlier.call} earlier={earlier} agent={id}>
              <Button variant="default" onClick={() => setLast(null)}>
                {t('pop.close')}
              </Button>
            </EarlierCard>
          )}
          {!pop && own && <CallCard call={own} agent={id} />}
        </Suspense>
        {!pop && !earlier && !own && agent && <Idle agent={agent} />}
        <Messages agent={id} />
        <Suspense>{agent && <MyDay agent={agent} />}</Suspense>
      </div>
      <div className={css.side}>
        {agent && may && <ReachPanel agent={agent} />}
        <MyQueues agent={agent} />
        <Unsaved except={pop?.call ?? own?.id ?? earlier?.call ?? null} open={pop || own ? null : setLast} />
      </div>
    </div>
  );
}

/** The call of the work after it, of which this tab has not seen anything. */
function afterCall(agent: Agent | undefined) {
  if (agent?.state !== 'wrap_up' || agent.call === null) return null;
  return { call: agent.call, caller: '', caller_name: null, card: null };
}

/** What to do when nobody is calling. */
function Idle({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const kind = agent.state === 'ready' ? 'ready' : agent.state === 'logged_out' ? 'logged_out' : 'not_ready';
  return (
    <section className={css.idle} data-tone={agentTone(agent.state)}>
      <span className={css.ring} />
      <div>
        <h1>{t(`desk.idle_${kind}`, { name: agent.name })}</h1>
        <p>{t(`desk.idle_${kind}_text`)}</p>
      </div>
    </section>
  );
}
