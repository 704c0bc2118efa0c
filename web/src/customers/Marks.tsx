// What is to be seen of a customer at a glance.

import { useTranslation } from 'react-i18next';
import type { Customer } from '../api/types';
import css from './Customers.module.css';

export function Marks({ customer }: { customer: Pick<Customer, 'vip' | 'blocked' | 'tags'> }) {
  const { t } = useTranslation();
  return (
    <span className={css.marks}>
      {customer.vip && (
        <span className={css.mark} data-tone="hold">
          {t('customer.vip')}
        </span>
      )}
      {customer.blocked && (
        <span className={css.mark} data-tone="bad">
          {t('customer.blocked')}
        </span>
      )}
      {customer.tags.map((tag) => (
        <span key={tag} className={css.mark}>
          {tag}
        </span>
      ))}
    </span>
  );
}
