// The phone of this page in the agent's bar: how it stands, in the place of the phone on the table, and the way to its panel.

import '../texts/phone';
import { Button } from '@mantine/core';
import { useClickOutside, useDisclosure } from '@mantine/hooks';
import { IconHeadset, IconHeadsetOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { devicesOf } from '../api/agents';
import { madeHere } from '../api/calls';
import type { Agent } from '../api/types';
import css from './Phone.module.css';
import { phone, usePhone } from './phone';
import { isTrouble, type PhoneView } from './standing';

const PhonePanel = lazy(() => import('./PhonePanel'));

/** `children` say where the agent is reached, and are in the way while there is no other place than this. */
export default function PhonePlace({ agent, children }: { agent: Agent; children: ReactNode }) {
  const { t } = useTranslation();
  const view = usePhone();
  const [opened, panel] = useDisclosure(false);
  const button = useRef<HTMLButtonElement>(null);
  const place = useClickOutside<HTMLDivElement>(panel.close);
  useEffect(() => phone.open(), []);
  useOwnCalls(agent, view);
  const devices = useQuery({ queryKey: ['devices', agent.id], queryFn: () => devicesOf(agent.id) });
  const choosing = (devices.data?.outside_numbers ?? []).length > 0;
  const off = view.standing === 'off';
  const Icon = off || isTrouble(view.standing) ? IconHeadsetOff : IconHeadset;
  const word = view.call === null ? t(`phone.standing.${view.standing}`) : t(`phone.call.${view.call}`);
  // Somebody without any phone is told that this page can be one.
  const inviting = off && !agent.registered && agent.device.kind === 'phone';
  return (
    <>
      {(off || choosing) && children}
      <div ref={place} className={css.around}>
        <Button
          ref={button}
          className={css.place}
          variant={inviting ? 'light' : 'subtle'}
          data-tone={toneOf(view)}
          data-phone={view.standing}
          data-phone-call={view.call ?? 'none'}
          aria-label={off ? t('phone.use') : `${t('phone.name')}: ${word}`}
          aria-expanded={opened}
          title={off ? t('phone.use') : t('phone.name')}
          leftSection={off && !inviting ? undefined : <Icon size={16} stroke={1.7} aria-hidden />}
          onClick={panel.toggle}
        >
          {off ? inviting ? t('phone.use') : <Icon size={16} stroke={1.7} aria-hidden /> : word}
        </Button>
        {opened && (
          <Suspense>
            <PhonePanel
              close={() => {
                panel.close();
                button.current?.focus();
              }}
            />
          </Suspense>
        )}
      </div>
      {view.silent && (
        <span className={css.silent} role="alert">
          {t('phone.silent')}
        </span>
      )}
    </>
  );
}

function toneOf({ standing, call }: PhoneView): string {
  if (call !== null) return call === 'ringing' ? 'ringing' : 'talking';
  if (isTrouble(standing)) return 'bad';
  return standing === 'registered' ? 'ready' : 'none';
}

/** Who calls from this page has said so already: the own phone need not be answered. */
function useOwnCalls(agent: Agent, { call: phase }: PhoneView): void {
  const made = useSyncExternalStore(madeHere.subscribe, madeHere.now);
  const own = made !== null && agent.call === made;
  useEffect(() => {
    if (own && phase === 'ringing') phone.answer();
  }, [own, phase]);
}
