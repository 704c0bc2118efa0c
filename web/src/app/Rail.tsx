// The pages' names, and at the foot everything about this user and this browser.

import {
  IconAddressBook,
  IconChartBar,
  IconHeadset,
  IconLayoutDashboard,
  IconPhoneCall,
  IconSettings,
  IconSitemap,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ConnectionLight } from './Connection';
import { Logo } from './Logo';
import css from './Rail.module.css';
import { useMay, useMayFor, useSession } from './session';
import { UserMenu } from './UserMenu';

/** Whoever has one of these finds something among the pages of `admin/pages.ts`. */
const ADMIN = [
  'config.see',
  'prompts.see',
  'hours.set',
  'users.manage',
  'roles.manage',
  'audit.see',
  'system.see',
];

export function Rail() {
  const { t } = useTranslation();
  const session = useSession();
  const leads = useMayFor('agents.see');
  const records = useMay('records.see');
  const reports = useMay('reports.see');
  const flows = useMay('flows.see');
  const admin = ADMIN.some((permission) => permission in session.permissions);
  const seesCustomers = useMay('customers.see');
  return (
    <header className={css.rail}>
      <div className={css.logo}>
        <Logo size={30} />
      </div>
      <nav aria-label={t('nav.label')} className={css.nav}>
        {session.agent !== null && (
          <Link to="/" className={css.item}>
            <IconHeadset size={20} stroke={1.6} aria-hidden />
            {t('nav.desk')}
          </Link>
        )}
        {leads && (
          <Link to="/live" className={css.item}>
            <IconLayoutDashboard size={20} stroke={1.6} aria-hidden />
            {t('nav.live')}
          </Link>
        )}
        {records && (
          <Link to="/calls" className={css.item}>
            <IconPhoneCall size={20} stroke={1.6} aria-hidden />
            {t('nav.calls')}
          </Link>
        )}
        {seesCustomers && (
          <Link to="/customers" className={css.item}>
            <IconAddressBook size={20} stroke={1.6} aria-hidden />
            {t('nav.customers')}
          </Link>
        )}
        {reports && (
          <Link to="/reports" className={css.item}>
            <IconChartBar size={20} stroke={1.6} aria-hidden />
            {t('nav.reports')}
          </Link>
        )}
        {flows && (
          <Link to="/flows" className={css.item}>
            <IconSitemap size={20} stroke={1.6} aria-hidden />
            {t('nav.flows')}
          </Link>
        )}
        {admin && (
          <Link to="/admin" className={css.item}>
            <IconSettings size={20} stroke={1.6} aria-hidden />
            {t('nav.admin')}
          </Link>
        )}
      </nav>
      <div className={css.foot}>
        <ConnectionLight />
        <UserMenu />
      </div>
    </header>
  );
}
