// What a call record says, for people. Pure.

import type { CallRecord, OfferRecord } from '../api/types';

export type PhaseKind = 'flow' | 'queue' | 'ring' | 'talk';

export interface Phase {
  kind: PhaseKind;
  from_ms: number;
  to_ms: number;
}

/** The call in a row of phases without gaps, from its start to its end (or to `now_ms` while it runs). */
export function phases(call: CallRecord, now_ms: number): Phase[] {
  const start_ms = Date.parse(call.started_at);
  const end_ms = call.ended_at === null ? now_ms : Date.parse(call.ended_at);
  // Whoever calls outside is in no menu.
  const first: PhaseKind = call.direction === 'out' ? 'ring' : 'flow';
  const marks: { kind: PhaseKind; at_ms: number }[] = [{ kind: first, at_ms: start_ms }];
  for (const visit of call.queues) {
    marks.push({ kind: 'queue', at_ms: Date.parse(visit.entered_at) });
    if (visit.left_at !== null && visit.outcome !== 'answered') {
      marks.push({ kind: 'flow', at_ms: Date.parse(visit.left_at) });
    }
  }
  for (const offer of call.offers) marks.push(...offerMarks(offer, call.queues.length > 0));
  for (const dial of call.dials) {
    marks.push({ kind: 'ring', at_ms: Date.parse(dial.dialled_at) });
    if (dial.ended_at !== null && dial.outcome !== 'answered') {
      marks.push({ kind: first, at_ms: Date.parse(dial.ended_at) });
    }
  }
  if (call.connected_at !== null) marks.push({ kind: 'talk', at_ms: Date.parse(call.connected_at) });
  marks.sort((one, other) => one.at_ms - other.at_ms);
  return join(marks, end_ms);
}

function offerMarks(offer: OfferRecord, queued: boolean): { kind: PhaseKind; at_ms: number }[] {
  const marks: { kind: PhaseKind; at_ms: number }[] = [{ kind: 'ring', at_ms: Date.parse(offer.offered_at) }];
  if (offer.ended_at !== null && offer.outcome !== 'answered') {
    marks.push({ kind: queued ? 'queue' : 'flow', at_ms: Date.parse(offer.ended_at) });
  }
  return marks;
}

function join(marks: { kind: PhaseKind; at_ms: number }[], end_ms: number): Phase[] {
  const row: Phase[] = [];
  marks.forEach((mark, index) => {
    const to_ms = Math.min(marks[index + 1]?.at_ms ?? end_ms, end_ms);
    if (to_ms <= mark.at_ms) return;
    const last = row.at(-1);
    if (last?.kind === mark.kind) last.to_ms = to_ms;
    else row.push({ kind: mark.kind, from_ms: mark.at_ms, to_ms });
  });
  return row;
}

export type StageName = 'offered' | 'popped' | 'invited' | 'ringing' | 'ended';

export interface Stage {
  name: StageName;
  at: string;
  /** Since the stage before; null for the first. */
  after_ms: number | null;
}

/** How an offer went, stage by stage, with the milliseconds between. Stages that never came are left out. */
export function stages(offer: OfferRecord): Stage[] {
  const all: [StageName, string | null][] = [
    ['offered', offer.offered_at],
    ['popped', offer.popped_at],
    ['invited', offer.invited_at],
    ['ringing', offer.ringing_at],
    ['ended', offer.ended_at],
  ];
  const row: Stage[] = [];
  for (const [name, at] of all) {
    if (at === null) continue;
    const before = row.at(-1);
    row.push({ name, at, after_ms: before ? Date.parse(at) - Date.parse(before.at) : null });
  }
  return row;
}

/** In all queues together; null when the call was in none or still waits. */
export function waited(call: CallRecord): number | null {
  const known = call.queues.flatMap(({ waited_ms }) => (waited_ms === null ? [] : [waited_ms]));
  return known.length > 0 ? known.reduce((sum, ms) => sum + ms, 0) : null;
}

/** Why this agent did not get a call that it was offered; null if it took the call. */
export function missed(call: CallRecord, agent: string): string | null {
  if (call.agent === agent) return null;
  return call.offers.findLast((offer) => offer.agent === agent)?.outcome ?? null;
}

export function hasAudio(call: CallRecord): boolean {
  return call.recordings.some(({ state }) => state !== 'failed');
}
