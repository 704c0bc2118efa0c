// What the agents of a queue are to say.

import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { show } from '../test/render';
import { customer, snapshot } from '../test/samples';
import { serve } from '../test/server';
import { Script } from './Script';
import { readScript } from './script';

const TEXT =
  '# Greeting\nThis is {agent}, good day **{name}**\n{company}!\n\n1. Ask for {field.contract}\n2. <b>Close</b>';

function script(card: Parameters<typeof customer>[0] | null, body: unknown = { script: TEXT }) {
  serve({ 'GET /api/v1/queues/support/script': { body } });
  const known = card === null ? null : customer(card);
  show(<Script queue="support" caller="+49" caller_name={null} card={known} />, { snapshot: snapshot() });
}

it('is shown with what is known of the caller in its places', async () => {
  script({ fields: { contract: 'K-7' } });
  const shown = await screen.findByRole('region', { name: 'Script' });
  expect(within(shown).getByRole('heading', { name: 'Greeting' })).toBeTruthy();
  expect(shown.textContent).toContain('This is Ana Kim, good day ');
  expect(
    within(shown)
      .getAllByRole('listitem')
      .map(({ textContent }) => textContent),
  ).toEqual(['Ask for K-7', '<b>Close</b>']);
});

it('leaves a gap for what is not known, and can be put away for good', async () => {
  script(null);
  expect(await screen.findAllByText('…')).toHaveLength(3);
  await userEvent.click(screen.getByRole('button', { name: 'Script' }));
  expect(screen.queryByText('…')).toBeNull();
});

it('is not there for a queue without one', async () => {
  script(null, { script: null });
  expect(screen.queryByRole('region')).toBeNull();
});

it('keeps strong words and places apart from the text', () => {
  expect(readScript('a **b** {name}', () => 'Lena')).toEqual([
    {
      kind: 'text',
      spans: [
        { kind: 'text', text: 'a ' },
        { kind: 'strong', spans: [{ kind: 'text', text: 'b' }] },
        { kind: 'text', text: ' ' },
        { kind: 'place', place: 'name', text: 'Lena' },
      ],
    },
  ]);
});
