// How an operation becomes an address.

import { expect, it } from 'vitest';
import { addressOf } from './http';

it('fills in the path and the query, and leaves out what is not there', () => {
  const address = addressOf('/api/v1/calls/{id}/parties/{leg}', {
    path: { id: 'a/b', leg: 4 },
    query: { agent: '1001', queue: undefined, cursor: '', limit: 50 },
  });
  expect(address).toBe('/api/v1/calls/a%2Fb/parties/4?agent=1001&limit=50');
});
