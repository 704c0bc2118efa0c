//! The server under test: real router, real listener, real database; the test is the shard.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use hotline_access::PasswordRules;
use hotline_acd::{
    AgentError, AgentState, AgentView, Device, Presence, ReasonClass, ReasonConfig, ReasonView,
};
use hotline_api::{Center, HoursByHand, Ports, Teams, Webhooks, hash_password, serve};
use hotline_api_types::CenterNumber;
use hotline_base::{AgentId, CallId, LegId, Now, Pii, QueueId, Rng, WallTime};
use hotline_call::{
    CallEvent, CallRecord, CallState, CallView, Command, CommandError, DialPlan, Entry, Event, EventKind,
    ScreenPop, Snapshot, Source,
};
use hotline_config::{Configuration, load};
use hotline_flow_files::{FlowFiles, Parts};
use hotline_record_io::{Keyring, MasterKey};
use hotline_shard::{Ask, Asked, Clock, Handle, Live, Message};
use hotline_sip_trace::{Limits, Settings, Tap, Tracer};
use hotline_store::{SPOOL_BYTES_MAX, Store, User, Writer};
use hotline_web_client::{Client, ClientConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::client::{Answer, PATIENCE, Stream, send};

/// Everybody's password; hashing it once is slow enough.
pub(crate) const PASSWORD: &str = "Correct horse battery staple 9";

/// Opening hours that are never open.
const HOURS: &str = "\nhours:\n  office: {zone: UTC, weekly: {}}\n";

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) shard: Shard,
    pub(crate) recordings: PathBuf,
    /// Where the flow files are.
    pub(crate) flows: PathBuf,
    pub(crate) trace: Tap,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<()>,
    _directory: TempDir,
}

/// The other end of the handle.
pub(crate) struct Shard {
    pub(crate) snapshot: Arc<Mutex<Snapshot>>,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    /// Texts to phones.
    pub(crate) texts: mpsc::UnboundedReceiver<Message>,
    live: broadcast::Sender<Arc<Live>>,
}

impl Server {
    /// With the agents 1001 (Ann) and 1002 (Bob) and the admin `boss`.
    pub(crate) async fn start() -> Self {
        Self::start_with(|| "hotline_test 1\n".to_owned()).await
    }

    /// The same with other metrics.
    pub(crate) async fn start_with(metrics: impl Fn() -> String + Send + Sync + 'static) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let store = Store::open(&url).await.unwrap();
        for (name, display_name, role, agent) in [
            ("1001", "Ann", "agent", Some("1001")),
            ("1002", "Bob", "agent", Some("1002")),
            ("boss", "The Boss", "admin", None),
        ] {
            store.upsert_user(&user(name, display_name, role, agent)).await.unwrap();
        }
        let recordings = directory.path().join("recordings");
        std::fs::create_dir(&recordings).unwrap();
        let (handle, asks, live) = Handle::channel();
        let shard = Shard::run(asks, live);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let spool = directory.path().join("journal.spool");
        let writer = Writer::start(store.clone(), &spool, SPOOL_BYTES_MAX).await.unwrap();
        let advertised = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
        let settings = Settings { limits: Limits::default(), collector: None, advertised };
        let (trace, traces, tracer) = Tracer::open(settings).unwrap();
        tokio::spawn(tracer.run(Now::default));
        let configuration = configuration(directory.path());
        let flows = flow_files(&configuration, &store, &handle).await;
        tokio::spawn(flows.clone().watch(shutdown.clone()));
        let hours = HoursByHand::open(&store, &configuration.center.hours, WallTime(0)).await.unwrap();
        let (renewed, mut asked) = tokio::sync::mpsc::channel::<tokio::sync::oneshot::Sender<()>>(1);
        tokio::spawn(async move {
            while let Some(done) = asked.recv().await {
                done.send(()).ok();
            }
        });
        let sounds = directory.path().join("sounds");
        std::fs::create_dir_all(sounds.join("en")).unwrap();
        let ports = Ports {
            flows,
            prompts: hotline_api::Prompts { folder: sounds, level_dbfs: None, renewed },
            hours: Arc::new(hours),
            shard: handle,
            store: store.clone(),
            writer,
            recordings: recordings.clone(),
            recording_keys: recording_keys(),
            traces,
            center: tokio::sync::watch::Sender::new(Arc::new(center(&configuration))).subscribe(),
            passwords: PasswordRules::default(),
            token_age_max: Duration::from_secs(365 * 86_400),
            metrics: Arc::new(metrics),
            doctor: Arc::new(|| Box::pin(async { checkup() })),
            webhooks: Webhooks { hooks: Vec::new(), client: Client::new(&ClientConfig::default()).unwrap() },
            traces_out: Default::default(),
            https_port: None,
            challenges: Arc::default(),
            turn: None,
            phones: Arc::new(|_, _| {}),
        };
        let serving = serve((listener, None), ports, shutdown.clone());
        let task = tokio::spawn(async { serving.await.unwrap() });
        let flows = configuration.server.storage.flows;
        Self { address, store, shard, recordings, flows, trace, shutdown, task, _directory: directory }
    }

    /// A token of this user.
    pub(crate) async fn token(&self, user: &str) -> String {
        let body = json!({ "user": user, "password": PASSWORD, "name": "test" });
        let answer = self.send("POST", "/api/v1/tokens", &[], body).await;
        assert_eq!(answer.status, 201);
        format!("Bearer {}", answer.json()["token"].as_str().unwrap())
    }

    /// Sends JSON.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let mut fields = fields.to_vec();
        fields.push(("content-type", "application/json"));
        send(self.address, method, path, &fields, body.to_string().as_bytes()).await
    }

    /// Asks for something as `token`.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        send(self.address, "GET", path, &[("authorization", token)], b"").await
    }

    /// Opens the stream as `token`.
    pub(crate) async fn stream(&self, query: &str, token: &str) -> Stream {
        Stream::open(self.address, query, &[("authorization", token)]).await
    }
}

/// The shipped flows and center in `directory`, with opening hours.
fn configuration(directory: &Path) -> Configuration {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let at = |name: &str| directory.join(name);
    std::fs::create_dir(at("flows")).unwrap();
    for flow in ["main.yaml", "support.yaml"] {
        std::fs::copy(root.join("ivr-flows").join(flow), at("flows").join(flow)).unwrap();
    }
    let center = std::fs::read_to_string(root.join("config/center.yaml")).unwrap();
    std::fs::write(at("center.yaml"), center + HOURS).unwrap();
    let server = std::fs::read_to_string(root.join("config/hotline.yaml")).unwrap();
    let server = server
        .replace("sounds: sounds", &format!("sounds: {}", root.join("sounds").display()))
        .replace("flows: ivr-flows", &format!("flows: {}", at("flows").display()))
        .replace("center: config/center.yaml", &format!("center: {}", at("center.yaml").display()));
    std::fs::write(at("hotline.yaml"), server).unwrap();
    load(&at("hotline.yaml")).unwrap()
}

/// The center as the HTTP side is told of it; it stays what it is, whatever is changed in the file.
fn center(configuration: &Configuration) -> Center {
    Center {
        zone: hotline_hours::Zone::utc(),
        dial_plan: DialPlan {
            country: "49".into(),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
            national_digits: None,
        },
        dispositions: hotline_api::Dispositions {
            groups: Vec::new(),
            names: [("sold".to_owned(), "Sold".to_owned()), ("lost".to_owned(), "Lost".to_owned())].into(),
            queues: [("sales".into(), ["sold".to_owned()].into())].into(),
        },
        numbers: vec![CenterNumber {
            number: "4000".to_owned(),
            name: None,
            flow: "main".to_owned(),
            language: "en".to_owned(),
        }],
        teams: Arc::new(teams()),
        control: Arc::new(configuration.center.clone()),
        outside_numbers: [("1001".into(), vec![Pii::from("+491701234567")])].into(),
        hours: configuration.center.hours.clone(),
        scripts: [("sales".into(), Some("# Hello {name}".to_owned())), ("support".into(), None)].into(),
    }
}

async fn flow_files(configuration: &Configuration, store: &Store, handle: &Handle) -> FlowFiles {
    let parts = Parts {
        configuration: Arc::new(configuration.clone()),
        server_file: "hotline.yaml".into(),
        publish: Box::new(|_| {}),
        store: store.clone(),
        shard: handle.clone(),
        clock: Clock::start(),
        center: Box::new(hotline_flow_test::NoCenter),
    };
    FlowFiles::start(parts).await.unwrap()
}

/// What is found wherever the tests run.
fn checkup() -> hotline_api_types::Checkup {
    let finding = hotline_api_types::Finding {
        subject: "clock".to_owned(),
        verdict: hotline_api_types::Verdict::Good,
        says: "it ticks".to_owned(),
        advice: None,
        about: hotline_api_types::Looked::Clock,
        found: hotline_api_types::Found::ClockSet,
    };
    let retention = hotline_api_types::Retention {
        messages_days: Some(90),
        recordings_days: None,
        calls_days: None,
        flow_figures_days: None,
        queues: std::collections::BTreeMap::new(),
    };
    hotline_api_types::Checkup { findings: vec![finding], retention }
}

/// Somebody whose password is [`PASSWORD`].
pub(crate) fn user(name: &str, display_name: &str, role: &str, agent: Option<&str>) -> User {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = Pii::new(HASH.get_or_init(|| hash_password(PASSWORD).unwrap()).clone());
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = WallTime(i64::try_from(wall.as_micros()).unwrap());
    User { agent: agent.map(AgentId::from), ..User::new(name, display_name, role, hash, now) }
}

/// Ann and Bob are the team `early` and serve `sales`; Cy is alone in `late` and serves `support`, whose callers are masked.
fn teams() -> Teams {
    let agents = [("1001", "early"), ("1002", "early"), ("1003", "late")];
    let agents = agents.map(|(agent, group)| (AgentId::from(agent), BTreeSet::from([group.into()])));
    let queues = [("sales", vec!["1001", "1002"]), ("support", vec!["1003"])];
    let queues = queues
        .map(|(queue, members)| (QueueId::from(queue), members.into_iter().map(AgentId::from).collect()));
    Teams::new(agents, queues, BTreeSet::from([QueueId::from("support")]))
}

impl Shard {
    fn run(mut asks: mpsc::Receiver<Asked>, live: broadcast::Sender<Arc<Live>>) -> Self {
        let (sender, commands) = mpsc::unbounded_channel();
        let (messages, texts) = mpsc::unbounded_channel();
        let agents = [agent("1001", "Ann"), agent("1002", "Bob")].into();
        let snapshot = Arc::new(Mutex::new(Snapshot {
            seq: 0,
            at: WallTime(1_000_000),
            calls: Vec::new(),
            agents,
            queues: Vec::new(),
            alarms: Vec::new(),
            counters: vec![("calls", 3)],
        }));
        let shown = Arc::clone(&snapshot);
        tokio::spawn(async move {
            while let Some(Asked { ask, .. }) = asks.recv().await {
                match ask {
                    Ask::Counters(reply) => drop(reply.send(Vec::new())),
                    Ask::Trunks(reply) => drop(reply.send(Vec::new())),
                    Ask::Explain(_, reply) => drop(reply.send(None)),
                    Ask::Merges(reply) => drop(reply.send(Vec::new())),
                    Ask::Blocked(reply) => drop(reply.send(Vec::new())),
                    Ask::Originate(_, reply) => drop(reply.send(Err(CommandError::NoPhone))),
                    Ask::Message(message, reply) => {
                        let outcome = match message.to.as_str() {
                            "1001" => Ok(true),
                            "1002" => Err(CommandError::NoPhone),
                            _ => Err(CommandError::Agent(AgentError::Unknown)),
                        };
                        drop(messages.send(message));
                        drop(reply.send(outcome));
                    }
                    Ask::Reasons(agent, reply) => drop(reply.send(vec![reason(&agent)])),
                    Ask::Alive(reply) => drop(reply.send(shown.lock().unwrap().alarms.clone())),
                    Ask::Agent(id, reply) => {
                        let agents = &shown.lock().unwrap().agents;
                        drop(reply.send(agents.iter().find(|agent| agent.id == id).cloned()));
                    }
                    Ask::Snapshot(reply) => drop(reply.send(shown.lock().unwrap().clone())),
                    Ask::Command(command, reply) => {
                        obey(&mut shown.lock().unwrap(), &command);
                        drop(sender.send(command));
                        drop(reply.send(Ok(())));
                    }
                }
            }
        });
        Self { snapshot, commands, texts, live }
    }

    /// Something happens.
    pub(crate) fn emit(&self, kind: EventKind, pop: Option<ScreenPop>) -> u64 {
        let mut snapshot = self.snapshot.lock().unwrap();
        snapshot.seq += 1;
        let event = Event { seq: snapshot.seq, at: WallTime(2_000_000), kind };
        // Fails only while nobody listens.
        self.live.send(Arc::new(Live { event, pop: pop.map(Box::new) })).ok();
        snapshot.seq
    }

    /// Something happens to a call.
    pub(crate) fn emit_call(&self, call: CallId, what: CallEvent) -> u64 {
        self.emit(EventKind::Call { call, what }, None)
    }

    /// A call begins and is offered.
    pub(crate) fn offer(&self, call: CallId, offer: u64, agent: &str) {
        self.emit_call(call, started());
        let what = CallEvent::Offered { offer: LegId(offer), agent: agent.into(), because: None };
        self.emit(EventKind::Call { call, what }, Some(pop(call, offer, agent)));
    }

    /// The next command.
    pub(crate) async fn command(&mut self) -> Command {
        timeout(PATIENCE, self.commands.recv()).await.expect("a command in time").unwrap()
    }
}

/// Lunch, of which half an hour is left to Ann.
fn reason(agent: &AgentId) -> ReasonView {
    let left = if agent.as_str() == "1001" { 1800 } else { 3600 };
    ReasonView {
        reason: "lunch".into(),
        config: ReasonConfig {
            name: "Lunch".to_owned(),
            class: ReasonClass::Meal,
            daily_quota: Some(Duration::from_hours(1)),
            at_once_max: Some(4),
        },
        taken: 2,
        left: Some(Duration::from_secs(left)),
    }
}

fn obey(snapshot: &mut Snapshot, command: &Command) {
    let (agent, state) = match command {
        Command::SetReady(agent) => (agent, AgentState::Ready),
        Command::SetNotReady(agent, reason) => (agent, AgentState::NotReady { reason: reason.clone() }),
        Command::SignOut(agent) => (agent, AgentState::LoggedOut),
        Command::SetDevice(..)
        | Command::AskWrapUp(_)
        | Command::ExtendWrapUp(_)
        | Command::EndWrapUp(_)
        | Command::Dispose { .. }
        | Command::AskHelp(_)
        | Command::AnswerHelp { .. }
        | Command::EndHelp(..)
        | Command::PopWritten { .. }
        | Command::Transfer { .. }
        | Command::Control { .. }
        | Command::Oversee { .. }
        | Command::PauseRecording { .. }
        | Command::ResumeRecording { .. }
        | Command::SetMailbox(..)
        | Command::CustomerChanged(_)
        | Command::StoreAvailable
        | Command::StoreUnavailable(_)
        | Command::CertificateUsable
        | Command::CertificateUnusable(_)
        | Command::FlowsChanged(_)
        | Command::CenterChanged(_)
        | Command::FlowsUsable
        | Command::FlowsUnusable(_)
        | Command::OverrideHours(..)
        | Command::Supervise(_)
        | Command::CallBack(_)
        | Command::CancelCallback(_)
        | Command::AdmitPhone(..)
        | Command::AdmitGuest(_)
        | Command::Release(_)
        | Command::Overloaded(_)
        | Command::Drain
        | Command::HangUpAll => return,
    };
    for view in &mut snapshot.agents {
        if view.id == *agent {
            view.state = state.clone();
        }
    }
}

pub(crate) fn agent(id: &str, name: &str) -> AgentView {
    AgentView {
        id: id.into(),
        name: name.into(),
        state: AgentState::LoggedOut,
        since: WallTime(0),
        pending: Some(Presence::LoggedOut),
        device: Device::Phone,
        registered: true,
        delay: None,
        queues: BTreeSet::new(),
        signed_in: None,
        outside: false,
        help: None,
        skills: [("spanish".into(), 3)].into(),
        groups: BTreeSet::from(["early".into()]),
        calls_today: 0,
        daily_cap: Some(40),
    }
}

pub(crate) fn call_id(number: u64) -> CallId {
    CallId::generate(WallTime(1_700_000_000_000_000), &mut Rng::from_number(number))
}

pub(crate) fn started() -> CallEvent {
    CallEvent::Started {
        caller: "+4930123456".into(),
        caller_name: Some("Ada".into()),
        called: "4000".into(),
        entry: Entry::Number { number: "hotline".into(), flow: "main".into() },
        source: Source::Trunk("demo".into()),
        sip_call_id: "abc@trunk".into(),
        language: "en".into(),
        diversion: None,
    }
}

pub(crate) fn record(call: CallId) -> CallRecord {
    CallRecord::begin(call, WallTime(1_700_000_000_000_000), &started()).unwrap()
}

/// A living call that is offered to, or taken by, an agent.
pub(crate) fn offered_view(call: CallId, offer: u64, agent: &str) -> CallView {
    let mut record = record(call);
    let offer = LegId(offer);
    record.apply(WallTime(0), &CallEvent::Queued { queue: QueueId::from("sales") });
    record.apply(WallTime(0), &CallEvent::Offered { offer, agent: agent.into(), because: None });
    CallView {
        attendees: Vec::new(),
        is_consulting: false,
        is_held: false,
        is_muted: false,
        record,
        state: CallState::Offered { offer, agent: agent.into() },
        found: None,
        collected: Default::default(),
        crm: None,
        is_listed: true,
    }
}

pub(crate) fn pop(call: CallId, offer: u64, agent: &str) -> ScreenPop {
    ScreenPop {
        call,
        offer: LegId(offer),
        agent: agent.into(),
        caller: "+4930123456".into(),
        caller_name: None,
        called: "4000".into(),
        queue: Some("sales".into()),
        queued_at: Some(WallTime(1_500_000)),
        diversion: None,
        language: "en".into(),
        found: None,
        path: Vec::new(),
        collected: Default::default(),
        crm: None,
        lookup_done: true,
    }
}

/// What opens sealed recordings of these tests.
pub(crate) fn recording_keys() -> Keyring {
    Keyring::new(MasterKey::parse(&"5".repeat(64)).unwrap(), [])
}

/// What an entry of the audit log says beside the request for which it was written.
pub(crate) fn detail(entry: &Value) -> Value {
    let mut detail = entry["detail"].clone();
    let request = detail.as_object_mut().and_then(|detail| detail.remove("request_id"));
    assert!(request.is_some_and(|request| request.is_string()), "{entry}");
    detail
}
