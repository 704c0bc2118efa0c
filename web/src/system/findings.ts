// What the doctor looked at and found, in the reader's language. A code that these pages do not know yet is told in the server's
// own words.

import type { TFunction } from 'i18next';
import i18next from 'i18next';
import type { Finding, Found } from '../api/types';
import { listOf, word } from '../texts/format';

export function subjectOf(t: TFunction, { about, subject }: Finding): string {
  return i18next.exists(`doctor_about.${about.code}`)
    ? t(`doctor_about.${about.code}`, { ...about })
    : subject;
}

export function foundOf(t: TFunction, { found, says }: Finding): string {
  return i18next.exists(`doctor_found.${found.code}`)
    ? t(`doctor_found.${found.code}`, values(t, found))
    : says;
}

/** What to do about it; null if nothing is to be done. */
export function adviceOf(t: TFunction, { found, advice }: Finding): string | null {
  if (advice === null) return null;
  const key = `doctor_advice.${found.code}`;
  return i18next.exists(key) ? t(key as 'doctor_advice.unwell', values(t, found)) : advice;
}

/** The fields of a code as its text wants them: words for words of the server's, times in ms, lists as people read them. */
function values(t: TFunction, found: Found): Record<string, unknown> {
  switch (found.code) {
    case 'unwell':
      return { ...found, alarms: listOf(found.alarms.map((kind) => alarm(t, kind))) };
    case 'disk_slow':
    case 'room_enough':
      return { ...found, ms: milliseconds(found.keeps_us) };
    case 'database_answers':
      return { ms: milliseconds(found.took_us) };
    case 'phones_some': {
      const list = listOf(found.away);
      return {
        ...found,
        away: found.more === 0 ? list : t('doctor.and_more', { list, count: found.more }),
      };
    }
    case 'port_refused':
    case 'unconnected':
    case 'folder_read_only':
    case 'unreadable':
    case 'server_unreachable':
      return { ...found, reason: t(`system_reason.${found.reason}`, { said: found.said }) };
    default:
      return { ...found };
  }
}

function alarm(t: TFunction, kind: string): string {
  const [name = kind, subject] = kind.split(':');
  const words = word(t, 'board.alarm', name);
  return subject === undefined ? words : `${words} (${subject})`;
}

function milliseconds(us: number): string {
  return (us / 1000).toFixed(us < 100_000 ? 1 : 0);
}
