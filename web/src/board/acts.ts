// What somebody may do to a call or an agent on the board, by permission and by how things stand.

import type { TFunction } from 'i18next';
import type { Agent, LiveCall, MonitorMode, Session } from '../api/types';
import type { Act } from '../ui/acts';

/** What is asked before it is done; or is done at once. */
export type Wish =
  | { kind: 'why'; call: string }
  | { kind: 'move'; call: string }
  | { kind: 'priority'; call: string }
  | { kind: 'withdraw'; call: string }
  | { kind: 'transfer'; call: string }
  | { kind: 'hang_up'; call: string }
  | { kind: 'mark'; call: string }
  | { kind: 'monitor'; call: string; mode: MonitorMode; follow?: 'agent' }
  | { kind: 'end_monitor'; call: string }
  | { kind: 'record'; call: string; act: 'start' | 'stop' }
  | { kind: 'state'; agent: string }
  | { kind: 'sign_out'; agent: string }
  | { kind: 'answer_help'; agent: string };

interface Way {
  t: TFunction;
  session: Session;
  wish: (wish: Wish) => void;
}

const MODES = ['listen', 'whisper', 'private_whisper', 'barge', 'take_over'] as const;
const MODE_KEYS: Record<MonitorMode, string> = {
  listen: 'l',
  whisper: 'w',
  private_whisper: 'p',
  barge: 'b',
  take_over: 'o',
};
const MODE_NEEDS: Record<MonitorMode, string> = {
  listen: 'calls.listen',
  whisper: 'calls.whisper',
  private_whisper: 'calls.whisper',
  barge: 'calls.barge',
  take_over: 'calls.take_over',
};

/** How the user takes part in the call, if at all. */
export function ownMode(call: LiveCall, me: string | null): MonitorMode | null {
  const part = call.attendees.find(({ agent }) => me !== null && agent === me)?.part;
  return MODES.find((mode) => mode === part) ?? null;
}

export function callActs(call: LiveCall, { t, session, wish }: Way): Act[] {
  const may = (permission: string) => permission in session.permissions;
  const mayFor = (permission: string) => ['team', 'all'].includes(session.permissions[permission] ?? '');
  const acts: Act[] = [];
  const mine = ownMode(call, session.agent);
  const inTalk = call.state === 'connected' && call.agent !== null && call.agent !== session.agent;
  if (inTalk && session.agent !== null) {
    for (const mode of MODES) {
      if (mode === mine || !may(MODE_NEEDS[mode]) || !may('calls.listen')) continue;
      acts.push({
        id: mode,
        label: t(`board.mode.${mode}`),
        key: MODE_KEYS[mode],
        run: () => wish({ kind: 'monitor', call: call.id, mode }),
      });
    }
    if (mine !== null) {
      const run = () => wish({ kind: 'end_monitor', call: call.id });
      acts.push({ id: 'leave', label: t('board.act.leave'), key: 'q', run });
    }
  }
  const waits = call.state === 'queued' || (call.state === 'offered' && call.queue !== null);
  if (waits && mayFor('queues.see')) {
    const run = () => wish({ kind: 'why', call: call.id });
    acts.push({ id: 'why', label: t('board.act.why'), key: '?', run });
  }
  if (waits && may('queues.steer')) {
    const steer = (kind: 'move' | 'priority' | 'withdraw', key: string) => ({
      id: kind,
      label: t(`board.act.${kind}`),
      key,
      danger: kind === 'withdraw',
      run: () => wish({ kind, call: call.id }),
    });
    acts.push(steer('move', 'm'), steer('priority', 'y'), steer('withdraw', 'd'));
  }
  if (mayFor('calls.control')) {
    if (inTalk) {
      acts.push(
        ...(['start', 'stop'] as const).map((act, index) => ({
          id: `record_${act}`,
          label: t(`board.act.record_${act}`),
          key: act === 'start' ? 'r' : 'x',
          apart: index === 0,
          run: () => wish({ kind: 'record', call: call.id, act }),
        })),
      );
    }
    if (inTalk && may('calls.listen')) acts.push(mark(t, wish, call.id));
    if (call.state === 'connected' || call.state === 'connected_outside') {
      const run = () => wish({ kind: 'transfer', call: call.id });
      acts.push({ id: 'transfer', label: t('board.act.transfer'), key: 't', apart: true, run });
    }
    if (call.state !== 'offered') {
      const run = () => wish({ kind: 'hang_up', call: call.id });
      acts.push({ id: 'hang_up', label: t('board.act.hang_up'), key: 'h', danger: true, run });
    }
  } else if (inTalk && may('calls.listen')) acts.push(mark(t, wish, call.id));
  return acts;
}

function mark(t: TFunction, wish: Way['wish'], call: string): Act {
  return { id: 'mark', label: t('board.act.mark'), key: 'k', run: () => wish({ kind: 'mark', call }) };
}

/** Of an agent, and of the call the agent has. */
export function agentActs(agent: Agent, call: LiveCall | null, way: Way): Act[] {
  const { t, session, wish } = way;
  const mayFor = (permission: string) => ['team', 'all'].includes(session.permissions[permission] ?? '');
  const acts: Act[] = [];
  if (agent.help !== null && agent.help.answered_at === null && mayFor('agents.lead')) {
    const run = () => wish({ kind: 'answer_help', agent: agent.id });
    acts.push({ id: 'answer_help', label: t('board.act.answer_help'), key: 'a', run });
  }
  if (call !== null) acts.push(...callActs(call, way));
  if (mayFor('agents.steer') && agent.id !== session.agent && agent.state !== 'logged_out') {
    const force = () => wish({ kind: 'state', agent: agent.id });
    acts.push({ id: 'state', label: t('board.act.state'), key: 's', apart: acts.length > 0, run: force });
    const leave = () => wish({ kind: 'sign_out', agent: agent.id });
    acts.push({ id: 'sign_out', label: t('board.act.sign_out'), key: 'u', danger: true, run: leave });
  }
  return acts;
}
