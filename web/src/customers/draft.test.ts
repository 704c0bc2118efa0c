// A customer being edited by two.

import { expect, it } from 'vitest';
import { customer } from '../test/samples';
import { fullOf, rebase, toDraft } from './draft';

const base = fullOf(customer());

it('keeps what I edited, and takes the rest from who was first', () => {
  const mine = { ...base, tags: ['north'], note: 'mine' };
  const theirs = { ...base, company: 'Theirs', note: 'theirs' };
  expect(rebase(base, mine, theirs)).toMatchObject({ tags: ['north'], note: 'mine', company: 'Theirs' });
});

it('sends no blanks', () => {
  const draft = toDraft({ ...base, name: ' Ada ', company: ' ', numbers: ['+49', ''], tags: ['a', ' '] });
  expect(draft).toMatchObject({ name: 'Ada', company: null, numbers: ['+49'], tags: ['a'] });
});
