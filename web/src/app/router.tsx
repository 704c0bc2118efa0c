// Which page is at which address. The desk comes with the first load, the others when they are opened.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Desk } from '../desk/Desk';
import { Crashed, NotFound } from './Crashed';
import { Shell } from './Shell';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Crashed });

const desk = createRoute({ getParentRoute: () => root, path: '/', component: Desk });

const live = createRoute({
  getParentRoute: () => root,
  path: '/live',
  component: lazyRouteComponent(() => import('../board/Board'), 'Board'),
});

export interface CallsSearch {
  agent?: string;
  queue?: string;
}

const calls = createRoute({
  getParentRoute: () => root,
  path: '/calls',
  validateSearch: (search: Record<string, unknown>): CallsSearch => ({
    ...(typeof search.agent === 'string' ? { agent: search.agent } : {}),
    ...(typeof search.queue === 'string' ? { queue: search.queue } : {}),
  }),
  component: lazyRouteComponent(() => import('../calls/CallList'), 'CallList'),
});

const call = createRoute({
  getParentRoute: () => root,
  path: '/calls/$call',
  component: lazyRouteComponent(() => import('../calls/CallPage'), 'CallPage'),
});

const flows = createRoute({
  getParentRoute: () => root,
  path: '/flows',
  component: lazyRouteComponent(() => import('../flows/Flows'), 'Flows'),
});

const customers = createRoute({
  getParentRoute: () => root,
  path: '/customers',
  component: lazyRouteComponent(() => import('../customers/Customers'), 'Customers'),
});

const customer = createRoute({
  getParentRoute: () => root,
  path: '/customers/$customer',
  component: lazyRouteComponent(() => import('../customers/CustomerPage'), 'CustomerPage'),
});

const customerImport = createRoute({
  getParentRoute: () => root,
  path: '/customers/import',
  component: lazyRouteComponent(() => import('../customers/ImportPage'), 'ImportPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([desk, live, calls, call, customers, customer, customerImport, flows]),
  defaultPreload: 'intent',
  defaultErrorComponent: Crashed,
  // Agents' ids are digits: a search value stays the text it is.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Record<string, string>).toString();
    return text ? `?${text}` : '';
  },
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
