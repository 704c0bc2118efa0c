// The address book.

import { infiniteQueryOptions, queryOptions, skipToken } from '@tanstack/react-query';
import { request } from './http';
import type { Customer, CustomerDraft, CustomerErasure } from './types';

export function readCustomer(id: string): Promise<Customer> {
  return request('GET', '/api/v1/customers/{id}', { path: { id } });
}

export function createCustomer(body: CustomerDraft): Promise<Customer> {
  return request('POST', '/api/v1/customers', { body });
}

/** Fails with 412 when somebody else has changed the customer since `known` was read. */
export function changeCustomer(known: Customer, body: CustomerDraft): Promise<Customer> {
  const ifMatch = `"${known.changed_at}"`;
  return request('PUT', '/api/v1/customers/{id}', { path: { id: known.id }, body, ifMatch });
}

/** Who has this number; masked ones find nobody. */
export function customersByNumberQuery(number: string) {
  return queryOptions({
    queryKey: ['customers', 'number', number],
    queryFn: ({ signal }) => request('GET', '/api/v1/customers', { query: { number, limit: 10 }, signal }),
  });
}

/** The last calls of a customer. */
export function contactsQuery(id: string | null) {
  return queryOptions({
    queryKey: ['contacts', id],
    queryFn:
      id === null
        ? skipToken
        : ({ signal }) => request('GET', '/api/v1/customers/{id}/contacts', { path: { id }, signal }),
  });
}

export interface CustomerFilter {
  q?: string | undefined;
  blocked?: boolean | undefined;
}

const PAGE = 50;

/** By name, a page at a time. */
export function customersQuery({ q, blocked }: CustomerFilter) {
  return infiniteQueryOptions({
    queryKey: ['customers', 'list', q ?? '', blocked ?? false],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      request('GET', '/api/v1/customers', {
        query: { q, blocked: blocked || undefined, limit: PAGE, cursor: pageParam },
        signal,
      }),
    getNextPageParam: (page) => page.next,
  });
}

export function customerQuery(id: string) {
  return queryOptions({
    queryKey: ['customer', id],
    queryFn: ({ signal }) => request('GET', '/api/v1/customers/{id}', { path: { id }, signal }),
  });
}

/** Others with one of the numbers or the e-mail address. */
export function duplicatesQuery(id: string) {
  return queryOptions({
    queryKey: ['duplicates', id],
    queryFn: ({ signal }) => request('GET', '/api/v1/customers/{id}/duplicates', { path: { id }, signal }),
  });
}

export function mergeCustomers(kept: string, other: string): Promise<Customer> {
  return request('POST', '/api/v1/customers/{id}/merge', { path: { id: kept }, body: { other } });
}

/** What would be erased of a customer. */
export function erasureQuery(id: string) {
  return queryOptions({
    queryKey: ['erasure', id],
    queryFn: ({ signal }) => request('GET', '/api/v1/customers/{id}/erasure', { path: { id }, signal }),
    gcTime: 0,
  });
}

export function eraseCustomer(id: string, reason: string): Promise<CustomerErasure> {
  return request('POST', '/api/v1/customers/{id}/erase', { path: { id }, body: { reason } });
}

/** The fields that the center has added, those that the user sees. */
export const customerFieldsQuery = queryOptions({
  queryKey: ['customer-fields'],
  queryFn: async ({ signal }) => (await request('GET', '/api/v1/customer-fields', { signal })).fields,
});

export const EXPORT_URL = '/api/v1/customers.csv';
export const WORKBOOK_URL = '/api/v1/customers.xlsx';
