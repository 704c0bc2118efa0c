// What the supervisor's own phone takes part in, and how: always in sight while it does.

import { SegmentedControl } from '@mantine/core';
import { IconEar } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { MonitorMode } from '../api/types';
import { useSession } from '../app/session';
import { AgentName } from '../calls/CallTable';
import { useConnected, useLive } from '../live/store';
import { AskingButton } from '../ui/AskingButton';
import { ownMode } from './acts';
import css from './Board.module.css';
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
  const mode = call && ownMode(call, session.agent);
  if (!call || !mode) return null;
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
        onChange={(chosen) => wish({ kind: 'monitor', call: call.id, mode: chosen as MonitorMode })}
        data={SHOWN.filter((one) => NEEDS[one] in session.permissions).map((value) => ({
          value,
          label: t(`board.mode.${value}`),
        }))}
      />
      <AskingButton variant="default" onClick={() => wish({ kind: 'end_monitor', call: call.id })}>
        {t('board.act.leave')}
      </AskingButton>
    </section>
  );
}
