// Two people change one card.

import { describe, expect, it } from 'vitest';
import { customer } from '../test/samples';
import { blankFields, check, conflicts, fieldsOf, rebase, toCustomer } from './fields';

const base = fieldsOf(customer());

describe('a card that was changed by somebody else meanwhile', () => {
  const typed = { ...base, note: 'Wants a refund', company: 'Nordlicht AG' };
  const theirs = { ...base, note: 'Moved house', email: 'lena@x.example' };

  it('keeps what was typed and takes the rest', () => {
    expect(rebase(base, typed, theirs)).toEqual({ ...typed, email: 'lena@x.example' });
  });

  it('names the fields that both changed', () => {
    expect(conflicts(base, typed, theirs)).toEqual(['note']);
    expect(conflicts(base, { ...base, note: 'Moved house' }, theirs)).toEqual([]);
  });
});

describe('what goes to the server', () => {
  it('is trimmed, with nothing for an empty field and each number apart', () => {
    const fields = {
      name: ' Lena ',
      company: ' ',
      email: '',
      numbers: '+49 30 1234, 0171 5；555',
      class: ' gold ',
      language: '',
      note: '',
    };
    expect(toCustomer(fields)).toEqual({
      name: 'Lena',
      company: null,
      email: null,
      numbers: ['+49 30 1234', '0171 5', '555'],
      class: 'gold',
      language: null,
      note: null,
    });
  });

  it('comes back as the same card', () => {
    expect(toCustomer(base)).toMatchObject({
      name: 'Lena Brandt',
      class: 'gold',
      language: 'de',
      note: 'Call before noon',
    });
  });
});

it('an unknown caller’s number stands in the form, a withheld one does not', () => {
  expect(blankFields('+4930123', 'Lena').numbers).toBe('+4930123');
  expect(blankFields('+4930123', 'Lena').name).toBe('Lena');
  expect(blankFields('anonymous', null).numbers).toBe('');
});

it('all mistakes are told at once', () => {
  const wrong = { ...base, name: ' ', email: 'lena', numbers: '+4930, abc' };
  expect(check(wrong).map(({ field }) => field)).toEqual(['name', 'email', 'numbers']);
  expect(check(base)).toEqual([]);
});
