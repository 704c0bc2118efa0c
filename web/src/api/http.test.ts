import { expect, it } from 'vitest';
import { serve } from '../test/server';
import { Problem, request, requestTagged } from './http';

it('takes an answer without a body for done, whichever status says so', async () => {
  serve({ 'PUT /a': { status: 202 }, 'POST /b': { status: 204 } });
  expect(await request('PUT', '/a', { body: {} })).toBeUndefined();
  expect(await request('POST', '/b', { body: {} })).toBeUndefined();
});

it('names what a change was begun from, or that there must be nothing yet', async () => {
  const asked = serve({ 'PUT /a': { body: { n: 1 } } });
  await requestTagged('PUT', '/a', { ifMatch: '"t"' });
  await requestTagged('PUT', '/a', { ifNoneMatch: '*' });
  expect(asked.map(({ headers }) => [headers['if-match'], headers['if-none-match']])).toEqual([
    ['"t"', undefined],
    [undefined, '*'],
  ]);
});

it('keeps the mistakes of a flow that was refused', async () => {
  serve({ 'PUT /a': { status: 422, body: { title: 'no', mistakes: [{ line: 3 }] } } });
  const error = await request('PUT', '/a', { body: {} }).catch((problem: unknown) => problem);
  expect(error).toBeInstanceOf(Problem);
  expect((error as Problem).mistakes).toEqual([{ line: 3 }]);
});
