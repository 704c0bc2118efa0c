// Who may be asked after which wait, a row a step; and the whole way of a caller who is not answered.

import { ActionIcon, Button, MultiSelect, NativeSelect, NumberInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { clock } from '../texts/format';
import { groupChoices, skillNames } from './choices';
import { type Entry, entryOf, isEntry, put } from './draft';
import { Section, useErrorAt, useForm } from './Form';
import css from './Form.module.css';
import { Levels } from './Levels';
import { plain, problemsAt } from './plain';
import { ladder, stepWords } from './planWords';

const STEPS_MAX = 16;
const FIGURES = [
  { key: 'after_s', min: 0, max: 86_400, usual: 0 },
  { key: 'min_level', min: 0, max: 10, usual: null },
  { key: 'ring_count', min: 1, max: 16, usual: null },
  { key: 'priority_credit_s', min: 0, max: 86_400, usual: 0 },
] as const;

export function Plan() {
  const { t } = useTranslation();
  const { draft, change, readOnly } = useForm();
  const error = useErrorAt('plan', true);
  const steps = Array.isArray(draft.plan) ? draft.plan.map(entryOf) : [];
  const set = (plan: Entry[]) => change(put(draft, 'plan', plan.length === 0 ? undefined : plan));
  const last = steps.at(-1);
  return (
    <>
      <Section title={t('admin_plan.title')}>
        <div className={css.wide}>
          {steps.length === 0 && <p className={css.hint}>{t('admin_plan.none')}</p>}
          {steps.map((step, index) => (
            <Step
              // biome-ignore lint/suspicious/noArrayIndexKey: a step has no name of its own.
              key={index}
              step={step}
              index={index}
              set={(next) => set(steps.map((one, at) => (at === index ? next : one)))}
              remove={() => set(steps.filter((_, at) => at !== index))}
            />
          ))}
          {error !== null && <p className={css.error}>{error}</p>}
          {!readOnly && steps.length < STEPS_MAX && (
            <Button
              variant="default"
              mt={6}
              leftSection={<IconPlus size={14} aria-hidden />}
              onClick={() => {
                const after = typeof last?.after_s === 'number' ? last.after_s : 0;
                set([...steps, last ? { after_s: after + 20 } : {}]);
              }}
            >
              {t('admin_plan.add')}
            </Button>
          )}
        </div>
      </Section>
      <Ladder />
    </>
  );
}

interface StepProps {
  step: Entry;
  index: number;
  set(step: Entry): void;
  remove(): void;
}

function Step({ step, index, set, remove }: StepProps) {
  const { t } = useTranslation();
  const { readOnly, center, errors } = useForm();
  const skills = skillNames(center);
  const wrong = problemsAt(errors, `plan.${index}`).map(({ problem }) => plain(t, problem));
  const number = index + 1;
  const after = typeof step.after_s === 'number' ? step.after_s : 0;
  return (
    <fieldset className={css.row} aria-label={t('admin_plan.step', { number })}>
      <div className={css.sentence}>
        {`${t('admin_plan.from', { seconds: after })} ${stepWords(t, step, skills)}`}
      </div>
      {FIGURES.map(({ key, min, max, usual }) => (
        <NumberInput
          key={key}
          size="xs"
          w={112}
          min={min}
          max={max}
          allowDecimal={false}
          hideControls
          disabled={readOnly}
          label={t(`admin_step.${key}`)}
          placeholder={usual === null ? '–' : String(usual)}
          value={typeof step[key] === 'number' ? step[key] : ''}
          onChange={(next) => set(put(step, key, typeof next === 'number' ? next : undefined))}
        />
      ))}
      <NativeSelect
        w={190}
        label={t('admin_step.skip_if')}
        disabled={readOnly}
        value={typeof step.skip_if === 'string' ? step.skip_if : ''}
        onChange={(event) => set(put(step, 'skip_if', event.currentTarget.value || undefined))}
        data={[
          { value: '', label: t('admin_step.never') },
          { value: 'nobody_free', label: t('admin_step.nobody_free') },
          { value: 'nobody_working', label: t('admin_step.nobody_working') },
        ]}
      />
      <NativeSelect
        w={150}
        label={t('admin_step.replace')}
        disabled={readOnly}
        value={step.replace === true ? 'true' : ''}
        onChange={(event) =>
          set(put(step, 'replace', event.currentTarget.value === 'true' ? true : undefined))
        }
        data={[
          { value: '', label: t('admin_form.no') },
          { value: 'true', label: t('admin_form.yes') },
        ]}
      />
      <MultiSelect
        size="xs"
        miw={160}
        label={t('admin_step.groups')}
        disabled={readOnly}
        data={groupChoices(center)}
        value={Array.isArray(step.groups) ? step.groups.map(String) : []}
        onChange={(groups) => set(put(step, 'groups', groups.length === 0 ? undefined : groups))}
      />
      {(['require', 'prefer'] as const).map((key) => (
        <Levels
          key={key}
          label={t(`admin_step.${key}`)}
          value={isEntry(step[key]) ? step[key] : {}}
          skills={skills}
          max={key === 'require' ? 10 : 100}
          disabled={readOnly}
          change={(next) => set(put(step, key, next))}
        />
      ))}
      {!readOnly && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t('admin_plan.remove', { number })}
          onClick={remove}
        >
          <IconX size={14} aria-hidden />
        </ActionIcon>
      )}
      {wrong.length > 0 && <p className={`${css.error} ${css.sentence}`}>{wrong.join(' ')}</p>}
    </fieldset>
  );
}

/** What a caller meets who is not answered. */
function Ladder() {
  const { t } = useTranslation();
  const { draft, center } = useForm();
  return (
    <Section title={t('admin_plan.ladder')}>
      <ol className={`${css.ladder} ${css.wide}`}>
        {ladder(t, draft, skillNames(center)).map(({ at_s, text }) => (
          <li key={`${at_s}${text}`}>
            <span className={css.when}>{at_s === null ? t('admin_plan.any_time') : clock(at_s * 1000)}</span>
            {text}
          </li>
        ))}
      </ol>
    </Section>
  );
}
