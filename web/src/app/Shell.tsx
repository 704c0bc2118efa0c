// Around every page: the pages' names at the left, the bar at the top, and the stream that feeds all.

import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AgentBar } from '../desk/AgentBar';
import { CallAlert } from '../desk/CallAlert';
import { DraftContext, DraftStore } from '../desk/drafts';
import { LiveContext, LiveStore } from '../live/store';
import { ConnectionBanner } from './Connection';
import { Rail } from './Rail';
import css from './Shell.module.css';
import { useSession } from './session';

const CallBar = lazy(() => import('../desk/CallBar'));

/** The event comes before its record is in the database. */
const WRITTEN_AFTER_MS = 500;
/** What is asked of the center's configuration. */
const CENTER = [['script'], ['dispositions'], ['reasons'], ['directory']];
/** In a busy center calls end all the time: lists of them are read again at most so often. */
const LISTS_EVERY_MS = 3_000;

export function Shell() {
  const { t } = useTranslation();
  const session = useSession();
  const [store] = useState(() => new LiveStore(session.agent));
  const [drafts] = useState(() => new DraftStore(session.user));
  useEffect(() => store.open(), [store]);
  useEffect(() => drafts.open(), [drafts]);
  useFreshRecords(store);

  return (
    <LiveContext value={store}>
      <DraftContext value={drafts}>
        <a href="#page" className={css.skip}>
          {t('app.skip')}
        </a>
        <div className={css.shell}>
          <Rail />
          <div className={css.column}>
            <AgentBar />
            <Suspense>{session.agent !== null && <CallBar />}</Suspense>
            <ConnectionBanner />
            <main id="page" className={css.page} tabIndex={-1}>
              <Outlet />
            </main>
          </div>
        </div>
        <CallAlert />
      </DraftContext>
    </LiveContext>
  );
}

/** Records are read again when the stream says that one has changed. */
function useFreshRecords(store: LiveStore): void {
  const queries = useQueryClient();
  const readLists = useListReader(queries);
  useEffect(
    () =>
      store.onEvent((event) => {
        if (event.type === 'center.changed') {
          for (const queryKey of CENTER) void queries.invalidateQueries({ queryKey });
        } else if (event.type === 'message.left') {
          setTimeout(() => {
            void queries.invalidateQueries({ queryKey: ['messages'] });
          }, WRITTEN_AFTER_MS);
        } else if (event.type === 'sound.measured') {
          setTimeout(() => {
            void queries.invalidateQueries({ queryKey: ['call', event.call] });
          }, WRITTEN_AFTER_MS);
        } else if (
          event.type === 'call.ended' ||
          event.type === 'recording.finished' ||
          event.type === 'recording.mended' ||
          event.type === 'recording.failed'
        ) {
          readLists();
          setTimeout(() => {
            void queries.invalidateQueries({ queryKey: ['callbacks'] });
            void queries.invalidateQueries({ queryKey: ['contacts'] });
            void queries.invalidateQueries({ queryKey: ['call', event.call] });
          }, WRITTEN_AFTER_MS);
        }
      }),
    [store, queries, readLists],
  );
}

/** Reads lists of calls again, soon, and not more often than somebody can look at them. */
function useListReader(queries: QueryClient): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const read_at_ms = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current !== undefined) return;
    const wait_ms = Math.max(WRITTEN_AFTER_MS, read_at_ms.current + LISTS_EVERY_MS - Date.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      read_at_ms.current = Date.now();
      void queries.invalidateQueries({ queryKey: ['calls'] });
    }, wait_ms);
  }, [queries]);
}
