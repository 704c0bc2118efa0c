// Sign-in first, then the pages at whatever address was asked for.

import { Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { whenSignedOut } from '../api/http';
import { sessionQuery } from '../api/session';
import { Failure } from '../ui/Failure';
import css from './App.module.css';
import { router } from './router';
import { SessionContext } from './session';

const SignIn = lazy(async () => ({ default: (await import('./SignIn')).SignIn }));
const FirstSteps = lazy(() => import('./FirstSteps'));

export function App() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const session = useQuery(sessionQuery);
  const [expired, setExpired] = useState(false);

  useEffect(() => {
    whenSignedOut(() => {
      setExpired(true);
      queries.setQueryData(sessionQuery.queryKey, null);
    });
  }, [queries]);

  if (session.isPending) {
    return (
      <div className={css.middle}>
        <Loader size="sm" aria-label={t('app.loading')} />
      </div>
    );
  }
  if (session.isError) {
    return (
      <div className={css.middle}>
        <Failure error={session.error} retry={() => void session.refetch()} />
      </div>
    );
  }
  if (session.data === null) {
    return (
      <Suspense>
        <SignIn
          expired={expired}
          done={(signedIn) => {
            setExpired(false);
            // Another person may have signed in: nothing of the one before is shown.
            queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
            queries.setQueryData(sessionQuery.queryKey, signedIn);
          }}
        />
      </Suspense>
    );
  }
  if (session.data.must) {
    return (
      <Suspense>
        <FirstSteps session={session.data} />
      </Suspense>
    );
  }
  return (
    <SessionContext value={session.data}>
      <RouterProvider router={router} />
    </SessionContext>
  );
}
