// One customer: everything that is known, what happened before, and who may be the same person.

import '../texts/wide';
import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconArrowLeft } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  changeCustomer,
  contactsQuery,
  createCustomer,
  customerQuery,
  duplicatesQuery,
  mergeCustomers,
  readCustomer,
} from '../api/customers';
import { Problem } from '../api/http';
import type { Customer } from '../api/types';
import { hotkey } from '../app/keys';
import { useMay, useSession } from '../app/session';
import { useCustomerEdit, useDraftStore } from '../desk/drafts';
import { History } from '../desk/PopMore';
import { useLive } from '../live/store';
import { dayAndTime } from '../texts/format';
import { Failure, problemText } from '../ui/Failure';
import { Panel } from '../ui/Panel';
import css from './Customers.module.css';
import { BLANK, type Full, fullOf, rebase, same, toDraft } from './draft';
import { Erase } from './Erase';
import { Fields } from './Fields';

/** What stands for the id of a customer who is not there yet. */
const NEW = 'new';

export function CustomerPage() {
  const { customer: id } = useParams({ from: '/customers/$customer' });
  if (id === NEW) return <Editor key={NEW} known={null} />;
  return <Existing key={id} id={id} />;
}

function Existing({ id }: { id: string }) {
  const query = useQuery(customerQuery(id));
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return query.data ? <Editor known={query.data} /> : null;
}

export function Editor({ known }: { known: Customer | null }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay('customers.edit');
  const [version, setVersion] = useState(known);
  const drafts = useDraftStore().customers;
  const about = known?.id ?? NEW;
  const draft = useCustomerEdit(about);
  const stored = version ? fullOf(version) : BLANK;
  const edited = draft ? rebase(draft.base, draft.full, stored) : stored;
  const edit = (full: Full) => drafts.put({ customer: about, base: stored, full, at_ms: Date.now() });
  const save = useSave(version, (answer, submitted) => {
    setVersion(answer);
    if (submitted === null) return;
    const typed = drafts.get(about);
    drafts.remove(about);
    // What was typed while the answer was on its way stays.
    const fresh = fullOf(answer);
    const full = typed ? rebase(submitted, rebase(typed.base, typed.full, stored), fresh) : fresh;
    drafts.put({ customer: answer.id, base: fresh, full, at_ms: Date.now() });
    if (known === null) {
      void navigate({ to: '/customers/$customer', params: { customer: answer.id }, replace: true });
    }
  });
  const connected = useLive((view) => view.connection === 'live');
  const dirty = !same(edited, stored);
  const can = may && connected && dirty && !save.isPending;
  const submit = () => {
    if (can) save.mutate(edited);
  };
  useHotkeys([hotkey('save', submit)], []);
  const changed = save.error instanceof Changed;
  return (
    <div className={css.page}>
      <div className={css.column}>
        <Link to="/customers" className={css.backLink}>
          <IconArrowLeft size={15} aria-hidden /> {t('customers.back')}
        </Link>
        <Panel title={known ? known.name : t('customers.new')}>
          <form
            className={css.form}
            onSubmit={(event) => {
              event.preventDefault();
              submit();
            }}
            noValidate
          >
            <Fields full={edited} change={edit} readOnly={!may} error={save.error} />
            {may && (
              <div className={css.foot}>
                <Button type="submit" disabled={!can} loading={save.isPending}>
                  {known ? t('customer.save') : t('customer.create')}
                </Button>
                {dirty && (
                  <Button variant="subtle" color="gray" onClick={() => drafts.remove(about)}>
                    {t('customer.undo')}
                  </Button>
                )}
                <span role="status" className={css.status}>
                  {dirty
                    ? t('customer.state_draft')
                    : version
                      ? t('customers.as_of', { time: dayAndTime(version.changed_at) })
                      : ''}
                </span>
                {changed && <span className={css.warning}>{t('customer.changed')}</span>}
                {save.isError && !changed && (
                  <span role="alert" className={css.error}>
                    {problemText(t, save.error)}
                  </span>
                )}
              </div>
            )}
          </form>
        </Panel>
      </div>
      {known && <Around id={known.id} name={known.name} merged={setVersion} edits={may} />}
    </div>
  );
}

class Changed extends Error {}

/** Writes, and tells what is there then and what was sent; when somebody else was first, theirs, and that nothing was. */
function useSave(known: Customer | null, done: (answer: Customer, submitted: Full | null) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (full: Full) => {
      if (known === null) return createCustomer(toDraft(full));
      try {
        return await changeCustomer(known, toDraft(full));
      } catch (error) {
        if (!(error instanceof Problem && error.status === 412)) throw error;
        done(await readCustomer(known.id), null);
        throw new Changed();
      }
    },
    onSuccess: (answer, submitted) => {
      queries.setQueryData(customerQuery(answer.id).queryKey, answer);
      void queries.invalidateQueries({ queryKey: ['customers'] });
      done(answer, submitted);
    },
  });
}

interface AroundProps {
  id: string;
  edits: boolean;
  merged(answer: Customer): void;
}

function Around({ id, name, edits, merged }: AroundProps & { name: string }) {
  const { t } = useTranslation();
  const erases = useSession().permissions['recordings.erase'] === 'all';
  const contacts = useQuery(contactsQuery(id));
  const { agent } = useSession();
  return (
    <div className={css.column}>
      <Panel title={t('pop.history')}>
        {contacts.data && <History history={contacts.data.contacts} agent={agent} />}
      </Panel>
      <Duplicates id={id} edits={edits} merged={merged} />
      {edits && erases && <Erase id={id} name={name} />}
    </div>
  );
}

/** Others who may be the same person. Merging says first what it will do. */
function Duplicates({ id, edits, merged }: AroundProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Customer | null>(null);
  const found = useQuery(duplicatesQuery(id));
  const merge = useMutation({
    mutationFn: (other: Customer) => mergeCustomers(id, other.id),
    onSuccess: (answer) => {
      setAsked(null);
      merged(answer);
      queries.setQueryData(customerQuery(id).queryKey, answer);
      for (const key of ['customers', 'duplicates', 'contacts']) {
        void queries.invalidateQueries({ queryKey: [key] });
      }
    },
  });
  const others = found.data?.customers ?? [];
  if (others.length === 0) return null;
  return (
    <Panel title={t('customers.duplicates')} count={others.length}>
      <ul className={css.others}>
        {others.map((other) => (
          <li key={other.id}>
            <span className={css.other}>
              <Link to="/customers/$customer" params={{ customer: other.id }}>
                {other.name}
              </Link>
              <small>{[other.company, ...other.numbers, other.email].filter(Boolean).join(' · ')}</small>
            </span>
            {edits && asked?.id !== other.id && (
              <Button size="compact-xs" variant="default" onClick={() => setAsked(other)}>
                {t('customers.merge')}
              </Button>
            )}
            {asked?.id === other.id && (
              <span className={css.sure} role="alert">
                {t('customers.merge_sure', { name: other.name })}
                <Button
                  size="compact-xs"
                  color="red.8"
                  loading={merge.isPending}
                  onClick={() => merge.mutate(other)}
                >
                  {t('customers.merge_do')}
                </Button>
                <Button size="compact-xs" variant="default" onClick={() => setAsked(null)}>
                  {t('customers.cancel')}
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {merge.isError && <Failure error={merge.error} />}
    </Panel>
  );
}
