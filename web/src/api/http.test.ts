import { expect, it } from 'vitest';
import { serve } from '../test/server';
import { addressOf, Problem, request, requestTagged } from './http';

const FLOW = { path: { name: 'a' }, body: { text: '' } };

it('takes an answer without a body for done, whichever status says so', async () => {
  serve({ 'PUT /api/v1/calls/c/monitor': { status: 202 }, 'POST /api/v1/calls/c/withdraw': { status: 204 } });
  expect(
    await request('PUT', '/api/v1/calls/{id}/monitor', { path: { id: 'c' }, body: { mode: 'listen' } }),
  ).toBeUndefined();
  expect(await request('POST', '/api/v1/calls/{id}/withdraw', { path: { id: 'c' } })).toBeUndefined();
});

it('names what a change was begun from, or that there must be nothing yet', async () => {
  const asked = serve({ 'PUT /api/v1/flows/a': { body: { n: 1 } } });
  await requestTagged('PUT', '/api/v1/flows/{name}', { ...FLOW, ifMatch: '"t"' });
  await requestTagged('PUT', '/api/v1/flows/{name}', { ...FLOW, ifNoneMatch: '*' });
  expect(asked.map(({ headers }) => [headers['if-match'], headers['if-none-match']])).toEqual([
    ['"t"', undefined],
    [undefined, '*'],
  ]);
});

it('keeps the mistakes of a flow that was refused', async () => {
  serve({ 'PUT /api/v1/flows/a': { status: 422, body: { title: 'no', mistakes: [{ line: 3 }] } } });
  const error = await request('PUT', '/api/v1/flows/{name}', FLOW).catch((problem: unknown) => problem);
  expect(error).toBeInstanceOf(Problem);
  expect((error as Problem).mistakes).toEqual([{ line: 3 }]);
});

it('fills in the path and the query, and leaves out what is not there', () => {
  const address = addressOf('/api/v1/calls/{id}/parties/{leg}', {
    path: { id: 'a/b', leg: 4 },
    query: { agent: '1001', queue: undefined, cursor: '', limit: 50 },
  });
  expect(address).toBe('/api/v1/calls/a%2Fb/parties/4?agent=1001&limit=50');
});
