// One search for everybody I can call, ask or send my call to. The call can also be dropped on them.

import { Button, Kbd, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconHierarchy2, IconUsers, IconWorld } from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { makeCall } from '../api/calls';
import { Problem } from '../api/http';
import { act, consult, transfer } from '../api/softphone';
import type { Agent, Directory } from '../api/types';
import { hotkey, KEYS } from '../app/keys';
import { useLive, useLiveStore } from '../live/store';
import { languageName } from '../texts/format';
import { Clock } from '../ui/Clock';
import { problemText } from '../ui/Failure';
import { Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { agentTone } from '../ui/tone';
import { dropZone, handle, useDragged } from './dragging';
import css from './ReachPanel.module.css';
import { find, REACH_FIELD, type Reachable, useDirectory } from './reach';
import { myCall, roomOf } from './room';
import { useAct } from './useAct';

/** States in which the own phone can be called. */
const FREE = new Set(['ready', 'not_ready', 'logged_out']);
/** No phone rings longer by itself. */
const RINGING_MS = 30_000;
/** More are found by another letter. */
const SHOWN_MAX = 30;

export function ReachPanel({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [text, setText] = useState('');
  const agents = useLive((view) => view.live.agents);
  const queues = useLive((view) => view.live.queues);
  const call = useLive((view) => myCall(view.live.calls, agent));
  const directory = useDirectory(true);
  const dragging = useDragged()?.whose === 'mine';
  const acting = useAct();
  const refetch = directory.refetch;
  const state = agent.state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: who is free is asked anew with each state of mine, and when a call is dragged
  useEffect(() => void refetch(), [state, dragging, refetch]);

  const can = call && roomOf(call, agent, undefined).can;
  // One at a time is asked.
  useFreshRinging(directory.data, refetch);
  const talks = can?.steer === true && !can.consulting;
  const free = FREE.has(agent.state) && agent.registered && call === undefined;
  const found = directory.data
    ? find(directory.data, { agents, queues }, text, talks).slice(0, SHOWN_MAX)
    : [];
  const clear = () => setText('');
  const wishes: Wishes = {
    call: free ? (to) => acting.run(() => makeCall(to).then(clear)) : null,
    ask: talks && call ? (to) => acting.run(() => consult(call.id, to).then(clear)) : null,
    send: talks && call ? (to) => acting.run(() => transfer(call.id, to).then(clear)) : null,
    pickUp: free ? (ringing) => acting.run(() => act(ringing, 'pickup')) : null,
  };
  const pickUp = () => {
    const ringing = directory.data && firstRinging(find(directory.data, { agents, queues }, ''));
    if (ringing) wishes.pickUp?.(ringing);
  };
  useHotkeys([[KEYS.dial, () => input.current?.focus()], hotkey('pick_up', pickUp)], []);
  const first = found[0]?.to ?? text.trim();
  const asksFirst = found[0]?.kind !== 'queue';
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      list.current?.querySelector('button')?.focus();
    } else if (event.key === 'Enter' && first !== '' && text.trim() !== '') {
      event.preventDefault();
      const wish = event.shiftKey ? wishes.send : asksFirst ? (wishes.ask ?? wishes.call) : null;
      wish?.(first);
    } else if (event.key === 'Escape') {
      setText('');
    }
  };

  return (
    <Panel title={talks ? t('reach.title_call') : t('reach.title')}>
      <div className={css.search}>
        <TextInput
          id={REACH_FIELD}
          ref={input}
          aria-label={t('reach.search')}
          placeholder={t('reach.placeholder')}
          autoComplete="off"
          spellCheck={false}
          maxLength={64}
          value={text}
          onFocus={() => void refetch()}
          onChange={(event) => {
            setText(event.currentTarget.value);
            acting.forget();
          }}
          onKeyDown={onKey}
          rightSection={<Kbd className={css.kbd}>{KEYS.dial}</Kbd>}
          error={acting.error !== null && whyNot(t, acting.error)}
        />
        <p className={css.hint}>{hintOf(t, agent, talks)}</p>
      </div>
      <ul
        ref={list}
        className={css.list}
        aria-label={t('reach.title')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also while there is nothing to press in it
        tabIndex={0}
        onKeyDown={moveByArrows}
      >
        {found.map((one) => (
          <Row
            key={`${one.kind} ${one.to}`}
            one={one}
            wishes={wishes}
            able={acting.able}
            dragging={dragging && talks}
          />
        ))}
      </ul>
    </Panel>
  );
}

/** Whoever of the found has a call ringing; the first of them. */
function firstRinging(found: readonly Reachable[]): string | null {
  for (const one of found) if (one.kind === 'agent' && one.ringing !== null) return one.ringing;
  return null;
}

/** A call that rings elsewhere may be taken there, which nobody tells me; when callers move it is asked. */
function useFreshRinging(directory: Directory | undefined, refetch: () => void): void {
  const store = useLiveStore();
  const rings = directory?.agents.some(({ ringing }) => ringing !== null) ?? false;
  useEffect(() => {
    if (!rings) return;
    const timer = setTimeout(refetch, RINGING_MS);
    const stop = store.onEvent((event) => {
      if (event.type === 'queue.changed') refetch();
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [rings, store, refetch]);
}

interface Wishes {
  call: ((to: string) => void) | null;
  ask: ((to: string) => void) | null;
  send: ((to: string) => void) | null;
  pickUp: ((call: string) => void) | null;
}

interface RowProps {
  one: Reachable;
  wishes: Wishes;
  able: boolean;
  dragging: boolean;
}

function Row({ one, wishes, able, dragging }: RowProps) {
  const { t } = useTranslation();
  const { send, pickUp } = wishes;
  // A queue answers no question.
  const [ask, call] = one.kind === 'queue' ? [null, null] : [wishes.ask, wishes.call];
  const name = one.kind === 'outside' ? one.to : one.name;
  const ringing = one.kind === 'agent' ? one.ringing : null;
  return (
    <li
      className={css.row}
      data-to={one.to}
      {...(ringing !== null && pickUp && able
        ? { ...handle(ringing, 'colleague'), title: t('reach.drag_ringing') }
        : {})}
    >
      <span className={css.who}>
        <span className={css.name}>{name}</span>
        <small className={css.what}>
          <What one={one} />
        </small>
      </span>
      {dragging && send ? (
        <span className={css.zones}>
          {ask && (
            <span className={css.zone} data-drop="ask" {...dropZone(() => ask(one.to))}>
              {t('reach.ask')}
            </span>
          )}
          <span className={css.zone} data-drop="send" {...dropZone(() => send(one.to))}>
            {t('reach.send')}
          </span>
        </span>
      ) : (
        <span className={css.acts}>
          {ringing !== null && pickUp && (
            <Act text={t('reach.pick_up')} name={name} press={() => pickUp(ringing)} able={able} strong />
          )}
          {ask && <Act text={t('reach.ask')} name={name} press={() => ask(one.to)} able={able} />}
          {send && <Act text={t('reach.send')} name={name} press={() => send(one.to)} able={able} />}
          {call && ringing === null && (
            <Act text={t('reach.call')} name={name} press={() => call(one.to)} able={able} />
          )}
        </span>
      )}
    </li>
  );
}

interface ActProps {
  text: string;
  name: string;
  able: boolean;
  strong?: boolean;
  press(): void;
}

function Act({ text, name, able, strong, press }: ActProps) {
  return (
    <Button
      size="compact-xs"
      variant={strong ? 'filled' : 'default'}
      aria-label={`${text}: ${name}`}
      disabled={!able}
      onClick={press}
    >
      {text}
    </Button>
  );
}

function What({ one }: { one: Reachable }) {
  const { t } = useTranslation();
  if (one.kind === 'outside') {
    return (
      <>
        <IconWorld size={13} aria-hidden /> {t('reach.outside')}
      </>
    );
  }
  if (one.kind === 'queue') {
    const { waiting, ready } = one;
    return (
      <>
        <IconUsers size={13} aria-hidden /> <span>{t('reach.waiting_ready', { waiting, ready })}</span>
      </>
    );
  }
  if (one.kind === 'number') {
    return (
      <>
        <IconHierarchy2 size={13} aria-hidden /> <span className="num">{one.to}</span>{' '}
        {languageName(one.language)}
      </>
    );
  }
  return (
    <>
      <span className="num">{one.to}</span>{' '}
      <Tag tone={one.registered ? agentTone(one.state) : 'none'}>
        {t(one.registered || one.state === 'logged_out' ? `agent.state.${one.state}` : 'agent.phone_off')}
      </Tag>{' '}
      {one.state !== 'logged_out' && <Clock since={one.since} />}
    </>
  );
}

/** From row to row, by the first button of each. */
function moveByArrows(event: KeyboardEvent<HTMLUListElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const rows = [...event.currentTarget.children];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at + step]?.querySelector('button');
  if (next) next.focus();
  else if (step < 0) document.getElementById(REACH_FIELD)?.focus();
}

function hintOf(t: TFunction, agent: Agent, talks: boolean): string {
  if (talks) return t('reach.hint_call');
  return agent.registered ? t(`dial.hint_${agent.device.kind}`) : t('dial.no_phone');
}

/** What stands in the way, in the reader's language where the server's words would not be. */
function whyNot(t: TFunction, error: unknown): string {
  const unsaid = error instanceof Problem && (error.status === 422 || (error.status === 409 && !error.kind));
  return unsaid ? t('dial.refused') : problemText(t, error);
}
