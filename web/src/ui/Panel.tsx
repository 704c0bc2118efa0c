// A titled part of a page.

import { type ReactNode, useId } from 'react';
import css from './Panel.module.css';

interface Props {
  title: string;
  /** A figure beside the title. */
  count?: ReactNode;
  /** Controls at the right of the title. */
  aside?: ReactNode;
  children: ReactNode;
}

export function Panel({ title, count, aside, children }: Props) {
  const id = useId();
  return (
    <section className={css.panel} aria-labelledby={id}>
      <header className={css.head}>
        <h2 id={id} className={css.title}>
          {title}
        </h2>
        {count !== undefined && <span className={`${css.count} num`}>{count}</span>}
        {aside !== undefined && <div className={css.aside}>{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** What stands in a panel with nothing in it. */
export function Nothing({ children }: { children: ReactNode }) {
  return <p className={css.nothing}>{children}</p>;
}
