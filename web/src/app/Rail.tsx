// The pages' names, and at the foot everything about this user and this browser.

import { useHotkeys } from '@mantine/hooks';
import {
  IconAddressBook,
  IconChartBar,
  IconHeadset,
  IconLayoutDashboard,
  IconPhoneCall,
  IconSettings,
  IconSitemap,
} from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ConnectionLight } from './Connection';
import { pageKey, pageKeyName } from './keys';
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

/** Those that the user may see, in their order. */
function usePages() {
  const session = useSession();
  const leads = useMayFor('agents.see');
  const records = useMay('records.see');
  const reports = useMay('reports.see');
  const flows = useMay('flows.see');
  const customers = useMay('customers.see');
  const admin = ADMIN.some((permission) => permission in session.permissions);
  const pages = [
    { to: '/', name: 'desk', Icon: IconHeadset, may: session.agent !== null },
    { to: '/live', name: 'live', Icon: IconLayoutDashboard, may: leads },
    { to: '/calls', name: 'calls', Icon: IconPhoneCall, may: records },
    { to: '/customers', name: 'customers', Icon: IconAddressBook, may: customers },
    { to: '/reports', name: 'reports', Icon: IconChartBar, may: reports },
    { to: '/flows', name: 'flows', Icon: IconSitemap, may: flows },
    { to: '/admin', name: 'admin', Icon: IconSettings, may: admin },
  ] as const;
  return pages.filter(({ may }) => may);
}

export function Rail() {
  const { t } = useTranslation();
  const pages = usePages();
  const navigate = useNavigate();
  useHotkeys(
    pages.map(({ to }, index) => [pageKey(index), () => void navigate({ to }), { usePhysicalKeys: true }]),
    [],
  );
  return (
    <header className={css.rail}>
      <div className={css.logo}>
        <Logo size={30} />
      </div>
      <nav aria-label={t('nav.label')} className={css.nav}>
        {pages.map(({ to, name, Icon }, index) => (
          <Link key={to} to={to} className={css.item} title={pageKeyName(index)}>
            <Icon size={20} stroke={1.6} aria-hidden />
            {t(`nav.${name}`)}
          </Link>
        ))}
      </nav>
      <div className={css.foot}>
        <ConnectionLight />
        <UserMenu />
      </div>
    </header>
  );
}
