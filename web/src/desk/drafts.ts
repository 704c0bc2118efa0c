// What somebody has typed on a caller's card, about the call, and on a customer's page, and not saved yet.

import { createContext, useContext, useMemo, useSyncExternalStore } from 'react';
import { type Full, same } from '../customers/draft';
import { type Fields, sameFields } from './fields';
import { type Kept, KeptStore } from './kept';

/** About a call. */
interface OfCall extends Kept {
  call: string;
}

export interface Draft extends OfCall {
  caller: string;
  caller_name: string | null;
  /** The customer that is being changed; null for one that will be created. */
  customer: string | null;
  /** What the card held before the agent typed. */
  base: Fields;
  fields: Fields;
}

/** What became of a call, as far as the agent has said it. */
export interface Note extends OfCall {
  caller: string;
  caller_name: string | null;
  note: string;
  code: string;
  /** As the field for a moment has it, in local time: `2026-11-30T09:00`. */
  follow_up: string;
}

/** A customer as the page of the address book is about to have it. */
export interface CustomerEdit extends Kept {
  /** The customer's id, or `new`. */
  customer: string;
  /** What the page held before. */
  base: Full;
  full: Full;
}

const ofCall = ({ call }: OfCall) => call;

/** Cards. */
export class DraftStore extends KeptStore<Draft> {
  /** What was typed about calls. */
  readonly notes: KeptStore<Note>;
  /** What was typed on pages of customers. */
  readonly customers: KeptStore<CustomerEdit>;

  constructor(user: string) {
    super(`hotline.draft.${user}.`, ofCall, (draft) => sameFields(draft.base, draft.fields));
    this.notes = new KeptStore<Note>(
      `hotline.note.${user}.`,
      ofCall,
      ({ note, code, follow_up }) => !note && !code && !follow_up,
    );
    this.customers = new KeptStore<CustomerEdit>(
      `hotline.customer.${user}.`,
      ({ customer }) => customer,
      ({ base, full }) => same(base, full),
    );
  }

  override open(): () => void {
    const closings = [super.open(), this.notes.open(), this.customers.open()];
    return () => {
      for (const close of closings) close();
    };
  }
}

export const DraftContext = createContext<DraftStore | null>(null);

export function useDraftStore(): DraftStore {
  const store = useContext(DraftContext);
  if (!store) throw new Error('no draft store above this component');
  return store;
}

export function useDrafts(): readonly Draft[] {
  const store = useDraftStore();
  return useSyncExternalStore(store.subscribe, store.all);
}

/** What was typed about this call. */
export function useNote(call: string): Note | undefined {
  const { notes } = useDraftStore();
  return useSyncExternalStore(notes.subscribe, () => notes.get(call));
}

/** What was typed on a customer's page; `customer` is an id, or `new`. */
export function useCustomerEdit(customer: string): CustomerEdit | undefined {
  const { customers } = useDraftStore();
  return useSyncExternalStore(customers.subscribe, () => customers.get(customer));
}

/** Something unsaved about a call. */
export interface Unsaved extends OfCall {
  caller: string;
  caller_name: string | null;
  /** What was typed on the customer's card; null if nothing was. */
  card: Draft | null;
}

/** All calls about which something is not saved, the newest first. */
export function useUnsaved(): readonly Unsaved[] {
  const { notes } = useDraftStore();
  const cards = useDrafts();
  const said = useSyncExternalStore(notes.subscribe, notes.all);
  return useMemo(() => {
    const all = new Map<string, Unsaved>();
    for (const { call, caller, caller_name, at_ms } of said) {
      all.set(call, { call, caller, caller_name, at_ms, card: null });
    }
    for (const card of cards) all.set(card.call, { ...card, card });
    return [...all.values()].sort((one, other) => other.at_ms - one.at_ms);
  }, [cards, said]);
}
