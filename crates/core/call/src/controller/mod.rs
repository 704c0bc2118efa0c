//! The controller: owns every call and joins SIP, media, IVR and ACD. One turn is: one input, then everything
//! that follows from it, then the outputs.
//!
//! After each `handle_*`, drain in this order: [`Controller::poll_event`] (a screen pop must reach its page
//! before the INVITE leaves, see [`Controller::screen_pop`]), [`Controller::poll_request`],
//! [`Controller::poll_media`], [`Controller::poll_sip_leg`], [`Controller::poll_transmit`]; then sleep until [`Controller::poll_timeout`].

mod agents;
mod callbacks;
mod configuring;
mod control;
mod day;
mod incoming;
mod media_events;
mod messages;
mod saved;
mod sip_events;
mod supervising;
mod transfers;

pub use configuring::Configured;
pub(crate) use day::NextDay;
pub use messages::{MESSAGE_BYTES_MAX, MessageOutcome};
pub use saved::{RestoreError, VERSION};
pub use supervising::MergeView;
pub use transfers::QUEUE_PREFIX;

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_acd::{Acd, AgentView, ReasonView};
use hotline_base::{AgentId, CallId, LegId, Now, RequestId, Rng, Time};
use hotline_ivr::CallbackExit;
use hotline_media as media;
use hotline_sip::digest::UsedNonces;
use hotline_sip::endpoint::Blocked;
use hotline_sip::registrar::SavedContacts;
use hotline_sip::{Datagram, Endpoint, EndpointConfig, Flow, Transmit};
use serde::{Deserialize, Serialize};

use crate::alarm::{Alarm, AlarmCause, AlarmKind};
use crate::call::Call;
use crate::cause::Cause;
use crate::center::Center;
use crate::command::{Answer, Command, CommandError, Reply, Request};
use crate::env::Env;
use crate::event::{CallEvent, EndKind, Event, EventKind};
use crate::sessions::SipLeg;
use crate::snapshot::{ScreenPop, Snapshot};
use crate::sound::LineQuality;
use crate::trunk::TrunkView;

/// Calls that may live at once. Beyond it a new call is refused with 503 and counted.
pub const CALLS_MAX: usize = 5_000;

/// Why the controller wants to be woken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timer {
    /// A SIP timer.
    Sip(hotline_sip::Timer),
    /// A timer of the ACD.
    Acd(hotline_acd::Timer),
    /// A trunk's servers are to be looked up again.
    Trunks,
    /// Another day begins where the center is.
    Day,
    /// Who is to be called back: whose turn comes of those whose numbers are called before an agent, and who has waited too
    /// long?
    Turns,
    /// A timer of one call.
    Call(CallTimer),
}

/// The timers of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CallTimer {
    /// The media plane must open the caller's leg: [`crate::Timing::media_open`].
    MediaOpen,
    /// The address book must say whether the caller is blocked: [`crate::Timing::screening`].
    Screening,
    /// The media plane must open this leg of an agent or of somebody outside: [`crate::Timing::media_open`].
    AgentMediaOpen(LegId),
    /// The screen pop must be written: [`crate::Timing::pop_wait`].
    Pop(LegId),
    /// The agent, or the called one, must answer: the queue's ring time, or the trunk's.
    Ring(LegId),
    /// The flow's own timer: digits, silence.
    Flow,
    /// Something is to be said to a caller in line.
    Announce,
    /// The opening hours of the caller's queue are over.
    QueueCloses,
    /// The recordings and legs must be closed: [`crate::Timing::close`].
    Close,
    /// A phone in a talk must have sent something: [`crate::Timing::unheard`].
    Unheard,
    /// A trunk's server must have said something: [`crate::Trunk::response_timeout`].
    Response(LegId),
    /// The tone with which a call ends has lasted long enough.
    Refusal,
    /// The agent's phone that was called off is to be called anew.
    Renew(LegId),
    /// A pause of the recording is over: [`crate::RecordingPolicy::pause_max`].
    Resume,
}

impl CallTimer {
    /// Not after any other.
    pub(crate) const FIRST: Self = Self::MediaOpen;
    /// Not before any other.
    pub(crate) const LAST: Self = Self::Resume;
}

/// What the controller counts since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Calls that were begun.
    pub calls_started: u64,
    /// Calls of callers who are blocked, those included that a flow answers.
    pub calls_blocked: u64,
    /// INVITEs for numbers that are not configured.
    pub calls_unknown_number: u64,
    /// INVITEs refused because [`CALLS_MAX`] calls live, or because the server drains.
    pub calls_shed: u64,
    /// Records handed over to the store.
    pub records_saved: u64,
    /// Transfers that a phone asked for and must not or cannot have.
    pub transfers_refused: u64,
}

/// The core of one shard.
pub struct Controller {
    env: Env,
    calls: BTreeMap<CallId, Call>,
    draining: bool,
    /// The call that is being let act; after a panic, the one that caused it.
    acting: Option<CallId>,
}

impl Controller {
    /// A controller without calls. `last_seq` is the number of the last event in the journal; `rng` and
    /// `nonce_secret` must be unpredictable to peers.
    #[must_use]
    pub fn new(
        now: Now,
        center: Arc<Center>,
        endpoint: EndpointConfig,
        mut rng: Rng,
        nonce_secret: [u8; 32],
        last_seq: u64,
    ) -> Self {
        let sip = Endpoint::new(endpoint, rng.fork(), nonce_secret);
        let acd = Acd::new(center.acd_config(), now);
        let mut env = Env::new(now, center, sip, acd, rng, last_seq);
        env.with_trunks(now, |trunks, outer| trunks.configure(now, outer));
        Self { env, calls: BTreeMap::new(), draining: false, acting: None }
    }

    /// Counts the ids of legs, sessions and the like from where those of `shard` begin, so that several controllers
    /// beside one media plane never choose the same.
    #[must_use]
    pub fn with_shard(mut self, shard: u8) -> Self {
        self.env = self.env.with_shard(shard);
        self
    }

    /// Takes over where users are reached and which nonces were used, as a former process left it; to be called before
    /// anything comes. Gives back how many contacts are there again.
    pub fn resume(&mut self, now: Now, contacts: &[SavedContacts], nonces: Option<UsedNonces>) -> usize {
        if let Some(nonces) = nonces {
            self.env.sip.resume_nonces(now, nonces);
        }
        let restored = self.env.sip.restore_contacts(now, contacts);
        self.settle(now);
        restored
    }

    /// For [`Controller::resume`], when nothing comes any more.
    #[must_use]
    pub fn used_nonces(&self) -> UsedNonces {
        self.env.sip.used_nonces()
    }

    /// A SIP datagram came.
    pub fn handle_datagram(&mut self, now: Now, datagram: Datagram) {
        self.env.sip.handle_datagram(now, datagram);
        self.settle(now);
    }

    /// A connection for SIP is gone, or could not be opened.
    pub fn handle_disconnect(&mut self, now: Now, flow: Flow) {
        self.env.sip.handle_disconnect(now, flow);
        self.settle(now);
    }

    /// The media plane reports.
    pub fn handle_media(&mut self, now: Now, event: media::Event) {
        self.on_media(now, event);
        self.settle(now);
    }

    /// Someone wants something.
    ///
    /// # Errors
    /// [`CommandError`] says why it was not done; nothing has changed then.
    pub fn handle_command(&mut self, now: Now, command: Command) -> Result<(), CommandError> {
        let outcome = self.on_command(now, command);
        self.settle(now);
        outcome
    }

    /// Does something for a request of a client: what it causes says so, in SIP and in the records of calls. `what` names it there.
    pub fn for_request<T>(
        &mut self,
        request: Option<RequestId>,
        what: &'static str,
        act: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.env.set_cause(request.map(|request| Cause::new(request, what)));
        let done = act(self);
        self.env.set_cause(None);
        done
    }

    /// The database or DNS answered.
    pub fn handle_reply(&mut self, now: Now, reply: Reply) {
        match reply {
            Reply::Customer { call, found } => {
                self.with_call(call, |call, env| call.on_found(now, env, found));
            }
            Reply::Spoken { call, play, prompts } => {
                self.with_call(call, |call, env| call.on_spoken(now, env, play, prompts));
            }
            Reply::MessageLeft { call, message, mailbox, duration, count } => {
                if let (Some(mailbox), Some(count)) = (&mailbox, count) {
                    // A queue has no lamp.
                    drop(self.set_mailbox(now, &AgentId::from(mailbox.as_str()), count));
                }
                let what = CallEvent::MessageLeft { message, mailbox, duration };
                let told = self.with_call(call, |call, env| call.on_message_left(now, env, what.clone()));
                if told.is_none() {
                    self.env.emit(now, EventKind::Call { call, what });
                }
            }
            Reply::Booked { call, tag, callback } => {
                let exit = callback.as_ref().map_or(CallbackExit::Refused, |_| CallbackExit::Booked);
                if let Some(Some(callback)) = callback {
                    self.env.await_callback(now, *callback);
                }
                let answer = Answer::Other(hotline_ivr::Reply::Callback(exit));
                self.with_call(call, |call, env| call.on_answer(now, env, tag, answer));
            }
            Reply::StreamDigits { call, digits } => {
                self.with_call(call, |call, env| call.send_digits(env, digits.expose()));
            }
            Reply::Answer { call, tag, answer } => {
                self.with_call(call, |call, env| call.on_answer(now, env, tag, answer));
            }
            Reply::Located { destination, answer } if !self.draining => {
                self.env.with_trunks(now, |trunks, outer| trunks.on_located(now, destination, answer, outer));
            }
            Reply::Located { .. } => {}
        }
        self.settle(now);
    }

    /// Time has passed: fires what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.env.sip.handle_timeout(now);
        self.env.acd.handle_timeout(now);
        self.follow_calendar(now);
        self.follow_turns(now);
        self.env.with_trunks(now, |trunks, outer| trunks.handle_timeout(now, outer));
        while let Some((call, timer)) = self.env.timers.pop_due(now.mono) {
            self.with_call(call, |call, env| match timer {
                CallTimer::MediaOpen => call.on_media_open_timeout(now, env),
                CallTimer::Screening => call.on_screened(now, env),
                CallTimer::AgentMediaOpen(leg) => call.on_agent_media_open_timeout(now, env, leg),
                CallTimer::Pop(offer) => call.on_pop_timeout(now, env, offer),
                CallTimer::Ring(leg) => call.on_ring_timeout(now, env, leg),
                CallTimer::Flow => call.on_flow_timeout(now, env),
                CallTimer::Announce => call.announce(now, env),
                CallTimer::QueueCloses => call.watch_hours(now, env),
                CallTimer::Close => call.on_close_timeout(now, env),
                CallTimer::Unheard => call.on_unheard_timeout(now, env),
                CallTimer::Response(leg) => call.on_response_timeout(now, env, leg),
                CallTimer::Refusal => call.on_refusal_timeout(now, env),
                CallTimer::Renew(leg) => call.on_renew(now, env, leg),
                CallTimer::Resume => call.on_pause_timeout(now, env),
            });
        }
        self.settle(now);
    }

    /// An input panicked: ends the call that was acting, and raises an alarm that stands until the next start.
    pub fn handle_defect(&mut self, now: Now) {
        self.env.set_cause(None);
        self.env.raise(now, AlarmKind::InternalError, AlarmCause::Defect);
        if let Some(id) = self.acting.take() {
            self.env.sweep(now, id);
            if let Some(call) = self.calls.remove(&id) {
                call.abandon(now, &mut self.env);
                self.env.counters.records_saved += 1;
            }
        }
        self.settle(now);
    }

    /// True when no call lives and SIP has said everything it had to say.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.calls.is_empty() && self.env.sip.is_idle()
    }

    /// The next event for the journal and the live stream.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.env.events.pop_front()
    }

    /// The next request to the database.
    pub fn poll_request(&mut self) -> Option<Request> {
        self.env.requests.pop_front()
    }

    /// The next command to the media plane.
    pub fn poll_media(&mut self) -> Option<media::Command> {
        self.env.media.pop_front()
    }

    /// The next leg of which it has become known to which call it belongs.
    pub fn poll_sip_leg(&mut self) -> Option<SipLeg> {
        self.env.sessions.poll_leg()
    }

    /// How the line of an agent sounds; to be taken after each input.
    pub fn poll_line(&mut self) -> Option<LineQuality> {
        self.env.lines.pop_front()
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.env.sip.poll_transmit()
    }

    /// When to call [`Controller::handle_timeout`], and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        let sip = self.env.sip.poll_timeout().map(|(at, timer)| (at, Timer::Sip(timer)));
        let acd = self.env.acd.poll_timeout().map(|(at, timer)| (at, Timer::Acd(timer)));
        let call = self.env.timers.next().map(|(at, (_, timer))| (at, Timer::Call(*timer)));
        let trunks = self.env.trunks.poll_timeout().map(|at| (at, Timer::Trunks));
        let day = Some((self.env.next_day.look_at(), Timer::Day));
        let turns = self.env.callbacks.look_at().map(|at| (at, Timer::Turns));
        let expiry = self.env.callbacks.expire_at().map(|at| (at, Timer::Turns));
        [sip, acd, trunks, call, day, turns, expiry].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// What the page of the agent who is offered `offer` shows; `None` once that call is over.
    #[must_use]
    pub fn screen_pop(&self, offer: LegId) -> Option<ScreenPop> {
        self.calls.get(&self.env.legs.get(&offer)?.call)?.screen_pop(&self.env, offer)
    }

    /// The state of everything.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> Snapshot {
        Snapshot {
            seq: self.env.seq(),
            at: now.wall,
            calls: self.calls.values().map(|call| call.view(&self.env)).collect(),
            agents: self.env.acd.agents().collect(),
            queues: self.env.acd.queues().collect(),
            alarms: self.alarms(),
            counters: self.counters(),
        }
    }

    /// One agent, without the cost of a whole snapshot.
    #[must_use]
    pub fn agent(&self, agent: &AgentId) -> Option<AgentView> {
        self.env.acd.agent(agent)
    }

    /// The configured reasons for being not ready, with what is left of them to `agent`.
    #[must_use]
    pub fn reasons(&self, now: Now, agent: &AgentId) -> Vec<ReasonView> {
        self.env.acd.reasons(now, agent)
    }

    /// Standing alarms.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.env.alarms.values().cloned().collect()
    }

    /// How many calls live.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Media legs that the media plane has not given back.
    #[must_use]
    pub fn legs(&self) -> usize {
        self.env.legs.len()
    }

    /// Counters of call control, the ACD and the SIP endpoint, by name.
    #[must_use]
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let (own, acd) = (&self.env.counters, self.env.acd.counters());
        let mut counters = vec![
            ("calls_started", own.calls_started),
            ("calls_blocked", own.calls_blocked),
            ("calls_unknown_number", own.calls_unknown_number),
            ("calls_shed", own.calls_shed),
            ("records_saved", own.records_saved),
            ("transfers_refused", own.transfers_refused),
            ("sip_legs_untold", self.env.sessions.untold()),
            ("acd_offers", acd.offers),
            ("acd_answered", acd.answered),
            ("acd_no_answer", acd.no_answer),
            ("acd_rejected", acd.rejected),
            ("acd_busy", acd.busy),
            ("acd_not_registered", acd.not_registered),
            ("acd_phone_faults", acd.phone_faults),
            ("acd_server_faults", acd.server_faults),
            ("acd_caller_gone", acd.caller_gone),
            ("acd_leases_expired", acd.leases_expired),
            ("acd_not_offered", acd.not_offered),
            ("acd_stray", acd.stray),
        ];
        counters.extend(self.env.sip.counters().named());
        counters
    }

    /// Everybody who is not heard by SIP for a while.
    #[must_use]
    pub fn blocked(&self, now: Now) -> Vec<Blocked> {
        self.env.sip.blocked(now)
    }

    /// The latest who is not heard from here on, for the log; [`Controller::blocked`] has all.
    pub fn poll_blocked(&mut self) -> Option<Blocked> {
        self.env.sip.poll_blocked()
    }

    /// How every trunk stands.
    #[must_use]
    pub fn trunks(&self, now: Now) -> Vec<TrunkView> {
        self.env.trunks.views(now, &self.env.center)
    }

    /// Places on trunks that calls hold.
    #[must_use]
    pub fn trunk_places(&self) -> u64 {
        self.env.trunks.held()
    }

    fn on_command(&mut self, now: Now, command: Command) -> Result<(), CommandError> {
        let acd = &mut self.env.acd;
        match command {
            Command::SetReady(agent) => return self.set_ready(now, agent),
            Command::SetNotReady(agent, reason) => {
                acd.sign_in(now, &agent)?;
                acd.set_not_ready(now, &agent, reason)?;
            }
            Command::SetDevice(agent, device) => return self.set_device(now, &agent, device),
            Command::SignOut(agent) => acd.sign_out(now, &agent).map(drop)?,
            Command::AskWrapUp(agent) => acd.ask_wrap_up(now, &agent).map(drop)?,
            Command::ExtendWrapUp(agent) => acd.extend_wrap_up(now, &agent)?,
            Command::EndWrapUp(agent) => acd.end_wrap_up(now, &agent)?,
            Command::Dispose { call, by, code, note, follow_up_at } => {
                return self.dispose(now, call, by, code, (note, follow_up_at));
            }
            Command::AskHelp(agent) => acd.ask_help(now, &agent)?,
            Command::AnswerHelp { agent, by } => acd.answer_help(now, &agent, &by)?,
            Command::EndHelp(agent, outcome) => acd.end_help(now, &agent, outcome)?,
            Command::PopWritten { offer, written } => return self.on_pop_written(now, offer, written),
            Command::Transfer { call, by, to } => return self.transfer(now, call, &by, to.expose()),
            Command::Control { call, by, what } => return self.control(now, call, &by, what),
            Command::Oversee { call, what } => return self.oversee(now, call, what),
            Command::PauseRecording { call, by, why } => {
                let paused = self.with_call(call, |call, env| call.pause_recording(now, env, &by, why));
                return paused.unwrap_or(Err(CommandError::NotTalking));
            }
            Command::ResumeRecording { call, by } => {
                let resumed = self.with_call(call, |call, env| call.resume_recording(now, env, &by));
                return resumed.unwrap_or(Err(CommandError::NotTalking));
            }
            Command::SetMailbox(agent, summary) => return self.set_mailbox(now, &agent, summary),
            Command::CustomerChanged(customer) => self.on_customer_changed(now, &customer),
            Command::StoreAvailable => self.env.clear(now, &AlarmKind::StoreUnavailable),
            Command::StoreUnavailable(said) => {
                self.env.raise(now, AlarmKind::StoreUnavailable, AlarmCause::Store { said });
            }
            Command::CertificateUsable => self.env.clear(now, &AlarmKind::CertificateUnusable),
            Command::CertificateUnusable(said) => {
                self.env.raise(now, AlarmKind::CertificateUnusable, AlarmCause::Certificate { said });
            }
            Command::FlowsChanged(flows) => self.env.change_flows(flows),
            Command::CenterChanged(configured) => self.reconfigure(now, configured),
            Command::FlowsUsable => self.env.clear(now, &AlarmKind::FlowsInvalid),
            Command::FlowsUnusable(first) => self.env.raise_flows(now, first),
            Command::OverrideHours(hours, decided) => {
                self.env.override_hours(hours, decided)?;
                self.follow_hours(now);
            }
            Command::Supervise(what) => return self.supervise(now, what),
            Command::CallBack(callback) => self.env.await_callback(now, *callback),
            Command::CancelCallback(id) => return self.cancel_callback(now, id),
            Command::AdmitPhone(agent, password, valid) => {
                return self.env.admit_phone(now, &agent, (&password, valid));
            }
            Command::AdmitGuest(guest) => return self.env.admit_guest(now, *guest),
            Command::Release(source) => {
                if !self.env.sip.release(now, source) {
                    return Err(CommandError::NotBlocked);
                }
            }
            Command::Overloaded(is_overloaded) => self.set_overloaded(now, is_overloaded),
            Command::Drain => {
                self.draining = true;
                self.env.with_trunks(now, |trunks, outer| trunks.drain(now, outer));
            }
            Command::HangUpAll => self.hang_up_all(now),
        }
        Ok(())
    }

    fn set_overloaded(&mut self, now: Now, is_overloaded: bool) {
        self.env.sip.set_overloaded(is_overloaded);
        if is_overloaded {
            self.env.raise(now, AlarmKind::Overloaded, AlarmCause::Overloaded);
        } else {
            self.env.clear(now, &AlarmKind::Overloaded);
        }
    }

    fn on_pop_written(&mut self, now: Now, offer: LegId, written: bool) -> Result<(), CommandError> {
        let call = self.env.legs.get(&offer).ok_or(CommandError::OfferOver)?.call;
        let done = self.with_call(call, |call, env| call.on_popped(now, env, offer, written));
        if done == Some(true) { Ok(()) } else { Err(CommandError::OfferOver) }
    }

    fn hang_up_all(&mut self, now: Now) {
        let all: Vec<CallId> = self.calls.keys().copied().collect();
        for id in all {
            self.with_call(id, |call, env| call.end_by_system(now, env, EndKind::Shutdown, None, 41));
        }
    }

    /// Lets one call act, and forgets it when it is over. `None` if there is no such call.
    fn with_call<T>(&mut self, id: CallId, act: impl FnOnce(&mut Call, &mut Env) -> T) -> Option<T> {
        let call = self.calls.get_mut(&id)?;
        self.acting = Some(id);
        let value = act(call, &mut self.env);
        self.acting = None;
        if call.is_over() {
            self.calls.remove(&id);
            self.env.counters.records_saved += 1;
        }
        Some(value)
    }

    /// Carries every consequence to its end: SIP and ACD answer each other until both are quiet.
    fn settle(&mut self, now: Now) {
        loop {
            if let Some(event) = self.env.sip.poll_event() {
                self.on_sip(now, event);
            } else if let Some(event) = self.env.acd.poll_event() {
                self.on_acd(now, event);
            } else if let Some(contacts) = self.env.sip.poll_contacts() {
                self.env.requests.push_back(Request::SaveContacts(contacts));
            } else if let Some((session, agent)) = self.env.sessions.poll_agent() {
                self.env.sip.assign(now, session, &agent);
            } else {
                break;
            }
        }
        // Lamps follow the running calls to the last.
        if self.draining && self.calls.is_empty() {
            self.env.sip.end_subscriptions(now);
        }
    }
}
