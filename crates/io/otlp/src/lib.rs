//! Traces for a collector of OpenTelemetry (OTLP over HTTP, protobuf): what requests and calls spent their time on.
//!
//! ```text
//! a request that was answered ─┐
//! events of calls ─ CallTraces ┴─▶ Traces ─ bounded queue ─▶ export ─▶ POST /v1/traces
//! ```
//!
//! Nobody waits for it: a span for which there is no room is dropped and counted. A call is traced when it is over, from its events; its
//! id is that of its trace. No span names a person: no numbers, names, keys, paths or agents. [ADR 40](../../../docs/adr/0040-traces.md).
//! Must never know: HTTP routes, SIP messages, the database. Start reading at [`Traces`], then `call.rs`.

mod call;
mod encode;
mod export;
mod parent;
mod span;
mod traces;

pub use call::{CALLS_MAX, CallTraces};
pub use parent::Parent;
pub use span::{Kind, Moment, Span, SpanId, TraceId, Value};
pub use traces::{QUEUE_MAX, Settings, Traces};
