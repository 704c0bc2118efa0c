// Why a recording failed, in the reader's language. Records keep the server's English sentence for good, so those are what is
// recognised here; another one is shown as it is.

import type { TFunction } from 'i18next';

const SENTENCES = [
  [/: the disk is full$/, 'disk_full'],
  [/: no permission to write$/, 'not_writable'],
  [/: cannot be written \(error /, 'file_error'],
  [/^the recorder is too far behind/, 'recorder_busy'],
  [/^a bug in the recorder$/, 'recorder_defect'],
  [/^the recorder did not close the file in time$/, 'not_closed'],
] as const;

export function recordingProblem(t: TFunction, problem: string): string {
  const known = SENTENCES.find(([pattern]) => pattern.test(problem));
  return known ? t(`recording_problem.${known[1]}`) : problem;
}
