// The dial box: what it asks for, by mouse and by key, and what it says when nobody can be called.

import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import type { Agent } from '../api/types';
import { show } from '../test/render';
import { agent, snapshot } from '../test/samples';
import { serve } from '../test/server';
import { DialBox } from './DialBox';

function box(more: Partial<Agent> = {}) {
  return show(<DialBox agent={agent(more)} />, { snapshot: snapshot() });
}

it('calls the number that was typed, by keys alone', async () => {
  const log = serve({ 'POST /api/v1/calls': { status: 202, body: { id: 'c9' } } });
  box();
  await userEvent.keyboard('{F9}+49 30 901820{Enter}');
  await waitFor(() => expect(log[0]?.body).toEqual({ to: '+49 30 901820' }));
  const number = screen.getByRole('textbox', { name: 'Number' }) as HTMLInputElement;
  await waitFor(() => expect(number.value).toBe(''));
});

it('keeps a number that cannot be called, and says so', async () => {
  serve({ 'POST /api/v1/calls': { status: 409, body: { title: 'Conflict' } } });
  box();
  const number = screen.getByRole('textbox', { name: 'Number' }) as HTMLInputElement;
  await userEvent.type(number, '999{Enter}');
  expect(await screen.findByText('This number cannot be called.')).toBeTruthy();
  expect(number.value).toBe('999');
});

it.each<Partial<Agent>>([{ registered: false }, { state: 'talking' }, { state: 'ringing' }])(
  'calls nobody while the agent is %o',
  async (more) => {
    const log = serve({});
    box(more);
    await userEvent.type(screen.getByRole('textbox', { name: 'Number' }), '1002{Enter}');
    expect((screen.getByRole('button', { name: 'Call' }) as HTMLButtonElement).disabled).toBe(true);
    expect(log).toEqual([]);
  },
);
