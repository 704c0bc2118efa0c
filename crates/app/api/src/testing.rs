//! The shard's end of a handle, for the tests of this crate's parts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hotline_base::{CallId, Rng, WallTime};
use hotline_call::{
    AlarmKind, CallEvent, Command, CommandError, Event, EventKind, LineQuality, ScreenPop, Snapshot,
};
use hotline_shard::{Ask, Asked, Handle, Live};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::viewer::Viewer;

pub(crate) struct Shard {
    pub(crate) hub: Arc<Hub>,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    live: broadcast::Sender<Arc<Live>>,
    lines: broadcast::Sender<LineQuality>,
    seq: Arc<AtomicU64>,
}

impl Shard {
    /// A shard that has the number of events as its only state, and a hub that has seen its first snapshot.
    pub(crate) async fn with_hub() -> Self {
        let (handle, mut asks, live) = Handle::channel();
        let (sender, commands) = mpsc::unbounded_channel();
        let seq = Arc::new(AtomicU64::new(1));
        let shown = Arc::clone(&seq);
        tokio::spawn(async move {
            while let Some(Asked { ask, .. }) = asks.recv().await {
                match ask {
                    Ask::Snapshot(reply) => drop(reply.send(snapshot(shown.load(Ordering::SeqCst)))),
                    Ask::Counters(reply) => drop(reply.send(Vec::new())),
                    Ask::Trunks(reply) => drop(reply.send(Vec::new())),
                    Ask::Explain(_, reply) => drop(reply.send(None)),
                    Ask::Merges(reply) => drop(reply.send(Vec::new())),
                    Ask::Blocked(reply) => drop(reply.send(Vec::new())),
                    Ask::Reasons(_, reply) => drop(reply.send(Vec::new())),
                    Ask::Alive(reply) => drop(reply.send(Vec::new())),
                    Ask::Agent(_, reply) => drop(reply.send(None)),
                    Ask::Originate(_, reply) => drop(reply.send(Err(CommandError::NoNewCalls))),
                    Ask::Message(_, reply) => drop(reply.send(Err(CommandError::NoPhone))),
                    Ask::Command(command, reply) => {
                        drop(sender.send(command));
                        drop(reply.send(Ok(())));
                    }
                }
            }
        });
        let lines = handle.lines();
        let (hub, tasks) = Hub::new(handle, CancellationToken::new());
        for task in tasks {
            tokio::spawn(task);
        }
        let shard = Self { hub, commands, live, lines, seq };
        shard.settled().await;
        shard
    }

    /// The number of the last event.
    pub(crate) fn seq(&self) -> u64 {
        self.seq.load(Ordering::SeqCst)
    }

    /// Something of no interest happens.
    pub(crate) fn emit(&self) {
        self.send(EventKind::AlarmCleared(AlarmKind::PromptMissing), None);
    }

    /// Something happens to a call.
    pub(crate) fn emit_call(&self, what: CallEvent, pop: Option<ScreenPop>) {
        self.send(EventKind::Call { call: call(), what }, pop);
    }

    /// The line of an agent is measured.
    pub(crate) fn measure(&self, agent: &str, lost_permille: u16) {
        let line = LineQuality {
            agent: agent.into(),
            call: call(),
            lost_permille,
            peer_lost_permille: None,
            jitter_us: 2000,
            round_trip_us: None,
            mos_hundredths: Some(431),
        };
        self.lines.send(line).unwrap();
    }

    /// Waits until the hub has taken everything.
    pub(crate) async fn settled(&self) {
        let seq = self.seq();
        self.hub.watch().wait_for(|newest| *newest == seq).await.unwrap();
    }

    fn send(&self, kind: EventKind, pop: Option<ScreenPop>) {
        let seq = self.seq.fetch_add(1, Ordering::SeqCst) + 1;
        self.live
            .send(Arc::new(Live { event: Event { seq, at: WallTime(0), kind }, pop: pop.map(Box::new) }))
            .unwrap();
    }
}

/// Somebody with a built-in role.
pub(crate) fn viewer(agent: Option<&str>, role: &str) -> Viewer {
    let role = hotline_access::BUILT_IN.iter().find(|known| known.name == role).unwrap();
    Viewer::new(agent.map(Into::into), role.grants(), [""; 0], Arc::default())
}

pub(crate) fn call() -> CallId {
    CallId::generate(WallTime(0), &mut Rng::from_number(1))
}

pub(crate) fn snapshot(seq: u64) -> Snapshot {
    Snapshot {
        seq,
        at: WallTime(0),
        calls: Vec::new(),
        agents: Vec::new(),
        queues: Vec::new(),
        alarms: Vec::new(),
        counters: Vec::new(),
    }
}
