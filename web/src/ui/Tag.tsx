// A word with the colour of its state: never the colour alone.

import type { ReactNode } from 'react';
import css from './Tag.module.css';
import type { Tone } from './tone';

export function Tag({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={css.tag} data-tone={tone}>
      <span className={css.dot} />
      {children}
    </span>
  );
}
