// Tells of a call when the agent looks elsewhere: the title of the tab and a desktop notification.

import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../app/session';
import type { Popped } from '../live/state';
import { useLive } from '../live/store';
import { phaseOf } from './phase';

export function CallAlert() {
  const session = useSession();
  const pop = useLive((view) => view.live.pop);
  const agent = useLive((view) => (session.agent === null ? undefined : view.live.agents[session.agent]));
  const call = useLive((view) => (view.live.pop ? view.live.calls[view.live.pop.call] : undefined));
  if (pop === null) return <Quiet />;
  const phase = phaseOf(pop, agent, call);
  return phase === 'offered' || phase === 'ringing' ? <Alert pop={pop} /> : <Quiet />;
}

function Quiet() {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = t('app.name');
  }, [t]);
  return null;
}

function Alert({ pop }: { pop: Popped }) {
  const { t } = useTranslation();
  const queue = useLive((view) => view.live.queues.find(({ id }) => id === pop.queue)?.name ?? pop.queue);
  const who = pop.customer?.name ?? pop.caller_name ?? (pop.caller || t('pop.anonymous'));
  const { call } = pop;
  const router = useRouter();

  useEffect(() => {
    document.title = t('desk.tab_call', { who });
  }, [t, who]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: one notification for one call, whatever is learnt of it later
  useEffect(() => {
    // The caller must not stand under another page.
    if (router.state.location.pathname !== '/') void router.navigate({ to: '/' });
    if (!('Notification' in window) || Notification.permission !== 'granted' || document.hasFocus()) return;
    const shown = new Notification(t('pop.notify_title', { who }), {
      body: [pop.caller, queue].filter(Boolean).join(' · '),
      tag: call,
      requireInteraction: true,
    });
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
    return () => shown.close();
  }, [call]);
  return null;
}
