// Language, appearance, notifications, shortcuts, sign-out.

import { Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBell, IconKeyboard, IconLogout } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { askState } from '../api/agents';
import { sessionQuery, signOut } from '../api/session';
import type { Agent } from '../api/types';
import { useConnected, useLive } from '../live/store';
import { Failure } from '../ui/Failure';
import css from './Rail.module.css';
import { Shortcuts } from './Shortcuts';
import { useSession } from './session';

/** They come when the menu is opened. */
const Choices = lazy(() => import('./Choices'));

export function UserMenu() {
  const { t } = useTranslation();
  const session = useSession();
  const [shortcuts, showShortcuts] = useDisclosure(false);
  const leave = useSignOut();
  const connected = useConnected();

  return (
    <>
      <Menu position="right-end" width={300} closeOnItemClick={false}>
        <Menu.Target>
          <button
            type="button"
            className={css.user}
            aria-label={`${initials(session.name)}, ${t('menu.label', { name: session.name })}`}
          >
            {initials(session.name)}
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{session.name}</Menu.Label>
          <Suspense>
            <Choices />
          </Suspense>
          <Menu.Divider />
          {session.agent !== null && <NotificationItem />}
          <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={showShortcuts.open} closeMenuOnClick>
            {t('menu.shortcuts')}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconLogout size={16} />}
            disabled={leave.busy || leave.isPending || !connected}
            onClick={() => leave.mutate()}
          >
            {leave.busy ? t('menu.sign_out_busy') : t('menu.sign_out')}
          </Menu.Item>
          {leave.isError && <Failure error={leave.error} />}
        </Menu.Dropdown>
      </Menu>
      <Shortcuts opened={shortcuts} toggle={showShortcuts.toggle} />
    </>
  );
}

function NotificationItem() {
  const { t } = useTranslation();
  const [permission, setPermission] = useState(() =>
    'Notification' in window ? Notification.permission : 'denied',
  );
  const state = {
    granted: t('menu.notify_on'),
    default: t('menu.notify_off'),
    denied: t('menu.notify_denied'),
  }[permission];
  return (
    <Menu.Item
      leftSection={<IconBell size={16} />}
      rightSection={state}
      disabled={permission !== 'default'}
      onClick={() => void Notification.requestPermission().then(setPermission)}
    >
      {t('menu.notify')}
    </Menu.Item>
  );
}

/** Signs the agent out of the queues first, so that no call comes to an empty chair. */
function useSignOut() {
  const session = useSession();
  const queries = useQueryClient();
  const agent = useLive((view) => (session.agent === null ? undefined : view.live.agents[session.agent]));
  const mutation = useMutation({
    mutationFn: async () => {
      if (agent && agent.state !== 'logged_out') await askState(agent.id, 'signed_out');
      await signOut();
    },
    onSuccess: () => {
      queries.setQueryData(sessionQuery.queryKey, null);
    },
  });
  return { ...mutation, busy: agent !== undefined && hasCall(agent) };
}

function hasCall(agent: Agent): boolean {
  return ['reserved', 'ringing', 'talking', 'hold', 'wrap_up'].includes(agent.state);
}

/** `Ana Kim` → AK, `王芳` → 王芳. */
function initials(name: string): string {
  if (/\p{Script=Han}/u.test(name)) return name.slice(-2);
  const words = name.split(/\s+/).filter(Boolean);
  return words
    .filter((_, index) => index === 0 || index === words.length - 1)
    .map((part) => part[0]?.toUpperCase())
    .join('');
}
