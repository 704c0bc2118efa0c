// A customer as it is being edited. Pure.

import type { Customer, CustomerDraft, CustomerField } from '../api/types';

/** Everything that can be written, without gaps. */
export type Full = Omit<Customer, 'id' | 'changed_at'>;

export const BLANK: Full = {
  name: '',
  company: null,
  email: null,
  numbers: [],
  note: null,
  class: null,
  language: null,
  vip: false,
  blocked: false,
  tags: [],
  agent: null,
  fields: {},
  assets: [],
};

export function fullOf(customer: Customer): Full {
  const { id: _, changed_at: __, ...full } = customer;
  return full;
}

/** Somebody changed what lies under an edit: what was edited stays, the rest is theirs. */
export function rebase(base: Full, mine: Full, theirs: Full): Full {
  const changed = (Object.keys(base) as (keyof Full)[]).filter(
    (key) => JSON.stringify(base[key]) !== JSON.stringify(mine[key]),
  );
  const kept = Object.fromEntries(changed.map((key) => [key, mine[key]])) as Partial<Full>;
  return { ...theirs, ...kept };
}

export function same(one: Full, other: Full): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What is sent: without blanks at the ends, and without empty lines. */
export function toDraft(full: Full): CustomerDraft {
  const text = (value: string | null) => value?.trim() || null;
  return {
    ...full,
    name: full.name.trim(),
    company: text(full.company),
    email: text(full.email),
    note: text(full.note),
    class: text(full.class),
    language: text(full.language),
    agent: text(full.agent),
    numbers: full.numbers.map((number) => number.trim()).filter(Boolean),
    tags: full.tags.map((tag) => tag.trim()).filter(Boolean),
    assets: full.assets.filter(({ product }) => product.trim() !== ''),
  };
}

/** The label in the reader's language. */
export function labelOf(field: CustomerField, language: string): string {
  return (language === 'zh-CN' ? field.label_zh : field.label_en) || field.name;
}
