// The call as one bar: menu, queue, ringing, talk, each as long as it took.

import { useTranslation } from 'react-i18next';
import type { CallRecord } from '../api/types';
import { clock } from '../texts/format';
import { useServerNow } from '../ui/now';
import css from './CallPage.module.css';
import { type PhaseKind, phases } from './record';

const TONE: Record<PhaseKind, string> = { flow: 'none', queue: 'hold', ring: 'ringing', talk: 'talking' };

export function Course({ call }: { call: CallRecord }) {
  const { t } = useTranslation();
  const now_ms = useServerNow();
  const row = phases(call, now_ms);
  return (
    <ol className={css.course}>
      {row.map((phase) => (
        <li
          key={`${phase.kind}${phase.from_ms}`}
          className={css.phase}
          data-tone={TONE[phase.kind]}
          style={{ flexGrow: phase.to_ms - phase.from_ms }}
        >
          <span className={css.phaseBar} />
          <span className={css.phaseName}>{t(`call.phase.${phase.kind}`)}</span>
          <span className="num">{clock(phase.to_ms - phase.from_ms)}</span>
        </li>
      ))}
    </ol>
  );
}
