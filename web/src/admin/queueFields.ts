// The fields of a queue, in the order in which somebody who makes one thinks of them.

import type { Center } from '../api/config';
import { dispositionChoices, entryChoices } from './choices';
import { at } from './draft';
import type { Choice, FieldGroup } from './Form';

export const STRATEGIES = [
  'longest_idle',
  'least_recent_offer',
  'fewest_calls_today',
  'least_talk_today',
  'round_robin',
  'linear',
  'top_down',
  'random',
  'weighted_random',
  'best_skill',
  'ring_all',
  'progressive_ring',
] as const;

const hours = (center: Center): Choice[] => entryChoices(center, 'hours');

const BASICS: FieldGroup = {
  id: 'basics',
  fields: [
    { kind: 'text', path: 'name' },
    {
      kind: 'choice',
      path: 'strategy',
      words: 'queue_strategy',
      usual: 'longest_idle',
      options: STRATEGIES,
      hint: true,
    },
    {
      kind: 'number',
      path: 'ring_delay_s',
      min: 1,
      max: 300,
      usual: 10,
      unit: 's',
      hint: true,
      when: (draft) => at(draft, 'strategy') === 'progressive_ring',
    },
    { kind: 'number', path: 'ring_timeout_s', min: 3, max: 300, usual: 15, unit: 's', hint: true },
    { kind: 'number', path: 'weight', min: 1, max: 100, usual: 1, hint: true },
    { kind: 'pick', path: 'hours', from: hours, hint: true },
  ],
};

const WRAP_UP: FieldGroup = {
  id: 'wrap_up',
  fields: [
    {
      kind: 'choice',
      path: 'wrap_up.mode',
      words: 'queue_wrap_up_mode',
      usual: 'timed',
      options: ['manual', 'optional', 'timed', 'forced', 'on_request'],
      hint: true,
    },
    {
      kind: 'number',
      path: 'wrap_up.seconds',
      min: 0,
      max: 3600,
      usual: 10,
      unit: 's',
      when: (draft) => at(draft, 'wrap_up.mode') !== 'manual',
    },
    { kind: 'number', path: 'wrap_up.extend_s', min: 1, max: 3600, usual: 30, unit: 's', hint: true },
    { kind: 'number', path: 'wrap_up.extensions', min: 0, max: 20, usual: 3, hint: true },
    {
      kind: 'choice',
      path: 'wrap_up.disposition',
      words: 'queue_disposition',
      usual: 'optional',
      options: ['required', 'optional'],
    },
    { kind: 'names', path: 'dispositions', from: dispositionChoices, hint: true, wide: true },
  ],
};

const LIMITS: FieldGroup = {
  id: 'limits',
  fields: [
    { kind: 'number', path: 'wait_max_s', min: 1, max: 86_400, unit: 's', hint: true },
    { kind: 'number', path: 'waiting_max', min: 1, max: 50_000, usual: 200, hint: true },
    {
      kind: 'choice',
      path: 'join',
      words: 'queue_join',
      usual: 'always',
      options: ['always', 'signed_in', 'working'],
      hint: true,
    },
    { kind: 'number', path: 'unstaffed_max_s', min: 0, max: 86_400, unit: 's', hint: true },
    { kind: 'number', path: 'short_abandon_s', min: 0, max: 60, usual: 5, unit: 's', hint: true },
    { kind: 'number', path: 'place_kept_s', min: 0, max: 3600, usual: 0, unit: 's', hint: true },
  ],
};

const TIERS: FieldGroup = {
  id: 'tiers',
  fields: [
    { kind: 'number', path: 'tiers.wait_s', min: 0, max: 3600, usual: 0, unit: 's', hint: true },
    { kind: 'yes', path: 'tiers.each', usual: true, hint: true },
    { kind: 'yes', path: 'tiers.skip_unstaffed', usual: true, hint: true },
  ],
};

function sound(music: Choice[], prompts: Choice[]): FieldGroup {
  return {
    id: 'sound',
    fields: [
      { kind: 'pick', path: 'music.prompt', from: () => music, hint: true },
      {
        kind: 'choice',
        path: 'music.from',
        words: 'queue_music',
        usual: 'start',
        options: ['start', 'shared'],
      },
      { kind: 'yes', path: 'announce.position', usual: true },
      { kind: 'yes', path: 'announce.wait', usual: false },
      { kind: 'number', path: 'announce.after_s', min: 0, max: 600, usual: 0, unit: 's' },
      { kind: 'number', path: 'announce.interval_s', min: 1, max: 3600, usual: 15, unit: 's', hint: true },
      { kind: 'number', path: 'announce.repeat_s', min: 10, max: 3600, unit: 's', hint: true },
      { kind: 'yes', path: 'announce.over_music', usual: true },
      { kind: 'names', path: 'comfort.prompts', from: () => prompts, hint: true },
      { kind: 'number', path: 'comfort.every_s', min: 5, max: 3600, unit: 's' },
      { kind: 'names', path: 'greeting.whisper', from: () => prompts, hint: true },
      { kind: 'yes', path: 'greeting.whisper_wait', usual: false },
      { kind: 'yes', path: 'greeting.agent_number', usual: false },
    ],
  };
}

const UNANSWERED: FieldGroup = {
  id: 'unanswered',
  fields: [
    { kind: 'number', path: 'unanswered.missed_max', min: 0, max: 100, usual: 1, hint: true },
    { kind: 'number', path: 'unanswered.missed_delay_s', min: 0, max: 3600, usual: 0, unit: 's' },
    { kind: 'number', path: 'unanswered.rejected_delay_s', min: 0, max: 3600, usual: 30, unit: 's' },
    { kind: 'number', path: 'unanswered.busy_delay_s', min: 0, max: 3600, usual: 60, unit: 's' },
  ],
};

const CALLBACK: FieldGroup = {
  id: 'callback',
  fields: [
    {
      kind: 'choice',
      path: 'callback.first',
      words: 'queue_callback',
      usual: 'agent',
      options: ['agent', 'customer'],
      hint: true,
    },
    {
      kind: 'yes',
      path: 'callback.confirm',
      usual: false,
      hint: true,
      when: (draft) => at(draft, 'callback.first') === 'customer',
    },
    { kind: 'number', path: 'callback.retries', min: 0, max: 20, usual: 2 },
    { kind: 'number', path: 'callback.retry_s', min: 1, max: 86_400, usual: 300, unit: 's' },
    { kind: 'number', path: 'callback.keep_h', min: 1, max: 8760, usual: 96, unit: 'hours' },
  ],
};

const RECORDS: FieldGroup = {
  id: 'records',
  fields: [
    { kind: 'yes', path: 'record', usual: true },
    { kind: 'number', path: 'recordings_days', min: 1, max: 36_500, unit: 'days', hint: true },
    { kind: 'yes', path: 'mask_numbers', usual: false, hint: true },
    { kind: 'text', path: 'crm.url', hint: true, wide: true },
    { kind: 'lines', path: 'script', hint: true, wide: true },
  ],
};

/** Those before members and plan, and those after. */
export function queueGroups(music: Choice[], prompts: Choice[]): { first: FieldGroup[]; last: FieldGroup[] } {
  return {
    first: [BASICS],
    last: [TIERS, LIMITS, WRAP_UP, sound(music, prompts), UNANSWERED, CALLBACK, RECORDS],
  };
}
