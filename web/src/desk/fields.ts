// The fields of a caller's card as text, and how two people's changes to them join. Pure.

import type { Customer, CustomerDraft } from '../api/types';

export const FIELDS = ['name', 'company', 'email', 'numbers', 'class', 'language', 'note'] as const;
export type Field = (typeof FIELDS)[number];
export type Fields = Record<Field, string>;

/** An empty card; the caller's number stands in it already, unless it was withheld. */
export function blankFields(caller: string, callerName: string | null): Fields {
  return {
    name: callerName ?? '',
    company: '',
    email: '',
    numbers: isNumber(caller) ? caller : '',
    class: '',
    language: '',
    note: '',
  };
}

export function fieldsOf(customer: Customer): Fields {
  return {
    name: customer.name,
    company: customer.company ?? '',
    email: customer.email ?? '',
    numbers: customer.numbers.join(', '),
    class: customer.class ?? '',
    language: customer.language ?? '',
    note: customer.note ?? '',
  };
}

export function toCustomer(fields: Fields): CustomerDraft {
  return {
    name: fields.name.trim(),
    company: fields.company.trim() || null,
    email: fields.email.trim() || null,
    numbers: splitNumbers(fields.numbers),
    class: fields.class.trim() || null,
    language: fields.language.trim() || null,
    note: fields.note.trim() || null,
  };
}

export function sameFields(one: Fields, other: Fields): boolean {
  return FIELDS.every((field) => one[field] === other[field]);
}

/** Somebody changed what lies under a draft: what the agent typed stays, the rest is theirs. */
export function rebase(base: Fields, typed: Fields, theirs: Fields): Fields {
  const joined = { ...theirs };
  for (const field of FIELDS) if (typed[field] !== base[field]) joined[field] = typed[field];
  return joined;
}

/** Fields that both changed, each in another way. */
export function conflicts(base: Fields, typed: Fields, theirs: Fields): Field[] {
  return FIELDS.filter(
    (field) =>
      typed[field] !== base[field] && theirs[field] !== base[field] && typed[field] !== theirs[field],
  );
}

export type FieldError = { field: Field; error: 'missing_name' | 'bad_email' | 'bad_number'; value: string };

/** What the server would refuse, said before it is asked. */
export function check(fields: Fields): FieldError[] {
  const errors: FieldError[] = [];
  if (!fields.name.trim()) errors.push({ field: 'name', error: 'missing_name', value: '' });
  const email = fields.email.trim();
  if (email && !/^\S+@\S+$/.test(email)) errors.push({ field: 'email', error: 'bad_email', value: email });
  const bad = splitNumbers(fields.numbers).find((number) => !isNumber(number));
  if (bad !== undefined) errors.push({ field: 'numbers', error: 'bad_number', value: bad });
  return errors;
}

function splitNumbers(text: string): string[] {
  return text
    .split(/[,;\n，；]/)
    .map((number) => number.trim())
    .filter(Boolean);
}

function isNumber(text: string): boolean {
  return /^\+?[\d\s()./-]{2,}$/.test(text);
}
