// The sign-in.

import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import { show } from '../test/render';
import { SESSION } from '../test/samples';
import { serve } from '../test/server';
import FirstSteps from './FirstSteps';
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

it('asks for the one-time code when the server does', async () => {
  const log = serve({
    [PATH]: ({ body }) =>
      (body as { code?: string }).code
        ? { body: SESSION }
        : { status: 401, body: { type: 'code_required', title: 'no' } },
  });
  const done = vi.fn();
  show(<SignIn expired={false} done={done} />);
  await userEvent.keyboard('ana{Tab}secret{Enter}');
  const code = await screen.findByLabelText('One-time code');
  expect(screen.queryByRole('alert')).toBeNull();
  await userEvent.type(code, '123456{Enter}');
  await vi.waitFor(() => expect(done).toHaveBeenCalled());
  expect(log[1]?.body).toEqual({ user: 'ana', password: 'secret', code: '123456' });
});

it('has a first password changed before the pages open', async () => {
  const log = serve({ 'PUT /api/v1/session/password': { status: 204 } });
  show(<FirstSteps session={{ ...SESSION, must: 'password_change' }} />);
  await userEvent.type(screen.getByLabelText('Current password'), 'once');
  await userEvent.type(screen.getByLabelText('New password'), 'Fresh-1234');
  await userEvent.type(screen.getByLabelText('New password again'), 'Fresh-123{Enter}');
  expect(screen.getByText('The two are not the same.')).toBeTruthy();
  expect(log).toEqual([]);
  await userEvent.type(screen.getByLabelText('New password again'), '4{Enter}');
  await vi.waitFor(() => expect(log[0]?.body).toEqual({ current: 'once', new: 'Fresh-1234' }));
});
