// Figures in a row that catch the eye when they come to their limits.

import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { clock } from '../texts/format';
import { useServerNow } from '../ui/now';
import css from './Board.module.css';
import { type Level, type Limit, type Limited, level, useLimits } from './limits';

interface LevelledProps {
  level: Level;
  children: ReactNode;
}

/** A figure with its level: a colour, and a sign for who does not see it. */
export function Levelled({ level: at, children }: LevelledProps) {
  return at === 'fine' ? <span className="num">{children}</span> : <Raised level={at}>{children}</Raised>;
}

function Raised({ level: at, children }: { level: Exclude<Level, 'fine'>; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <span className={`${css.levelled} num`} data-level={at} title={t(`board.level.${at}`)}>
      {at === 'bad' && <IconAlertTriangle size={12} aria-label={t('board.level.bad')} />}
      {children}
    </span>
  );
}

/** How long ago `since` was, against a limit in seconds. */
export function LimitedClock({ since, limit }: { since: string; limit: Limit }) {
  const ms = useServerNow() - Date.parse(since);
  return <Levelled level={level(limit, ms / 1000)}>{clock(ms)}</Levelled>;
}

/** A clock for a row, by the name of its limit. */
export function ClockOf({ since, of }: { since: string; of: Exclude<Limited, 'service' | 'waiting'> }) {
  const [limits] = useLimits();
  return <LimitedClock since={since} limit={limits[of]} />;
}

/** A share in percent, of which less is worse. */
export function Service({ share }: { share: number | null }) {
  const [limits] = useLimits();
  if (share === null) return <span className={css.dim}>{'–'}</span>;
  const percent = Math.round(share * 100);
  return <Levelled level={level(limits.service, percent, true)}>{`${percent} %`}</Levelled>;
}

export function Waiting({ waiting }: { waiting: number }) {
  const [limits] = useLimits();
  return <Levelled level={level(limits.waiting, waiting)}>{waiting}</Levelled>;
}
