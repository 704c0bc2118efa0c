// The SIP messages of a call as arrows between those who exchanged them.

import { type CSSProperties, Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SipLadder, SipMessage } from '../api/types';
import { useLive } from '../live/store';
import { timeWithMs, word } from '../texts/format';
import css from './Timeline.module.css';

interface Props {
  ladder: SipLadder;
  hear(at_ms: number): void;
}

export function Ladder({ ladder, hear }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<number | null>(null);
  const places = new Map(ladder.participants.map(({ id }, index) => [id, index]));
  return (
    <section
      className={css.ladder}
      style={{ '--columns': ladder.participants.length } as CSSProperties}
      aria-label={t('timeline.lane.sip')}
    >
      <div className={css.columns}>
        <span />
        {ladder.participants.map((one) => (
          <span key={one.id} title={one.address ?? ''}>
            {one.agent === null ? word(t, 'timeline.role', one.role) : <Agent id={one.agent} />}
          </span>
        ))}
      </div>
      {ladder.messages.map((message) => (
        <Fragment key={message.seq}>
          <button
            type="button"
            className={css.message}
            aria-expanded={open === message.seq}
            onClick={() => {
              setOpen(open === message.seq ? null : message.seq);
              hear(Date.parse(message.at));
            }}
          >
            <span className={`${css.dim} num`}>{timeWithMs(message.at)}</span>
            <Arrow message={message} from={places.get(message.from) ?? 0} to={places.get(message.to) ?? 0} />
          </button>
          {open === message.seq && message.text !== null && <pre className={css.sipText}>{message.text}</pre>}
        </Fragment>
      ))}
      {ladder.omitted > 0 && <p className={css.dim}>{t('timeline.omitted', { number: ladder.omitted })}</p>}
    </section>
  );
}

function Agent({ id }: { id: string }) {
  return useLive((view) => view.live.agents[id]?.name ?? id);
}

interface ArrowProps {
  message: SipMessage;
  from: number;
  to: number;
}

function Arrow({ message, from, to }: ArrowProps) {
  const [first, last] = [Math.min(from, to), Math.max(from, to)];
  const tone =
    message.status !== null && message.status >= 400 ? 'bad' : message.status === null ? 'talking' : 'none';
  return (
    <span
      className={css.arrow}
      data-left={to < from}
      data-tone={tone}
      style={{ gridColumn: `${first + 2} / ${last + 3}`, '--across': last - first + 1 } as CSSProperties}
    >
      <span className={css.line}>
        {message.status === null ? message.method : message.start_line.replace(/^SIP\/2\.0 /, '')}
        {message.repeated && ' ↻'}
      </span>
    </span>
  );
}
