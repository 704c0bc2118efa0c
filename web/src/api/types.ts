// The shapes the server speaks. Times are RFC 3339 strings; ids are opaque.

export type Role = 'agent' | 'admin';

export interface Session {
  user: string;
  name: string;
  /** Which pages the user begins with. */
  role: Role;
  /** The agent this user works as; null for an admin who takes no calls. */
  agent: string | null;
  roles: string[];
  teams: string[];
  /** What this session may do, each with its scope. */
  permissions: Record<string, 'own' | 'team' | 'all'>;
  second_factor: boolean;
  /** What must be done before anything else is allowed. */
  must: 'password_change' | 'second_factor' | null;
  expires_at: string;
}

export type AgentState =
  | 'logged_out'
  | 'not_ready'
  | 'ready'
  | 'reserved'
  | 'ringing'
  | 'talking'
  | 'hold'
  | 'wrap_up'
  | 'offline_grace';

/** What an agent may ask for. */
export type WantedState = 'ready' | 'not_ready' | 'signed_out';

/** The reasons that are offered where the center has none of its own. The server adds some, such as a call that was not answered. */
export const REASONS = ['break', 'lunch', 'meeting', 'training', 'other'] as const;

/** A reason of the center, with what is left of it. */
export interface Reason {
  reason: string;
  name: string;
  taken: number;
  at_once_max: number | null;
  left_ms: number | null;
}

/** What can become of calls: names by codes, and the codes of queues that have not all. */
export interface Dispositions {
  dispositions: Record<string, string>;
  queues: Record<string, string[]>;
}

/** After-call work under way. */
export interface WrapUp {
  until: string | null;
  /** `awaited`: it cannot end without one; `missing`: its time is over, and it waits for nothing else. */
  disposition: 'settled' | 'awaited' | 'missing';
  extensions_left: number;
}

/** An agent wants help. */
export interface Help {
  asked_at: string;
  call: string | null;
  answered_at: string | null;
  answered_by: string | null;
}

/** Where an agent is reached. */
export type Device = { kind: 'phone' } | { kind: 'outside'; number: string };

/** Where an agent may choose to be reached. */
export interface Devices {
  device: Device;
  outside_numbers: string[];
}

export interface Agent {
  id: string;
  name: string;
  state: AgentState;
  reason: string | null;
  since: string;
  /** When wrap-up ends by itself. */
  until: string | null;
  /** Asked for during a call; applied after it. */
  pending: { state: string; reason: string | null } | null;
  /** Where the agent is reached. */
  device: Device;
  /** Whether that can be called: a phone is registered, or calls go out to the number. */
  registered: boolean;
  call: string | null;
  wrap_up: WrapUp | null;
  help: Help | null;
  /** Each at level 1 to 10. */
  skills: Record<string, number>;
  groups: string[];
}

export interface Waiting {
  call: string;
  since: string;
}

export interface Queue {
  id: string;
  name: string;
  /** How many wait. */
  length: number;
  /** Who waits, in order; admins see it. */
  waiting: Waiting[] | null;
  /** Who serves it; null for those who do not see who waits. */
  agents?: string[] | null;
}

/** What a living call does. */
export type CallState =
  | 'in_flow'
  | 'queued'
  | 'offered'
  | 'connected'
  | 'dialling'
  | 'connected_outside'
  | 'ending';

/** Who called whom. */
export type Direction = 'in' | 'out' | 'internal';

export interface LiveCall {
  id: string;
  state: CallState;
  caller: string;
  caller_name: string | null;
  called: string;
  direction: Direction;
  queue: string | null;
  position: number | null;
  /** Of several whose phones ring the one who was chosen first. */
  agent: string | null;
  /** Everybody it is offered to, in the order of the offers. */
  offered_to: string[];
  started_at: string;
  answered_at: string | null;
  connected_at: string | null;
  language: string;
  customer: string | null;
  /** Who takes part beside the two who talk. */
  attendees: Attendee[];
  /** Somebody is being called whom the agent asks. */
  consulting: boolean;
  /** The agent holds the other side, or asks somebody else meanwhile. */
  held: boolean;
  /** Nobody hears the agent, as the page said. */
  muted: boolean;
}

/** Somebody who takes part in a call beside the two who talk. */
export interface Attendee {
  leg: number;
  agent: string | null;
  number: string | null;
  part: 'consulted' | 'conference' | 'listen' | 'whisper' | 'private_whisper' | 'barge' | 'take_over';
}

export interface Alarm {
  kind: string;
  since: string;
  detail: string;
}

export interface Customer {
  id: string;
  name: string;
  company: string | null;
  email: string | null;
  numbers: string[];
  note: string | null;
  /** By which flows and queues go, such as `gold`. */
  class: string | null;
  /** In which the customer wants to be served. */
  language: string | null;
  /** The last change; in quotes it is what a change must name as If-Match. */
  changed_at: string;
}

/** What an agent may write of a customer. */
export type CustomerFields = Omit<Customer, 'id' | 'changed_at'>;

/** Who is calling, sent before the phone rings. */
export interface Pop {
  call: string;
  offer: number;
  agent: string;
  caller: string;
  caller_name: string | null;
  called: string;
  queue: string | null;
  queued_at: string | null;
  diversion: Diversion | null;
  language: string;
  customer: Customer | null;
  /** False while the address book has not answered yet. */
  lookup_done: boolean;
}

/** GET /api/v1/live, and the data of `snapshot` on the stream. */
export interface Snapshot {
  seq: number;
  at: string;
  agents: Agent[];
  queues: Queue[];
  calls: LiveCall[];
  pop: Pop | null;
  alarms: Alarm[];
  counters: Record<string, number>;
}

/** Where somebody is sent, or who is asked. */
export type Target = { agent: string } | { number: string } | { outside: string };

type CallFact<Type extends string, Fields = unknown> = { type: Type; call: string } & Fields;

/** Every fact of the stream that the pages act on; others pass by. */
export type Fact =
  | CallFact<
      'call.started',
      {
        caller: string;
        caller_name: string | null;
        called: string;
        direction: Direction;
        source: Source;
        language: string;
      }
    >
  | CallFact<'call.dialled', { trunk: string; server: string; number: string }>
  | CallFact<'call.dial_answered'>
  | CallFact<'call.consulting', { by: string }>
  | CallFact<'call.consult_ended', { by: string }>
  | CallFact<'call.party_joined', Attendee>
  | CallFact<'call.party_left', { leg: number }>
  | CallFact<'call.taken_over', { leg: number; by: string; from: string }>
  | CallFact<'call.muted', { by: string; muted: boolean }>
  | CallFact<'call.held', { by: string }>
  | CallFact<'call.retrieved', { by: string }>
  | CallFact<'call.transferring', { by: string; to: Target }>
  | CallFact<'call.transferred', { by: string; to: Target; attended: boolean }>
  | CallFact<'call.customer', { customer: string | null }>
  | CallFact<'call.answered'>
  | CallFact<'call.step', { flow: string; step: string; exit: string }>
  | CallFact<'call.language', { language: string }>
  | CallFact<'call.queued', { queue: string }>
  | CallFact<'call.position', { queue: string; position: number; waiting: number }>
  | CallFact<'call.dequeued', { queue: string; outcome: string }>
  | CallFact<'call.offered', { offer: number; agent: string; pop?: Pop | null }>
  | CallFact<
      'call.offer_failed',
      { offer: number; agent: string; failure: string; sip_status: number | null }
    >
  /** Why goes to admins alone. */
  | CallFact<'call.not_offered'>
  | CallFact<'call.assigned', { agent: string }>
  | CallFact<'call.prioritised', { emergency: boolean; credit_s: number }>
  | CallFact<'call.calling_back', { callback: string; requested_at: string }>
  | CallFact<'call.connected', { offer: number; agent: string }>
  | CallFact<'call.ended', { by: string }>
  | CallFact<'sound.measured', { sound: LegSound }>
  /** Without the call, if it is for a queue. */
  | { type: 'message.left'; call?: string; message: string; mailbox: string | null; duration_ms: number }
  | CallFact<'recording.finished'>
  | CallFact<'recording.mended'>
  | CallFact<'recording.failed'>
  | { type: 'queue.changed'; queue: string; length: number }
  | { type: 'agent.changed'; agent: Agent }
  | { type: 'alarm.raised'; alarm: Alarm }
  | { type: 'alarm.cleared'; kind: string };

/** A fact with its place in the journal. */
export type StreamEvent = {
  seq: number;
  at: string;
  /** The call as it stands, for those who see it by their team. */
  shown?: LiveCall;
} & Fact;

export interface PathStep {
  flow: string;
  step: string;
  entered_at: string;
  left_at: string;
  input: string | null;
  exit: string;
}

/** One answer to a survey. */
export interface SurveyAnswer {
  survey: string;
  question: string;
  /** The key that was pressed. */
  answer: number;
  at: string;
}

export interface QueueVisit {
  queue: string;
  entered_at: string;
  left_at: string | null;
  outcome: string | null;
  waited_ms: number | null;
}

export interface OfferRecord {
  agent: string;
  offered_at: string;
  popped_at: string | null;
  invited_at: string | null;
  ringing_at: string | null;
  ended_at: string | null;
  outcome: string;
  sip_status: number | null;
}

/** A message that a caller left. */
export interface Message {
  id: string;
  call: string;
  /** An agent or a queue; null if a flow keeps it for itself. */
  mailbox: string | null;
  caller: string;
  started_at: string;
  duration_ms: number;
  heard_at: string | null;
  heard_by: string | null;
}

/** GET /api/v1/messages */
export interface MessagePage {
  messages: Message[];
  next: string | null;
  unheard: number;
}

/** Who sent a call on before it reached the server. */
export interface Diversion {
  from: string;
  reason: string | null;
}

/** One try to call somebody outside. */
export interface DialRecord {
  trunk: string;
  server: string;
  number: string;
  /** The agent whose own device this is; null if somebody else is called. */
  device_of: string | null;
  dialled_at: string;
  ringing_at: string | null;
  ended_at: string | null;
  outcome: string;
  sip_status: number | null;
}

export interface Recording {
  id: string;
  path: string;
  started_at: string;
  state: string;
  duration_ms: number | null;
  gap_ms: number | null;
  bytes: number | null;
  problem: string | null;
  legs: RecordedLeg[];
  marks: RecordedMark[];
  gaps: RecordedGap[];
  talk: RecordedTalk | null;
}

/** Who spoke for how long in a recording. */
export interface RecordedTalk {
  customer_ms: number;
  agent_ms: number;
  over_talk_ms: number;
  over_talks: number;
  silence_ms: number;
  longest_silence_ms: number;
}

/** A phone in a recording, in milliseconds since its first sample. */
export interface RecordedLeg {
  speaker: string;
  channel: 'left' | 'right';
  from_ms: number;
  to_ms: number;
}

export interface RecordedMark {
  at_ms: number;
  kind: string;
  by: string | null;
  reason: string | null;
}

export interface RecordedGap {
  channel: 'left' | 'right';
  from_ms: number;
  length_ms: number;
}

/** The trunk, or the agent whose phone called. */
export type Source = { trunk: string } | { agent: string } | { queue: string };

export interface CallRecord {
  id: string;
  caller: string;
  caller_name: string | null;
  called: string;
  number: string | null;
  flow: string | null;
  direction: Direction;
  source: Source;
  sip_call_id: string;
  language: string;
  customer: string | null;
  started_at: string;
  answered_at: string | null;
  connected_at: string | null;
  ended_at: string | null;
  ended_by: string | null;
  cause: { kind: string; sip_status: number | null; q850: number | null } | null;
  agent: string | null;
  path: PathStep[];
  answers: SurveyAnswer[];
  queues: QueueVisit[];
  offers: OfferRecord[];
  recordings: Recording[];
  dials: DialRecord[];
  diversion: Diversion | null;
  sounds: LegSound[];
  /** Who took part beside the two, and how. */
  attendances?: Attendance[];
  transfers?: { by: string; at: string; outcome: string }[];
  dispositions?: { agent: string; code: string; note: string | null; at: string }[];
}

/** Somebody who took part beside the two, in one way. */
export type Attendance = Attendee & { from: string; until: string | null };

/** What came from a phone as RTP, and how much was sent to it. */
export interface LegSound {
  leg: number;
  party: string;
  agent: string | null;
  codec: string;
  packets_received: number;
  packets_lost: number;
  packets_reordered: number;
  packets_sent: number;
  jitter_us: number;
  jitter_max_us: number;
  concealed_ms: number;
  packets_late: number;
  buffered_ms: number | null;
  round_trip_us: number | null;
  peer_lost: number | null;
  peer_jitter_us: number | null;
  mos: number | null;
}

export interface CallPage {
  calls: CallRecord[];
  next: string | null;
}

export interface FlowMistake {
  file: string;
  line: number;
  column: number;
  end_column: number;
  severity: 'error' | 'warning';
  problem: string;
  remedy: string;
  source_line: string;
}

export interface Flow {
  name: string;
  /** In force; null if the flow is not. */
  version: number | null;
  since: string | null;
  /** A user, or `file` if the file was changed on disk. */
  author: string | null;
  /** Whether the file on disk is in force. */
  is_current: boolean;
  mistakes: FlowMistake[];
}

export interface FlowList {
  flows: Flow[];
  /** Those that are in no flow's file. */
  mistakes: FlowMistake[];
}
