// One key asks for help; it says whether somebody comes, and takes the wish back.

import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconHandStop } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { askHelp, withdrawHelp } from '../api/agents';
import type { Agent } from '../api/types';
import { hotkey, KEYS } from '../app/keys';
import { useLive } from '../live/store';
import { problemText } from '../ui/Failure';
import css from './AgentBar.module.css';

export function HelpButton({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const connected = useLive((view) => view.connection === 'live');
  const { help } = agent;
  const toggle = useMutation({
    mutationFn: () => (help === null ? askHelp(agent.id) : withdrawHelp(agent.id)),
  });
  const can = connected && agent.state !== 'logged_out' && !toggle.isPending;
  useHotkeys([hotkey('help_me', () => can && toggle.mutate())], []);
  if (agent.state === 'logged_out') return null;
  const label =
    help === null
      ? t('agent.help.ask')
      : help.answered_by === null
        ? t('agent.help.asked')
        : t('agent.help.answered', { who: help.answered_by });
  return (
    <>
      {toggle.isError && (
        <span className={css.error} role="alert">
          {problemText(t, toggle.error)}
        </span>
      )}
      <Button
        variant={help === null ? 'default' : 'filled'}
        color="#a84300"
        disabled={!connected}
        loading={toggle.isPending}
        leftSection={<IconHandStop size={14} aria-hidden />}
        title={help === null ? KEYS.help_me : t('agent.help.withdraw')}
        onClick={() => toggle.mutate()}
      >
        {label}
      </Button>
    </>
  );
}
