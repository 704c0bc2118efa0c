// The ways to other networks: how they stand, and how they are configured.

import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { trunkFault } from '../board/alarmCause';
import grid from '../ui/Grid.module.css';
import { type Entry, entryOf, type Part, partOf, put } from './draft';
import { EntryEditor, NEW } from './EntryEditor';
import { EntryList } from './EntryList';
import type { Field, FieldGroup } from './Form';
import css from './Form.module.css';
import { sectionPage } from './SectionPage';
import { HealthTag, lastError, RegistrationTag, TrunkHealth, useTrunks } from './trunkHealth';

const WORDS = { field: 'trunk_field', hint: 'trunk_hint', group: 'trunk_group' };

const LOGIN: readonly Field[] = [
  { kind: 'text', path: 'login.username' },
  { kind: 'password', path: 'login.password' },
];

const LIMITS: FieldGroup = {
  id: 'limits',
  fields: [
    { kind: 'number', path: 'calls_max', min: 1, max: 10_000, hint: true },
    { kind: 'number', path: 'calls_per_second', min: 1, max: 10_000, hint: true },
    { kind: 'number', path: 'probe_s', min: 5, max: 3600, unit: 's', hint: true },
    { kind: 'number', path: 'response_timeout_s', min: 1, max: 30, usual: 4, unit: 's', hint: true },
    { kind: 'number', path: 'ring_timeout_s', min: 5, max: 600, usual: 60, unit: 's', hint: true },
  ],
};

const NUMBERS: FieldGroup = {
  id: 'numbers',
  fields: [
    {
      kind: 'choice',
      path: 'numbers.format',
      words: 'trunk_format',
      usual: 'e164',
      options: ['e164', 'digits', 'dialled'],
      hint: true,
    },
    { kind: 'text', path: 'numbers.prefix', hint: true },
    { kind: 'text', path: 'caller_id', hint: true },
    {
      kind: 'choice',
      path: 'identity',
      words: 'trunk_identity',
      usual: 'from',
      options: ['from', 'asserted', 'preferred'],
      hint: true,
    },
    { kind: 'yes', path: 'trusted', usual: false, hint: true },
    { kind: 'text', path: 'domain', hint: true },
  ],
};

/** What the file has in a longer form than the fields can show is left to the JSON below them. */
function groupsOf(entry: Entry): FieldGroup[] {
  const texts = (value: unknown) => !Array.isArray(value) || value.every((item) => typeof item === 'string');
  const way: Field[] = [];
  if (texts(entry.peers)) way.push({ kind: 'texts', path: 'peers', max: 256, hint: true });
  if (texts(entry.servers)) way.push({ kind: 'texts', path: 'servers', max: 16, hint: true });
  const register: Field[] =
    typeof entry.register === 'object' ? [] : [{ kind: 'yes', path: 'register', usual: false, hint: true }];
  return [{ id: 'way', fields: way }, { id: 'account', fields: [...LOGIN, ...register] }, LIMITS, NUMBERS];
}

export default sectionPage(List, Editor);

function List({ center }: { center: Center }) {
  const { t } = useTranslation();
  const trunks = useTrunks();
  const of = (id: string) => trunks.find((trunk) => trunk.id === id);
  return (
    <EntryList
      page="trunks"
      center={center}
      words="admin_trunk"
      textOf={([, entry]) => JSON.stringify(entry.servers ?? entry.peers ?? '')}
      columns={[
        { id: 'health', title: t('admin_health.health'), cell: ([id]) => <HealthTag trunk={of(id)} /> },
        {
          id: 'registration',
          title: t('admin_health.registration'),
          cell: ([id]) => <RegistrationTag trunk={of(id)} />,
        },
        {
          id: 'calls',
          title: t('admin_health.calls_now'),
          right: true,
          cell: ([id, entry]) => calls(of(id)?.calls, entry),
        },
        { id: 'in', title: t('admin_health.calls_in'), right: true, cell: ([id]) => of(id)?.calls_in },
        { id: 'out', title: t('admin_health.calls_out'), right: true, cell: ([id]) => of(id)?.calls_out },
        {
          id: 'problem',
          title: t('admin_health.problem'),
          cell: ([id]) => {
            const trunk = of(id);
            const fault = trunk && lastError(trunk);
            const problem = fault && trunkFault(t, fault);
            return problem ? (
              <span className={grid.clip} title={problem}>
                {problem}
              </span>
            ) : null;
          },
        },
      ]}
    />
  );
}

function calls(now: number | undefined, { calls_max }: Entry): string {
  if (now === undefined) return '';
  return typeof calls_max === 'number' ? `${now} / ${calls_max}` : String(now);
}

function Editor({ name, center }: { name: string; center: Center }) {
  const { t } = useTranslation();
  const trunk = useTrunks().find(({ id }) => id === name);
  const stored = entryOf(partOf(center.sections, { section: 'trunks', name, value: null }));
  return (
    <EntryEditor
      page="trunks"
      section="trunks"
      name={name}
      center={center}
      groups={groupsOf(stored)}
      words={WORDS}
      blank={{}}
      nameLabel={t('admin_trunk.id')}
      nameHint={t('admin_trunk.id_hint')}
      aside={<HealthTag trunk={trunk} />}
      head={trunk && <TrunkHealth trunk={trunk} />}
      removal={
        name === NEW
          ? undefined
          : (id) => removalOf(center, id, <Touched id={id} calls={trunk?.calls ?? 0} center={center} />)
      }
    />
  );
}

/** Routes lose the trunk; those that have no other go. */
function removalOf(
  center: Center,
  id: string,
  note: React.ReactNode,
): { parts: Part[]; note: React.ReactNode } {
  const routes = routesOf(center);
  const left = routes
    .map((route) =>
      put(
        route,
        'trunks',
        trunksOf(route).filter((one) => trunkOf(one) !== id),
      ),
    )
    .filter((route) => trunksOf(route).length > 0);
  const touched = routes.some((route) => trunksOf(route).some((one) => trunkOf(one) === id));
  return { parts: touched ? [{ section: 'routes', value: left.length > 0 ? left : null }] : [], note };
}

function routesOf(center: Center): Entry[] {
  return Array.isArray(center.sections.routes) ? center.sections.routes.map(entryOf) : [];
}

function trunksOf(route: Entry): unknown[] {
  return Array.isArray(route.trunks) ? route.trunks : [];
}

function trunkOf(one: unknown): unknown {
  return typeof one === 'string' ? one : entryOf(one).trunk;
}

function Touched({ id, calls: count, center }: { id: string; calls: number; center: Center }) {
  const { t } = useTranslation();
  const routes = routesOf(center).filter((route) => trunksOf(route).some((one) => trunkOf(one) === id));
  const alone = routes.filter((route) => trunksOf(route).length === 1);
  const shown = (list: Entry[]) =>
    list.map(({ numbers }) => (Array.isArray(numbers) ? numbers.join(' ') : '')).join(', ');
  return (
    <div className={css.touches}>
      {t('admin_queue.removal')}
      <ul>
        <li>{t('admin_trunk.removal_calls', { count })}</li>
        {routes.length > 0 && <li>{t('admin_trunk.removal_routes', { numbers: shown(routes) })}</li>}
        {alone.length > 0 && <li>{t('admin_trunk.removal_alone', { numbers: shown(alone) })}</li>}
        <li>{t('admin_trunk.removal_in')}</li>
      </ul>
    </div>
  );
}
