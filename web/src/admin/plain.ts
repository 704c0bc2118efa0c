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
  [/^`(?<name>[^`]*)` cannot be /, 'bad_name'],
  [/^unknown time zone `(?<name>[^`]*)`/, 'no_zone'],
  [/^unknown key `(?<name>[^`]*)`/, 'unknown_key'],
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
