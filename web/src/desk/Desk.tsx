// The agent's page: who is calling, the queues, my calls.

import { Button } from '@mantine/core';
import { Navigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Agent } from '../api/types';
import { useSession } from '../app/session';
import { useLive } from '../live/store';
import { agentTone } from '../ui/tone';
import css from './Desk.module.css';
import { DialBox } from './DialBox';
import { useDrafts } from './drafts';
import { Messages } from './Messages';
import { MyCalls } from './MyCalls';
import { MyQueues } from './MyQueues';
import { OwnCall } from './OwnCall';
import { EarlierCard, PopCard } from './PopCard';
import { Unsaved } from './Unsaved';

export function Desk() {
  const session = useSession();
  if (session.agent === null) return <Navigate to={session.role === 'admin' ? '/live' : '/calls'} />;
  return <AgentDesk id={session.agent} />;
}

function AgentDesk({ id }: { id: string }) {
  const { t } = useTranslation();
  const agent = useLive((view) => view.live.agents[id]);
  const pop = useLive((view) => view.live.pop);
  const own = useLive((view) =>
    Object.values(view.live.calls).find((call) => call.direction === 'out' && call.agent === id),
  );
  const drafts = useDrafts();
  const [earlier, setEarlier] = useState<string | null>(null);

  // A card with something unsaved on it stays when the call is over.
  useEffect(() => {
    if (pop) setEarlier(pop.call);
  }, [pop]);
  const draft = pop ? undefined : drafts.find(({ call }) => call === earlier);

  return (
    <div className={css.desk}>
      <div className={css.main}>
        {agent && !agent.registered && agent.device.kind === 'phone' && (
          <p className={css.hint}>{t('agent.phone_help', { agent: id })}</p>
        )}
        {pop && <PopCard pop={pop} agent={agent} />}
        {draft && (
          <EarlierCard subject={{ ...draft, customer: null, customer_id: draft.customer }}>
            <Button variant="default" onClick={() => setEarlier(null)}>
              {t('pop.close')}
            </Button>
          </EarlierCard>
        )}
        {own && <OwnCall call={own} />}
        {!pop && !draft && !own && agent && <Idle agent={agent} />}
        <Messages agent={id} />
        <MyCalls agent={id} />
      </div>
      <div className={css.side}>
        {agent && <DialBox agent={agent} />}
        <MyQueues />
        <Unsaved except={pop?.call ?? draft?.call ?? null} open={pop ? null : setEarlier} />
      </div>
    </div>
  );
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
