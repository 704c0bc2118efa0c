// Agents, those with calls first.

import { IconDeviceMobile, IconPhone, IconPhoneOff } from '@tabler/icons-react';
import { memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Agent, AgentState } from '../api/types';
import { deviceText } from '../desk/DeviceMenu';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import { Clock } from '../ui/Clock';
import grid from '../ui/Grid.module.css';
import { Nothing, Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { agentTone } from '../ui/tone';

const ORDER: readonly AgentState[] = [
  'offline_grace',
  'ringing',
  'reserved',
  'talking',
  'hold',
  'wrap_up',
  'ready',
  'not_ready',
  'logged_out',
];

export function AgentTable() {
  const { t } = useTranslation();
  const agents = useLive((view) => view.live.agents);
  const sorted = useMemo(() => Object.values(agents).sort(byState), [agents]);
  return (
    <Panel title={t('board.agents')} count={sorted.length}>
      {sorted.length === 0 ? (
        <Nothing>{t('board.no_agents')}</Nothing>
      ) : (
        <div className={grid.scroll}>
          <table className={grid.grid}>
            <thead>
              <tr>
                <th>{t('board.agent')}</th>
                <th>{t('board.state')}</th>
                <th className={grid.right}>{t('board.since')}</th>
                <th>{t('board.with')}</th>
                <th>
                  <span className="hidden">{t('board.phone')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((agent) => (
                <AgentRow key={agent.id} agent={agent} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function byState(one: Agent, other: Agent): number {
  return (
    ORDER.indexOf(one.state) - ORDER.indexOf(other.state) ||
    one.since.localeCompare(other.since) ||
    one.id.localeCompare(other.id)
  );
}

const AgentRow = memo(function AgentRow({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const Known = agent.device.kind === 'phone' ? IconPhone : IconDeviceMobile;
  const Icon = agent.registered ? Known : IconPhoneOff;
  const phone = deviceText(t, agent);
  return (
    <tr>
      <td>
        {agent.name} <span className={grid.dim}>{agent.id}</span>
      </td>
      <td>
        <Tag tone={agentTone(agent.state)}>
          {t(`agent.state.${agent.state}`)}
          {agent.reason !== null && <span className={grid.dim}>{word(t, 'agent.reason', agent.reason)}</span>}
        </Tag>
      </td>
      <td className={grid.right}>
        <Clock since={agent.since} />
      </td>
      <td className="num">{agent.call !== null && <Caller call={agent.call} />}</td>
      <td data-tone={agent.registered ? 'none' : 'bad'}>
        <Icon size={15} color="var(--tone)" role="img" aria-label={phone}>
          <title>{phone}</title>
        </Icon>
      </td>
    </tr>
  );
});

function Caller({ call }: { call: string }) {
  return useLive((view) => view.live.calls[call]?.caller ?? '');
}
