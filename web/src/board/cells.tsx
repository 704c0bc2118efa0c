// Figures in a row that catch the eye when they come to their limits. Rows come and go all the time, so what they are made of costs
// little: functions that are given the texts, and a component only where something goes on.

import { IconAlertTriangle } from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { type ReactNode, useLayoutEffect, useRef } from 'react';
import { useLiveStore, type View } from '../live/store';
import { clock } from '../texts/format';
import { serverNow } from '../ui/now';
import css from './Board.module.css';
import { type Level, type Limit, level } from './limits';
import { onSecondSince } from './seconds';

/** A figure with its level: a colour, and a sign for who does not see it. */
export function levelled(t: TFunction, at: Level, children: ReactNode): ReactNode {
  if (at === 'fine') return <span className="num">{children}</span>;
  return (
    <span className={`${css.levelled} num`} data-level={at} title={t(`board.level.${at}`)}>
      {at === 'bad' && <IconAlertTriangle size={12} aria-label={t('board.level.bad')} />}
      {children}
    </span>
  );
}

/**
 * A text that follows the state. Put in its place alone, for a drawing of all that is around it would cost more than the
 * change. `of` must stay the same function while it says the same.
 */
export function LiveText({ of }: { of(view: View): string }) {
  const store = useLiveStore();
  const element = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    let known: string | null = null;
    const show = () => {
      const text = of(store.view());
      if (text === known || !element.current) return;
      known = text;
      setText(element.current, text);
    };
    show();
    return store.subscribe(show);
  }, [store, of]);
  return <span ref={element} className={css.live} />;
}

/** Changes the letters, and does not put a new text in their place, which costs more. */
function setText(element: HTMLElement, text: string): void {
  const { firstChild } = element;
  if (firstChild) firstChild.nodeValue = text;
  else element.textContent = text;
}

interface TickingProps {
  t: TFunction;
  since: string;
  /** In seconds. */
  limit?: Limit | undefined;
}

/**
 * How long ago `since` was, against a limit. With a hundred of them on the board the second would cost more than all else
 * that happens in it if each were drawn again, so the text alone is put in its place.
 */
export function Ticking({ t, since, limit }: TickingProps) {
  const store = useLiveStore();
  const element = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const since_ms = Date.parse(since);
    let known: string | null = null;
    const show = () => {
      const shown = element.current;
      if (!shown) return;
      const ms = serverNow(store.view()) - since_ms;
      const text = clock(ms);
      if (text !== known) setText(shown, text);
      known = text;
      const at = limit ? level(limit, ms / 1000) : 'fine';
      if (shown.dataset.level === at) return;
      shown.dataset.level = at;
      shown.title = at === 'fine' ? '' : t(`board.level.${at}`);
    };
    show();
    return onSecondSince(since_ms - store.view().skew_ms, show);
  }, [t, store, since, limit]);
  return (
    <span className={css.clock}>
      <span ref={element} className={`${css.ticking} num`} />
    </span>
  );
}
