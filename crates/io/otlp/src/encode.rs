//! Spans as the messages of OTLP 1.

use hotline_base::WallTime;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as Proto, Status};

use crate::span::{Kind, Span, Value};

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn encode(service: &str, spans: &[Span]) -> ExportTraceServiceRequest {
    let resource = Resource {
        attributes: vec![
            attribute("service.name", &service.into()),
            attribute("service.version", &VERSION.into()),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope {
        name: "hotline".to_owned(),
        version: VERSION.to_owned(),
        ..Default::default()
    };
    let spans = spans.iter().map(span).collect();
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..Default::default() }];
    let resource_spans = vec![ResourceSpans { resource: Some(resource), scope_spans, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans }
}

fn span(span: &Span) -> Proto {
    let kind = match span.kind {
        Kind::Server => SpanKind::Server,
        Kind::Client => SpanKind::Client,
        Kind::Internal => SpanKind::Internal,
    };
    let code = if span.is_error { StatusCode::Error } else { StatusCode::Unset };
    let events = span.moments.iter().map(|moment| Event {
        time_unix_nano: nanos(moment.at),
        name: moment.name.to_owned(),
        attributes: attributes(&moment.attributes),
        ..Event::default()
    });
    Proto {
        trace_id: span.trace.0.to_be_bytes().to_vec(),
        span_id: span.id.0.to_be_bytes().to_vec(),
        parent_span_id: span.parent.map(|parent| parent.0.to_be_bytes().to_vec()).unwrap_or_default(),
        name: span.name.clone(),
        kind: kind.into(),
        start_time_unix_nano: nanos(span.from),
        end_time_unix_nano: nanos(span.to.max(span.from)),
        attributes: attributes(&span.attributes),
        events: events.collect(),
        status: Some(Status { code: code.into(), ..Status::default() }),
        ..Proto::default()
    }
}

fn attributes(all: &[(&'static str, Value)]) -> Vec<KeyValue> {
    all.iter().map(|(key, value)| attribute(key, value)).collect()
}

fn attribute(key: &str, value: &Value) -> KeyValue {
    let value = match value {
        Value::Text(text) => Any::StringValue(text.clone()),
        Value::Number(number) => Any::IntValue(*number),
    };
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// Nanoseconds since the Unix epoch.
fn nanos(at: WallTime) -> u64 {
    u64::try_from(at.as_unix_micros()).unwrap_or(0).saturating_mul(1000)
}
