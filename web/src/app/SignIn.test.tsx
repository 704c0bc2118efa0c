// The sign-in.

import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import { show } from '../test/render';
import { SESSION } from '../test/samples';
import { serve } from '../test/server';
import { SignIn } from './SignIn';

const PATH = 'POST /api/v1/session';

it('is done by keyboard alone, from the first moment', async () => {
  const log = serve({ [PATH]: { body: SESSION } });
  const done = vi.fn();
  show(<SignIn expired={false} done={done} />);
  await userEvent.keyboard('ana{Tab}secret{Enter}');
  await vi.waitFor(() => expect(done).toHaveBeenCalled());
  expect(done.mock.calls[0]?.[0]).toEqual(SESSION);
  expect(log[0]?.body).toEqual({ user: 'ana', password: 'secret' });
});

it('says that the password is wrong, and lets it be typed anew', async () => {
  serve({ [PATH]: { status: 401, body: { title: 'no' } } });
  show(<SignIn expired={false} done={() => {}} />);
  await userEvent.keyboard('ana{Tab}secret{Enter}');
  expect((await screen.findByRole('alert')).textContent).toBe('User or password is wrong.');
  expect(document.activeElement).toBe(screen.getByLabelText('Password'));
});

it('tells a server that is away from a wrong password', async () => {
  vi.stubGlobal('fetch', async () => {
    throw new TypeError('failed to fetch');
  });
  show(<SignIn expired={false} done={() => {}} />);
  await userEvent.keyboard('ana{Tab}secret{Enter}');
  expect((await screen.findByRole('alert')).textContent).toBe('The server cannot be reached.');
});

it('does not ask the server without a password', async () => {
  const log = serve({});
  show(<SignIn expired={false} done={() => {}} />);
  await userEvent.keyboard('ana{Enter}');
  expect(screen.getByText('Enter your password.')).toBeTruthy();
  expect(log).toEqual([]);
});

it('changes its language at once and remembers it', async () => {
  show(<SignIn expired={false} done={() => {}} />);
  await userEvent.click(screen.getByText('简体中文'));
  expect(screen.getByRole('button', { name: '登录' })).toBeTruthy();
  expect(localStorage.getItem('hotline.language')).toBe('zh-CN');
});
