// What the agents of the queue are to say, with what is known of the caller in its places.

import { UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { scriptQuery } from '../api/agents';
import type { Customer } from '../api/types';
import { useSession } from '../app/session';
import { useLive } from '../live/store';
import css from './Script.module.css';
import { readScript, type Span } from './script';

const CLOSED = 'hotline.script.closed';

interface Props {
  queue: string;
  caller: string;
  caller_name: string | null;
  card: Customer | null;
}

export function Script({ queue, caller, caller_name, card }: Props) {
  const { t } = useTranslation();
  const { name: me } = useSession();
  const queueName = useLive((view) => view.live.queues.find(({ id }) => id === queue)?.name ?? queue);
  const script = useQuery(scriptQuery(queue)).data?.script ?? null;
  const [open, setOpen] = useState(() => localStorage.getItem(CLOSED) === null);
  if (script === null) return null;
  const facts: Record<string, string | null | undefined> = {
    name: card?.name ?? caller_name,
    company: card?.company,
    number: caller,
    email: card?.email,
    class: card?.class,
    note: card?.note,
    agent: me,
    queue: queueName,
  };
  const known = (place: string) => {
    const field = place.startsWith('field.') ? card?.fields[place.slice('field.'.length)] : undefined;
    return field === undefined || field === null ? (facts[place] ?? null) : String(field);
  };
  const toggle = () => {
    setOpen(!open);
    if (open) localStorage.setItem(CLOSED, '1');
    else localStorage.removeItem(CLOSED);
  };
  return (
    <section className={css.script} aria-label={t('script.title')}>
      <UnstyledButton className={css.head} aria-expanded={open} onClick={toggle}>
        {open ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
        {t('script.title')}
      </UnstyledButton>
      {open && <Blocks blocks={readScript(script, known)} />}
    </section>
  );
}

function Blocks({ blocks }: { blocks: ReturnType<typeof readScript> }) {
  // Read anew with each change, and nothing in it has a name of its own.
  const keyed = <Item,>(items: Item[]) => items.map((item, index) => ({ key: String(index), item }));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and there is nothing to press in it
    <div className={css.text} tabIndex={0}>
      {keyed(blocks).map(({ key, item }) => {
        if (item.kind === 'heading') {
          return (
            <h3 key={key}>
              <Spans spans={item.spans} />
            </h3>
          );
        }
        if (item.kind === 'text') {
          return (
            <p key={key}>
              <Spans spans={item.spans} />
            </p>
          );
        }
        const items = keyed(item.items).map(({ key: place, item: spans }) => (
          <li key={place}>
            <Spans spans={spans} />
          </li>
        ));
        return item.numbered ? <ol key={key}>{items}</ol> : <ul key={key}>{items}</ul>;
      })}
    </div>
  );
}

function Spans({ spans }: { spans: Span[] }) {
  return spans.map((span, index) => {
    const key = `${span.kind} ${index}`;
    if (span.kind === 'text') return span.text;
    if (span.kind === 'strong') {
      return (
        <strong key={key}>
          <Spans spans={span.spans} />
        </strong>
      );
    }
    return (
      <span key={key} className={css.place} data-known={span.text !== null}>
        {span.text ?? '…'}
      </span>
    );
  });
}
