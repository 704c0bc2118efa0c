//! The JSON of the HTTP API: what pages and programs outside rely on.
//!
//! One shape per file, named as in `docs/api.md`. Names are snake_case, times are [`Timestamp`]s, durations are
//! whole milliseconds with `_ms` in the name, ids are text. A field that has no value is `null`; only an event
//! omits fields, because each type of event has its own.
//!
//! Must never know: the core's types, HTTP, the database. The conversions live in `hotline-api`. Start reading
//! at [`Live`].

mod agent;
mod alarm;
mod audit;
mod blocked;
mod call;
mod callback;
mod config;
mod customer;
mod directory;
mod doctor;
mod event;
mod flow;
mod hours;
mod import;
mod live;
mod message;
mod number;
mod people;
mod phone;
mod problem;
mod prompt;
mod queue;
mod record;
mod report;
mod session;
mod staff;
mod timestamp;
mod trace;
mod trunk;
mod webhook;

pub use agent::{
    Agent, AgentState, AskedState, Device, Devices, MessageSent, Pending, SendMessage, SetAgentState,
};
pub use alarm::{Alarm, AlarmCause};
pub use audit::{AuditCheck, AuditEntry, AuditPage};
pub use blocked::{BlockReason, BlockedList, BlockedSource};
pub use call::{
    Attendee, Call, CallCreated, CallState, CreateCall, Follow, MarkRecording, Monitor, MonitorMode, Part,
    PauseRecording, Pop, PressKeys, TransferCall,
};
pub use callback::{Callback, CallbackList};
pub use config::{
    Config, ConfigCheck, ConfigDiff, ConfigDraft, ConfigPart, ConfigPartDraft, ConfigRollback, ConfigVersion,
    ConfigVersionList, ConfigVersionText,
};
pub use customer::{
    Asset, Contact, ContactList, ContactOutcome, Customer, CustomerDraft, CustomerErasure, CustomerField,
    CustomerFieldChange, CustomerFieldKind, CustomerFieldList, CustomerList, DuplicateList, EraseCustomer,
    FieldValue, MergeCustomers, NewCustomerField,
};
pub use directory::{CenterNumber, Colleague, Directory, QueueTarget};
pub use doctor::{Checkup, Finding, Found, Looked, QueueRetention, Retention, SystemReason, Verdict};
pub use event::{Candidate, Decision, Event, Refusal, What};
pub use flow::{
    Flow, FlowCheck, FlowDiff, FlowDraft, FlowEdge, FlowExitFigures, FlowFigures, FlowGraph, FlowList,
    FlowMistake, FlowNode, FlowPlace, FlowRollback, FlowSeverity, FlowStepFigures, FlowTest, FlowTestDraft,
    FlowTestFailure, FlowTestMoment, FlowTestPrompt, FlowTestRun, FlowTestStep, FlowText, FlowVersion,
    FlowVersionList, FlowVersionText,
};
pub use hours::{Hours, HoursList, HoursOverride, HoursState};
pub use import::{CommitImport, Import, ImportColumn, ImportError, ImportState, SetImportColumns};
pub use live::{Live, Queue, Waiting};
pub use message::{Message, MessagePage, SetMessage};
pub use number::Number;
pub use people::{
    NewRole, NewUser, OneTimePassword, Permission, PermissionList, Permissions, Role, RoleChange, RoleList,
    Team, TeamList, User, UserChange, UserCreated, UserList,
};
pub use phone::{
    Guest, GuestCallback, IceServer, NewGuest, NewGuestCallback, PhonePass, WebNumber, WebOffer,
};
pub use problem::{FieldProblem, Problem};
pub use prompt::{Prompt, PromptLanguages, PromptList, PromptUses};
pub use queue::{
    DecisionList, DecisionMade, Merge, MergeList, MergeStaff, MoveCaller, PrioritiseCaller, QueueScript,
};
pub use record::{
    Attendance, BlockedAnswer, BlockedBy, BlockedCall, CallRequest, Cause, Dial, DialOutcome, Direction,
    Diversion, EndKind, LeftMessage, LegSound, LegalHold, LineQuality, Mos, Offer, OfferOutcome, Party,
    PutLegalHold, QueueOutcome, QueueVisit, Record, RecordPage, RecordedChannel, RecordedGap, RecordedLeg,
    RecordedMark, RecordedMarkKind, RecordedTalk, Recording, RecordingPeaks, RecordingState, Source, Step,
    SurveyAnswer, Transfer, TransferOutcome, TransferTarget, Visiting,
};
pub use report::{
    AgentReport, AgentReportRow, FlowReport, FlowReportRow, QueueReport, QueueReportRow, ReportCheck,
    ReportCheckList, ReportDefinition, ReportStep,
};
pub use session::{
    ChangePassword, ListedSession, NewToken, OfferTotp, PageKind, RecoveryCodes, Session, SessionKind,
    SessionList, SignIn, Token, TotpCode, TotpOffer,
};
pub use staff::{
    AgentBooking, AgentHelp, AgentSession, AgentSpan, AgentTimes, Disposition, DispositionGroup,
    DispositionList, EndHelp, FollowUp, FollowUpList, Help, HelpOutcome, NewBooking, Reason, ReasonList,
    SetDisposition, SetFollowUp, WrapUp, WrapUpDisposition,
};
pub use timestamp::{Timestamp, TimestampError};
pub use trace::{SipDirection, SipLadder, SipLeg, SipMedia, SipMessage, SipParticipant, SipRole};
pub use trunk::{TrunkFault, TrunkList, TrunkRegistration, TrunkServer, TrunkStatus};
pub use webhook::{ReplayWebhook, Webhook, WebhookList};
