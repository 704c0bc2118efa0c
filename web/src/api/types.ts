// The shapes the server speaks, as the generated `schema.d.ts` has them, by the names that the pages use. Times are RFC 3339
// strings; ids are opaque.

import type { Event, PageKind } from './schema';

export type {
  Agent,
  AgentSpan,
  AgentState,
  AgentTimes,
  Alarm,
  AskedState as WantedState,
  Attendance,
  Attendee,
  AuditEntry,
  Call as LiveCall,
  CallState,
  CenterNumber,
  Colleague,
  Config,
  ConfigCheck,
  ConfigDraft,
  ConfigVersion,
  Contact,
  Customer,
  CustomerDraft,
  CustomerErasure,
  CustomerField,
  Decision,
  DecisionList,
  DecisionMade,
  Device,
  Devices,
  Dial as DialRecord,
  Direction,
  Directory,
  DispositionGroup,
  DispositionList as Dispositions,
  Diversion,
  FieldProblem,
  FieldValue,
  Finding,
  Flow,
  FlowCheck,
  FlowEdge,
  FlowFigures,
  FlowGraph,
  FlowList,
  FlowMistake,
  FlowNode,
  FlowTest,
  FlowText,
  FlowVersion,
  FollowUp,
  Found,
  Help,
  Hours,
  Import,
  LegSound,
  LineQuality,
  ListedSession,
  Live as Snapshot,
  Message,
  MessagePage,
  MonitorMode,
  NewRole,
  NewToken,
  NewUser,
  Offer as OfferRecord,
  Permission,
  Pop,
  Prompt,
  Queue,
  QueueTarget,
  QueueVisit,
  Reason,
  Record as CallRecord,
  RecordedGap,
  RecordedLeg,
  RecordedMark,
  RecordedTalk,
  Recording,
  RecordingPeaks as Peaks,
  RecordPage as CallPage,
  ReportDefinition as Definition,
  ReportStep,
  Retention,
  Role as UserRole,
  RoleChange,
  Session,
  SipLadder,
  SipMessage,
  Source,
  Step as PathStep,
  SurveyAnswer,
  TotpOffer,
  TransferTarget as Target,
  TrunkFault,
  TrunkStatus,
  User,
  UserChange,
  Waiting,
  WrapUp,
} from './schema';

/** Which pages a user begins with. */
export type Role = PageKind;

/** The reasons that are offered where the center has none of its own. The server adds some, such as a call that was not answered. */
export const REASONS = ['break', 'lunch', 'meeting', 'training', 'other'] as const;

/** An event about a call names it. */
type Named<Described> = Described extends { type: `call.${string}` }
  ? Described & { call: string }
  : Described;

/** Every fact of the stream, with its place in the journal. */
export type StreamEvent = Named<Event>;

type WithoutPlace<Placed> = Placed extends unknown ? Omit<Placed, 'seq' | 'at' | 'shown'> : never;

/** The same without its place. */
export type Fact = WithoutPlace<StreamEvent>;
