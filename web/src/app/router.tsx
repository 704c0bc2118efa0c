// Which page is at which address. The desk comes with the first load, the others when they are opened.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Desk } from '../desk/Desk';
import { Crashed, NotFound } from './Crashed';
import { Shell } from './Shell';

/** What `GET /api/v1/calls` is asked for; all of it must be so. */
export interface CallsSearch {
  agent?: string;
  queue?: string;
  flow?: string;
  trunk?: string;
  dialled?: string;
  number?: string;
  number_begins?: string;
  number_ends?: string;
  direction?: string;
  cause?: string;
  disposition?: string;
  customer?: string;
  waited_min_s?: string;
  waited_max_s?: string;
  talked_min_s?: string;
  talked_max_s?: string;
  recorded?: string;
  from?: string;
  until?: string;
  text?: string;
}

/** Which report is shown, of which time. */
export interface ReportsSearch {
  kind?: string;
  span?: string;
  from?: string;
  until?: string;
  by?: string;
  of?: string;
  within_s?: string;
  short_s?: string;
  field?: string;
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Crashed });

const desk = createRoute({ getParentRoute: () => root, path: '/', component: Desk });

const live = createRoute({
  getParentRoute: () => root,
  path: '/live',
  component: lazyRouteComponent(() => import('../board/Board'), 'Board'),
});

const wall = createRoute({
  getParentRoute: () => root,
  path: '/wall',
  component: lazyRouteComponent(() => import('../reports/Wall'), 'Wall'),
});

const calls = createRoute({
  getParentRoute: () => root,
  path: '/calls',
  validateSearch: texts<CallsSearch>,
  component: lazyRouteComponent(() => import('../calls/CallList'), 'CallList'),
});

const reports = createRoute({
  getParentRoute: () => root,
  path: '/reports',
  validateSearch: texts<ReportsSearch>,
  component: lazyRouteComponent(() => import('../reports/Reports'), 'Reports'),
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

const flow = createRoute({
  getParentRoute: () => root,
  path: '/flows/$flow',
  component: lazyRouteComponent(() => import('../flows/Editor'), 'Editor'),
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

const admin = createRoute({
  getParentRoute: () => root,
  path: '/admin',
  component: lazyRouteComponent(() => import('../admin/Admin'), 'AdminIndex'),
});

const adminPage = createRoute({
  getParentRoute: () => root,
  path: '/admin/$page',
  component: lazyRouteComponent(() => import('../admin/Admin'), 'Admin'),
});

const adminEntry = createRoute({
  getParentRoute: () => root,
  path: '/admin/$page/$name',
  component: lazyRouteComponent(() => import('../admin/Admin'), 'Admin'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    desk,
    live,
    wall,
    calls,
    call,
    customers,
    customer,
    customerImport,
    reports,
    flows,
    flow,
    admin,
    adminPage,
    adminEntry,
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: Crashed,
  // Agents' ids are digits: a search value stays the text it is.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Record<string, string>).toString();
    return text ? `?${text}` : '';
  },
});

/** A search value is a text, or it is not there. */
function texts<Search>(search: Record<string, unknown>): Search {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => typeof value === 'string' && value !== ''),
  ) as Search;
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
