// Whether what the page shows is true at this moment.

import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../live/store';
import type { Connection } from '../live/stream';
import { timeOfDay } from '../texts/format';
import css from './Connection.module.css';

const TONE = { connecting: 'none', live: 'ready', lost: 'bad' } as const satisfies Record<Connection, string>;

export function ConnectionLight() {
  const { t } = useTranslation();
  const connection = useLive((view) => view.connection);
  const label = t(`connection.${connection}`);
  return (
    <span className={css.light} data-tone={TONE[connection]} role="status" aria-label={label} title={label} />
  );
}

/** Stands above the page while the connection is lost. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const lost_at_ms = useLive((view) => view.lost_at_ms);
  if (lost_at_ms === null) return null;
  return (
    <div className={css.banner} role="alert">
      <IconPlugConnectedX size={17} aria-hidden />
      <strong>{t('connection.lost_title')}</strong>
      <span>{t('connection.lost_text', { time: timeOfDay(lost_at_ms) })}</span>
    </div>
  );
}
