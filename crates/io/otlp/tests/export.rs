//! Traces as a collector gets them: a server on a real socket that decodes what comes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hotline_acd::OfferFailure;
use hotline_base::{CallId, LegId, Pii, RequestId, Rng, WallTime};
use hotline_call::{
    CallEvent, EndCause, EndKind, Entry, Event, EventKind, Party, QueueOutcome, Requested, Source,
};
use hotline_otlp::{CallTraces, Kind, Settings, Span, SpanId, TraceId, Traces};
use hotline_web_client::{Client, ClientConfig};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span as Proto;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);

/// What came in one request: the field `x-key`, and the message.
type Came = (Option<String>, ExportTraceServiceRequest);

struct Collector {
    endpoint: String,
    came: UnboundedReceiver<Came>,
    /// What it answers.
    status: Arc<AtomicU16>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let (tell, came) = unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let answered = Arc::clone(&status);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tell, answered) = (tell.clone(), Arc::clone(&answered));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (tell, answered) = (tell.clone(), Arc::clone(&answered));
                    async move {
                        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/traces"));
                        assert_eq!(request.headers()["content-type"], "application/x-protobuf");
                        let key = request.headers().get("x-key").map(|key| key.to_str().unwrap().to_owned());
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        drop(tell.send((key, ExportTraceServiceRequest::decode(body).unwrap())));
                        let mut response = Response::new(Full::new(Bytes::new()));
                        *response.status_mut() = answered.load(Ordering::SeqCst).try_into().unwrap();
                        Ok::<_, Infallible>(response)
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { endpoint, came, status }
    }

    async fn next(&mut self) -> Came {
        timeout(PATIENCE, self.came.recv()).await.expect("traces in time").unwrap()
    }

    fn traces(&self, stop: &CancellationToken) -> (Traces, JoinHandle<()>) {
        let settings = Settings {
            endpoint: self.endpoint.clone(),
            headers: vec![("x-key".to_owned(), "k".to_owned())],
            service: "center-1".to_owned(),
            sample_percent: 100,
        };
        let client = Client::new(&ClientConfig::default()).unwrap();
        let (traces, exporting) = Traces::start(settings, client, stop.clone());
        (traces, tokio::spawn(exporting))
    }
}

fn spans(message: &ExportTraceServiceRequest) -> Vec<Proto> {
    message.resource_spans[0].scope_spans[0].spans.clone()
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|known| known.key == key)?;
    let value = found.value.as_ref()?.value.as_ref()?;
    if let Any::IntValue(number) = value {
        return Some(number.to_string());
    }
    let Any::StringValue(text) = value else { return None };
    Some(text.clone())
}

fn a_span(number: u64) -> Span {
    Span {
        trace: TraceId(7),
        id: SpanId(number),
        parent: Some(SpanId(99)),
        name: "GET /api/v1/calls/{id}".to_owned(),
        kind: Kind::Server,
        from: WallTime(1_000_000),
        to: WallTime(3_000_000),
        attributes: vec![("http.response.status_code", 503_u16.into())],
        moments: Vec::new(),
        is_error: true,
    }
}

#[tokio::test]
async fn a_span_comes_as_it_was_given_and_the_last_ones_when_the_server_stops() {
    let mut collector = Collector::start().await;
    let stop = CancellationToken::new();
    let (traces, exporting) = collector.traces(&stop);
    traces.push(a_span(1));
    let (key, message) = collector.next().await;
    assert_eq!(key.as_deref(), Some("k"));
    let resource = message.resource_spans[0].resource.as_ref().unwrap();
    assert_eq!(text(&resource.attributes, "service.name").as_deref(), Some("center-1"));
    let [span] = &spans(&message)[..] else { panic!("one span") };
    assert_eq!((span.trace_id[15], span.span_id[7], span.parent_span_id[7]), (7, 1, 99));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (1_000_000_000, 3_000_000_000));
    assert_eq!((span.kind, span.status.as_ref().unwrap().code), (2, 2));
    assert_eq!(text(&span.attributes, "http.response.status_code").as_deref(), Some("503"));
    traces.push(a_span(2));
    traces.push(a_span(3));
    stop.cancel();
    exporting.await.unwrap();
    let mut last = Vec::new();
    while last.len() < 2 {
        last.extend(spans(&collector.next().await.1).iter().map(|span| span.span_id[7]));
    }
    assert_eq!(last, [2, 3]);
}

#[tokio::test]
async fn many_come_in_batches_and_a_collector_that_refuses_them_is_not_asked_again() {
    let mut collector = Collector::start().await;
    collector.status.store(400, Ordering::SeqCst);
    let stop = CancellationToken::new();
    let (traces, exporting) = collector.traces(&stop);
    (1..=600).for_each(|number| traces.push(a_span(number)));
    let mut sizes = Vec::new();
    while sizes.iter().sum::<usize>() < 600 {
        sizes.push(spans(&collector.next().await.1).len());
    }
    assert!(sizes.iter().all(|size| *size <= 256) && sizes.len() == 3, "{sizes:?}");
    stop.cancel();
    exporting.await.unwrap();
    assert!(collector.came.try_recv().is_err(), "each once");
}

fn call() -> CallId {
    CallId::generate(WallTime(0), &mut Rng::from_number(1))
}

#[tokio::test]
async fn a_call_is_one_trace_of_its_parts_and_names_nobody() {
    let mut collector = Collector::start().await;
    let stop = CancellationToken::new();
    let (traces, _exporting) = collector.traces(&stop);
    let mut calls = CallTraces::new(traces);
    let request = RequestId::parse("r-9").unwrap();
    let (first, second) = (LegId(2), LegId(3));
    let cause = EndCause { kind: EndKind::Completed, sip_status: Some(200), q850: 16 };
    let events = [
        (0, started()),
        (1, CallEvent::Answered),
        (2, CallEvent::Queued { queue: "sales".into() }),
        (3, CallEvent::Offered { offer: first, agent: "1001".into(), because: None }),
        (3, CallEvent::Ringing { offer: first }),
        (
            9,
            CallEvent::OfferFailed {
                offer: first,
                agent: "1001".into(),
                failure: OfferFailure::NoAnswer,
                status: Some(480),
            },
        ),
        (9, CallEvent::Offered { offer: second, agent: "1002".into(), because: None }),
        (12, CallEvent::Dequeued { queue: "sales".into(), outcome: QueueOutcome::Answered }),
        (12, CallEvent::Connected { offer: second, agent: "1002".into() }),
        (20, CallEvent::Requested(Requested { request, what: "hang_up".to_owned() })),
        (20, CallEvent::Ended { by: Party::Agent, cause }),
    ];
    for (seq, (second, what)) in (1..).zip(events) {
        let kind = EventKind::Call { call: call(), what };
        calls.note(&Event { seq, at: WallTime(second * 1_000_000), kind });
    }
    let message = collector.next().await.1;
    let spans = spans(&message);
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["call", "queue sales", "leg agent", "leg agent", "talk"]);
    let id: String = call().to_string().chars().filter(|digit| *digit != '-').collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(spans.iter().all(|span| hex(&span.trace_id) == id), "the trace is the call");
    assert!(spans[0].parent_span_id.is_empty());
    assert!(spans[1..].iter().all(|span| span.parent_span_id == spans[0].span_id));
    let seconds =
        |span: &Proto| (span.start_time_unix_nano / 1_000_000_000, span.end_time_unix_nano / 1_000_000_000);
    let times: Vec<_> = spans.iter().map(seconds).collect();
    assert_eq!(times, [(0, 20), (2, 12), (3, 9), (9, 12), (12, 20)]);
    assert_eq!(text(&spans[2].attributes, "hotline.leg.outcome").as_deref(), Some("no_answer"));
    assert_eq!(text(&spans[2].attributes, "hotline.sip.status").as_deref(), Some("480"));
    assert_eq!(text(&spans[0].attributes, "hotline.cause").as_deref(), Some("completed"));
    let moments: Vec<&str> = spans[0].events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(moments, ["answered", "connected", "request"]);
    let told = format!("{message:?}");
    for personal in ["13812345678", "Wang", "1001", "1002", "800800"] {
        assert!(!told.contains(personal), "{personal} in {told}");
    }
}

fn started() -> CallEvent {
    CallEvent::Started {
        caller: Pii::from("+8613812345678"),
        caller_name: Some(Pii::from("Wang")),
        called: "800800".into(),
        entry: Entry::Number { number: "main".into(), flow: "welcome".into() },
        source: Source::Trunk("carrier".into()),
        sip_call_id: "a84b4c76e66710".to_owned(),
        language: "en".to_owned(),
        diversion: None,
    }
}
