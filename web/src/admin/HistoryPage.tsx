// The whole file: as text with what is wrong at its place, its versions, what differs, the way back, and the file to keep.

import { Button, Tabs } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { FileEditor } from './FileEditor';
import css from './Form.module.css';
import { Loaded } from './Loaded';
import { Versions } from './Versions';

const FILE = 'center.yaml';

export default function HistoryPage() {
  return <Loaded>{(center) => <Page center={center} />}</Loaded>;
}

function Page({ center }: { center: Center }) {
  const { t } = useTranslation();
  return (
    <Tabs defaultValue="versions" className={css.form} keepMounted={false}>
      <div className={css.tabs}>
        <Tabs.List>
          <Tabs.Tab value="versions">{t('admin_history.versions')}</Tabs.Tab>
          <Tabs.Tab value="file">{t('admin_history.file')}</Tabs.Tab>
        </Tabs.List>
        <div className={css.acts}>
          <Button
            variant="subtle"
            leftSection={<IconDownload size={15} aria-hidden />}
            onClick={() => keep(center.text)}
          >
            {t('admin_history.export')}
          </Button>
        </div>
      </div>
      <Tabs.Panel value="versions">
        <Versions center={center} />
      </Tabs.Panel>
      <Tabs.Panel value="file">
        <FileEditor center={center} />
      </Tabs.Panel>
    </Tabs>
  );
}

/** The file as it is shown, without passwords. */
function keep(text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  link.download = FILE;
  link.click();
  URL.revokeObjectURL(link.href);
}
