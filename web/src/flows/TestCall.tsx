// A made-up call through the text as it stands: keys are pressed, the way through the flow is shown, its prompts are heard. No phone
// rings.

import { ActionIcon, Button, Select, Switch, TextInput } from '@mantine/core';
import { IconPlayerPlayFilled, IconPlayerStopFilled } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import i18next, { type TFunction } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hoursQuery, runTestCall } from '../api/flows';
import { Problem } from '../api/http';
import type { FlowTest as Ran } from '../api/types';
import { useMay } from '../app/session';
import { exitText } from '../calls/RecordTables';
import { short } from '../texts/format';
import { AskingButton } from '../ui/AskingButton';
import { Failure } from '../ui/Failure';
import { edgeKey } from './counts';
import css from './Flows.module.css';
import { type Hearing, heardFrom, useHearing } from './hearing';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
/** Listens to all that is said, and so long after it. */
const LISTEN = { silence: 0.5 };
/** Their `about` is the exit of a step. */
const EXITS = new Set(['queue_gave_back', 'not_connected', 'record_over', 'stream_over']);
/** What follows may be anything: it is looked at, not compared. */
const ANYTHING = '...';

/** What somebody does, as in a file of tests. */
type Deed = Record<string, unknown> | string;

interface Props {
  flow: string;
  text: string;
  ran(taken: ReadonlySet<string>, reached: string | null): void;
}

export function TestCall({ flow, text, ran }: Props) {
  const { t } = useTranslation();
  const [caller, setCaller] = useState('+14155550123');
  const [hours, setHours] = useState<string | null>(null);
  const [deeds, setDeeds] = useState<Deed[] | null>(null);
  const schedules = useQuery({ ...hoursQuery(), enabled: useMay('hours.see') });
  const all = hours === null ? {} : Object.fromEntries((schedules.data ?? []).map((name) => [name, hours]));
  const [aloud, setAloud] = useState(true);
  const hearing = useHearing();
  const mayHear = useMay('prompts.see');
  const call = useMutation({
    mutationFn: ({ done }: { done: Deed[]; before: number }) =>
      runTestCall(flow, text, testOf(caller, done, all)),
    onSuccess: (result, { before }) => {
      ran(takenBy(result, flow), result.last?.flow === flow ? result.last.step : null);
      if (aloud && mayHear) hearing.play(result.transcript, heardFrom(result.transcript, before));
    },
  });
  const go = (done: Deed[]) => {
    // What was heard before the last deed is not heard again.
    const goesOn = deeds !== null && done.length > deeds.length;
    const before = goesOn && call.data ? heardFrom(call.data.transcript).length : 0;
    hearing.stop();
    setDeeds(done);
    call.mutate({ done, before });
  };
  const act = (deed: Deed) => go([...(deeds ?? []), deed]);
  const stop = () => {
    hearing.stop();
    setDeeds(null);
    call.reset();
    ran(new Set(), null);
  };
  return (
    <div className={css.test}>
      <div className={css.testHead}>
        <TextInput
          label={t('flows.test_caller')}
          value={caller}
          onChange={(event) => setCaller(event.currentTarget.value)}
          w={150}
        />
        {(schedules.data ?? []).length > 0 && (
          <Select
            label={t('flows.test_hours')}
            data={(['open', 'closed', 'holiday'] as const).map((value) => ({
              value,
              label: t(`call.step_exit.${value}`),
            }))}
            placeholder={t('flows.test_hours_now')}
            value={hours}
            onChange={setHours}
            clearable
            w={150}
          />
        )}
        <AskingButton onClick={() => go([])} loading={call.isPending && deeds?.length === 0}>
          {deeds === null ? t('flows.test_start') : t('flows.test_again')}
        </AskingButton>
        {deeds !== null && (
          <Button variant="default" onClick={stop}>
            {t('flows.test_end')}
          </Button>
        )}
        {mayHear && (
          <Switch
            size="xs"
            label={t('flows.hear_prompts')}
            checked={aloud}
            onChange={(event) => {
              setAloud(event.currentTarget.checked);
              hearing.stop();
            }}
          />
        )}
      </div>
      {deeds !== null && <Deeds act={act} back={deeds.length > 0 ? () => go(deeds.slice(0, -1)) : null} />}
      {call.isError && <Trouble error={call.error} />}
      {call.data && <Course call={call.data} hearing={mayHear ? hearing : null} />}
    </div>
  );
}

function testOf(caller: string, deeds: Deed[], hours: Record<string, string>): unknown {
  const steps = deeds.flatMap((deed) => [deed, ANYTHING, LISTEN, ANYTHING]);
  const now = new Date();
  const at = new Date(now.getTime() - now.getTimezoneOffset() * 60_000)
    .toISOString()
    .slice(0, 16)
    .replace('T', ' ');
  return {
    name: 'call',
    caller,
    at,
    ...(Object.keys(hours).length > 0 ? { hours } : {}),
    steps: [ANYTHING, LISTEN, ANYTHING, ...steps],
  };
}

function takenBy(call: Ran, flow: string): Set<string> {
  return new Set(call.path.filter((one) => one.flow === flow).map(({ step, exit }) => edgeKey(step, exit)));
}

interface DeedsProps {
  act(deed: Deed): void;
  back: (() => void) | null;
}

function Deeds({ act, back }: DeedsProps) {
  const { t } = useTranslation();
  const others: [string, Deed][] = [
    [t('flows.deed.silence'), { silence: 6 }],
    [t('flows.deed.connected'), { connected: true }],
    [t('flows.deed.timeout'), { queue: 'timeout' }],
    [t('flows.deed.no_agents'), { queue: 'no_agents' }],
    [t('flows.deed.full'), { queue: 'full' }],
    [t('flows.deed.agent_left'), { agent_left: true }],
    [t('flows.deed.no_answer'), { transfer: 'no_answer' }],
    [t('flows.deed.not_found'), { replies: 'not_found' }],
    [t('flows.deed.failed'), { replies: 'failed' }],
    [t('flows.deed.done'), { replies: 'done' }],
    [t('flows.deed.recorded'), { recording: 'recorded' }],
    [t('flows.deed.hangs_up'), 'hangs_up'],
  ];
  return (
    <div className={css.deeds}>
      <fieldset className={css.keypad} aria-label={t('flows.keypad')}>
        {KEYS.map((key) => (
          <button key={key} type="button" className={css.padKey} onClick={() => act({ presses: key })}>
            {key}
          </button>
        ))}
      </fieldset>
      <div className={css.others}>
        {others.map(([label, deed]) => (
          <AskingButton key={label} variant="default" size="compact-xs" onClick={() => act(deed)}>
            {label}
          </AskingButton>
        ))}
        <Button variant="subtle" size="compact-xs" disabled={back === null} onClick={() => back?.()}>
          {t('flows.test_back')}
        </Button>
      </div>
    </div>
  );
}

/** What was heard and done, and the steps between. */
function Course({ call, hearing }: { call: Ran; hearing: Hearing | null }) {
  const { t } = useTranslation();
  return (
    <>
      <ol className={css.path} aria-label={t('call.path')}>
        {call.path.map((one, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same step may come again
          <li key={index}>
            <strong>{one.step}</strong> <span className={css.dim}>{exitText(t, one.exit)}</span>
          </li>
        ))}
        {call.last && (
          <li data-last>
            <strong>{call.last.step}</strong>
          </li>
        )}
      </ol>
      <ol className={css.transcript} aria-label={t('flows.transcript')}>
        {call.transcript.map((moment, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: moments are never reordered
          <li key={index} data-now={hearing?.now === index}>
            <span className={`${css.dim} num`}>{short(moment.at_ms)}</span> {momentText(t, moment)}
            {hearing && moment.prompt && (
              <HearButton
                name={moment.prompt.name}
                plays={hearing.now === index}
                press={() =>
                  hearing.now === index ? hearing.stop() : hearing.play(call.transcript, [index])
                }
              />
            )}
            {hearing?.failed === index && (
              <span className={css.failed} role="alert">
                {t('flows.prompt_silent')}
              </span>
            )}
          </li>
        ))}
      </ol>
      {call.failure && <p className={css.failed}>{call.failure.happened}</p>}
    </>
  );
}

/** The server's words where it says something that this page does not know yet. */
function momentText(t: TFunction, { code, about, what }: Ran['transcript'][number]): string {
  if (!i18next.exists(`flows.moment.${code}`)) return what;
  const [step = '', exit] = code === 'step' ? about.split(': ') : [];
  const left = exit === undefined ? about : `${step}: ${exitText(t, exit)}`;
  const words = EXITS.has(code) ? exitText(t, about) : left;
  return t(`flows.moment.${code as 'answer'}`, { about: words });
}

function HearButton({ name, plays, press }: { name: string; plays: boolean; press(): void }) {
  const { t } = useTranslation();
  const label = plays ? t('flows.stop_hearing') : t('flows.hear', { name });
  return (
    <ActionIcon variant="subtle" size="xs" aria-label={label} title={label} onClick={press}>
      {plays ? <IconPlayerStopFilled size={12} /> : <IconPlayerPlayFilled size={12} />}
    </ActionIcon>
  );
}

function Trouble({ error }: { error: unknown }) {
  const mistakes = error instanceof Problem ? error.mistakes : [];
  if (mistakes.length === 0) return <Failure error={error} />;
  return (
    <ul className={css.failed} role="alert">
      {mistakes.map((mistake) => (
        <li
          key={`${mistake.line}:${mistake.column}:${mistake.problem}`}
        >{`${mistake.line}: ${mistake.problem}`}</li>
      ))}
    </ul>
  );
}
