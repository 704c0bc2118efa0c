//! Logs and metrics: set-up, the names of all metrics, and the last net under personal data.
//!
//! Must never know: calls, SIP, the database; other crates count, this one names and shows. Personal data is
//! kept out of logs by `hotline_base::Pii`; what slips through in a text of someone else's making is masked in
//! `redact.rs`. Start reading at [`Metric`].

mod core_counters;
mod logs;
mod metric;
mod metrics;
mod redact;

pub use core_counters::{CORE_PREFIX, CoreCounters};
pub use logs::{LogError, LogFormat, install_logs};
pub use metric::{Kind, Metric};
pub use metrics::{Metrics, MetricsError, UPKEEP_EVERY};
