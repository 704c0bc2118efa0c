// What a recording says of its time line: who spoke for how long, and what happened.

import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { RecordedMark, RecordedTalk } from '../api/types';
import { clock, word } from '../texts/format';
import css from './CallPage.module.css';

/** How long each side spoke. */
export function Talk({ talk }: { talk: RecordedTalk }) {
  const { t } = useTranslation();
  const parts = [
    ['customer', talk.customer_ms],
    ['agent', talk.agent_ms],
    ['both', talk.over_talk_ms],
    ['silence', talk.silence_ms],
    ['longest', talk.longest_silence_ms],
  ] as const;
  return (
    <dl className={css.talk}>
      {parts.map(([name, ms]) => (
        <div key={name}>
          <dt>{t(`call.spoke.${name}`)}</dt>
          <dd className="num">{clock(ms)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Holds, pauses and transfers. */
export function Marks({ marks }: { marks: RecordedMark[] }) {
  const { t } = useTranslation();
  return (
    <ul className={css.marks}>
      {marks.map((mark) => (
        <li key={`${mark.at_ms} ${mark.kind}`}>
          <span className="num">{clock(mark.at_ms)}</span> {word(t, 'call.mark', mark.kind)}
          {mark.by !== null && ` · ${speaker(t, mark.by)}`}
          {mark.reason && ` · ${mark.reason}`}
        </li>
      ))}
    </ul>
  );
}

function speaker(t: TFunction, by: string): string {
  if (by.startsWith('agent:')) return by.slice('agent:'.length);
  return t(by === 'outside' ? 'call.speaker.outside' : 'call.speaker.customer');
}
