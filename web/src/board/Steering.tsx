// Carries out what a leader wishes: asks first where something is missing or would hurt, and says what went wrong.

import { ActionIcon, Button, Checkbox, Modal, NumberInput, Select, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import {
  createContext,
  type FormEvent,
  type ReactNode,
  useCallback,
  useContext,
  useMemo,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import { askState, reasonsQuery } from '../api/agents';
import {
  answerHelp,
  endMonitor,
  hangUp,
  markRecording,
  monitor,
  moveCaller,
  prioritise,
  record,
  transferCall,
  withdraw,
} from '../api/steer';
import { REASONS } from '../api/types';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import { AskingButton } from '../ui/AskingButton';
import { Failure } from '../ui/Failure';
import type { Wish } from './acts';
import css from './Board.module.css';
import { Why } from './Why';

const WishContext = createContext<(wish: Wish) => void>(() => {});

/** What is wished is done, or asked about first. */
export function useWish(): (wish: Wish) => void {
  return useContext(WishContext);
}

export function Steering({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Wish | null>(null);
  const act = useMutation({
    mutationFn: (done: () => Promise<void>) => done(),
    // Until then it stays, with what was typed.
    onSuccess: () => setAsked(null),
  });
  const { mutate, reset } = act;
  const wish = useCallback(
    (wanted: Wish) => {
      const direct = atOnce(wanted);
      reset();
      if (direct) mutate(direct);
      else setAsked(wanted);
    },
    [mutate, reset],
  );
  const close = () => {
    setAsked(null);
    reset();
  };
  return (
    <WishContext value={wish}>
      {act.isError && asked === null && (
        <div className={css.trouble}>
          <Failure error={act.error} />
          <ActionIcon variant="subtle" color="gray" aria-label={t('board.close')} onClick={() => act.reset()}>
            <IconX size={16} />
          </ActionIcon>
        </div>
      )}
      {children}
      {asked?.kind === 'why' && <Why call={asked.call} close={close} />}
      {asked !== null && asked.kind !== 'why' && (
        <Ask wish={asked} close={close} carryOut={mutate} busy={act.isPending} error={act.error} />
      )}
    </WishContext>
  );
}

/** What needs no question. */
function atOnce(wish: Wish): (() => Promise<void>) | null {
  switch (wish.kind) {
    case 'monitor':
      return wish.mode === 'take_over' ? null : () => monitor(wish.call, wish.mode, wish.follow);
    case 'end_monitor':
      return () => endMonitor(wish.call);
    case 'record':
      return () => record(wish.call, wish.act);
    case 'answer_help':
      return () => answerHelp(wish.agent);
    default:
      return null;
  }
}

interface AskProps {
  wish: Exclude<Wish, { kind: 'why' }>;
  close(): void;
  carryOut(done: () => Promise<void>): void;
  busy: boolean;
  error: Error | null;
}

function Ask({ wish, close, carryOut, busy, error }: AskProps) {
  const { t } = useTranslation();
  const whom = useWhom(wish);
  return (
    <Modal opened onClose={close} title={t(`board.ask.${wish.kind}` as 'board.ask.move', { whom })} centered>
      {error && !busy && <Failure error={error} />}
      {wish.kind === 'move' && <Move call={wish.call} done={carryOut} />}
      {wish.kind === 'priority' && <Priority call={wish.call} done={carryOut} />}
      {wish.kind === 'transfer' && (
        <Words
          act="transfer"
          label={t('board.ask_to')}
          done={(to) => carryOut(() => transferCall(wish.call, to))}
        />
      )}
      {wish.kind === 'mark' && (
        <Words
          act="mark"
          label={t('board.ask_note')}
          done={(note) => carryOut(() => markRecording(wish.call, note))}
        />
      )}
      {wish.kind === 'state' && <State agent={wish.agent} done={carryOut} />}
      {wish.kind === 'hang_up' && (
        <Sure kind="hang_up" close={close} done={() => carryOut(() => hangUp(wish.call))} />
      )}
      {wish.kind === 'withdraw' && (
        <Sure kind="withdraw" close={close} done={() => carryOut(() => withdraw(wish.call))} />
      )}
      {wish.kind === 'monitor' && (
        <Sure kind="monitor" close={close} done={() => carryOut(() => monitor(wish.call, wish.mode))} />
      )}
      {wish.kind === 'sign_out' && (
        <Sure kind="sign_out" close={close} done={() => carryOut(() => askState(wish.agent, 'signed_out'))} />
      )}
    </Modal>
  );
}

/** Whom it is about, in words. */
function useWhom(wish: Wish): string {
  const { t } = useTranslation();
  return useLive((view) => {
    if ('agent' in wish) return view.live.agents[wish.agent]?.name ?? wish.agent;
    return view.live.calls[wish.call]?.caller || t('pop.anonymous');
  });
}

type Done = { done(act: () => Promise<void>): void };

function Move({ call, done }: { call: string } & Done) {
  const { t } = useTranslation();
  const queues = useLive((view) => view.live.queues);
  const agents = useLive((view) => view.live.agents);
  const now = useLive((view) => view.live.calls[call]?.queue ?? null);
  const [to, setTo] = useState<string | null>(null);
  const choices = useMemo(
    () => [
      {
        group: t('board.queues'),
        items: queues
          .filter(({ id }) => id !== now)
          .map(({ id, name }) => ({ value: `q:${id}`, label: name })),
      },
      {
        group: t('board.agents'),
        items: Object.values(agents)
          .filter(({ state }) => state !== 'logged_out')
          .map(({ id, name, state }) => ({
            value: `a:${id}`,
            label: `${name} · ${t(`agent.state.${state}`)}`,
          })),
      },
    ],
    [t, queues, agents, now],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (to === null) return;
    const id = to.slice(2);
    done(() => moveCaller(call, to.startsWith('q:') ? { queue: id } : { agent: id }));
  };
  return (
    <form onSubmit={submit} className={css.form}>
      <Select
        label={t('board.ask_where')}
        data={choices}
        value={to}
        onChange={setTo}
        searchable
        data-autofocus
        nothingFoundMessage={t('table.nothing_found')}
        limit={200}
      />
      <AskingButton type="submit" disabled={to === null}>
        {t('board.act.move')}
      </AskingButton>
    </form>
  );
}

function Priority({ call, done }: { call: string } & Done) {
  const { t } = useTranslation();
  const [credit, setCredit] = useState<number | string>(10);
  const [emergency, setEmergency] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    done(() => prioritise(call, Math.round(Number(credit) * 60), emergency));
  };
  return (
    <form onSubmit={submit} className={css.form}>
      <NumberInput
        label={t('board.ask_minutes')}
        description={t('board.ask_minutes_hint')}
        value={credit}
        onChange={setCredit}
        min={0}
        max={1440}
        size="xs"
        data-autofocus
      />
      <Checkbox
        label={t('board.ask_emergency')}
        size="xs"
        checked={emergency}
        onChange={(event) => setEmergency(event.currentTarget.checked)}
      />
      <AskingButton type="submit">{t('board.act.priority')}</AskingButton>
    </form>
  );
}

interface WordsProps {
  act: 'transfer' | 'mark';
  label: string;
  done(text: string): void;
}

function Words({ act, label, done }: WordsProps) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) done(text.trim());
  };
  return (
    <form onSubmit={submit} className={css.form}>
      <TextInput
        label={label}
        value={text}
        maxLength={100}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      <AskingButton type="submit" disabled={!text.trim()}>
        {t(`board.act.${act}`)}
      </AskingButton>
    </form>
  );
}

function State({ agent, done }: { agent: string } & Done) {
  const { t } = useTranslation();
  const reasons = useQuery(reasonsQuery(agent));
  const known = reasons.data ?? [];
  const choices =
    known.length > 0
      ? known.map(({ reason, name }) => ({ value: reason, label: name }))
      : REASONS.map((reason) => ({ value: reason as string, label: word(t, 'agent.reason', reason) }));
  return (
    <div className={css.choices}>
      <AskingButton data-autofocus onClick={() => done(() => askState(agent, 'ready'))}>
        {t('agent.state.ready')}
      </AskingButton>
      {choices.map(({ value, label }) => (
        <AskingButton
          key={value}
          variant="default"
          onClick={() => done(() => askState(agent, 'not_ready', value))}
        >
          {`${t('agent.state.not_ready')} · ${label}`}
        </AskingButton>
      ))}
    </div>
  );
}

interface SureProps {
  kind: 'hang_up' | 'withdraw' | 'monitor' | 'sign_out';
  close(): void;
  done(): void;
}

function Sure({ kind, close, done }: SureProps) {
  const { t } = useTranslation();
  return (
    <div className={css.form}>
      <p className={css.what}>{t(`board.sure.${kind}`)}</p>
      <div className={css.buttons}>
        <Button variant="default" onClick={close}>
          {t('board.keep')}
        </Button>
        <AskingButton color="red.9" onClick={done} data-autofocus>
          {kind === 'monitor' ? t('board.mode.take_over') : t(`board.act.${kind}`)}
        </AskingButton>
      </div>
    </div>
  );
}
