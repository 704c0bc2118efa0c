//! One stretch of time with a name.

use hotline_base::WallTime;

/// Names a trace: 128 bits, not all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(pub u128);

/// Names a span within its trace: 64 bits, not all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanId(pub u64);

/// What a span is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody asked us.
    Server,
    /// We asked somebody.
    Client,
    /// Something of our own.
    Internal,
}

/// What is known of a span or a moment, for machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A word.
    Text(String),
    /// A number.
    Number(i64),
}

/// Something that happened within a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: WallTime,
    /// What.
    pub name: &'static str,
    /// More.
    pub attributes: Vec<(&'static str, Value)>,
}

/// One stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its trace.
    pub trace: TraceId,
    /// Itself.
    pub id: SpanId,
    /// The span that it is a part of.
    pub parent: Option<SpanId>,
    /// Few different ones: `GET /api/v1/calls/{id}`, `queue sales`.
    pub name: String,
    /// What it is about.
    pub kind: Kind,
    /// Its beginning.
    pub from: WallTime,
    /// Its end, not before.
    pub to: WallTime,
    /// More, by names of the semantic conventions of OpenTelemetry where there are such, else of `hotline.`.
    pub attributes: Vec<(&'static str, Value)>,
    /// What happened meanwhile, in order.
    pub moments: Vec<Moment>,
    /// Whether it failed.
    pub is_error: bool,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}
