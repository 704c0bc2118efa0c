// The bar that is always there: my state with its clock, what comes next, my phone, and how to change it.

import { Button, Kbd, Menu } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconArrowRight, IconChevronDown } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { type KeyboardEvent, lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { askState, askWrapUp, extendWrapUp, reasonsQuery } from '../api/agents';
import { type Agent, REASONS, type Reason, type WantedState } from '../api/types';
import { hotkey, KEYS, keyName } from '../app/keys';
import { useMay, useSession } from '../app/session';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import { Clock, Countdown } from '../ui/Clock';
import { problemText } from '../ui/Failure';
import { agentTone } from '../ui/tone';
import css from './AgentBar.module.css';
import { DeviceMenu } from './DeviceMenu';
import { HelpButton } from './HelpButton';
import { PickUpZone } from './PickUpZone';
import { Strip } from './Strip';
import { useAct } from './useAct';

/** The phone comes after the page is there. */
const PhonePlace = lazy(() => import('../phone/PhonePlace'));

export function AgentBar() {
  const { t } = useTranslation();
  const session = useSession();
  const agent = useLive((view) => (session.agent === null ? undefined : view.live.agents[session.agent]));
  if (session.agent === null) return null;
  return (
    <>
      <section className={css.bar} aria-label={t('agent.bar')}>
        <div className={css.who}>
          <span className={css.name}>{session.name}</span>
          <span className={css.id}>{session.agent}</span>
          <PickUpZone />
        </div>
        {agent && <Bar agent={agent} />}
      </section>
      {/* Its place is kept, so that the page does not move when it comes. */}
      <div className={css.strip}>{agent && <Strip agent={agent} />}</div>
    </>
  );
}

function Bar({ agent }: { agent: Agent }) {
  const may = useMay('softphone.use');
  const device = <DeviceMenu agent={agent} />;
  return (
    <>
      <StateNow agent={agent} />
      <Pending agent={agent} />
      <span className={css.space} />
      {may ? (
        <Suspense fallback={device}>
          <PhonePlace agent={agent}>{device}</PhonePlace>
        </Suspense>
      ) : (
        device
      )}
      <HelpButton agent={agent} />
      <MoreTime agent={agent} />
      <Controls agent={agent} />
    </>
  );
}

function StateNow({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  return (
    <div className={css.state} data-tone={agentTone(agent.state)} data-state={agent.state}>
      <span className={css.dot} />
      <span className={css.word} role="status">
        {t(`agent.state.${agent.state}`)}
        {agent.reason !== null && <span className={css.reason}>{word(t, 'agent.reason', agent.reason)}</span>}
        {agent.wrap_up?.disposition === 'missing' && (
          <span className={css.reason}>{t('agent.disposition_missing')}</span>
        )}
      </span>
      <span className={css.clock}>
        {agent.state === 'wrap_up' && agent.until !== null ? (
          <Countdown until={agent.until} />
        ) : (
          <Clock since={agent.since} />
        )}
      </span>
    </div>
  );
}

/** Work after the call takes longer. */
function MoreTime({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const acting = useAct();
  const can = agent.state === 'wrap_up' && (agent.wrap_up?.extensions_left ?? 0) > 0;
  const longer = () => {
    if (can) acting.run(() => extendWrapUp(agent.id));
  };
  useHotkeys([hotkey('longer', longer)], []);
  if (!can) return null;
  return (
    <>
      {acting.error !== null && (
        <span className={css.error} role="alert">
          {problemText(t, acting.error)}
        </span>
      )}
      <Button title={keyName(KEYS.longer)} variant="default" disabled={!acting.able} onClick={longer}>
        {t('agent.extend_wrap_up')}
      </Button>
    </>
  );
}

function Pending({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  if (agent.pending === null) return null;
  const { state, reason } = agent.pending;
  const name = state === 'signed_out' ? t('agent.pending_sign_out') : word(t, 'agent.state', state);
  const full = reason === null ? name : `${name} · ${word(t, 'agent.reason', reason)}`;
  return (
    <span className={css.pending} role="status">
      <IconArrowRight size={14} aria-hidden />
      {t('agent.then', { state: full })}
    </span>
  );
}

function Controls({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const connected = useLive((view) => view.connection === 'live');
  const own = useQuery(reasonsQuery(agent.id));
  // What is left of the reasons is asked anew when somebody is about to choose.
  const [menu, setMenu] = useDisclosure(false, { onOpen: () => void own.refetch() });
  const ask = useMutation({
    mutationFn: ({ state, reason }: { state: WantedState; reason?: string }) =>
      askState(agent.id, state, reason),
  });
  const wrapUpWish = useMutation({ mutationFn: () => askWrapUp(agent.id) });
  const choices = choicesOf(own.data ?? [], t);
  const asked = ask.isPending ? ask.variables.state : null;
  const can = connected && !ask.isPending;
  const wrapUp = agent.state === 'wrap_up';
  const isReady = agent.state === 'ready' && agent.pending === null;
  // Green only where it changes something at once.
  const inviting = wrapUp || agent.state === 'not_ready' || agent.state === 'logged_out';

  const ready = () => {
    if (can && !isReady) ask.mutate({ state: 'ready' });
  };
  const notReady = (reason: string) => {
    setMenu.close();
    if (can) ask.mutate({ state: 'not_ready', reason });
  };
  useHotkeys(
    [
      [KEYS.ready, ready],
      [KEYS.not_ready, () => can && setMenu.toggle()],
    ],
    [],
  );

  return (
    <div className={css.controls}>
      {(ask.isError || wrapUpWish.isError) && (
        <span className={css.error} role="alert">
          {problemText(t, ask.error ?? wrapUpWish.error)}
        </span>
      )}
      <Button
        title={t('shortcuts.ready')}
        variant={inviting ? 'filled' : 'default'}
        color={wrapUp ? 'violet.8' : 'teal.9'}
        onClick={ready}
        disabled={!connected || isReady}
        loading={asked === 'ready'}
        rightSection={<Kbd className={css.kbd}>{KEYS.ready}</Kbd>}
      >
        {wrapUp ? t('agent.end_wrap_up') : t('agent.go_ready')}
      </Button>
      <Menu opened={menu} onChange={setMenu.toggle} position="bottom-end" width={200}>
        <Menu.Target>
          <Button
            variant="default"
            disabled={!connected}
            loading={asked === 'not_ready'}
            rightSection={
              <>
                <Kbd className={css.kbd}>{KEYS.not_ready}</Kbd>
                <IconChevronDown size={14} className={css.chevron} aria-hidden />
              </>
            }
          >
            {t('agent.go_not_ready')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown onKeyDown={(event) => chooseByDigit(event, choices, notReady)}>
          <Menu.Label>{t('agent.why')}</Menu.Label>
          {choices.map(({ reason, name, free }, index) => (
            <Menu.Item
              key={reason}
              disabled={!free}
              rightSection={index < 9 && <Kbd className={css.kbd}>{index + 1}</Kbd>}
              onClick={() => notReady(reason)}
            >
              {name}
            </Menu.Item>
          ))}
          {agent.state !== 'logged_out' && (
            <>
              <Menu.Divider />
              {(agent.state === 'talking' || agent.state === 'hold') && (
                <Menu.Item onClick={() => can && wrapUpWish.mutate()}>{t('agent.ask_wrap_up')}</Menu.Item>
              )}
              <Menu.Item onClick={() => can && ask.mutate({ state: 'signed_out' })}>
                {t('agent.sign_out_queues')}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

interface Choice {
  reason: string;
  name: string;
  /** False if the day's time for it is used up, or as many have it as may. */
  free: boolean;
}

/** The center's reasons; where it has none, the usual ones. */
function choicesOf(own: Reason[], t: TFunction): Choice[] {
  if (own.length === 0) {
    return REASONS.map((reason) => ({ reason, name: t(`agent.reason.${reason}`), free: true }));
  }
  return own.map(({ reason, name, taken, at_once_max, left_ms }) => {
    const free = left_ms !== 0 && (at_once_max === null || taken < at_once_max);
    return { reason, name, free };
  });
}

function chooseByDigit(event: KeyboardEvent, choices: Choice[], choose: (reason: string) => void): void {
  const choice = choices[Number(event.key) - 1];
  if (choice === undefined || !choice.free) return;
  event.preventDefault();
  choose(choice.reason);
}
