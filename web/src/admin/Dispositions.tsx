// What can become of calls: a tree of codes and groups.

import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconFolder, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { useMay } from '../app/session';
import { Nothing, Panel } from '../ui/Panel';
import css from './Dispositions.module.css';
import { entriesOf, entryOf, type Part, put, same } from './draft';
import form from './Form.module.css';
import { Loaded } from './Loaded';
import { PendingActs, PendingProblems, usePending } from './Pending';
import { change, codeProblem, codesOf, DEPTH_MAX, type Node, sectionOf, shift, treeOf } from './tree';

export default function Dispositions() {
  return <Loaded>{(center) => <Tree center={center} />}</Loaded>;
}

let made = 0;

function blank(group: boolean): Node {
  made += 1;
  return { key: `~${made}`, code: '', name: '', inside: group ? [] : null, fresh: true };
}

function Tree({ center }: { center: Center }) {
  const { t } = useTranslation();
  const may = useMay('config.edit');
  const [begun, setBegun] = useState(center);
  const [edited, setEdited] = useState<Node[] | null>(null);
  const stored = useMemo(() => treeOf(begun.sections.dispositions), [begun]);
  const tree = edited ?? stored;
  const gone = codesOf(stored).filter((code) => !codesOf(tree).includes(code));
  const parts = edited === null ? [] : partsOf(begun, tree, gone);
  if (parts.length === 0 && begun !== center) {
    setBegun(center);
    setEdited(null);
  }
  const bad = hasProblem(tree, tree);
  const check = usePending(bad ? [] : parts);
  const queues = usedBy(begun);
  return (
    <Panel
      title={t('admin.page.dispositions')}
      count={codesOf(tree).length}
      aside={
        <PendingActs
          title={t('disposition_word.save_title')}
          parts={parts}
          begun={begun}
          check={check}
          count={parts.length}
          blocked={bad}
          note={gone.length > 0 && <p>{t('disposition_word.touches', { codes: gone.join(', ') })}</p>}
          undo={() => setEdited(null)}
          saved={(saved) => {
            setEdited(null);
            setBegun(saved);
          }}
        />
      }
    >
      <PendingProblems check={check} />
      <p className={form.hint}>{t('disposition_word.group_hint')}</p>
      {tree.length === 0 && <Nothing>{t('disposition_word.none')}</Nothing>}
      <Level nodes={tree} all={tree} depth={1} readOnly={!may} queues={queues} set={setEdited} />
      {may && (
        <div className={css.foot}>
          <Button
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setEdited([...tree, blank(false)])}
          >
            {t('disposition_word.add')}
          </Button>
          <Button
            variant="default"
            leftSection={<IconFolder size={14} aria-hidden />}
            onClick={() => setEdited([...tree, blank(true)])}
          >
            {t('disposition_word.add_group')}
          </Button>
        </div>
      )}
    </Panel>
  );
}

interface LevelProps {
  nodes: readonly Node[];
  all: readonly Node[];
  depth: number;
  readOnly: boolean;
  queues: Readonly<Record<string, string[]>>;
  set(tree: Node[]): void;
}

function Level(props: LevelProps) {
  const { nodes, depth } = props;
  if (nodes.length === 0) return null;
  return (
    <ul className={css.level} data-depth={depth}>
      {nodes.map((node, index) => (
        <li key={node.key}>
          <Line {...props} node={node} first={index === 0} last={index === nodes.length - 1} />
          {node.inside !== null && <Level {...props} nodes={node.inside} depth={depth + 1} />}
        </li>
      ))}
    </ul>
  );
}

function Line({
  node,
  first,
  last,
  all,
  depth,
  readOnly,
  queues,
  set,
}: LevelProps & { node: Node; first: boolean; last: boolean }) {
  const { t } = useTranslation();
  const problem = codeProblem(all, node);
  const called = node.name || node.code;
  const edit = (fields: Partial<Node>) => set(change(all, node.key, (one) => ({ ...one, ...fields })));
  const add = (group: boolean) => edit({ inside: [...(node.inside ?? []), blank(group)] });
  const used = queues[node.code] ?? [];
  return (
    <div className={css.line}>
      {node.inside !== null && <IconFolder size={15} aria-label={t('disposition_word.group')} />}
      <TextInput
        w={150}
        aria-label={t('disposition_word.code')}
        placeholder={t('disposition_word.code')}
        autoComplete="off"
        autoFocus={node.fresh && node.code === ''}
        disabled={readOnly || !node.fresh}
        value={node.code}
        error={problem !== null && node.code !== '' ? t(`disposition_word.code_${problem}`) : null}
        onChange={(event) => edit({ code: event.currentTarget.value.trim() })}
      />
      <TextInput
        w={220}
        aria-label={t('disposition_word.name')}
        placeholder={t('disposition_word.name')}
        autoComplete="off"
        disabled={readOnly}
        value={node.name}
        onChange={(event) => edit({ name: event.currentTarget.value })}
      />
      {!readOnly && (
        <ActionIcon.Group>
          <ActionIcon
            variant="subtle"
            color="gray"
            disabled={first}
            aria-label={t('disposition_word.up', { name: called })}
            onClick={() => set(shift(all, node.key, -1))}
          >
            <IconArrowUp size={14} aria-hidden />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            disabled={last}
            aria-label={t('disposition_word.down', { name: called })}
            onClick={() => set(shift(all, node.key, 1))}
          >
            <IconArrowDown size={14} aria-hidden />
          </ActionIcon>
          {node.inside !== null && depth < DEPTH_MAX && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t('disposition_word.inside', { name: called })}
              title={t('disposition_word.inside', { name: called })}
              onClick={() => add(false)}
            >
              <IconPlus size={14} aria-hidden />
            </ActionIcon>
          )}
          {node.inside !== null && depth < DEPTH_MAX - 1 && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`${t('disposition_word.add_group')}: ${called}`}
              onClick={() => add(true)}
            >
              <IconFolder size={14} aria-hidden />
            </ActionIcon>
          )}
          <ActionIcon
            variant="subtle"
            color="red"
            aria-label={t('disposition_word.delete', { name: called })}
            onClick={() => set(change(all, node.key, () => null))}
          >
            <IconTrash size={14} aria-hidden />
          </ActionIcon>
        </ActionIcon.Group>
      )}
      {used.length > 0 && (
        <span className={css.used}>{t('disposition_word.used_in', { queues: used.join(', ') })}</span>
      )}
    </div>
  );
}

function hasProblem(all: readonly Node[], nodes: readonly Node[]): boolean {
  return nodes.some((node) => codeProblem(all, node) !== null || hasProblem(all, node.inside ?? []));
}

/** The section, and the queues that lose codes which are gone. */
function partsOf(begun: Center, tree: readonly Node[], gone: readonly string[]): Part[] {
  const value = sectionOf(tree);
  const before = begun.sections.dispositions ?? null;
  // The order of codes is the order in which they are offered.
  const moved = JSON.stringify(value) !== JSON.stringify(before) && !same(value, before);
  const reordered = JSON.stringify(codesOf(tree)) !== JSON.stringify(codesOf(treeOf(before)));
  const parts: Part[] = moved || reordered ? [{ section: 'dispositions', value }] : [];
  for (const [name, queue] of entriesOf(begun.sections.queues)) {
    const own = Array.isArray(queue.dispositions) ? queue.dispositions.map(String) : [];
    const left = own.filter((code) => !gone.includes(code));
    if (left.length === own.length) continue;
    parts.push({
      section: 'queues',
      name,
      value: put(queue, 'dispositions', left.length > 0 ? left : undefined),
    });
  }
  return parts;
}

/** By code, the queues that name it. */
function usedBy({ sections }: Center): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [name, queue] of entriesOf(sections.queues)) {
    for (const code of Array.isArray(queue.dispositions) ? queue.dispositions.map(String) : []) {
      found[code] = [...(found[code] ?? []), String(entryOf(queue).name ?? name)];
    }
  }
  return found;
}
