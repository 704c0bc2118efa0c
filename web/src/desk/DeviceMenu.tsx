// Where I am reached: my registered phone, or a number outside that the configuration allows me.

import { Menu, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCheck, IconChevronDown, IconDeviceMobile, IconPhone, IconPhoneOff } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { chooseDevice, devicesOf } from '../api/agents';
import type { Agent, Device } from '../api/types';
import { useLive } from '../live/store';
import { problemText } from '../ui/Failure';
import css from './AgentBar.module.css';

export function DeviceMenu({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const connected = useLive((view) => view.connection === 'live');
  const [opened, menu] = useDisclosure(false);
  const devices = useQuery({ queryKey: ['devices', agent.id], queryFn: () => devicesOf(agent.id) });
  const choose = useMutation({ mutationFn: (device: Device) => chooseDevice(agent.id, device) });
  const numbers = devices.data?.outside_numbers ?? [];

  const now = <DeviceNow agent={agent} />;
  // Who has one device only has nothing to choose.
  if (numbers.length === 0) return now;
  const all: Device[] = [
    { kind: 'phone' },
    ...numbers.map((number): Device => ({ kind: 'outside', number })),
  ];
  return (
    <>
      {choose.isError && (
        <span className={css.error} role="alert">
          {problemText(t, choose.error)}
        </span>
      )}
      <Menu opened={opened} onChange={menu.toggle} position="bottom-end" width={240}>
        <Menu.Target>
          <UnstyledButton
            className={css.device}
            disabled={!connected || choose.isPending}
            title={t('device.where')}
          >
            {now}
            <IconChevronDown size={14} className={css.chevron} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('device.where')}</Menu.Label>
          {all.map((device) => (
            <Menu.Item
              key={nameOf(device)}
              leftSection={<DeviceIcon device={device} />}
              rightSection={
                isSame(device, agent.device) && <IconCheck size={14} aria-label={t('device.now')} />
              }
              onClick={() => choose.mutate(device)}
            >
              {device.kind === 'phone' ? t('device.phone') : device.number}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

/** The device, and whether it can be called. */
export function DeviceNow({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const { device, registered } = agent;
  const text = deviceText(t, agent);
  return (
    <span className={css.phone} data-tone={registered ? 'none' : 'bad'}>
      {registered ? <DeviceIcon device={device} /> : <IconPhoneOff size={16} stroke={1.7} aria-hidden />}
      {text}
    </span>
  );
}

export function DeviceIcon({ device }: { device: Device }) {
  const Icon = device.kind === 'phone' ? IconPhone : IconDeviceMobile;
  return <Icon size={16} stroke={1.7} aria-hidden />;
}

/** What to say of an agent's device. */
export function deviceText(t: TFunction, agent: Agent): string {
  const { device, registered } = agent;
  if (device.kind === 'outside')
    return t(registered ? 'device.at' : 'device.no_way', { number: device.number });
  return t(registered ? 'agent.phone_on' : 'agent.phone_off');
}

function nameOf(device: Device): string {
  return device.kind === 'phone' ? device.kind : device.number;
}

function isSame(one: Device, other: Device): boolean {
  return nameOf(one) === nameOf(other);
}
