// Puts a component under everything that the pages put it under.

import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterContextProvider,
} from '@tanstack/react-router';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import type { Session, Snapshot } from '../api/types';
import { SessionContext } from '../app/session';
import { theme } from '../app/theme';
import { DraftContext, DraftStore } from '../desk/drafts';
import { LiveContext, LiveStore } from '../live/store';
import { SESSION } from './samples';

interface Options {
  session?: Session;
  /** What the stream has said; the connection is up. */
  snapshot?: Snapshot;
}

export function show(children: ReactNode, { session = SESSION, snapshot }: Options = {}) {
  const store = new LiveStore(session.agent);
  store.connection('live');
  if (snapshot) store.arrived([{ snapshot }]);
  const drafts = new DraftStore(session.user);
  // Links lead somewhere; no page is shown by it.
  const router = createRouter({ routeTree: createRootRoute(), history: createMemoryHistory() });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const view = render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={queries}>
        <SessionContext value={session}>
          <LiveContext value={store}>
            <DraftContext value={drafts}>
              <RouterContextProvider router={router as never}>{children}</RouterContextProvider>
            </DraftContext>
          </LiveContext>
        </SessionContext>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { ...view, store, drafts };
}
