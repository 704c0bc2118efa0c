// The call that the agent makes: whom, how far it is, and for how long.

import { IconPhoneOutgoing } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { LiveCall } from '../api/types';
import { Clock } from '../ui/Clock';
import { callTone } from '../ui/tone';
import css from './OwnCall.module.css';

export function OwnCall({ call }: { call: LiveCall }) {
  const { t } = useTranslation();
  return (
    <section className={css.card} data-tone={callTone(call.state)} aria-label={t('dial.own')}>
      <IconPhoneOutgoing size={28} stroke={1.6} aria-hidden />
      <div className={css.who}>
        <h1 className="num">
          <Link to="/calls/$call" params={{ call: call.id }} className={css.link}>
            {call.called}
          </Link>
        </h1>
        <p role="status">{t(`call.state.${call.state}`)}</p>
      </div>
      <span className={css.clock}>
        <Clock since={call.connected_at ?? call.started_at} />
      </span>
    </section>
  );
}
