// After-call work: what became of the call, and more time for it.

import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconTag } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { dispose, dispositionsQuery, extendWrapUp } from '../api/agents';
import { callQuery } from '../api/calls';
import type { Agent } from '../api/types';
import { useLive } from '../live/store';
import { problemText } from '../ui/Failure';
import css from './AgentBar.module.css';

export function AfterCall({ agent }: { agent: Agent }) {
  const wrapUp = agent.wrap_up;
  if (agent.state !== 'wrap_up' || wrapUp === null) return null;
  return (
    <>
      {agent.call !== null && <Disposition call={agent.call} waits={wrapUp.disposition !== 'settled'} />}
      {wrapUp.extensions_left > 0 && <Extend agent={agent.id} />}
    </>
  );
}

/** What calls of this call's queue can become. */
function Disposition({ call, waits }: { call: string; waits: boolean }) {
  const { t } = useTranslation();
  const connected = useLive((view) => view.connection === 'live');
  const all = useQuery(dispositionsQuery());
  const record = useQuery(callQuery(call));
  const choose = useMutation({ mutationFn: (code: string) => dispose(call, code) });
  const names = all.data?.dispositions ?? {};
  const queue = record.data?.queues.at(-1)?.queue;
  const codes = (queue === undefined ? undefined : all.data?.queues[queue]) ?? Object.keys(names);
  if (codes.length === 0) return null;
  const chosen = choose.isSuccess ? choose.variables : undefined;
  return (
    <>
      {choose.isError && (
        <span className={css.error} role="alert">
          {problemText(t, choose.error)}
        </span>
      )}
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <Button
            variant={waits ? 'filled' : 'default'}
            color="violet"
            disabled={!connected}
            loading={choose.isPending}
            leftSection={<IconTag size={14} aria-hidden />}
            rightSection={<IconChevronDown size={14} className={css.chevron} aria-hidden />}
          >
            {chosen === undefined ? t('agent.disposition') : (names[chosen] ?? chosen)}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('agent.disposition')}</Menu.Label>
          {codes.map((code) => (
            <Menu.Item key={code} onClick={() => choose.mutate(code)}>
              {names[code] ?? code}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Extend({ agent }: { agent: string }) {
  const { t } = useTranslation();
  const connected = useLive((view) => view.connection === 'live');
  const extend = useMutation({ mutationFn: () => extendWrapUp(agent) });
  return (
    <>
      {extend.isError && (
        <span className={css.error} role="alert">
          {problemText(t, extend.error)}
        </span>
      )}
      <Button
        variant="default"
        disabled={!connected}
        loading={extend.isPending}
        onClick={() => extend.mutate()}
      >
        {t('agent.extend_wrap_up')}
      </Button>
    </>
  );
}
