// Keys toward the other side: by the mouse, or typed while it is open.

import { useHotkeys } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { problemText } from '../ui/Failure';
import css from './Keypad.module.css';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
/** What was pressed is shown, the last of it. */
const SHOWN_MAX = 20;

interface Props {
  /** Passes a key on to the other side. */
  press(key: string): Promise<void>;
  close(): void;
}

export default function Keypad({ press, close }: Props) {
  const { t } = useTranslation();
  const [error, setError] = useState<unknown>(null);
  /** Keys reach the other side in their order, however quickly they are typed. */
  const waiting = useRef<Promise<void>>(Promise.resolve());
  const [pressed, setPressed] = useState('');
  const pad = useRef<HTMLFieldSetElement>(null);
  useEffect(() => pad.current?.focus(), []);
  useHotkeys([['Escape', close]], []);
  const send = (key: string) => {
    setPressed((before) => (before + key).slice(-SHOWN_MAX));
    waiting.current = waiting.current.then(() => press(key)).then(() => setError(null), setError);
  };
  return (
    <fieldset
      ref={pad}
      className={css.pad}
      aria-label={t('room.keypad')}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (KEYS.includes(event.key) && !event.altKey && !event.ctrlKey) send(event.key);
      }}
    >
      <output className={`${css.pressed} num`}>{pressed || t('room.keypad_hint')}</output>
      <div className={css.keys}>
        {KEYS.map((key) => (
          <button key={key} type="button" className={css.key} onClick={() => send(key)}>
            {key}
          </button>
        ))}
      </div>
      {error !== null && (
        <p className={css.error} role="alert">
          {problemText(t, error)}
        </p>
      )}
    </fieldset>
  );
}
