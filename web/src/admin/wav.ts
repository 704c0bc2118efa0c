// Sounds in the browser: decoded whatever their format, and written as WAV, which the server takes.

/** The rate that prompts are kept in. */
export const RATE = 16_000;
const HEAD_BYTES = 44;
const FULL_SCALE = 0x7fff;

/** The formats that the server reads itself, by the end of a file's name. */
const TAKEN: Record<string, string> = { wav: 'audio/wav', mp3: 'audio/mpeg', ogg: 'audio/ogg' };

/** The content type under which the server takes a file; null for one that is to be decoded here first. */
export function typeTaken(fileName: string): string | null {
  return TAKEN[fileName.split('.').at(-1)?.toLowerCase() ?? ''] ?? null;
}

/** Samples from -1 to 1 as a WAV file of 16 bits with one channel. */
export function wavOf(samples: Float32Array, rate: number): Blob {
  const bytes = new DataView(new ArrayBuffer(HEAD_BYTES + samples.length * 2));
  const text = (at: number, word: string) => {
    for (let index = 0; index < word.length; index += 1) bytes.setUint8(at + index, word.charCodeAt(index));
  };
  text(0, 'RIFF');
  bytes.setUint32(4, HEAD_BYTES - 8 + samples.length * 2, true);
  text(8, 'WAVEfmt ');
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, rate, true);
  bytes.setUint32(28, rate * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, 'data');
  bytes.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, index) => {
    bytes.setInt16(HEAD_BYTES + index * 2, Math.round(Math.max(-1, Math.min(1, sample)) * FULL_SCALE), true);
  });
  return new Blob([bytes.buffer], { type: 'audio/wav' });
}

/** Decodes what the browser can play, mixed to one channel. Fails for what is no sound. */
export async function decoded(sound: Blob): Promise<AudioBuffer> {
  const context = new OfflineAudioContext(1, 1, RATE);
  return context.decodeAudioData(await sound.arrayBuffer());
}

export function mixed(buffer: AudioBuffer): Float32Array {
  const mono = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    buffer.getChannelData(channel).forEach((sample, index) => {
      mono[index] = (mono[index] ?? 0) + sample / buffer.numberOfChannels;
    });
  }
  return mono;
}

/** Silence before and after what is said is left out, but for a moment. */
export function trimmed(samples: Float32Array, rate: number): Float32Array {
  const QUIET = 0.01;
  const margin = Math.round(rate * 0.1);
  const first = samples.findIndex((sample) => Math.abs(sample) > QUIET);
  if (first < 0) return samples;
  let last = samples.length - 1;
  while (last > first && Math.abs(samples[last] ?? 0) <= QUIET) last -= 1;
  return samples.slice(Math.max(0, first - margin), Math.min(samples.length, last + margin));
}
