//! Durable state on SQLite or PostgreSQL: users, roles, customers, audit, calls, recordings, flow versions, registrations and
//! the event journal. One [`Store`], opened by URL; both databases behave alike, proved by one suite run on both.
//!
//! Must never know: SIP, audio, HTTP, what an event means beyond the call it belongs to, and the clock (times
//! are arguments). It decides nothing about calls.
//!
//! Start reading at `db.rs`: all SQL is written once, in the dialect that both databases share, and that file
//! holds the only code that knows there are two. Then [`Writer`], through which call control writes without
//! ever waiting.

mod agent_time;
mod audit;
mod backup;
mod callbacks;
mod calls;
mod centers;
mod contacts;
mod customers;
mod db;
mod demo_users;
mod dispositions;
mod error;
mod flow_figures;
mod flows;
mod idempotency;
mod journal;
mod messages;
mod recording_days;
mod recordings;
mod reports;
mod retention;
mod roles;
mod search;
mod second_factor;
mod sessions;
mod spool;
mod state;
mod store;
mod text;
mod users;
mod webhooks;
mod writer;

pub use agent_time::{
    AGENT_SPANS_PAGE_MAX, BOOKING_NOTE_CHARS_MAX, Booking, StoredHelp, StoredSession, StoredSpan,
};
pub use audit::{AUDIT_PAGE_MAX, AuditEntry, AuditFilter, AuditRow, AuditVerdict};
pub use backup::{Restoring, Snapshot, TABLES};
pub use callbacks::{BookedCallback, CallbackBooking, CallbackChange};
pub use calls::{Among, CALL_PAGE_MAX, CallCursor, CallFilter, CallPage, SavedRecord};
pub use centers::{CENTER_VERSIONS_KEPT, CENTER_VERSIONS_MAX, CenterVersion};
pub use contacts::{KeptContacts, StoredContacts};
pub use customers::{
    ASSET_CHARS_MAX, CLASS_CHARS_MAX, COMPANY_CHARS_MAX, CUSTOMER_ASSETS_MAX, CUSTOMER_FIELDS_MAX,
    CUSTOMER_NUMBERS_MAX, CUSTOMER_SEARCH_MAX, CUSTOMER_TAGS_MAX, CustomerField, CustomerFieldKind,
    DUPLICATES_MAX, EMAIL_CHARS_MAX, ERASED_CALLS_MAX, FIELD_CHARS_MAX, Footprint, IMPORT_ROWS_MAX,
    LANGUAGE_CHARS_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX, NUMBER_CHARS_MAX, TAG_CHARS_MAX,
};
pub use dispositions::{FOLLOW_UPS_MAX, FollowUp};
pub use error::{Complaint, DatabaseFault, FileProblem, OpenError, StoreError, TextProblem};
pub use flow_figures::{FLOW_EXITS_MAX, FlowExitCount, FlowFigures, day};
pub use flows::{FLOW_VERSIONS_MAX, FlowVersion, RecordedFlow, flow_hash};
pub use idempotency::{IDEMPOTENCY_KEPT, IDEMPOTENCY_KEYS_MAX, KeyedAnswer, KeyedRequest, KeyedState};
pub use journal::EVENTS_PAGE_MAX;
pub use messages::{Heard, MESSAGE_PAGE_MAX, Mailboxes, MessageCount, MessagePage, StoredMessage};
pub use recording_days::{DAY_ENTRIES_AT_ONCE, DayEntry, Fate, RecordingDay, Unchained};
pub use recordings::{ERASED_AT_ONCE_MAX, Erasure, HOLD_REASON_CHARS_MAX, LegalHold};
pub use reports::{AgentSpan, HandleCount, OfferCount, REPORT_SPANS_PAGE_MAX, ReportCheck, Span, WaitCount};
pub use retention::{FORGOTTEN_AT_ONCE_MAX, OfQueues};
pub use roles::{ROLES_MAX, Role, Standing};
pub use search::{CallDirection, CallSearch, NUMBER_PART_MIN, NumberPart, NumberSearch, TextSearch, Within};
pub use second_factor::StoredTotp;
pub use sessions::{
    SESSION_PAGE_MAX, SESSION_TOUCH_EVERY, Session, SessionKind, SessionPart, SignedIn, TokenHash,
};
pub use spool::SPOOL_BYTES_MAX;
pub use store::Store;
pub use users::{NewPassword, User};
pub use webhooks::ParkedEvent;
pub use writer::{Availability, JournalEntry, WRITER_QUEUE_MAX, Writer, WriterClosed};
