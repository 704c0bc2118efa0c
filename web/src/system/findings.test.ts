// What the server finds wrong is told in the reader's language, all of it.

import i18next from 'i18next';
import { afterEach, expect, it } from 'vitest';
import type { Alarm, Finding, Found } from '../api/types';
import { alarmCause, trunkFault } from '../board/alarmCause';
import { T0 } from '../test/samples';
import en from '../texts/people.en.json';
import people from '../texts/people.zh.json';
import '../texts/people';
import { chooseLanguage } from '../texts';
import wide from '../texts/wide.zh.json';
import { adviceOf, foundOf, subjectOf } from './findings';

afterEach(() => chooseLanguage('en'));

/** Three English words in a row; commands and names of settings are no words. */
const ENGLISH = /(?<![\w-])[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}/;

it('has no English sentence among the Chinese ones', () => {
  const groups = [people.doctor_about, people.doctor_found, people.doctor_advice, people.system_reason];
  const texts = [...groups, wide.alarm_cause, wide.trunk_fault].flatMap((group) => Object.values(group));
  expect(texts.filter((text) => !/\p{Script=Han}/u.test(text))).toEqual([]);
  const commands = /apt-get install \S+|sysctl -w \S+|ip address/g;
  expect(texts.filter((text) => ENGLISH.test(text.replace(commands, '')))).toEqual([]);
  expect(Object.keys(en.doctor_found)).toEqual(expect.arrayContaining(Object.keys(en.doctor_advice)));
});

function finding(found: Found, advice: string | null): Finding {
  return {
    subject: 'in English',
    verdict: 'bad',
    says: 'English words here',
    advice,
    about: { code: 'phones' },
    found,
  };
}

it('says it with the figures, names and reasons that it is about', async () => {
  await chooseLanguage('zh-CN');
  const t = i18next.t;
  const some = finding({ code: 'phones_some', registered: 1, of: 12, away: ['1002', '1003'], more: 9 }, null);
  expect(subjectOf(t, some)).toBe('话机');
  expect(foundOf(t, some)).toBe('12 部中有 1 部已注册。未注册：1002和1003 以及另外 9 部');
  expect(adviceOf(t, some)).toBeNull();
  const shut = finding(
    { code: 'folder_read_only', reason: 'permission_denied', said: 'Permission denied (os error 13)' },
    'give it to the user',
  );
  expect(foundOf(t, shut)).toBe('无法写入：没有权限');
  expect(adviceOf(t, shut)).toContain('chown');
  expect(foundOf(t, finding({ code: 'database_answers', took_us: 1_234 }, null))).toBe('1.2 毫秒内应答。');
  expect(foundOf(t, finding({ code: 'unwell', address: 'x', alarms: ['phone_fault:1001'] }, 'look'))).toBe(
    '在 x 运行，但有异常：坐席话机故障 (1001)',
  );
  expect(trunkFault(t, { code: 'registration_refused', status: 403 })).toBe('运营商拒绝注册（403）');
});

it('tells alarms likewise, and one that it does not know in the words of the server', async () => {
  await chooseLanguage('zh-CN');
  const alarm = (cause: Alarm['cause']): Alarm => ({ kind: 'x', since: T0, detail: 'in English', cause });
  expect(alarmCause(i18next.t, alarm({ code: 'trunk', fault: { code: 'no_server_answers' } }))).toBe(
    '中继的所有服务器都不应答',
  );
  expect(alarmCause(i18next.t, alarm({ code: 'files', file: 'main.yaml', line: 3, problem: 'a b c' }))).toBe(
    '第一处错误：main.yaml 第 3 行',
  );
  expect(alarmCause(i18next.t, alarm({ code: 'of_tomorrow' } as never))).toBe('in English');
});
