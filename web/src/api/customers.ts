// The address book.

import { request } from './http';
import type { Customer, CustomerFields } from './types';

const PATH = '/api/v1/customers';

export function readCustomer(id: string): Promise<Customer> {
  return request('GET', `${PATH}/${encodeURIComponent(id)}`);
}

export function createCustomer(fields: CustomerFields): Promise<Customer> {
  return request('POST', PATH, { body: fields });
}

/** Fails with 412 when somebody else has changed the customer since `known` was read. */
export function changeCustomer(known: Customer, fields: CustomerFields): Promise<Customer> {
  const path = `${PATH}/${encodeURIComponent(known.id)}`;
  return request('PUT', path, { body: fields, ifMatch: `"${known.changed_at}"` });
}
