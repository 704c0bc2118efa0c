// Times, lengths and names the way people read them.

import type { TFunction } from 'i18next';
import i18next from 'i18next';
import { currentLanguage } from '.';

/** 75 s → `1:15`; from an hour on `1:02:05`. Never negative. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const tail = String(seconds % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** Milliseconds between two moments; null while one of them is missing. */
export function between(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Date.parse(to) - Date.parse(from);
}

/** 180 → `180 ms`; from 10 s on the clock. */
export function short(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : clock(ms);
}

export function timeOfDay(time: string | number, withSeconds = true): string {
  return format(time, {
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds ? { second: '2-digit' } : {}),
    hourCycle: 'h23',
  });
}

export function timeWithMs(time: string): string {
  return `${timeOfDay(time)}.${String(new Date(time).getMilliseconds()).padStart(3, '0')}`;
}

/** Today's times without a date, others with one. */
export function dayAndTime(time: string, now = Date.now()): string {
  const sameDay = new Date(time).toDateString() === new Date(now).toDateString();
  return sameDay ? timeOfDay(time) : `${format(time, { month: 'short', day: 'numeric' })} ${timeOfDay(time)}`;
}

export function fullDate(time: string): string {
  return format(time, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' });
}

const languageNames = new Map<string, Intl.DisplayNames>();

/** `zh-CN` → `Chinese (China)` or `中文（中国）`; an unknown tag as it is. */
export function languageName(tag: string): string {
  const own = currentLanguage();
  const names = languageNames.get(own) ?? new Intl.DisplayNames([own], { type: 'language' });
  languageNames.set(own, names);
  try {
    return names.of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** The text for a word of the server's, or the word itself when a newer server says one we do not know. */
export function word(t: TFunction, group: string, value: string): string {
  const key = `${group}.${value}`;
  return i18next.exists(key) ? t(key as 'app.name') : value.replaceAll('_', ' ');
}

/** Who sent a call on, and why if the network says so. */
export function diverted(t: TFunction, { from, reason }: { from: string; reason: string | null }): string {
  return reason === null ? from : `${from} · ${word(t, 'call.diversion', reason)}`;
}

/** `a`, `b`, `c` as people of this language write a list. */
export function listOf(words: readonly string[]): string {
  return new Intl.ListFormat(currentLanguage(), { type: 'conjunction' }).format(words);
}

function format(time: string | number, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(currentLanguage(), options).format(new Date(time));
}
