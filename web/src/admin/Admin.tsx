// The frame of the admin pages: their names at the left, the page beside them.

import '../texts/admin';
import { Loader } from '@mantine/core';
import { Link, Navigate, useParams } from '@tanstack/react-router';
import { type ComponentType, type LazyExoticComponent, lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../app/session';
import { Nothing } from '../ui/Panel';
import css from './Admin.module.css';
import { useFreshCenter } from './center';
import { GROUPS, openPages, PAGES, type PageId, type PageProps } from './pages';

const COMPONENTS = Object.fromEntries(PAGES.map(({ id, load }) => [id, lazy(load)])) as Partial<
  Record<PageId, LazyExoticComponent<ComponentType<PageProps>>>
>;

/** `/admin`: the first page that is open to the user. */
export function AdminIndex() {
  const { t } = useTranslation();
  const [first] = openPages(useSession().permissions);
  if (!first) return <Nothing>{t('admin.none')}</Nothing>;
  return <Navigate to="/admin/$page" params={{ page: first.id }} replace />;
}

/** `/admin/$page` and `/admin/$page/$name`. */
export function Admin() {
  const { t } = useTranslation();
  const { page, name = null } = useParams({ strict: false }) as { page?: string; name?: string };
  useFreshCenter();
  const pages = openPages(useSession().permissions);
  const open = pages.find(({ id }) => id === page);
  const Page = open && COMPONENTS[open.id];
  return (
    <div className={css.admin}>
      <nav aria-label={t('admin.label')} className={css.pages}>
        {GROUPS.map((group) => {
          const inGroup = pages.filter((one) => one.group === group);
          if (inGroup.length === 0) return null;
          return (
            <div key={group}>
              <h2 className={css.group}>{t(`admin.group.${group}`)}</h2>
              {inGroup.map(({ id }) => (
                <Link key={id} to="/admin/$page" params={{ page: id }} className={css.page}>
                  {t(`admin.page.${id}`)}
                </Link>
              ))}
            </div>
          );
        })}
      </nav>
      <div className={css.content}>
        {Page ? (
          <Suspense fallback={<Loader size="sm" aria-label={t('app.loading')} />}>
            <Page key={page} name={name} />
          </Suspense>
        ) : (
          <Nothing>
            {t(PAGES.some(({ id }) => id === page) ? 'problem.forbidden' : 'problem.not_found')}
          </Nothing>
        )}
      </div>
    </div>
  );
}
