//! The whole database as lines of JSON, and back: what a backup keeps of it. The lines of one database fit the other, so that a
//! center can move from SQLite to PostgreSQL.
//!
//! A table is its columns' names and one array of values for each row. The database itself writes and reads the arrays:
//! numbers stay exact, and no column can be forgotten here when a table grows.

mod restore;
mod snapshot;

pub use restore::Restoring;
pub use snapshot::Snapshot;

/// Every table, those that others refer to first.
pub const TABLES: &[&str] = &[
    "app_user",
    "role",
    "user_role",
    "user_team",
    "former_password",
    "recovery_code",
    "session",
    "demo_user",
    "people_version",
    "customer",
    "customer_number",
    "customer_field",
    "customer_merge",
    "audit",
    "audit_head",
    "call",
    "call_agent",
    "call_search",
    "call_term",
    "call_search_rest",
    "open_call",
    "call_event",
    "call_disposition",
    "recording",
    "legal_hold",
    "recording_day",
    "recording_day_entry",
    "queue_visit",
    "agent_offer",
    "report_check",
    "message",
    "callback",
    "flow_version",
    "center_version",
    "flow_step_count",
    "flow_call_count",
    "agent_session",
    "agent_state",
    "agent_help",
    "agent_booking",
    "sip_contacts",
    "server_state",
    "webhook",
    "webhook_parked",
    "idempotency",
];

/// Whether `name` can stand in a statement as it is: backups are files, and whoever wrote one may mean harm.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
