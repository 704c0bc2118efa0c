// What the supervisor's own phone takes part in, and how: always in sight while it does, and while it waits for the next call of
// an agent whom the supervisor follows.

import { Button, SegmentedControl, Switch } from '@mantine/core';
import { IconEar } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MonitorMode } from '../api/types';
import { useSession } from '../app/session';
import { AgentName } from '../calls/CallTable';
import { useConnected, useLive } from '../live/store';
import { AskingButton } from '../ui/AskingButton';
import { ownMode } from './acts';
import css from './Board.module.css';
import { type Followed, nextOf } from './following';
import { useWish } from './Steering';

const SHOWN = ['listen', 'whisper', 'private_whisper', 'barge'] as const;
const NEEDS: Record<(typeof SHOWN)[number], string> = {
  listen: 'calls.listen',
  whisper: 'calls.whisper',
  private_whisper: 'calls.whisper',
  barge: 'calls.barge',
};

export function MonitorBar() {
  const { t } = useTranslation();
  const session = useSession();
  const wish = useWish();
  const connected = useConnected();
  const call = useLive((view) => {
    if (session.agent === null) return null;
    const id = view.live.agents[session.agent]?.call;
    const own = id ? view.live.calls[id] : undefined;
    if (own && ownMode(own, session.agent)) return own;
    return Object.values(view.live.calls).find((one) => ownMode(one, session.agent) !== null) ?? null;
  });
  const [followed, follow] = useFollowing(session.agent);
  const mode = call && ownMode(call, session.agent);
  if (followed !== null && (!call || !mode)) {
    return (
      <section className={css.monitor} aria-label={t('board.monitor')}>
        <IconEar size={17} aria-hidden />
        <span role="status">
          {t('board.follow.waits')}{' '}
          <strong>
            <AgentName id={followed.agent} />
          </strong>
        </span>
        <Button variant="default" onClick={() => follow(null)}>
          {t('board.follow.stop')}
        </Button>
      </section>
    );
  }
  if (!call || !mode) return null;
  const stay = (agent: string | null) => {
    follow(agent === null ? null : { agent, mode, call: call.id, present: true });
    wish({ kind: 'monitor', call: call.id, mode, ...(agent === null ? {} : { follow: 'agent' as const }) });
  };
  const change = (chosen: string) => {
    const own = followed === null ? {} : { follow: 'agent' as const };
    wish({ kind: 'monitor', call: call.id, mode: chosen as MonitorMode, ...own });
  };
  const leave = () => {
    follow(null);
    wish({ kind: 'end_monitor', call: call.id });
  };
  return (
    <section className={css.monitor} aria-label={t('board.monitor')}>
      <IconEar size={17} aria-hidden />
      <span>
        {t(`board.monitoring.${mode}`)} <strong className="num">{call.caller || t('pop.anonymous')}</strong>
        {call.agent !== null && (
          <>
            {' · '}
            <strong>
              <AgentName id={call.agent} />
            </strong>
          </>
        )}
      </span>
      <SegmentedControl
        disabled={!connected}
        aria-label={t('board.monitor')}
        value={mode}
        onChange={change}
        data={SHOWN.filter((one) => NEEDS[one] in session.permissions).map((value) => ({
          value,
          label: t(`board.mode.${value}`),
        }))}
      />
      {call.agent !== null && (
        <Switch
          disabled={!connected}
          checked={followed !== null}
          label={t('board.follow.agent')}
          title={t('board.follow.hint')}
          onChange={({ currentTarget: { checked } }) => stay(checked ? call.agent : null)}
        />
      )}
      <AskingButton variant="default" onClick={leave}>
        {t('board.act.leave')}
      </AskingButton>
    </section>
  );
}

/** Goes after an agent into the next call, for as long as the board is open. */
function useFollowing(me: string | null) {
  const wish = useWish();
  const [followed, follow] = useState<Followed | null>(null);
  // Nobody who follows none is told of all that happens.
  const agents = useLive((view) => (followed === null ? null : view.live.agents));
  const calls = useLive((view) => (followed === null ? null : view.live.calls));
  useEffect(() => {
    if (followed === null || agents === null || calls === null) return;
    const next = nextOf(followed, agents, calls, me);
    if (next.do === 'stop') follow(null);
    if (next.do === 'enter') follow({ ...followed, mode: next.mode, present: true });
    if (next.do === 'join') {
      follow({ ...followed, call: next.call, present: false });
      wish({ kind: 'monitor', call: next.call, mode: followed.mode, follow: 'agent' });
    }
  }, [followed, agents, calls, me, wish]);
  return [followed, follow] as const;
}
