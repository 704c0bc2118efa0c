// The caller's card: create, change, two people at once, reload.

import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { show } from '../test/render';
import { customer, snapshot } from '../test/samples';
import { serve } from '../test/server';
import { CustomerForm, type Subject } from './CustomerForm';

const KNOWN: Subject = {
  call: 'c1',
  caller: '+493055512345',
  caller_name: null,
  customer: customer(),
  customer_id: 'k1',
};
const UNKNOWN: Subject = { ...KNOWN, customer: null, customer_id: null };

const field = (name: string) => screen.getByLabelText(name) as HTMLInputElement;
const button = (name: string) => screen.getByRole('button', { name }) as HTMLButtonElement;

it('an unknown caller becomes a customer', async () => {
  const log = serve({
    'POST /api/v1/customers': ({ body }) => ({
      status: 201,
      body: { ...(body as object), id: 'k2', changed_at: 'x' },
    }),
  });
  show(<CustomerForm subject={UNKNOWN} />, { snapshot: snapshot() });
  expect(field('Numbers').value).toBe('+493055512345');
  await userEvent.type(field('Name'), 'Eva Roth');
  await userEvent.keyboard('{Control>}s{/Control}');
  await screen.findByText(/^Saved/);
  expect(log[0]?.body).toMatchObject({ name: 'Eva Roth', numbers: ['+493055512345'], note: null });
  expect(button('Save').disabled).toBe(true);
  expect(localStorage).toHaveLength(0);
});

it('a nameless customer is not sent, and the field says why', async () => {
  const log = serve({});
  show(<CustomerForm subject={UNKNOWN} />, { snapshot: snapshot() });
  await userEvent.click(button('Create customer'));
  expect(screen.getByText('Enter a name.')).toBeTruthy();
  expect(log).toEqual([]);
});

it('a change names the version it was made on', async () => {
  let version = 1;
  const log = serve({
    'PUT /api/v1/customers/k1': ({ body }) => {
      version += 1;
      return { body: { ...(body as object), id: 'k1', changed_at: `v${version}` } };
    },
  });
  const subject = { ...KNOWN, customer: customer({ changed_at: 'v1' }) };
  show(<CustomerForm subject={subject} />, { snapshot: snapshot() });
  await userEvent.type(field('Note'), '!');
  await userEvent.click(button('Save'));
  await screen.findByText(/^Saved/);
  await userEvent.type(field('Note'), '?');
  await userEvent.click(button('Save'));
  await waitFor(() => expect(log).toHaveLength(2));
  expect(log.map(({ headers }) => headers['if-match'])).toEqual(['"v1"', '"v2"']);
});

it('when somebody else was first, their change is taken over and mine is kept', async () => {
  const theirs = customer({ note: 'Moved house', email: 'lena@x.example', changed_at: 'later' });
  const log = serve({
    'GET /api/v1/customers/k1': { body: theirs },
    'PUT /api/v1/customers/k1': ({ body, headers }) =>
      headers['if-match'] === '"later"'
        ? { body: { ...(body as object), id: 'k1', changed_at: 'last' } }
        : { status: 412, body: { title: 'changed' } },
  });
  show(<CustomerForm subject={KNOWN} />, { snapshot: snapshot() });
  await userEvent.type(field('Note'), ' and after six');
  await userEvent.click(button('Save'));
  await screen.findByText(/Somebody else has changed/);
  expect(field('E-mail').value).toBe('lena@x.example');
  expect(field('Note').value).toBe('Call before noon and after six');
  expect(screen.getByText('Theirs: Moved house')).toBeTruthy();
  await userEvent.click(button('Save'));
  await screen.findByText(/^Saved/);
  expect(log.at(-1)?.body).toMatchObject({
    note: 'Call before noon and after six',
    email: 'lena@x.example',
  });
  expect(localStorage).toHaveLength(0);
});

it('what the server refuses stands beside its field', async () => {
  serve({
    'POST /api/v1/customers': {
      status: 422,
      body: { title: 'invalid', errors: [{ field: 'numbers[0]', problem: 'belongs to Lena Brandt' }] },
    },
  });
  show(<CustomerForm subject={UNKNOWN} />, { snapshot: snapshot() });
  await userEvent.type(field('Name'), 'Eva');
  await userEvent.click(button('Create customer'));
  await screen.findByText('belongs to Lena Brandt');
  expect(field('Name').value).toBe('Eva');
});

it('what was typed is there after a reload', async () => {
  serve({});
  const first = show(<CustomerForm subject={KNOWN} />, { snapshot: snapshot() });
  await userEvent.type(field('Note'), ', speaks German');
  first.unmount();
  show(<CustomerForm subject={KNOWN} />, { snapshot: snapshot() });
  expect(field('Note').value).toBe('Call before noon, speaks German');
  expect(screen.getByText(/Not saved yet/)).toBeTruthy();
});

it('what is typed while a save is on its way is not overwritten by its answer', async () => {
  let answer: () => void = () => {};
  const waiting = new Promise<void>((resolve) => {
    answer = resolve;
  });
  serve({
    'POST /api/v1/customers': ({ body }) => ({
      body: { ...(body as object), id: 'k2', changed_at: 'x' },
    }),
  });
  const immediate = globalThis.fetch;
  globalThis.fetch = async (...args) => {
    await waiting;
    return immediate(...args);
  };
  show(<CustomerForm subject={UNKNOWN} />, { snapshot: snapshot() });
  await userEvent.type(field('Name'), 'Eva');
  await userEvent.click(button('Create customer'));
  await userEvent.type(field('Note'), 'calls from a train');
  answer();
  await screen.findByRole('button', { name: 'Save' });
  expect(field('Note').value).toBe('calls from a train');
  expect(screen.getByText(/Not saved yet/)).toBeTruthy();
});

it('nothing can be saved while the connection is lost, and nothing typed goes away', async () => {
  const log = serve({});
  const { store } = show(<CustomerForm subject={KNOWN} />, { snapshot: snapshot() });
  store.connection('lost');
  await userEvent.type(field('Note'), '!');
  await userEvent.keyboard('{Control>}s{/Control}');
  expect(button('Save').disabled).toBe(true);
  expect(field('Note').value).toBe('Call before noon!');
  expect(log).toEqual([]);
});

it('a customer who could not be read is not made a second time', async () => {
  serve({});
  show(<CustomerForm subject={{ ...KNOWN, customer: null }} />, { snapshot: snapshot() });
  await screen.findByRole('alert');
  expect(button('Create customer').disabled).toBe(true);
});
