// Plays a call's recording: customer left, agent right.

import { SegmentedControl } from '@mantine/core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { recordingUrl } from '../api/calls';
import css from './CallPage.module.css';

const SPEEDS = ['1', '1.25', '1.5', '2'];

interface Props {
  call: string;
  autoPlay?: boolean;
}

export function Player({ call, autoPlay = false }: Props) {
  const { t } = useTranslation();
  const audio = useRef<HTMLAudioElement>(null);
  const [speed, setSpeed] = useState('1');
  const choose = (chosen: string) => {
    setSpeed(chosen);
    if (audio.current) audio.current.playbackRate = Number(chosen);
  };
  return (
    <div className={css.player}>
      {/* biome-ignore lint/a11y/useMediaCaption: nobody has written down what was said */}
      <audio
        ref={audio}
        controls
        preload="metadata"
        autoPlay={autoPlay}
        src={recordingUrl(call)}
        aria-label={t('call.recording')}
      />
      <SegmentedControl
        aria-label={t('call.speed')}
        value={speed}
        onChange={choose}
        data={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
      />
    </div>
  );
}
