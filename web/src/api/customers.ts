// The address book.

import { request } from './http';
import type { Customer, CustomerDraft } from './types';

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
