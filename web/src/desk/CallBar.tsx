// The call I am in: who is in the room with me, and all that can be done with it.

import '../texts/phone';
import { Button, Tooltip } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import {
  IconArrowBackUp,
  IconArrowsExchange,
  IconDialpad,
  IconMicrophone,
  IconMicrophoneOff,
  IconPhone,
  IconPhoneOff,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerRecord,
  IconPlayerRecordFilled,
  IconUserPlus,
  IconUsersGroup,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callQuery } from '../api/calls';
import { type Act, act, endConsult, pauseRecording, press, resumeRecording } from '../api/softphone';
import type { Agent, LiveCall } from '../api/types';
import { hotkey, KEYS, type Key, keyName } from '../app/keys';
import { useMay, useSession } from '../app/session';
import { useLive } from '../live/store';
import { phone, usePhone } from '../phone/phone';
import type { CallPhase } from '../phone/standing';
import { Clock } from '../ui/Clock';
import { problemText } from '../ui/Failure';
import { callTone } from '../ui/tone';
import css from './CallBar.module.css';
import { LineMark } from './LineMark';
import { People } from './People';
import { focusReach } from './reach';
import { myCall, type Room, roomOf } from './room';
import { useAct } from './useAct';

const Keypad = lazy(() => import('./Keypad'));

export default function CallBar() {
  const session = useSession();
  const may = useMay('softphone.use');
  const agent = useLive((view) => (session.agent === null ? undefined : view.live.agents[session.agent]));
  const call = useLive((view) => myCall(view.live.calls, agent));
  if (!may || agent === undefined || call === undefined) return null;
  return <InCall key={call.id} agent={agent} call={call} />;
}

function InCall({ agent, call }: { agent: Agent; call: LiveCall }) {
  const { t } = useTranslation();
  const asked = useLive((view) => view.live.asked[call.id]);
  const room = roomOf(call, agent, asked);
  const acting = useAct();
  const [keypad, setKeypad] = useState(false);
  const here = usePhone().call;
  const wish = (what: Act) => {
    // What rings in this page is taken in this page, whether or not the server can be asked at the moment.
    if (here !== null && what === 'answer') phone.answer();
    else if (here === 'ringing' && what === 'hangup' && room.can.answer) phone.hangUp();
    else acting.run(() => act(call.id, what));
  };
  return (
    <section
      className={css.bar}
      data-tone={call.held ? 'hold' : callTone(call.state)}
      aria-label={t('room.label')}
      data-call={call.id}
    >
      <People room={room} call={call} run={acting.run} able={acting.able} wish={wish} />
      <span className={css.clock}>
        <Clock since={call.connected_at ?? call.started_at} />
      </span>
      <LineMark call={call.id} />
      <span className={css.space} />
      {acting.error !== null && (
        <span className={css.error} role="alert">
          {problemText(t, acting.error)}
        </span>
      )}
      <Controls
        room={room}
        call={call}
        able={acting.able}
        here={here}
        wish={wish}
        back={() => acting.run(() => endConsult(call.id))}
        keypad={() => setKeypad(!keypad)}
        record={<RecordButton call={call} able={acting.able} run={acting.run} small={room.can.consulting} />}
      />
      {keypad && room.can.steer && (
        <Suspense>
          <Keypad
            press={async (key) => (here === 'up' ? phone.press(key) : press(call.id, key))}
            close={() => setKeypad(false)}
          />
        </Suspense>
      )}
    </section>
  );
}

interface ControlsProps {
  room: Room;
  call: LiveCall;
  able: boolean;
  /** How the call stands at the phone of this page. */
  here: CallPhase | null;
  wish(what: Act): void;
  back(): void;
  keypad(): void;
  record: ReactNode;
}

function Controls({ room: { can }, call, able, here, wish, back, keypad, record }: ControlsProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const reach = () => void navigate({ to: '/' }).then(focusReach);
  const hold = () => wish(call.held ? 'retrieve' : 'hold');
  const mute = () => wish(call.muted ? 'unmute' : 'mute');
  const alone = can.steer && !can.consulting;
  useHotkeys(
    [
      hotkey('answer', () => can.answer && wish('answer')),
      hotkey('hold', () => alone && hold()),
      hotkey('mute', () => can.steer && mute()),
      hotkey('keypad', () => can.steer && keypad()),
      hotkey('swap', () => can.consulted && wish('swap')),
      hotkey('conference', () => can.consulted && wish('conference')),
      hotkey('complete', () => can.consulting && wish('complete')),
      hotkey('back', () => can.consulting && back()),
      hotkey('hang_up', () => wish('hangup')),
    ],
    [],
  );
  if (can.answer) {
    return (
      <>
        <Control
          name="answer"
          icon={<IconPhone size={16} />}
          tone="teal.9"
          able={here === null ? able : here === 'ringing'}
          press={() => wish('answer')}
        />
        {here === 'ringing' && (
          <Control
            name="hang_up"
            text={t('phone.decline')}
            icon={<IconPhoneOff size={16} />}
            tone="red.8"
            able
            press={() => wish('hangup')}
          />
        )}
      </>
    );
  }
  return (
    <>
      {alone && (
        <Control
          name="hold"
          text={call.held ? t('room.retrieve') : t('room.hold')}
          icon={call.held ? <IconPlayerPlay size={16} /> : <IconPlayerPause size={16} />}
          on={call.held}
          able={able}
          press={hold}
        />
      )}
      {can.consulted && (
        <>
          <Control
            name="swap"
            icon={<IconArrowsExchange size={16} />}
            able={able}
            press={() => wish('swap')}
          />
          <Control
            name="conference"
            icon={<IconUsersGroup size={16} />}
            able={able}
            press={() => wish('conference')}
          />
        </>
      )}
      {can.consulting && (
        <>
          <Control
            name="complete"
            icon={<IconUserPlus size={16} />}
            tone="indigo"
            able={able}
            press={() => wish('complete')}
          />
          <Control name="back" icon={<IconArrowBackUp size={16} />} able={able} press={back} />
        </>
      )}
      {can.steer && (
        <>
          <Control
            name="mute"
            text={call.muted ? t('room.unmute') : t('room.mute')}
            icon={call.muted ? <IconMicrophoneOff size={16} /> : <IconMicrophone size={16} />}
            on={call.muted}
            able={able}
            press={mute}
            small={can.consulting}
          />
          <Control name="keypad" icon={<IconDialpad size={16} />} able={able} press={keypad} small />
          {record}
          {alone && (
            <Control
              name="dial"
              text={t('room.reach')}
              icon={<IconUserPlus size={16} />}
              able
              press={reach}
            />
          )}
        </>
      )}
      <Control
        name="hang_up"
        icon={<IconPhoneOff size={16} />}
        tone="red.8"
        able={able}
        press={() => wish('hangup')}
      />
    </>
  );
}

interface ControlProps {
  name: Key;
  /** What it does, where that changes. */
  text?: string;
  icon: ReactNode;
  /** Filled with this colour. */
  tone?: string;
  /** Pressed in. */
  on?: boolean;
  /** The word is in its tooltip alone. */
  small?: boolean;
  able: boolean;
  press(): void;
}

export function Control({ name, text, icon, tone, on, small, able, press }: ControlProps) {
  const { t } = useTranslation();
  const label = text ?? t(`shortcuts.${name}`);
  return (
    <Tooltip label={`${label} · ${keyName(KEYS[name])}`} openDelay={200}>
      <Button
        className={css.control}
        variant={tone || on ? 'filled' : 'default'}
        {...(tone ? { color: tone } : on ? { color: 'indigo' } : {})}
        leftSection={small ? undefined : icon}
        aria-label={label}
        aria-keyshortcuts={keyName(KEYS[name])}
        {...(on === undefined ? {} : { 'aria-pressed': on })}
        disabled={!able}
        onClick={press}
      >
        {small ? icon : label}
      </Button>
    </Tooltip>
  );
}

interface RecordProps {
  call: LiveCall;
  small: boolean;
  able: boolean;
  run(wish: () => Promise<void>): void;
}

/** Whether what is said is recorded, and the way to keep something out of it. */
function RecordButton({ call, small, able, run }: RecordProps) {
  const { t } = useTranslation();
  const told = useLive((view) => view.live.recordings[call.id]);
  const record = useQuery({ ...callQuery(call.id), enabled: told === undefined });
  const read = record.data?.recordings.find(({ state }) => state === 'open');
  const marks = read?.marks.filter(({ kind }) => kind === 'paused' || kind === 'resumed');
  const known = told ?? (read && { paused: marks?.at(-1)?.kind === 'paused', until: null });
  const toggle = () => {
    if (known) run(() => (known.paused ? resumeRecording(call.id) : pauseRecording(call.id)));
  };
  useHotkeys([hotkey('record', toggle)], []);
  if (!known) return null;
  return (
    <Control
      name="record"
      text={known.paused ? t('room.resume_recording') : t('room.pause_recording')}
      icon={
        known.paused ? (
          <IconPlayerRecord size={16} />
        ) : (
          <IconPlayerRecordFilled size={16} className={css.recording} />
        )
      }
      on={known.paused}
      able={able}
      press={toggle}
      small={small}
    />
  );
}
