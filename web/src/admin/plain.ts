// What the server says is wrong, in plain words of the reader's language: the mistakes that people make in forms. What is not
// among them is shown as the server says it.

import type { TFunction } from 'i18next';
import type { FieldProblem } from '../api/types';

const PATTERNS: readonly [RegExp, string][] = [
  [/^there is no agent `(?<name>[^`]*)`/, 'no_agent'],
  [/^there is no flow `(?<name>[^`]*)`/, 'no_flow'],
  [/^there are no hours `(?<name>[^`]*)`/, 'no_hours'],
  [/^there is no music `(?<name>[^`]*)`/, 'no_music'],
  [/^there is no prompt `(?<name>[^`]*)`/, 'no_prompt'],
  [/^there is no trunk `(?<name>[^`]*)`/, 'no_trunk'],
  [/^there is no queue `(?<name>[^`]*)`/, 'no_queue'],
  [/^there is no skill `(?<name>[^`]*)`/, 'no_such_skill'],
  [/^there is no disposition `(?<name>[^`]*)`/, 'no_disposition'],
  [/^there is no place `(?<name>[^`]*)` in scripts/, 'no_place'],
  [/^no call goes out by trunk `(?<name>[^`]*)`/, 'trunk_without_servers'],
  [/^nobody can reach extension (?<name>[^:]*)/, 'extension_hidden'],
  [/ is also the extension of agent `(?<name>[^`]*)`/, 'number_is_extension'],
  [/^no agent has the skill `(?<name>[^`]*)`/, 'no_skill'],
  [/^no agent is in a group `(?<name>[^`]*)`/, 'no_group'],
  [/^no route leads to (?<name>[^;]*)/, 'no_route'],
  [/^no prompts in language `(?<name>[^`]*)`/, 'no_language'],
  [
    /^flow `(?<name>[^`]*)` does not speak `(?<other>[^`]*)`; one of its languages: (?<list>[^;]*)/,
    'not_spoken',
  ],
  [/^extension (?<name>\S+) is taken by agent `(?<other>[^`]*)`/, 'extension_taken'],
  [/^`(?<name>[^`]*)` is no extension/, 'no_extension'],
  [/^(?:agent )?`(?<name>[^`]*)` is there twice/, 'twice'],
  [/^`(?<name>[^`]*)` is not a number/, 'no_number'],
  [/^`(?<name>[^`]*)` cannot be dialled/, 'not_dialled'],
  [/^`(?<name>[^`]*)` cannot be /, 'bad_name'],
  [/^`(?<name>[^`]*)` is no server/, 'no_server'],
  [/^`(?<name>[^`]*)` is no domain/, 'no_domain'],
  [/^`(?<name>[^`]*)` is no address/, 'no_address'],
  [/^`(?<name>[^`]*)` is no header name/, 'no_header'],
  [/^`(?<name>[^`]*)` is written by the server itself/, 'own_header'],
  [/^`(?<name>[^`]*)` is no number of this center/, 'no_own_number'],
  [/^`(?<name>[^`]*)` stands for no numbers/, 'no_pattern'],
  [/^`(?<name>[^`]*)` is no beginning of a number/, 'no_beginning'],
  [/^`(?<name>[^`]*)` is not digits/, 'no_digits'],
  [/^unknown time zone `(?<name>[^`]*)`/, 'no_zone'],
  [/^unknown key `(?<name>[^`]*)`/, 'unknown_key'],
  [/^unknown [\w ]+ `(?<name>[^`]*)`/, 'unknown'],
  [/^(?:the script is longer than|.*; at most) (?<most>\d+) bytes/, 'too_long'],
  [/; 1 to (?<most>\d+) characters$/, 'length'],
  [/^\d+ [\w ]+; at most (?<most>\d+)$/, 'too_many'],
  [/expected seconds from (?<least>\d+) to (?<most>\d+)$/, 'seconds'],
  [/expected a number from (?<least>\d+) to (?<most>\d+)$/, 'range'],
  [/at least (?<least>\d+) characters/, 'too_short'],
  [/^there is no password yet/, 'password_needed'],
  [/ without `(?<name>[^`]*)`/, 'needed'],
];

/** One problem in plain words. */
export function plain(t: TFunction, problem: string): string {
  for (const [pattern, key] of PATTERNS) {
    const found = pattern.exec(problem);
    if (found) return t(`admin_wrong.${key}` as 'admin_wrong.needed', { name: '', ...found.groups });
  }
  return problem;
}

/**
 * The problems of an entry by the path in it: `queues.sales.members.1` is `members.1`. What is not about the entry has
 * its whole field. A key that is missing is a problem of that key.
 */
export function problemsOf(
  errors: readonly FieldProblem[],
  prefix: string,
): { inside: FieldProblem[]; outside: FieldProblem[] } {
  const inside: FieldProblem[] = [];
  const outside: FieldProblem[] = [];
  for (const error of errors) {
    if (error.field !== prefix && !error.field.startsWith(`${prefix}.`)) {
      outside.push(error);
      continue;
    }
    const path = error.field.slice(prefix.length + 1);
    const missing = / without `([^`]*)`/.exec(error.problem)?.[1];
    // It is told at the place where the entry begins, which is its first key.
    const field = missing === undefined ? path : [...path.split('.').slice(0, -1), missing].join('.');
    inside.push({ field, problem: error.problem });
  }
  return { inside, outside };
}

/** The problems at a path and below it. */
export function problemsAt(errors: readonly FieldProblem[], path: string): FieldProblem[] {
  return errors.filter(({ field }) => field === path || field.startsWith(`${path}.`));
}
