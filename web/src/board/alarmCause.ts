// Why an alarm was raised and what is wrong with a trunk, in the reader's language. A code that these pages do not know yet is
// told in the server's own words.

import type { TFunction } from 'i18next';
import i18next from 'i18next';
import type { Alarm, TrunkFault } from '../api/types';

export function trunkFault(t: TFunction, fault: TrunkFault): string {
  return t(`trunk_fault.${fault.code}`, { ...fault });
}

export function alarmCause(t: TFunction, { cause, detail }: Alarm): string {
  if (cause.code === 'trunk') return trunkFault(t, cause.fault);
  if (!i18next.exists(`alarm_cause.${cause.code}`)) return detail;
  return t(`alarm_cause.${cause.code}`, { ...cause });
}

/** What the system or a library said, in its own words: none of ours, whatever the language. */
export function alarmSaid({ cause }: Alarm): string | null {
  return 'said' in cause ? cause.said : null;
}
