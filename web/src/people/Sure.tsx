// An act that cannot be taken back: what it touches is said before, and it is asked for twice.

import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../live/store';
import { problemText } from '../ui/Failure';
import css from './People.module.css';

interface Props {
  /** What the button says. */
  act: string;
  /** What it will touch. */
  touches: string;
  /** Whether it takes something away. */
  harms?: boolean;
  run(): Promise<void>;
  /** What stands below when it is done. */
  children?: ReactNode;
}

export function Act({ act, touches, harms = false, run, children }: Props) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const connected = useLive((view) => view.connection === 'live');
  const mutation = useMutation({ mutationFn: run, onSuccess: () => setAsked(false) });
  return (
    <li>
      <div>
        <strong>{act}</strong>
        <p>{touches}</p>
        {mutation.error && (
          <span className={css.error} role="alert">
            {problemText(t, mutation.error)}
          </span>
        )}
      </div>
      {asked ? (
        <span className={css.sure}>
          <Button
            size="compact-sm"
            {...(harms ? { color: 'red.8' } : {})}
            loading={mutation.isPending}
            disabled={!connected}
            onClick={() => mutation.mutate()}
          >
            {t('people.sure', { act })}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => setAsked(false)}>
            {t('people.no')}
          </Button>
        </span>
      ) : (
        <Button
          size="compact-sm"
          variant="default"
          disabled={!connected}
          aria-label={`${act}: ${t('people.begin')}`}
          onClick={() => {
            mutation.reset();
            setAsked(true);
          }}
        >
          {t('people.begin')}
        </Button>
      )}
      {children}
    </li>
  );
}

/** Something that is shown this once. */
export function Secret({ label, text }: { label: string; text: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard?.writeText(text).then(() => setCopied(true));
  return (
    <div className={css.secret} role="status">
      <span>{label}</span>
      <code>{text}</code>
      <Button size="compact-xs" variant="default" onClick={copy}>
        {t(copied ? 'people.copied' : 'people.copy')}
      </Button>
    </div>
  );
}
