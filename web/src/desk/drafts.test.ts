// Nothing typed is lost.

import { expect, it, vi } from 'vitest';
import { customer } from '../test/samples';
import { type Draft, DraftStore } from './drafts';
import { fieldsOf } from './fields';

function draft(call: string, note = 'typed', at_ms = 1): Draft {
  const base = fieldsOf(customer());
  return { call, caller: '+4930', caller_name: null, customer: 'k1', base, fields: { ...base, note }, at_ms };
}

it('is there again after a reload', () => {
  new DraftStore('ana').put(draft('c1'));
  expect(new DraftStore('ana').get('c1')?.fields.note).toBe('typed');
});

it('is not shown to another user of this computer', () => {
  new DraftStore('ana').put(draft('c1'));
  expect(new DraftStore('bob').all()).toEqual([]);
});

it('goes when it is taken back by hand, for it changes nothing any more', () => {
  const store = new DraftStore('ana');
  store.put(draft('c1'));
  store.put(draft('c1', customer().note ?? ''));
  expect(store.all()).toEqual([]);
  expect(localStorage).toHaveLength(0);
});

it('follows another tab', () => {
  const store = new DraftStore('ana');
  const changed = vi.fn();
  const close = store.open();
  store.subscribe(changed);
  new DraftStore('ana').put(draft('c1'));
  window.dispatchEvent(new StorageEvent('storage', { key: 'hotline.draft.ana.c1' }));
  expect(store.get('c1')).toBeDefined();
  expect(changed).toHaveBeenCalled();
  close();
});

it('keeps the newest fifty', () => {
  const store = new DraftStore('ana');
  for (let n = 0; n < 60; n += 1) store.put(draft(`c${n}`, 'typed', n));
  expect(store.all()).toHaveLength(50);
  expect(store.get('c9')).toBeUndefined();
  expect(new DraftStore('ana').all()).toHaveLength(50);
});

it('lives on in the page when the browser cannot store it', () => {
  const store = new DraftStore('ana');
  vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  store.put(draft('c1'));
  expect(store.get('c1')?.fields.note).toBe('typed');
  vi.restoreAllMocks();
});

it('is not disturbed by what another program wrote under its name', () => {
  localStorage.setItem('hotline.draft.ana.x', '{broken');
  expect(new DraftStore('ana').all()).toEqual([]);
});
