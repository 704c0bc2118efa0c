// The address book.

import { type Answer, request } from './http';
import type { Customer, CustomerFields } from './types';

const PATH = '/api/v1/customers';

export async function readCustomer(id: string): Promise<Answer<Customer>> {
  return request<Customer>('GET', `${PATH}/${encodeURIComponent(id)}`);
}

export async function createCustomer(fields: CustomerFields): Promise<Answer<Customer>> {
  return request<Customer>('POST', PATH, { body: fields });
}

/** Fails with 412 when somebody else has changed the customer since `etag`. */
export async function changeCustomer(
  id: string,
  fields: CustomerFields,
  etag: string,
): Promise<Answer<Customer>> {
  return request<Customer>('PUT', `${PATH}/${encodeURIComponent(id)}`, { body: fields, ifMatch: etag });
}
