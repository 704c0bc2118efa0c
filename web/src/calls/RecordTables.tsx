// The parts of a call record: path, queues, offers, calls to outside, sound.

import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { DialRecord, LegSound, OfferRecord, PathStep, QueueVisit, SurveyAnswer } from '../api/types';
import { between, clock, short, timeOfDay, timeWithMs, word } from '../texts/format';
import grid from '../ui/Grid.module.css';
import { Nothing } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { gradeTone } from '../ui/tone';
import css from './CallPage.module.css';
import { AgentName, QueueName } from './CallTable';
import { stages } from './record';

export function Path({ steps }: { steps: PathStep[] }) {
  const { t } = useTranslation();
  if (steps.length === 0) return <Nothing>{t('call.no_path')}</Nothing>;
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('call.step')}</th>
            <th>{t('call.flow')}</th>
            <th>{t('call.entered')}</th>
            <th className={grid.right}>{t('call.took')}</th>
            <th>{t('call.input')}</th>
            <th>{t('call.exit')}</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <tr key={`${step.step}${step.entered_at}`}>
              <td>{step.step}</td>
              <td className={grid.dim}>{step.flow}</td>
              <td className="num">{timeOfDay(step.entered_at)}</td>
              <td className={`num ${grid.right}`}>
                {shortOrNothing(between(step.entered_at, step.left_at))}
              </td>
              <td className="num">{step.input}</td>
              <td>{exitText(t, step.exit)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** `case 1`, `hangup busy`, `no_input` → how the step ended, in words. */
export function exitText(t: TFunction, exit: string): string {
  const [kind = exit, rest] = exit.split(' ');
  if (rest === undefined) return word(t, 'call.step_exit', kind);
  if (kind === 'choice') return t('call.exit_choice', { key: rest });
  if (kind === 'case') return t('call.exit_case', { number: rest });
  if (kind === 'hangup') return t('call.exit_hangup', { cause: word(t, 'call.hangup_cause', rest) });
  return exit;
}

export function Answers({ answers }: { answers: SurveyAnswer[] }) {
  const { t } = useTranslation();
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('call.survey')}</th>
            <th>{t('call.question')}</th>
            <th>{t('call.answer')}</th>
            <th>{t('call.time')}</th>
          </tr>
        </thead>
        <tbody>
          {answers.map((answer) => (
            <tr key={`${answer.survey}${answer.question}${answer.at}`}>
              <td>{answer.survey}</td>
              <td>{answer.question}</td>
              <td className="num">{answer.answer}</td>
              <td className="num">{timeOfDay(answer.at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Queues({ visits }: { visits: QueueVisit[] }) {
  const { t } = useTranslation();
  if (visits.length === 0) return <Nothing>{t('call.no_queue_visits')}</Nothing>;
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('call.queue')}</th>
            <th>{t('call.entered')}</th>
            <th>{t('call.left')}</th>
            <th className={grid.right}>{t('call.waited')}</th>
            <th>{t('call.outcome')}</th>
          </tr>
        </thead>
        <tbody>
          {visits.map((visit) => (
            <tr key={visit.entered_at}>
              <td>
                <QueueName id={visit.queue} />
              </td>
              <td className="num">{timeOfDay(visit.entered_at)}</td>
              <td className="num">{visit.left_at && timeOfDay(visit.left_at)}</td>
              <td className={`num ${grid.right}`}>{visit.waited_ms !== null && clock(visit.waited_ms)}</td>
              <td>{visit.outcome && word(t, 'call.queue_outcome', visit.outcome)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Each offer as a row of stages with the time between them. */
export function Offers({ offers }: { offers: OfferRecord[] }) {
  const { t } = useTranslation();
  if (offers.length === 0) return <Nothing>{t('call.no_offers')}</Nothing>;
  return (
    <ul className={css.offers}>
      {offers.map((offer) => (
        <li key={offer.offered_at} className={css.offer}>
          <div className={css.offerHead}>
            <strong>
              <AgentName id={offer.agent} />
            </strong>
            <Outcome offer={offer} />
          </div>
          <ol className={css.stages}>
            {stages(offer).map((stage) => (
              <li key={stage.name} className={css.stage}>
                {stage.after_ms !== null && (
                  <span className={`${css.gap} num`}>{`+${short(stage.after_ms)}`}</span>
                )}
                <span className={css.stageName}>
                  {stage.name === 'ended' && offer.outcome === 'answered'
                    ? t('call.offer_outcome.answered')
                    : t(`call.stage.${stage.name}`)}
                </span>
                <span className={`${css.stageTime} num`}>{timeWithMs(stage.at)}</span>
              </li>
            ))}
          </ol>
        </li>
      ))}
    </ul>
  );
}

/** Each server that was asked to call somebody outside, in order. */
export function Dials({ dials }: { dials: DialRecord[] }) {
  const { t } = useTranslation();
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('call.dialled')}</th>
            <th>{t('call.number')}</th>
            <th>{t('call.trunk')}</th>
            <th>{t('call.server')}</th>
            <th className={grid.right}>{t('call.took')}</th>
            <th>{t('call.outcome')}</th>
          </tr>
        </thead>
        <tbody>
          {dials.map((dial) => (
            <tr key={`${dial.server}${dial.dialled_at}`}>
              <td className="num">{timeWithMs(dial.dialled_at)}</td>
              <td className="num">
                {dial.number}
                {dial.device_of !== null && (
                  <span className={grid.dim}> {t('call.device_of', { agent: dial.device_of })}</span>
                )}
              </td>
              <td>{dial.trunk}</td>
              <td className={grid.dim}>{dial.server}</td>
              <td className={`num ${grid.right}`}>
                {shortOrNothing(between(dial.dialled_at, dial.ended_at))}
              </td>
              <td>
                <Tag
                  tone={
                    dial.outcome === 'answered' ? 'ready' : dial.outcome === 'pending' ? 'ringing' : 'off'
                  }
                >
                  {word(t, 'call.dial_outcome', dial.outcome)}
                  {dial.sip_status !== null && (
                    <span className={grid.dim}>{t('call.sip', { status: dial.sip_status })}</span>
                  )}
                </Tag>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** How each phone sounded. */
export function Sounds({ sounds }: { sounds: LegSound[] }) {
  const { t } = useTranslation();
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('call.sound.from')}</th>
            <th>{t('call.sound.codec')}</th>
            <th className={grid.right}>{t('call.sound.packets')}</th>
            <th className={grid.right}>{t('call.sound.lost')}</th>
            <th className={grid.right}>{t('call.sound.jitter')}</th>
            <th className={grid.right}>{t('call.sound.peer_lost')}</th>
            <th className={grid.right}>{t('call.sound.round_trip')}</th>
            <th>{t('call.sound.mos')}</th>
          </tr>
        </thead>
        <tbody>
          {sounds.map((sound) => (
            <tr key={sound.leg}>
              <td>
                {word(t, 'call.by', sound.party)}
                {sound.agent !== null && (
                  <span className={grid.dim}>
                    {' '}
                    <AgentName id={sound.agent} />
                  </span>
                )}
              </td>
              <td>{sound.codec}</td>
              <td className={`num ${grid.right}`}>{sound.packets_received}</td>
              <td className={`num ${grid.right}`}>{percentLost(sound)}</td>
              <td className={`num ${grid.right}`}>{ms(t, sound.jitter_us)}</td>
              <td className={`num ${grid.right}`}>{percentLostThere(sound)}</td>
              <td className={`num ${grid.right}`}>{ms(t, sound.round_trip_us)}</td>
              <td className="num">{sound.mos === null ? '–' : <Mos score={sound.mos} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** G.107 table B.1: users are satisfied from 4.03 on, many are not below 3.60. */
function Mos({ score }: { score: number }) {
  const { t } = useTranslation();
  const grade = score >= 4.03 ? 'good' : score >= 3.6 ? 'fair' : 'poor';
  return <Tag tone={gradeTone(grade)}>{`${score.toFixed(2)} ${t(`call.sound.${grade}`)}`}</Tag>;
}

function percentLost({ packets_received, packets_lost }: LegSound): string {
  const sent = packets_received + packets_lost;
  return sent === 0 ? '–' : `${((100 * packets_lost) / sent).toFixed(1)} %`;
}

/** What the phone itself reported. */
function percentLostThere({ packets_sent, peer_lost }: LegSound): string {
  if (peer_lost === null || packets_sent === 0) return '–';
  return `${((100 * peer_lost) / packets_sent).toFixed(1)} %`;
}

function ms(t: TFunction, us: number | null): string {
  return us === null ? '–' : t('call.sound.ms', { ms: (us / 1000).toFixed(1) });
}

function Outcome({ offer }: { offer: OfferRecord }) {
  const { t } = useTranslation();
  const tone = offer.outcome === 'answered' ? 'ready' : offer.outcome === 'pending' ? 'ringing' : 'off';
  return (
    <Tag tone={tone}>
      {word(t, 'call.offer_outcome', offer.outcome)}
      {offer.sip_status !== null && (
        <span className={grid.dim}>{t('call.sip', { status: offer.sip_status })}</span>
      )}
    </Tag>
  );
}

function shortOrNothing(ms: number | null): string {
  return ms === null ? '' : short(ms);
}
