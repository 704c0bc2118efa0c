//! All streams, and the way to begin one.

use std::sync::Arc;

use hotline_audio::Rate;
use hotline_base::Pii;
use hotline_media_rt::{LegEnd, line};
use hotline_telemetry::Metric;
use hotline_web_client::Keys;
use rustls::pki_types::CertificateDer;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;

use crate::connect::trust;
use crate::limits::LOOKUPS_MAX;
use crate::message::Values;
use crate::session;
use crate::{CONTROLS_MAX, EVENTS_MAX, End, Limits};

/// What an administrator may change.
#[derive(Clone, Debug, Default)]
pub struct StreamsConfig {
    /// Certificates of authorities to be trusted besides the public ones.
    pub roots: Vec<CertificateDer<'static>>,
    /// Header fields that services get besides those of the request.
    pub keys: Keys,
    /// How much at a time.
    pub limits: Limits,
}

/// Why streams cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Configuration: a certificate of an authority is none.
    #[error("a certificate of an authority that is to be trusted cannot be used")]
    Root(#[source] rustls::Error),
}

/// What a stream is for.
#[derive(Clone, Debug)]
pub struct StreamRequest {
    /// The service: `ws` or `wss`.
    pub url: String,
    /// Header fields of the handshake, such as a key.
    pub headers: Vec<(String, Pii<String>)>,
    /// What the service is told first.
    pub start: Start,
}

/// What a service is told first.
#[derive(Clone, Debug)]
pub struct Start {
    /// The call.
    pub call: String,
    /// Where it is.
    pub flow: String,
    /// Where in it.
    pub step: String,
    /// The language of the call.
    pub language: String,
    /// How the sound of both directions comes.
    pub rate: Rate,
    /// What the flow gives along, up to [`PARAMETERS_MAX`](crate::PARAMETERS_MAX).
    pub parameters: Pii<Values>,
}

/// What a service is told meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The caller pressed a key.
    Dtmf {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: Pii<char>,
        /// How long.
        duration_ms: u32,
    },
    /// It is enough. The service gets `stop`; the stream ends with [`End::Told`].
    Stop {
        /// Why, in one word: `hangup`, `timeout`.
        reason: &'static str,
    },
}

/// What a service does.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It is connected.
    Started,
    /// It wants keys pressed toward the caller's side.
    Dtmf(Pii<String>),
    /// It is over. Nothing follows.
    Ended(End),
}

/// One stream. Dropping it ends it without a word.
#[derive(Debug)]
pub struct Stream {
    /// The media thread's end of the line: to be given to the leg.
    pub leg: Option<LegEnd>,
    /// Tells the service. At most [`CONTROLS_MAX`] wait.
    pub control: mpsc::Sender<Control>,
    /// What the service does; the last one is [`Event::Ended`].
    pub events: mpsc::Receiver<Event>,
    _task: Task,
}

#[derive(Debug)]
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Begins streams; cheap to clone, all clones share the limits.
#[derive(Clone)]
pub struct Streams {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) tls: TlsConnector,
    keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) places: Semaphore,
    pub(crate) lookups: Arc<Semaphore>,
}

impl Streams {
    /// None yet.
    ///
    /// # Errors
    /// If a certificate of the configuration cannot be used.
    pub fn new(config: &StreamsConfig) -> Result<Self, ConfigError> {
        let tls = trust(&config.roots).map_err(ConfigError::Root)?;
        let limits = config.limits;
        let places = Semaphore::new(limits.streams);
        let lookups = Arc::new(Semaphore::new(LOOKUPS_MAX));
        let keys = config.keys.clone();
        Ok(Self { shared: Arc::new(Shared { tls, keys, limits, places, lookups }) })
    }

    /// Begins a stream, within the runtime. What becomes of it, failures to connect included, is told by its events.
    #[must_use]
    pub fn connect(&self, mut request: StreamRequest) -> Stream {
        let keys: Vec<_> = self.shared.keys.fields(&request.url).cloned().collect();
        request.headers.retain(|(name, _)| !keys.iter().any(|(key, _)| key.eq_ignore_ascii_case(name)));
        request.headers.extend(keys);
        let (leg, service) = line(request.start.rate);
        let (control, controls) = mpsc::channel(CONTROLS_MAX);
        // One place more, so that the end can always be told.
        let (tell, events) = mpsc::channel(EVENTS_MAX + 1);
        let shared = Arc::clone(&self.shared);
        let open = Open::new();
        let task = tokio::spawn(async move {
            let end = session::run(&shared, &request, service, controls, &tell).await;
            if let End::Protocol(what) = &end {
                tracing::warn!(step = %request.start.step, what, "a stream's service does not follow the protocol");
            }
            tracing::debug!(step = %request.start.step, end = end.label(), "a stream ended");
            open.end(&end);
            // Who dropped the stream does not hear it.
            drop(tell.try_send(Event::Ended(end)));
        });
        Stream { leg: Some(leg), control, events, _task: Task(task.abort_handle()) }
    }
}

/// A stream that is counted. Dropping it without an end says that it was dropped.
struct Open(&'static str);

impl Open {
    fn new() -> Self {
        Metric::StreamsOpen.gauge().increment(1.0);
        Self("dropped")
    }

    fn end(mut self, end: &End) {
        self.0 = end.label();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        Metric::StreamsOpen.gauge().decrement(1.0);
        Metric::StreamsEnded.increment_for([self.0]);
    }
}
