// The panel of this page's phone: what it lacks, what it is doing, which devices it uses, and how they sound.

import { Button, NativeSelect } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPhone, IconPhoneOff } from '@tabler/icons-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type Choice,
  canChooseSpeaker,
  chooseDevice,
  chosenDevices,
  DEFAULT,
  devicesThere,
  type Use,
} from './devices';
import css from './Phone.module.css';
import { phone, usePhone } from './phone';
import { type EchoStep, echo, meter, ring } from './sound';
import { isTrouble, type PhoneView, type Trouble, whyNoMicrophone } from './standing';

/** For how long the bell is tried. */
const BELL_MS = 1_500;

export default function PhonePanel({ close }: { close(): void }) {
  const { t } = useTranslation();
  const view = usePhone();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus(), []);
  useHotkeys([['Escape', close]], []);
  // The levels are those of the devices in use.
  const [changes, setChanges] = useState(0);
  const apply = () => phone.applyDevices().then(() => setChanges((before) => before + 1));
  const { standing, call } = view;
  const works = standing !== 'off' && standing !== 'asking' && !isTrouble(standing);
  return (
    <section ref={panel} className={css.panel} aria-label={t('phone.name')} tabIndex={-1}>
      <h2 className={css.title}>
        {call === null ? t(`phone.standing.${standing}`) : t(`phone.call.${call}`)}
      </h2>
      {(call === null || isTrouble(standing)) && (
        <p className={css.text} role="status">
          {t(`phone.explain.${standing}`)}
        </p>
      )}
      <CallButtons view={view} />
      {(works || standing === 'lost') && (
        <>
          {call === 'up' && <Levels key={changes} />}
          <DeviceChoice apply={apply} />
          {call === null && <Trials />}
        </>
      )}
      <div className={css.row}>
        {standing === 'off' ? (
          <Button onClick={() => phone.switchOn()}>{t('phone.switch_on')}</Button>
        ) : (
          <Button variant="default" disabled={call !== null} onClick={() => phone.switchOff()}>
            {t('phone.switch_off')}
          </Button>
        )}
        {isTrouble(standing) && standing !== 'insecure' && standing !== 'unsupported' && call === null && (
          <Button variant="default" onClick={() => phone.switchOn()}>
            {t('phone.retry')}
          </Button>
        )}
      </div>
    </section>
  );
}

/** The bar has them, too, unless the desk does not know of the call. */
function CallButtons({ view: { call } }: { view: PhoneView }) {
  const { t } = useTranslation();
  if (call === null) return null;
  return (
    <div className={css.row}>
      {call === 'ringing' && (
        <Button color="teal.9" leftSection={<IconPhone size={16} />} onClick={() => phone.answer()}>
          {t('phone.answer')}
        </Button>
      )}
      <Button color="red.8" leftSection={<IconPhoneOff size={16} />} onClick={() => phone.hangUp()}>
        {call === 'ringing' ? t('phone.decline') : t('phone.hang_up')}
      </Button>
    </div>
  );
}

function DeviceChoice({ apply }: { apply(): Promise<void> }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(chosenDevices);
  const there = useDevices();
  const choose = (use: Use, id: string) => {
    setChosen(chooseDevice(use, id));
    void apply();
  };
  const uses: Use[] = canChooseSpeaker() ? ['microphone', 'speaker', 'ringer'] : ['microphone'];
  return (
    <fieldset className={css.devices}>
      <legend>{t('phone.devices')}</legend>
      {uses.map((use) => (
        <NativeSelect
          key={use}
          label={t(`phone.use_for.${use}`)}
          value={chosen[use]}
          onChange={({ currentTarget }) => choose(use, currentTarget.value)}
          data={[
            { value: DEFAULT, label: t('phone.system') },
            ...(use === 'microphone' ? there.input : there.output).map(({ id, name }, index) => ({
              value: id,
              label: name || t('phone.unnamed', { number: index + 1 }),
            })),
          ]}
        />
      ))}
      {!canChooseSpeaker() && <p className={css.text}>{t('phone.no_choice')}</p>}
    </fieldset>
  );
}

/** What can be heard and spoken into now; plugging something in or out changes it. */
function useDevices(): Record<'input' | 'output', Choice[]> {
  const [there, setThere] = useState<Record<'input' | 'output', Choice[]>>({ input: [], output: [] });
  useEffect(() => {
    const look = () => void devicesThere().then(setThere, () => {});
    look();
    navigator.mediaDevices.addEventListener('devicechange', look);
    return () => navigator.mediaDevices.removeEventListener('devicechange', look);
  }, []);
  return there;
}

/** How loud both sides of the call are. */
function Levels() {
  const { t } = useTranslation();
  const said = useCallback(() => phone.streams().said, []);
  const heard = useCallback(() => phone.streams().heard, []);
  return (
    <div className={css.levels}>
      <Level label={t('phone.said')} stream={said} />
      <Level label={t('phone.heard')} stream={heard} />
    </div>
  );
}

function Level({ label, stream }: { label: string; stream(): MediaStream | null }) {
  const bar = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    const source = stream();
    if (source === null) return;
    const measured = meter(source);
    let frame = 0;
    const draw = () => {
      if (bar.current) bar.current.value = measured.level();
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => {
      cancelAnimationFrame(frame);
      measured.close();
    };
  }, [stream]);
  return (
    <div className={css.level}>
      <span>{label}</span>
      <meter ref={bar} className={css.meter} aria-label={label} min={0} max={1} value={0} />
    </div>
  );
}

/** How one sounds, and the bell. */
function Trials() {
  const { t } = useTranslation();
  const [step, setStep] = useState<EchoStep>('done');
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [rings, setRings] = useState(false);
  const run = useRef<AbortController | null>(null);
  useEffect(() => () => run.current?.abort(), []);
  useEffect(() => {
    if (!rings) return;
    const quiet = ring(chosenDevices().ringer);
    const timer = setTimeout(() => setRings(false), BELL_MS);
    return () => {
      clearTimeout(timer);
      quiet();
    };
  }, [rings]);
  const hear = () => {
    const own = new AbortController();
    run.current = own;
    setTrouble(null);
    const told = (now: EchoStep) => {
      if (!own.signal.aborted) setStep(now);
    };
    echo(chosenDevices().speaker, told, own.signal).catch((error: unknown) => {
      if (!own.signal.aborted) setTrouble(whyNoMicrophone(error));
    });
  };
  return (
    <div>
      <div className={css.row}>
        <Button variant="default" disabled={step !== 'done'} onClick={hear}>
          {t('phone.echo')}
        </Button>
        <Button variant="default" disabled={rings} onClick={() => setRings(true)}>
          {t('phone.ring')}
        </Button>
      </div>
      <p className={css.text} role="status">
        {trouble !== null
          ? t(`phone.explain.${trouble}`)
          : step === 'done'
            ? t('phone.echo_hint')
            : t(`phone.echo_step.${step}`)}
      </p>
    </div>
  );
}
