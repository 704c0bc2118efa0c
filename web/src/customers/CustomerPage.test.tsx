// Nothing that is typed on a customer's page is lost.

import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { show } from '../test/render';
import { customer, LEADER, snapshot } from '../test/samples';
import { serve } from '../test/server';
import { Editor } from './CustomerPage';

const SESSION = {
  ...LEADER,
  permissions: { ...LEADER.permissions, 'customers.edit': 'all', 'customers.see': 'all' },
};
const KNOWN = customer();

function page() {
  return show(<Editor known={KNOWN} />, { session: SESSION, snapshot: snapshot() });
}

const company = () => screen.getByLabelText('Company') as HTMLInputElement;

it('is there again after a reload, and in another tab', async () => {
  serve({});
  const { unmount } = page();
  await userEvent.clear(company());
  await userEvent.type(company(), 'Sonne AG');
  unmount();
  const { drafts } = page();
  expect(company().value).toBe('Sonne AG');
  expect(screen.getByText('Not saved yet. Kept on this computer.')).toBeTruthy();
  // Another tab undoes it.
  act(() => drafts.customers.remove(KNOWN.id));
  expect(company().value).toBe('Nordlicht');
});

it('cannot be saved while the connection is lost, and is kept until it can', async () => {
  const log = serve({
    'PUT /api/v1/customers/k1': ({ body }) => ({ body: { ...KNOWN, ...(body as object) } }),
  });
  const { store, drafts } = page();
  act(() => store.connection('lost'));
  await userEvent.type(company(), ' AG');
  expect((screen.getByRole('button', { name: 'Save' }) as HTMLButtonElement).disabled).toBe(true);
  act(() => store.connection('live'));
  await userEvent.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(drafts.customers.all()).toEqual([]));
  expect(log.find(({ method }) => method === 'PUT')?.body).toMatchObject({ company: 'Nordlicht AG' });
  expect(company().value).toBe('Nordlicht AG');
});
