// The numbers that callers dial, and the flow that answers each.

import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import grid from '../ui/Grid.module.css';
import { flowChoices, languageChoices } from './choices';
import { entriesOf } from './draft';
import { EntryEditor } from './EntryEditor';
import { EntryList } from './EntryList';
import type { FieldGroup } from './Form';
import { Loaded } from './Loaded';
import type { PageProps } from './pages';
import { FlowLink, useFlowNames } from './useFlows';

const WORDS = { field: 'number_field', hint: 'number_hint', group: 'number_group' };

export default function Numbers({ name }: PageProps) {
  return (
    <Loaded>
      {(center) => (name === null ? <List center={center} /> : <Editor name={name} center={center} />)}
    </Loaded>
  );
}

function List({ center }: { center: Center }) {
  const { t } = useTranslation();
  const rows = entriesOf(center.sections.numbers);
  return (
    <EntryList
      page="numbers"
      rows={rows}
      nameOf={([number]) => number}
      textOf={([, entry]) => Object.values(entry).join(' ')}
      nameTitle={t('admin_number.number')}
      newLabel={t('admin_number.new')}
      nothing={t('admin_number.none')}
      columns={[
        { id: 'name', title: t('number_field.name'), cell: ([, entry]) => text(entry.name) },
        {
          id: 'flow',
          title: t('number_field.flow'),
          cell: ([, entry]) => <FlowLink flow={text(entry.flow)} />,
        },
        {
          id: 'language',
          title: t('number_field.language'),
          cell: ([, entry]) =>
            text(entry.language) || <span className={grid.dim}>{text(center.sections.language)}</span>,
        },
      ]}
    />
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function Editor({ name, center }: { name: string; center: Center }) {
  const { t } = useTranslation();
  const flows = useFlowNames();
  const groups: readonly FieldGroup[] = [
    {
      id: 'answer',
      fields: [
        { kind: 'text', path: 'name', hint: true },
        { kind: 'pick', path: 'flow', needed: true, from: () => flowChoices(flows) },
        { kind: 'pick', path: 'language', hint: true, free: true, from: languageChoices },
      ],
    },
  ];
  return (
    <EntryEditor
      page="numbers"
      section="numbers"
      name={name}
      center={center}
      groups={groups}
      words={WORDS}
      blank={{}}
      nameLabel={t('admin_number.number')}
      nameHint={t('admin_number.number_hint')}
      renames
      removal={() => ({ parts: [], note: <p>{t('admin_number.removal')}</p> })}
    />
  );
}
