// How trunks stand: calls, registration, servers, what was wrong last. Read again when the stream tells of a call or an alarm.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useContext, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { trunksQuery } from '../api/config';
import type { TrunkFault, TrunkStatus } from '../api/types';
import { useMay } from '../app/session';
import { trunkFault } from '../board/alarmCause';
import { LiveContext } from '../live/store';
import { Tag } from '../ui/Tag';
import css from './Form.module.css';

/** In a busy center calls come and go all the time: at most so often. */
const READ_EVERY_MS = 2_000;
const TOLD = new Set([
  'call.started',
  'call.ended',
  'call.dialled',
  'call.dial_failed',
  'alarm.raised',
  'alarm.cleared',
]);

export function useTrunks(): TrunkStatus[] {
  const may = useMay('system.see');
  const queries = useQueryClient();
  const store = useContext(LiveContext);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // It may have changed while no page looked.
    void queries.invalidateQueries({ queryKey: ['trunks'] });
    const stop = store?.onEvent(({ type }) => {
      if (!TOLD.has(type) || timer.current !== undefined) return;
      timer.current = setTimeout(() => {
        timer.current = undefined;
        void queries.invalidateQueries({ queryKey: ['trunks'] });
      }, READ_EVERY_MS);
    });
    return () => {
      stop?.();
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [queries, store]);
  return useQuery({ ...trunksQuery(), enabled: may }).data?.trunks ?? [];
}

export type Health = 'good' | 'weak' | 'bad' | 'incoming';

/** Whether calls can go out by it: by all servers, by some, by none; or calls only come in. */
export function healthOf({ fault, servers, registration }: TrunkStatus): Health {
  if (fault !== null || registration?.registered === false) return 'bad';
  if (servers.length === 0) return registration === null ? 'incoming' : 'good';
  const usable = servers.filter((server) => server.usable).length;
  if (usable === 0) return 'bad';
  return usable < servers.length ? 'weak' : 'good';
}

const TONES = { good: 'ready', weak: 'hold', bad: 'bad', incoming: 'none' } as const;

export function HealthTag({ trunk }: { trunk: TrunkStatus | undefined }) {
  const { t } = useTranslation();
  if (!trunk) return null;
  const health = healthOf(trunk);
  return <Tag tone={TONES[health]}>{t(`admin_health.${health}`)}</Tag>;
}

export function RegistrationTag({ trunk }: { trunk: TrunkStatus | undefined }) {
  const { t } = useTranslation();
  if (!trunk?.registration) return null;
  const { registered, sip_status } = trunk.registration;
  if (registered) return <Tag tone="ready">{t('admin_health.registered')}</Tag>;
  return (
    <Tag tone="bad">
      {sip_status === null
        ? t('admin_health.not_registered')
        : t('admin_health.not_registered_status', { status: sip_status })}
    </Tag>
  );
}

/** The last thing that was wrong with it. */
export function lastError({ fault, servers }: TrunkStatus): TrunkFault | null {
  return fault ?? servers.find((server) => server.fault !== null)?.fault ?? null;
}

/** All that is known of one trunk. */
export function TrunkHealth({ trunk }: { trunk: TrunkStatus }) {
  const { t } = useTranslation();
  return (
    <div className={css.section}>
      <h3 className={css.title}>{t('admin_health.title')}</h3>
      <p className={css.health}>
        <HealthTag trunk={trunk} /> <RegistrationTag trunk={trunk} />
        <span>
          {t('admin_health.calls', { count: trunk.calls, in: trunk.calls_in, out: trunk.calls_out })}
        </span>
      </p>
      {trunk.fault !== null && <p className={css.error}>{trunkFault(t, trunk.fault)}</p>}
      {trunk.servers.length > 0 && (
        <table className={css.rows}>
          <thead>
            <tr>
              <th>{t('admin_health.server')}</th>
              <th>{t('admin_health.address')}</th>
              <th>{t('admin_health.options')}</th>
              <th>{t('admin_health.problem')}</th>
            </tr>
          </thead>
          <tbody>
            {trunk.servers.map(({ name, transport, address, usable, fault }) => (
              <tr key={`${name}${transport}${address}`}>
                <td>{name}</td>
                <td className="num">
                  {address === null ? t('admin_health.not_found') : `${address} ${transport ?? ''}`}
                </td>
                <td>
                  <Tag tone={usable ? 'ready' : 'bad'}>
                    {t(usable ? 'admin_health.usable' : 'admin_health.unusable')}
                  </Tag>
                </td>
                <td>{fault !== null && trunkFault(t, fault)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
