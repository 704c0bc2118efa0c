//! The running transactions: which one a message belongs to (RFC 3261 §17.1.3, §17.2.3), and their timers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use hotline_base::{Now, Time, TimerQueue};
use serde::{Deserialize, Serialize};

use super::key::{ClientKey, MergeKey, ServerKey};
use super::{ClientInvite, ClientNonInvite, Outcome, ServerInvite, ServerNonInvite, Timer, Verdict};
use crate::endpoint::Counters;
use crate::flow::{Flow, SentBy, Transport};
use crate::message::BuildError;
use crate::outgoing::Outgoing;
use crate::{Message, Method};

/// RFC 3261 §18.1.1. Bytes of a request beyond which UDP gives way to TCP: it might not fit into the path's packets.
pub(crate) const UDP_REQUEST_MAX: usize = 1300;

/// How a request is to go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) flow: Flow,
    /// Instead, if it is too long for UDP.
    pub(crate) stream: Option<Stream>,
}

/// A connection that may take what is too long for UDP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    pub(crate) flow: Flow,
    pub(crate) sent_by: SentBy,
}

/// What became of a client transaction without a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Notice<O> {
    /// Nobody answered: 408, or 503 without a way to the peer.
    NoResponse { owner: O, method: Method, cseq: u32, status: u16 },
    /// It is gone.
    Closed { owner: O },
}

/// What a request is to the transactions there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reception {
    /// None: a new one.
    New(ServerKey),
    /// A repetition, or an ACK that was waited for: dealt with.
    Absorbed,
    /// An ACK that belongs to a session.
    SessionAck,
    /// The same request by another way (RFC 3261 §8.2.2.2).
    Merged,
}

/// Why a request did not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendError {
    /// As many run as may.
    Full,
    /// It cannot be written: a header or the body is no good.
    Unwritable,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum ClientMachine {
    Invite { machine: ClientInvite, request: Box<Outgoing> },
    NonInvite(ClientNonInvite),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Client<O> {
    machine: ClientMachine,
    flow: Flow,
    owner: O,
    cseq: u32,
    /// How it goes if the peer takes no connection: set while a request that is too long for UDP tries TCP.
    fallback: Option<Box<Fallback>>,
}

/// RFC 3261 §18.1.1: a request that TCP did not take goes by UDP all the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Fallback {
    request: Outgoing,
    flow: Flow,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum ServerMachine {
    Invite(ServerInvite),
    NonInvite(ServerNonInvite),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Server<O> {
    machine: ServerMachine,
    /// Where responses go.
    flow: Flow,
    /// Whom a CANCEL concerns.
    owner: Option<O>,
    merge: Option<MergeKey>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Key {
    Client(ClientKey),
    Server(ServerKey),
}

/// All running transactions. `O` is who a client transaction's responses are for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Layer<O: Ord> {
    clients: BTreeMap<ClientKey, Client<O>>,
    servers: BTreeMap<ServerKey, Server<O>>,
    merges: BTreeMap<MergeKey, ServerKey>,
    /// The client transactions of each owner.
    owned: BTreeSet<(O, ClientKey)>,
    timers: TimerQueue<Key>,
    transmits: VecDeque<(Flow, Bytes)>,
    notices: VecDeque<Notice<O>>,
}

impl<O: Copy + Ord> Layer<O> {
    pub(crate) fn new() -> Self {
        Self {
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            merges: BTreeMap::new(),
            owned: BTreeSet::new(),
            timers: TimerQueue::new(),
            transmits: VecDeque::new(),
            notices: VecDeque::new(),
        }
    }

    /// Sends a request as a new client transaction; at most `limit` of them run.
    pub(crate) fn request(
        &mut self,
        now: Now,
        request: &Outgoing,
        way: Way,
        owner: O,
        limit: usize,
    ) -> Result<(), SendError> {
        if self.clients.len() >= limit {
            return Err(SendError::Full);
        }
        let cancelled =
            (request.method == Method::Cancel).then(|| self.invite_way(&request.branch)).flatten();
        let bytes = request.to_bytes().map_err(|_: BuildError| SendError::Unwritable)?;
        let is_long = way.flow.transport == Transport::Udp && bytes.len() > UDP_REQUEST_MAX;
        let (stream, fallback) = match (cancelled, way.stream.filter(|_| is_long)) {
            // RFC 3261 §9.1: a CANCEL goes where its INVITE went.
            (Some(stream), _) => (Some(stream), None),
            (None, Some(stream)) => {
                (Some(stream), Some(Box::new(Fallback { request: request.clone(), flow: way.flow })))
            }
            (None, None) => (None, None),
        };
        let sent = match stream {
            Some(Stream { sent_by, .. }) => &Outgoing { sent_by, ..request.clone() },
            None => request,
        };
        let bytes = match stream {
            Some(_) => sent.to_bytes().map_err(|_: BuildError| SendError::Unwritable)?,
            None => bytes,
        };
        let flow = stream.map_or(way.flow, |stream| stream.flow);
        let machine = ClientMachine::new(now, sent, bytes, flow);
        let key = ClientKey::new(&request.branch, &request.method);
        self.clients.insert(key.clone(), Client { machine, flow, owner, cseq: request.cseq, fallback });
        self.owned.insert((owner, key.clone()));
        self.settle_client(&key);
        Ok(())
    }

    /// How the INVITE with this branch went.
    fn invite_way(&self, branch: &str) -> Option<Stream> {
        let client = self.clients.get(&ClientKey::new(branch, &Method::Invite))?;
        match &client.machine {
            ClientMachine::Invite { request, .. } => {
                Some(Stream { flow: client.flow, sent_by: request.sent_by })
            }
            ClientMachine::NonInvite(_) => None,
        }
    }

    /// A connection could not be opened, or broke. What waits for a first response over it goes by UDP if it would
    /// have done so but for its length, and has failed otherwise.
    pub(crate) fn handle_disconnect(&mut self, now: Now, gone: Flow, counters: &mut Counters) {
        let over_it = |(key, client): (&ClientKey, &Client<O>)| (client.flow == gone).then(|| key.clone());
        let keys: Vec<ClientKey> = self.clients.iter().filter_map(over_it).collect();
        for key in keys {
            let Some(client) = self.clients.get_mut(&key) else { continue };
            if !client.machine.handle_unreachable() {
                continue;
            }
            let restarted = client.fallback.take().and_then(|fallback| {
                let bytes = fallback.request.to_bytes().ok()?;
                Some((ClientMachine::new(now, &fallback.request, bytes, fallback.flow), fallback.flow))
            });
            match restarted {
                Some((machine, flow)) => (client.machine, client.flow) = (machine, flow),
                None => self.tell_outcome(&key, counters),
            }
            self.settle_client(&key);
        }
    }

    /// Sends bytes outside of any transaction: ACKs to a 2xx, and stateless responses.
    pub(crate) fn send(&mut self, flow: Flow, bytes: Bytes) {
        self.transmits.push_back((flow, bytes));
    }

    /// Takes a response; whose it is, if its owner must see it.
    pub(crate) fn handle_response(
        &mut self,
        now: Now,
        response: &Message,
        counters: &mut Counters,
    ) -> Option<O> {
        let (key, status) = (ClientKey::of(response)?, response.status()?);
        let number = response.cseq().ok()?.number;
        // The branch names the request (RFC 3261 §17.1.3); an answer to another number is none to it (§8.2.6.2).
        let Some(client) = self.clients.get_mut(&key).filter(|client| client.cseq == number) else {
            counters.stray_responses += 1;
            return None;
        };
        let verdict = match (&mut client.machine, status) {
            (ClientMachine::Invite { machine, .. }, ..200) => machine.handle_provisional(now),
            (ClientMachine::Invite { machine, .. }, 200..300) => machine.handle_success(now),
            (ClientMachine::Invite { machine, request }, 300..) => {
                machine.handle_failure(now, request.ack(response))
            }
            (ClientMachine::NonInvite(machine), ..200) => machine.handle_provisional(now),
            (ClientMachine::NonInvite(machine), 200..) => machine.handle_final(now),
        };
        let owner = client.owner;
        self.settle_client(&key);
        match verdict {
            Verdict::Pass => Some(owner),
            Verdict::Absorb => {
                counters.repetitions += 1;
                None
            }
        }
    }

    /// Takes a request.
    pub(crate) fn handle_request(
        &mut self,
        now: Now,
        request: &Message,
        counters: &mut Counters,
    ) -> Option<Reception> {
        let (key, method) = (ServerKey::of(request)?, request.method()?);
        let Some(server) = self.servers.get_mut(&key) else {
            if method == Method::Ack {
                return Some(Reception::SessionAck);
            }
            let merged = MergeKey::of(request).is_some_and(|merge| self.merges.contains_key(&merge));
            return Some(if merged { Reception::Merged } else { Reception::New(key) });
        };
        let reception = match &mut server.machine {
            ServerMachine::Invite(machine) if method == Method::Ack => match machine.handle_ack(now) {
                Verdict::Pass => Reception::SessionAck,
                Verdict::Absorb => Reception::Absorbed,
            },
            ServerMachine::Invite(machine) => {
                counters.repetitions += 1;
                machine.handle_request();
                Reception::Absorbed
            }
            ServerMachine::NonInvite(machine) => {
                counters.repetitions += 1;
                machine.handle_request();
                Reception::Absorbed
            }
        };
        self.settle_server(&key);
        Some(reception)
    }

    /// Begins a server transaction. `trying` is the 100 of an INVITE; without it the request is another.
    pub(crate) fn open(&mut self, key: ServerKey, request: &Message, flow: Flow, trying: Option<Bytes>) {
        let machine = match trying {
            Some(trying) => ServerMachine::Invite(ServerInvite::new(trying, flow.transport.is_reliable())),
            None => ServerMachine::NonInvite(ServerNonInvite::new(flow.transport.is_reliable())),
        };
        let merge = MergeKey::of(request);
        if let Some(merge) = &merge {
            self.merges.insert(merge.clone(), key.clone());
        }
        self.servers.insert(key.clone(), Server { machine, flow, owner: None, merge });
        self.settle_server(&key);
    }

    /// Names whom a CANCEL of this transaction concerns.
    pub(crate) fn adopt(&mut self, key: &ServerKey, owner: O) {
        if let Some(server) = self.servers.get_mut(key) {
            server.owner = Some(owner);
        }
    }

    /// The INVITE transaction that a CANCEL means, and whom it concerns (RFC 3261 §9.2).
    pub(crate) fn cancelled_by(&self, cancel: &Message) -> Option<(ServerKey, Option<O>)> {
        let key = ServerKey::of(cancel)?.of_cancelled();
        let server = self.servers.get(&key)?;
        Some((key, server.owner))
    }

    /// Sends a response in its transaction. False if it is not there or has no place for it.
    pub(crate) fn respond(&mut self, now: Now, key: &ServerKey, status: u16, response: Bytes) -> bool {
        let Some(server) = self.servers.get_mut(key) else { return false };
        let sent = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.respond(now, status, response),
            ServerMachine::NonInvite(machine) => machine.respond(now, status, response),
        };
        self.settle_server(key);
        sent
    }

    /// Lets the INVITEs of `owner` that were heard of but not answered end by themselves (RFC 3261 §9.1).
    pub(crate) fn give_up(&mut self, now: Now, owner: O) {
        let keys: Vec<ClientKey> = self.keys_of(owner).cloned().collect();
        for key in keys {
            if let Some(Client { machine: ClientMachine::Invite { machine, .. }, .. }) =
                self.clients.get_mut(&key)
            {
                machine.give_up(now);
            }
            self.settle_client(&key);
        }
    }

    /// The INVITE of ours that `response` answers.
    pub(crate) fn invite_of(&self, response: &Message) -> Option<&Outgoing> {
        match &self.clients.get(&ClientKey::of(response)?)?.machine {
            ClientMachine::Invite { request, .. } => Some(request),
            ClientMachine::NonInvite(_) => None,
        }
    }

    /// Advances whatever is due.
    pub(crate) fn handle_timeout(&mut self, now: Now, counters: &mut Counters) {
        while let Some(key) = self.timers.pop_due(now.mono) {
            let before = self.transmits.len();
            match key {
                Key::Client(key) => self.client_timeout(now, &key, counters),
                Key::Server(key) => self.server_timeout(now, &key),
            }
            counters.retransmissions += (self.transmits.len() - before) as u64;
        }
    }

    /// The next message to send.
    pub(crate) fn poll_transmit(&mut self) -> Option<(Flow, Bytes)> {
        self.transmits.pop_front()
    }

    /// The next end of a client transaction.
    pub(crate) fn poll_notice(&mut self) -> Option<Notice<O>> {
        self.notices.pop_front()
    }

    /// When [`Self::handle_timeout`] is due, and why.
    pub(crate) fn poll_timeout(&self) -> Option<(Time, Timer)> {
        let (_, key) = self.timers.next()?;
        match key {
            Key::Client(key) => self.clients.get(key).and_then(|client| client.machine.poll_timeout()),
            Key::Server(key) => self.servers.get(key).and_then(|server| server.machine.poll_timeout()),
        }
    }

    /// Whether `owner` has client transactions.
    pub(crate) fn owns(&self, owner: O) -> bool {
        self.keys_of(owner).next().is_some()
    }

    /// How many server transactions there are.
    pub(crate) fn servers(&self) -> usize {
        self.servers.len()
    }

    /// How many client transactions there are.
    pub(crate) fn clients(&self) -> usize {
        self.clients.len()
    }

    /// True if nothing runs, waits or is remembered.
    pub(crate) fn is_empty(&self) -> bool {
        self.clients.is_empty()
            && self.servers.is_empty()
            && self.merges.is_empty()
            && self.owned.is_empty()
            && self.timers.is_empty()
            && self.transmits.is_empty()
    }

    fn keys_of(&self, owner: O) -> impl Iterator<Item = &ClientKey> {
        let all = self.owned.range((owner, ClientKey::first())..);
        all.take_while(move |(whose, _)| *whose == owner).map(|(_, key)| key)
    }

    fn client_timeout(&mut self, now: Now, key: &ClientKey, counters: &mut Counters) {
        if let Some(client) = self.clients.get_mut(key) {
            match &mut client.machine {
                ClientMachine::Invite { machine, .. } => machine.handle_timeout(now),
                ClientMachine::NonInvite(machine) => machine.handle_timeout(now),
            }
        }
        self.tell_outcome(key, counters);
        self.settle_client(key);
    }

    fn tell_outcome(&mut self, key: &ClientKey, counters: &mut Counters) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let Some(outcome) = client.machine.poll_outcome() else { return };
        match outcome {
            Outcome::TimedOut => counters.timeouts += 1,
            Outcome::Unreachable => counters.unreachable += 1,
        }
        self.notices.push_back(Notice::NoResponse {
            owner: client.owner,
            method: key.method.clone(),
            cseq: client.cseq,
            status: outcome.status(),
        });
    }

    fn server_timeout(&mut self, now: Now, key: &ServerKey) {
        if let Some(server) = self.servers.get_mut(key) {
            match &mut server.machine {
                ServerMachine::Invite(machine) => machine.handle_timeout(now),
                ServerMachine::NonInvite(machine) => machine.handle_timeout(now),
            }
        }
        self.settle_server(key);
    }

    /// Takes what a machine has to send, arms its timer, and forgets it when it is over.
    fn settle_client(&mut self, key: &ClientKey) {
        let Some(client) = self.clients.get_mut(key) else { return };
        if let Some(bytes) = client.machine.poll_transmit() {
            self.transmits.push_back((client.flow, bytes));
        }
        match client.machine.poll_timeout() {
            Some((at, _)) => self.timers.set(Key::Client(key.clone()), at),
            None => {
                self.timers.cancel(&Key::Client(key.clone()));
            }
        }
        if client.machine.is_terminated() {
            self.remove_client(key);
        }
    }

    fn settle_server(&mut self, key: &ServerKey) {
        let Some(server) = self.servers.get_mut(key) else { return };
        if let Some(bytes) = server.machine.poll_transmit() {
            self.transmits.push_back((server.flow, bytes));
        }
        match server.machine.poll_timeout() {
            Some((at, _)) => self.timers.set(Key::Server(key.clone()), at),
            None => {
                self.timers.cancel(&Key::Server(key.clone()));
            }
        }
        if server.machine.is_terminated()
            && let Some(server) = self.servers.remove(key)
            && let Some(merge) = server.merge
        {
            self.merges.remove(&merge);
        }
    }

    fn remove_client(&mut self, key: &ClientKey) {
        let Some(client) = self.clients.remove(key) else { return };
        self.timers.cancel(&Key::Client(key.clone()));
        self.owned.remove(&(client.owner, key.clone()));
        self.notices.push_back(Notice::Closed { owner: client.owner });
    }
}

impl ClientMachine {
    /// `bytes` is how the request is written.
    fn new(now: Now, request: &Outgoing, bytes: Bytes, flow: Flow) -> Self {
        let is_reliable = flow.transport.is_reliable();
        if request.method == Method::Invite {
            let machine = ClientInvite::new(now, bytes, is_reliable);
            Self::Invite { machine, request: Box::new(request.clone()) }
        } else {
            Self::NonInvite(ClientNonInvite::new(now, bytes, is_reliable))
        }
    }

    fn handle_unreachable(&mut self) -> bool {
        match self {
            Self::Invite { machine, .. } => machine.handle_unreachable(),
            Self::NonInvite(machine) => machine.handle_unreachable(),
        }
    }

    fn poll_transmit(&mut self) -> Option<Bytes> {
        match self {
            Self::Invite { machine, .. } => machine.poll_transmit(),
            Self::NonInvite(machine) => machine.poll_transmit(),
        }
    }

    fn poll_outcome(&mut self) -> Option<Outcome> {
        match self {
            Self::Invite { machine, .. } => machine.poll_outcome(),
            Self::NonInvite(machine) => machine.poll_outcome(),
        }
    }

    fn poll_timeout(&self) -> Option<(Time, Timer)> {
        match self {
            Self::Invite { machine, .. } => machine.poll_timeout(),
            Self::NonInvite(machine) => machine.poll_timeout(),
        }
    }

    const fn is_terminated(&self) -> bool {
        match self {
            Self::Invite { machine, .. } => machine.is_terminated(),
            Self::NonInvite(machine) => machine.is_terminated(),
        }
    }
}

impl ServerMachine {
    fn poll_transmit(&mut self) -> Option<Bytes> {
        match self {
            Self::Invite(machine) => machine.poll_transmit(),
            Self::NonInvite(machine) => machine.poll_transmit(),
        }
    }

    fn poll_timeout(&self) -> Option<(Time, Timer)> {
        match self {
            Self::Invite(machine) => machine.poll_timeout(),
            Self::NonInvite(machine) => machine.poll_timeout(),
        }
    }

    const fn is_terminated(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_terminated(),
            Self::NonInvite(machine) => machine.is_terminated(),
        }
    }
}
