// The numbers that callers dial, and the flow that answers each.

import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import grid from '../ui/Grid.module.css';
import { flowChoices, languageChoices } from './choices';
import { EntryEditor } from './EntryEditor';
import { EntryList } from './EntryList';
import type { FieldGroup } from './Form';
import { sectionPage } from './SectionPage';
import { FlowLink, useFlowNames } from './useFlows';

const WORDS = { field: 'number_field', hint: 'number_hint', group: 'number_group' };

export default sectionPage(List, Editor);

function List({ center }: { center: Center }) {
  const { t } = useTranslation();
  return (
    <EntryList
      page="numbers"
      center={center}
      words="admin_number"
      textOf={([, entry]) => Object.values(entry).join(' ')}
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
      nameLabel={t('admin_number.id')}
      nameHint={t('admin_number.id_hint')}
      renames
      removal={() => ({ parts: [], note: <p>{t('admin_number.removal')}</p> })}
    />
  );
}
