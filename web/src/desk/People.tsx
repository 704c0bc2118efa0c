// Everybody in my call as people in one room. The customer can be dragged onto whom the call is for, and here onto what answers,
// holds and takes back.

import { ActionIcon } from '@mantine/core';
import { IconHeadset, IconUser, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type Act, dropParty } from '../api/softphone';
import type { LiveCall } from '../api/types';
import { useLive } from '../live/store';
import type { Tone } from '../ui/tone';
import css from './CallBar.module.css';
import { dropZone, handle, useDragged } from './dragging';
import { useNameOf } from './reach';
import type { Room, Seat } from './room';

const TONES: Record<Seat['standing'], Tone> = {
  ringing: 'ringing',
  talking: 'talking',
  waiting: 'hold',
  listening: 'none',
  muted: 'hold',
};

interface Props {
  room: Room;
  call: LiveCall;
  able: boolean;
  run(wish: () => Promise<void>): void;
  wish(what: Act): void;
}

export function People({ room, call, able, run, wish }: Props) {
  const { t } = useTranslation();
  return (
    <ul className={css.people} aria-label={t('room.people')}>
      {room.seats.map((seat) => (
        <li
          key={seat.key}
          className={css.seat}
          data-tone={TONES[seat.standing]}
          data-seat={seat.kind}
          data-standing={seat.standing}
          {...(seat.kind === 'other' && able && (room.can.steer || room.can.answer)
            ? { ...handle(call.id), title: t('room.drag') }
            : {})}
        >
          {seat.agent === null ? <IconUser size={15} aria-hidden /> : <IconHeadset size={15} aria-hidden />}
          <span className={css.seatName}>
            <Name seat={seat} call={call} />
          </span>
          <span className={css.seatState}>{t(`room.standing.${seat.standing}`)}</span>
          {seat.attendee !== null && seat.attendee.part === 'conference' && room.can.steer && (
            <Drop call={call.id} leg={seat.attendee.leg} able={able} run={run} />
          )}
        </li>
      ))}
      {call.customer_left && (
        <li className={css.seat} data-tone="none" data-seat="left">
          {t('room.customer_left')}
        </li>
      )}
      <Zone room={room} call={call} wish={wish} />
    </ul>
  );
}

/** While the call is dragged: what it can be dropped on to stay with me. */
function Zone({ room: { can }, call, wish }: Pick<Props, 'room' | 'call' | 'wish'>) {
  const { t } = useTranslation();
  const dragged = useDragged();
  if (dragged?.call !== call.id || can.consulting) return null;
  const what = can.answer ? 'answer' : call.held ? 'retrieve' : 'hold';
  return (
    <li className={css.zone} data-drop={what} {...dropZone(() => wish(what))}>
      {what === 'answer' ? t('shortcuts.answer') : t(`room.${what}`)}
    </li>
  );
}

function Name({ seat, call }: { seat: Seat; call: LiveCall }) {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  const pop = useLive((view) => (view.live.pop?.call === call.id ? view.live.pop : null));
  if (seat.kind === 'me') return t('room.me');
  if (seat.kind === 'other')
    return (
      pop?.customer?.name ?? (seat.outgoing ? null : call.caller_name) ?? (seat.who || t('pop.anonymous'))
    );
  return nameOf(seat.who) || t('room.somebody');
}

function Drop({ call, leg, able, run }: { call: string; leg: number; able: boolean; run: Props['run'] }) {
  const { t } = useTranslation();
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="xs"
      disabled={!able}
      aria-label={t('room.drop')}
      title={t('room.drop')}
      onClick={() => run(() => dropParty(call, leg))}
    >
      <IconX size={13} />
    </ActionIcon>
  );
}
