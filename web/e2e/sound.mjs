// What a browser of a test says and hears: a tone for a microphone, and ears for what comes by WebRTC.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RATE_HZ = 48_000;

/** The arguments by which Chromium takes a tone for its microphone, without asking anybody. The file is gone with this process. */
export function microphone(hz) {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-sound-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'tone.wav');
  writeFileSync(file, tone(hz));
  return [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-audio-capture=${file}`,
    '--allow-loopback-in-peer-connection',
    // A page that a driver gives is not seen to be of this machine.
    '--disable-features=LocalNetworkAccessChecks',
    '--autoplay-policy=no-user-gesture-required',
  ];
}

/**
 * Runs in the page, before its scripts: `hotlineHear(hz)` ends when the connection that came last carries the tone, `hotlineDevices()`
 * says which microphone it sends and at which device an element sounds.
 */
export function ears() {
  // Loud enough to be the tone and no noise, of 255.
  const heard = 130;
  const look_ms = 50;
  let analyser;
  let connection;
  let speaker = '';
  const choose = HTMLMediaElement.prototype.setSinkId;
  HTMLMediaElement.prototype.setSinkId = async function (id) {
    await choose.call(this, id);
    speaker = id;
  };
  window.hotlineDevices = async () => {
    const all = await navigator.mediaDevices.enumerateDevices();
    const track = connection?.getSenders().find(({ track: sent }) => sent !== null)?.track;
    const named = all.find(({ kind, deviceId }) => kind === 'audiooutput' && deviceId === speaker);
    return { microphone: track?.label, speaker: named?.label };
  };
  const Own = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Own {
    constructor(...given) {
      super(...given);
      connection = this;
      analyser = undefined;
      this.addEventListener('track', ({ track }) => {
        const context = new AudioContext();
        analyser = context.createAnalyser();
        analyser.fftSize = 2048;
        analyser.smoothingTimeConstant = 0.2;
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      });
    }
  };
  window.hotlineHear = async (hz) => {
    for (;;) {
      if (analyser) {
        const bins = new Uint8Array(analyser.frequencyBinCount);
        analyser.getByteFrequencyData(bins);
        const at = Math.round((hz * analyser.fftSize) / analyser.context.sampleRate);
        if (bins[at] > heard && bins[at] >= Math.max(...bins)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, look_ms));
    }
  };
}

/** A WAV of one second with a tone, which the browser repeats. */
function tone(hz) {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + RATE_HZ * 2, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE_HZ, 24);
  header.writeUInt32LE(RATE_HZ * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(RATE_HZ * 2, 40);
  const samples = Buffer.alloc(RATE_HZ * 2);
  for (let at = 0; at < RATE_HZ; at += 1) {
    samples.writeInt16LE(Math.round(16_000 * Math.sin((2 * Math.PI * hz * at) / RATE_HZ)), at * 2);
  }
  return Buffer.concat([header, samples]);
}
