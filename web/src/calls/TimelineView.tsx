// The call on one axis of time, with the recording under it; a click on anything plays that moment.

import { ActionIcon, SegmentedControl, Switch } from '@mantine/core';
import { IconDownload, IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { recordingUrl } from '../api/calls';
import type { Decision, Recording } from '../api/types';
import { useMay } from '../app/session';
import { useLive } from '../live/store';
import { clock, short, timeWithMs, word } from '../texts/format';
import type { Playback } from './playback';
import { exitText } from './RecordTables';
import css from './Timeline.module.css';
import type { Entry, Lane, Timeline } from './timeline';
import { Waveform } from './Waveform';

const SPEEDS = ['0.75', '1', '1.25', '1.5', '2'];
const TICKS = 6;
/** Below, whole seconds do not tell the ticks apart. */
const SHORT_MS = 10_000;

interface Props {
  call: string;
  line: Timeline;
  recording: Recording | null;
  playback: Playback;
  chosen: string | null;
  choose(entry: Entry): void;
}

export function TimelineView({ call, line, recording, playback, chosen, choose }: Props) {
  const { t } = useTranslation();
  const span_ms = line.to_ms - line.from_ms;
  const began = recording === null ? 0 : Date.parse(recording.started_at);
  const head_ms = began + playback.at_s * 1000 - line.from_ms;
  return (
    <section className={css.timeline} aria-label={t('call.course')}>
      <div className={css.lanes}>
        <Lanes line={line} chosen={chosen} choose={choose} />
        {recording !== null && (
          <div className={css.lane}>
            <span className={css.who}>{t('call.recording')}</span>
            <div className={css.track} data-wave>
              <Waveform call={call} recording={recording} line={line} hear={playback.hear} />
            </div>
          </div>
        )}
        {recording !== null && (
          <div className={css.over} aria-hidden>
            <span className={css.playhead} style={{ left: `${percent(head_ms, span_ms)}%` }} />
          </div>
        )}
      </div>
      <Axis line={line} />
      {recording !== null && <Controls call={call} recording={recording} playback={playback} />}
    </section>
  );
}

interface LanesProps {
  line: Timeline;
  chosen: string | null;
  choose(entry: Entry): void;
}

/** Drawn once, while the hand of the recording moves over it. */
const Lanes = memo(function Lanes({ line, chosen, choose }: LanesProps) {
  const { t } = useTranslation();
  const span_ms = line.to_ms - line.from_ms;
  return line.lanes.map((lane) => (
    <div key={lane.id} className={css.lane}>
      <span className={css.who}>
        <LaneName lane={lane} />
      </span>
      <div className={css.track}>
        {lane.entries.map((entry) => (
          <button
            key={entry.id}
            type="button"
            tabIndex={-1}
            className={entry.to_ms > entry.from_ms ? css.span : css.moment}
            data-tone={entry.tone}
            data-chosen={entry.id === chosen}
            style={{
              left: `${percent(entry.from_ms - line.from_ms, span_ms)}%`,
              ...(entry.to_ms > entry.from_ms
                ? { width: `${percent(Math.min(entry.to_ms, line.to_ms) - entry.from_ms, span_ms)}%` }
                : {}),
            }}
            title={`${timeWithMs(new Date(entry.from_ms).toISOString())} ${entryText(t, entry)}`}
            onClick={() => choose(entry)}
          >
            {entry.to_ms > entry.from_ms ? (
              entryText(t, entry)
            ) : (
              <span className="hidden">{entryText(t, entry)}</span>
            )}
          </button>
        ))}
      </div>
    </div>
  ));
});

function LaneName({ lane }: { lane: Lane }) {
  const { t } = useTranslation();
  const name = useLive((view) => (lane.who === null ? null : (view.live.agents[lane.who]?.name ?? lane.who)));
  if (lane.kind === 'party') return name;
  if (lane.kind === 'state') return t('timeline.state_of', { name });
  return t(`timeline.lane.${lane.kind}`);
}

function Axis({ line }: { line: Timeline }) {
  const span_ms = line.to_ms - line.from_ms;
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => (span_ms * index) / TICKS);
  return (
    <div className={css.lane}>
      <span className={css.who} />
      <div className={`${css.axis} num`}>
        {ticks.map((ms) => (
          <span key={ms} style={{ left: `${percent(ms, span_ms)}%` }}>
            {span_ms < SHORT_MS ? short(ms) : clock(ms)}
          </span>
        ))}
      </div>
    </div>
  );
}

interface ControlsProps {
  call: string;
  recording: Recording;
  playback: Playback;
}

function Controls({ call, recording, playback }: ControlsProps) {
  const { t } = useTranslation();
  const mayTake = useMay('recordings.download');
  const { audio, at_s, playing, speed, skipping } = playback;
  const source = useMemo(() => recordingUrl(call, recording.id), [call, recording.id]);
  return (
    <div className={css.controls}>
      {/* biome-ignore lint/a11y/useMediaCaption: nobody has written down what was said */}
      <audio ref={audio} src={source} preload="metadata" aria-label={t('call.recording')} />
      <ActionIcon
        size={32}
        radius="xl"
        aria-label={playing ? t('timeline.pause') : t('timeline.play')}
        onClick={playback.toggle}
      >
        {playing ? <IconPlayerPauseFilled size={16} /> : <IconPlayerPlayFilled size={16} />}
      </ActionIcon>
      <span className="num">
        {`${clock(at_s * 1000)} / ${recording.duration_ms === null ? '…' : clock(recording.duration_ms)}`}
      </span>
      <SegmentedControl
        aria-label={t('call.speed')}
        value={String(speed)}
        onChange={(chosen) => playback.setSpeed(Number(chosen))}
        data={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
      />
      <Switch
        size="xs"
        label={t('timeline.skip')}
        checked={skipping}
        onChange={(event) => playback.setSkipping(event.currentTarget.checked)}
      />
      {mayTake && (
        <a href={source} download className={css.download}>
          <IconDownload size={15} aria-hidden /> {t('call.download')}
        </a>
      )}
    </div>
  );
}

/** What happened, in words. */
export function entryText(t: TFunction, entry: Entry): string {
  switch (entry.lane) {
    case 'phase':
      return word(t, 'call.phase', entry.word);
    case 'party':
      return word(t, 'timeline.part', entry.word);
    case 'flow': {
      const [exit = ''] = entry.detail.split(' · ');
      return exit ? `${entry.word}: ${exitText(t, exit)}` : entry.word;
    }
    case 'state':
      return entry.detail && entry.word === 'not_ready'
        ? `${word(t, 'agent.state', entry.word)} · ${word(t, 'agent.reason', entry.detail)}`
        : word(t, 'agent.state', entry.word);
    case 'decision':
      return entry.word === 'nobody' ? t('timeline.nobody') : t('timeline.chosen');
    case 'request':
      return word(t, 'timeline.request', entry.word);
    case 'sip':
      return entry.word;
    case 'mark':
      return [word(t, 'call.mark', entry.word), entry.detail].filter((text) => text !== '').join(' · ');
  }
}

/** Where the caller stood, and what kept agents from the call, with how many each. */
export function decisionText(t: TFunction, { position, waited_ms, refused }: Decision): string {
  const gates = new Map<string, number>();
  for (const { gate } of refused) gates.set(gate, (gates.get(gate) ?? 0) + 1);
  return [
    t('timeline.place', { position, waited: clock(waited_ms) }),
    ...[...gates].map(([gate, count]) => `${word(t, 'board.gate', gate)} ${count}`),
  ].join(' · ');
}

function percent(ms: number, span_ms: number): number {
  return Math.max(0, Math.min(100, (100 * ms) / span_ms));
}
