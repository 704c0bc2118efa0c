// The plan of a queue in sentences, and what a caller meets in it one after the other.

import type { TFunction } from 'i18next';
import { at, type Entry, entryOf, isEntry } from './draft';
import { membersOf } from './queue';

export interface Skill {
  id: string;
  name: string;
}

/** What a step does, without when it begins. */
export function stepWords(t: TFunction, step: Entry, skills: readonly Skill[]): string {
  const parts: string[] = [];
  const named = (levels: unknown) =>
    Object.entries(entryOf(levels)).map(([skill, level]) =>
      t('admin_plan.skill', {
        skill: skills.find(({ id }) => id === skill)?.name ?? skill,
        level: Number(level),
      }),
    );
  const required = named(step.require);
  const groups = Array.isArray(step.groups) ? step.groups.map(String) : [];
  if (required.length > 0) parts.push(t('admin_plan.who_knows', { skills: listed(t, required) }));
  if (groups.length > 0) parts.push(t('admin_plan.in_groups', { groups: listed(t, groups) }));
  if (required.length + groups.length === 0) parts.push(t('admin_plan.everybody'));
  const preferred = named(step.prefer);
  if (preferred.length > 0) parts.push(t('admin_plan.prefer', { skills: listed(t, preferred) }));
  if (step.min_level === 0) parts.push(t('admin_plan.no_level'));
  else if (typeof step.min_level === 'number')
    parts.push(t('admin_plan.min_level', { level: step.min_level }));
  if (typeof step.ring_count === 'number') parts.push(t('admin_plan.ring', { count: step.ring_count }));
  if (typeof step.priority_credit_s === 'number' && step.priority_credit_s > 0) {
    parts.push(t('admin_plan.credit', { seconds: step.priority_credit_s }));
  }
  if (step.replace === true) parts.push(t('admin_plan.replace'));
  if (step.skip_if === 'nobody_free') parts.push(t('admin_plan.skip_nobody_free'));
  if (step.skip_if === 'nobody_working') parts.push(t('admin_plan.skip_nobody_working'));
  return parts.join(t('admin_plan.between'));
}

function listed(t: TFunction, words: readonly string[]): string {
  return words.join(t('admin_plan.comma'));
}

export interface Rung {
  /** After so many seconds; `null` for what may come at any time. */
  at_s: number | null;
  text: string;
}

/** What happens to a caller who is not answered, in its order: tiers, steps of the plan, what ends the wait. */
export function ladder(t: TFunction, draft: Entry, skills: readonly Skill[]): Rung[] {
  const rungs: Rung[] = [...tierRungs(t, draft)];
  const plan = Array.isArray(draft.plan) ? draft.plan.map(entryOf) : [];
  for (const step of plan) {
    const after = typeof step.after_s === 'number' ? step.after_s : 0;
    rungs.push({ at_s: after, text: stepWords(t, step, skills) });
  }
  const max = draft.wait_max_s;
  if (typeof max === 'number') rungs.push({ at_s: max, text: t('admin_plan.exit_timeout') });
  rungs.sort((one, other) => (one.at_s ?? 0) - (other.at_s ?? 0));
  rungs.push({
    at_s: null,
    text: t('admin_plan.exit_full', {
      count: typeof draft.waiting_max === 'number' ? draft.waiting_max : 200,
    }),
  });
  if (draft.join === 'signed_in') rungs.push({ at_s: null, text: t('admin_plan.exit_signed_in') });
  if (draft.join === 'working') rungs.push({ at_s: null, text: t('admin_plan.exit_working') });
  const unstaffed = draft.unstaffed_max_s;
  if (typeof unstaffed === 'number') {
    rungs.push({ at_s: null, text: t('admin_plan.exit_unstaffed', { seconds: unstaffed }) });
  }
  if (typeof draft.hours === 'string')
    rungs.push({ at_s: null, text: t('admin_plan.exit_closed', { hours: draft.hours }) });
  return rungs;
}

function tierRungs(t: TFunction, draft: Entry): Rung[] {
  const counts = new Map<number, number>();
  for (const member of membersOf(draft)) {
    const tier = typeof member.tier === 'number' ? member.tier : 1;
    counts.set(tier, (counts.get(tier) ?? 0) + 1);
  }
  const wait = isEntry(draft.tiers) && typeof draft.tiers.wait_s === 'number' ? draft.tiers.wait_s : 0;
  const each = at(draft, 'tiers.each') !== false;
  return [...counts.keys()]
    .sort((one, other) => one - other)
    .map((tier, index) => ({
      at_s: index === 0 ? 0 : wait * (each ? index : 1),
      text: t('admin_plan.tier', { tier, count: counts.get(tier) ?? 0 }),
    }));
}
