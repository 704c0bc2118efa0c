// Which microphone and which loudspeakers, as chosen in this browser.

const KEY = 'hotline.phone.devices';

/** The system's own choice. */
export const DEFAULT = 'default';

export type Use = 'microphone' | 'speaker' | 'ringer';

export type Devices = Record<Use, string>;

export function chosenDevices(): Devices {
  const none: Devices = { microphone: DEFAULT, speaker: DEFAULT, ringer: DEFAULT };
  try {
    return { ...none, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Devices>) };
  } catch {
    return none;
  }
}

export function chooseDevice(use: Use, id: string): Devices {
  const devices = { ...chosenDevices(), [use]: id };
  localStorage.setItem(KEY, JSON.stringify(devices));
  return devices;
}

/** Whether this browser lets a page choose where sound comes out. */
export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

export interface Choice {
  id: string;
  name: string;
}

/** What is there; without names until a microphone was allowed. */
export async function devicesThere(): Promise<Record<'input' | 'output', Choice[]>> {
  const all = await navigator.mediaDevices.enumerateDevices();
  const of = (kind: MediaDeviceKind) =>
    all
      .filter((device) => device.kind === kind && device.deviceId !== '' && device.deviceId !== DEFAULT)
      .map(({ deviceId, label }) => ({ id: deviceId, name: label }));
  return { input: of('audioinput'), output: of('audiooutput') };
}

/**
 * The microphone that was chosen, or the system's when that one is gone.
 *
 * Throws what the browser throws when it gives none.
 */
export async function openMicrophone(id: string = chosenDevices().microphone): Promise<MediaStream> {
  const usual = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const open = (audio: MediaTrackConstraints) => navigator.mediaDevices.getUserMedia({ audio, video: false });
  if (id === DEFAULT) return open(usual);
  try {
    return await open({ ...usual, deviceId: { exact: id } });
  } catch (error) {
    // Unplugged since.
    const gone =
      error instanceof Error && (error.name === 'OverconstrainedError' || error.name === 'NotFoundError');
    if (gone) return open(usual);
    throw error;
  }
}

export function release(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Lets an element sound at a device; at the system's when that one is gone. */
export async function soundAt(element: HTMLMediaElement, id: string): Promise<void> {
  if (!canChooseSpeaker()) return;
  try {
    await element.setSinkId(id === DEFAULT ? '' : id);
  } catch {
    await element.setSinkId('');
  }
}
