//! Call control: joins SIP, media, IVR and ACD for each call and folds its record.
//!
//! This is the only crate that knows all four, and it knows them only through their commands and events. Must
//! never know: sockets, files, clocks, HTTP, SQL. Start reading at [`Controller`], then `call/mod.rs`.

mod alarm;
mod call;
mod callbacks;
mod cause;
mod center;
mod command;
mod controller;
mod crm;
mod customer;
mod env;
mod event;
mod forget;
mod guests;
mod media_leg;
pub mod number;
mod places;
mod queue;
mod record;
mod screening;
mod sessions;
mod snapshot;
mod sound;
mod speech;
mod staff;
mod trunk;
mod voice;

pub use alarm::{Alarm, AlarmCause, AlarmKind, FileMistake};
pub use callbacks::{CALLBACKS_MAX, Callback, CallbackPlace, CallbackState, TRUNK_PATIENCE, TRUNK_PAUSE};
pub use cause::Requested;
pub use center::{
    Agent, AutoAnswer, Browsers, Center, Number, OUTSIDE_NUMBERS_MAX, RecordingPolicy, RecordingStart,
    TAKE_CALL_KEY, TAKE_CALL_PROMPT, Timing,
};
pub use command::{
    Answer, Command, CommandError, Control, Follow, Message, Oversight, Question, Reply, Request, Supervision,
};
pub use controller::{
    CALLS_MAX, CallTimer, Configured, Controller, Counters, MESSAGE_BYTES_MAX, MergeView, MessageOutcome,
    QUEUE_PREFIX, RestoreError, Timer, VERSION,
};
pub use crm::{CRM_URL_CHARS_MAX, CrmFacts, CrmLink, CrmPage};
pub use customer::{Asset, Contact, ContactOutcome, Customer, FieldValue, Found, HISTORY_MAX, OTHERS_MAX};
pub use event::{
    CallEvent, DialFailure, EndCause, EndKind, Entry, Event, EventKind, Part, Party, QueueOutcome, Source,
    Who,
};
pub use forget::FORGOTTEN;
pub use guests::{GUESTS, Guest, VISITOR_CHARS_MAX, Visiting, Visitor, Web};
pub use hotline_media::Supervision as MonitorMode;
pub use hotline_sip::MessageSummary;
pub use hotline_sip::endpoint::{Blocked, Culprit, Diversion, Offence};
pub use number::DialPlan;
pub use queue::{
    Announcements, CALLBACK_KEY, CALLBACK_PROMPT, CallbackRules, CalledFirst, Greeting, QUEUE_PROMPTS_MAX,
    Queue,
};
pub use record::{
    Attendance, CallRecord, CalledBack, Correction, CountedOffer, Dial, DialOutcome, Ending, FlowStep,
    LeftMessage, Offer, OfferOutcome, QueueVisit, Recording, RecordingIndex, RecordingState, RequestedAt,
    SurveyAnswer, Transfer, TransferOutcome, Visit,
};
pub use screening::{BlockList, Callers, Grounds, Listed, Refusal, Screened, Screening};
pub use sessions::{LegEnd, SipLeg};
pub use snapshot::{Attendee, CallState, CallView, POP_STEPS_MAX, ScreenPop, Snapshot};
pub use sound::{LegSound, LineQuality, Sound};
pub use speech::{Sides, SpeechPolicy};
pub use staff::{AgentFact, CallDisposition, DispositionGroup, Group, NOTE_BYTES_MAX, PickUpBy, Staffing};
pub use trunk::{
    Account, Format, Identity, LOCATE_RETRY, Numbers, PLACES_MAX, Pattern, RegistrationView, Route,
    RouteTrunk, SERVERS_MAX, Server, ServerView, Trunk, TrunkCounters, TrunkFault, TrunkView,
};
pub use voice::{Encryption, Voice};
