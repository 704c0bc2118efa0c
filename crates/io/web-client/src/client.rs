//! One request after the other, and many at a time.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::debug;

use crate::backoff;
use crate::connector::{Connector, connector};
use crate::counters::Counters;
use crate::hosts::Hosts;
use crate::limits::{IDLE_PER_HOST_MAX, IDLE_TIMEOUT, RESPONSE_HEAD_MAX};
use crate::request::Prepared;
use crate::{Failure, Keys, Limits, Request, Response};

/// What an administrator may change.
#[derive(Clone, Debug, Default)]
pub struct ClientConfig {
    /// Certificates of authorities to be trusted besides the public ones, for services of the own house.
    pub roots: Vec<CertificateDer<'static>>,
    /// Header fields that services get besides those of the request, in place of such of the same name.
    pub keys: Keys,
    /// How much at a time.
    pub limits: Limits,
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Configuration: a certificate of an authority is none.
    #[error("a certificate of an authority that is to be trusted cannot be used")]
    Root(#[source] rustls::Error),
}

/// The way out to web services; cheap to clone, all clones share connections and limits.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    http: legacy::Client<Connector, Full<Bytes>>,
    places: Semaphore,
    hosts: Hosts,
    keys: Keys,
    counters: Counters,
}

impl Client {
    /// A client without connections. Make it within the runtime and after the recorder of metrics is installed.
    ///
    /// # Errors
    /// If a certificate of the configuration cannot be used.
    pub fn new(config: &ClientConfig) -> Result<Self, ConfigError> {
        let connector = connector(&config.roots).map_err(ConfigError::Root)?;
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
            .http1_max_buf_size(RESPONSE_HEAD_MAX)
            .build(connector);
        let shared = Shared {
            http,
            places: Semaphore::new(config.limits.requests),
            hosts: Hosts::new(&config.limits),
            keys: config.keys.clone(),
            counters: Counters::new(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Asks, and asks again as far as the request allows and its time suffices. Dropping the future calls the request off and
    /// closes its connection.
    ///
    /// # Errors
    /// Why there is no answer of 2xx.
    pub async fn request(&self, request: &Request) -> Result<Response, Failure> {
        let under_way = self.shared.counters.begin();
        let outcome = self.shared.within_limits(request).await;
        under_way.end(outcome.as_ref());
        outcome
    }
}

impl Shared {
    async fn within_limits(&self, request: &Request) -> Result<Response, Failure> {
        let prepared = Prepared::new(request, &self.keys)?;
        let _place = self.places.try_acquire().map_err(|_| Failure::Busy)?;
        let deadline = Instant::now() + prepared.timeout;
        let mut repetition = 0;
        loop {
            let outcome = self.attempt(&prepared, deadline).await;
            let Err(failure) = &outcome else { return outcome };
            debug!(host = %prepared.host, %failure, repetition, "a web service did not do as asked");
            let again = Instant::now() + backoff::wait(repetition);
            let may_repeat = failure.may_repeat(prepared.method.is_idempotent());
            if !may_repeat || repetition == prepared.retries || again >= deadline {
                return outcome;
            }
            sleep_until(again).await;
            repetition += 1;
            self.counters.retries.increment(1);
        }
    }

    async fn attempt(&self, prepared: &Prepared, deadline: Instant) -> Result<Response, Failure> {
        let attempt = self.hosts.admit(&prepared.host)?;
        let answer = async {
            let answer = self.http.request(prepared.request()).await;
            let answer = answer.map_err(|error| Failure::of(&error))?;
            let status = answer.status();
            if !status.is_success() {
                return Err(Failure::Status(status.as_u16()));
            }
            let body = read(answer.into_body(), prepared.response_max).await?;
            Ok(Response { status: status.as_u16(), body })
        };
        let outcome = timeout_at(deadline, answer).await.unwrap_or(Err(Failure::Timeout));
        attempt.end(outcome.as_ref());
        outcome
    }
}

/// Reads a body, but no more than `max` bytes.
async fn read(mut body: Incoming, max: usize) -> Result<Bytes, Failure> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // Trailers are not looked at.
        let Ok(piece) = frame.map_err(|_| Failure::Broken)?.into_data() else { continue };
        if whole.len() + piece.len() > max {
            return Err(Failure::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}
