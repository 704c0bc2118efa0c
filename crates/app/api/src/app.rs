//! What the routes share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::BoxFuture;
use hotline_access::PasswordRules;
use hotline_api_types as api;
use hotline_base::{Pii, Rng, WallTime};
use hotline_flow_files::FlowFiles;
use hotline_otlp::Traces;
use hotline_record_io::Keyring;
use hotline_shard::{Handle, current_request};
use hotline_sip_trace::Handle as TraceHandle;
use hotline_store::{AuditEntry, Store, Writer, flow_hash};
use tokio::sync::watch;

use crate::center::Center;
use crate::error::ApiError;
use crate::fields::FieldSet;
use crate::guests::Visits;
use crate::hours::HoursByHand;
use crate::hub::Hub;
use crate::imports::Imports;
use crate::known::Known;
use crate::once::Keys;
use crate::password::Checker;
use crate::routes::Prompts;
use crate::routes::TakePhone;
use crate::throttle::{Key, Throttle};
use crate::turn::Turn;
use crate::webhooks::{Running, Webhooks};

/// Looks at the machine and at the center, and says what it found.
pub type Doctor = Arc<dyn Fn() -> BoxFuture<'static, api::Checkup> + Send + Sync>;

/// What the server gives to the HTTP side.
#[derive(Clone)]
pub struct Ports {
    /// The call core.
    pub shard: Handle,
    /// The database.
    pub store: Store,
    /// Writes what the call core reports into the database, a moment later.
    pub writer: Writer,
    /// Where recordings are.
    pub recordings: PathBuf,
    /// What opens those that are sealed.
    pub recording_keys: Keyring,
    /// The SIP messages that are kept.
    pub traces: TraceHandle,
    /// The flows.
    pub flows: FlowFiles,
    /// Where prompts are.
    pub prompts: Prompts,
    /// Opening hours.
    pub hours: Arc<HoursByHand>,
    /// The center in force.
    pub center: watch::Receiver<Arc<Center>>,
    /// What passwords must be like.
    pub passwords: PasswordRules,
    /// The longest life of a token.
    pub token_age_max: Duration,
    /// Gives the metrics in the Prometheus text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Looks at the machine and at the center.
    pub doctor: Doctor,
    /// Whom events are sent to.
    pub webhooks: Webhooks,
    /// Who gets traces of requests.
    pub traces_out: Traces,
    /// The port at which browsers reach this server by HTTPS, if they do: whoever comes by HTTP from elsewhere is sent there.
    pub https_port: Option<u16>,
    /// By whom audio of pages goes that have no way to this server.
    pub turn: Option<Turn>,
    /// What an authority of certificates finds when it looks whether a name leads here.
    pub challenges: Arc<hotline_tls::Challenges>,
    /// What takes phones that come over a WebSocket, by the way they came.
    pub phones: TakePhone,
}

/// The state of the router.
pub(crate) struct App {
    pub(crate) ports: Ports,
    pub(crate) hub: Arc<Hub>,
    pub(crate) passwords: Checker,
    pub(crate) webhooks: Running,
    /// Files of customers.
    pub(crate) imports: Imports,
    /// Requests that may be sent twice.
    pub(crate) keys: Keys,
    /// Shared by sign-ins; held for one look-up, never across an await.
    throttle: Mutex<Throttle>,
    /// Shared by requests of visitors; as above.
    visits: Mutex<Visits>,
    /// Shared by all requests; held for one look-up, never across an await.
    known: Mutex<Known>,
    /// Shared by the routes that make ids; held for ten bytes.
    rng: Mutex<Rng>,
    /// What makes an `ETag` tell nothing about passwords.
    tagging: String,
    /// Held by whoever changes prompts: one at a time.
    pub(crate) prompts: tokio::sync::Mutex<()>,
    /// Held by whoever changes users or roles, from the look at all of them to the writing: two changes that are each
    /// allowed must not together leave nobody who may change them.
    pub(crate) people: tokio::sync::Mutex<()>,
    /// Held while [`Ports::doctor`] looks.
    pub(crate) examination: tokio::sync::Mutex<()>,
}

impl App {
    pub(crate) fn new(
        ports: Ports,
        hub: Arc<Hub>,
        passwords: Checker,
        webhooks: Running,
    ) -> Result<Self, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let mut rng = Rng::from_seed(seed);
        let (keys, tagging) = (Keys::new(rng.hex(16)), rng.hex(32));
        let rng = Mutex::new(rng);
        let (throttle, visits, known, people, examination, imports, prompts) = Default::default();
        Ok(Self {
            ports,
            hub,
            passwords,
            webhooks,
            imports,
            keys,
            throttle,
            visits,
            known,
            rng,
            tagging,
            prompts,
            people,
            examination,
        })
    }

    /// The wall clock.
    pub(crate) fn now(&self) -> WallTime {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        WallTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// The center in force at this moment.
    pub(crate) fn center(&self) -> Arc<Center> {
        Arc::clone(&self.ports.center.borrow())
    }

    /// The `ETag` of a text, with its quotes: the same as long as this server runs.
    pub(crate) fn tag(&self, text: &str) -> String {
        format!("\"{}\"", &flow_hash(&format!("{}{text}", self.tagging))[..32])
    }

    /// For new ids. Not for secrets.
    pub(crate) fn with_rng<T>(&self, make: impl FnOnce(&mut Rng) -> T) -> T {
        make(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at, or changes, how often visitors have asked.
    pub(crate) fn with_visits<T>(&self, look: impl FnOnce(&mut Visits) -> T) -> T {
        look(&mut self.visits.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at, or changes, who was signed in when the database was last asked.
    pub(crate) fn with_known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a try; gives whether tries before it have failed.
    pub(crate) fn begin_sign_in(&self, key: &Key) -> Result<bool, ApiError> {
        self.throttled(|throttle| throttle.begin(key, Instant::now()))
            .map_err(|wait| ApiError::Throttled { wait })
    }

    /// Takes back what [`App::begin_sign_in`] counted: the password was right, or could not be checked.
    pub(crate) fn end_sign_in(&self, key: &Key, right: bool) {
        self.throttled(|throttle| if right { throttle.succeeded(key) } else { throttle.take_back(key) });
    }

    fn throttled<T>(&self, change: impl FnOnce(&mut Throttle) -> T) -> T {
        change(&mut self.throttle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The fields that the center has added to customers; pages that are open see by them, too.
    pub(crate) async fn fields(&self) -> Result<Arc<FieldSet>, ApiError> {
        let fields = Arc::new(FieldSet(self.ports.store.customer_fields().await?));
        self.hub.set_fields(Arc::clone(&fields));
        Ok(fields)
    }

    /// Writes the audit log. What it tells of is answered only when it is on disk.
    pub(crate) async fn audit(
        &self,
        actor: &str,
        action: &str,
        subject: impl ToString,
        mut detail: serde_json::Value,
    ) -> Result<(), ApiError> {
        if let (Some(request), Some(detail)) = (current_request(), detail.as_object_mut()) {
            detail.insert("request_id".to_owned(), request.to_string().into());
        }
        let (actor, action) = (actor.to_owned(), action.to_owned());
        let entry = AuditEntry {
            at: self.now(),
            actor,
            action,
            subject: subject.to_string(),
            detail: Pii::new(detail),
        };
        self.ports.store.append_audit(&entry).await?;
        Ok(())
    }
}
