//! The load: INVITEs at a steady rate, agents who answer at once, a short talk, BYE. One thread, two sockets.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use hotline_sip::{Message, Method};

use super::message::{self, CALLERS, Carrier, Dialog, Met, Sound};
use super::socket::{Stamp, StampedSocket, wait};
use super::stage::Line;
use super::tally::Tally;

/// RFC 3261 §17.1.1.2: after so long a message is sent again, then after twice the time…
const T1: Duration = Duration::from_millis(500);
/// …but not more rarely than this.
const T2: Duration = Duration::from_secs(4);
/// After the last INVITE calls may take so long; what is not over then has failed.
const GRACE: Duration = Duration::from_secs(10);
/// The longest sleep, so that nothing is overlooked.
const SLEEP_MAX: Duration = Duration::from_millis(100);
/// Datagrams that are taken before it is looked whether a call is due.
const TURN: usize = 32;

/// The two sides' sockets.
pub(super) struct Sockets {
    pub(super) carrier: StampedSocket,
    /// Answers for all agents.
    pub(super) phones: StampedSocket,
}

/// What is offered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Where to.
    pub(super) line: Line,
    /// Calls a minute, until all are offered.
    pub(super) a_minute: u32,
    pub(super) calls: u64,
    /// From the agent's ACK to the caller's BYE; of a call that nobody takes, from the flow's answer.
    pub(super) talk: Duration,
    /// The number of the first caller; each call has the next.
    pub(super) first: u64,
}

impl Plan {
    /// Calls a second.
    pub(super) const fn rate(self) -> u32 {
        self.a_minute / 60
    }

    /// When a call is due, after the first.
    pub(super) fn due(self, call: u64) -> Duration {
        Duration::from_nanos(call * 60_000_000_000 / u64::from(self.a_minute))
    }
}

/// One of the two ends of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Caller,
    Phone,
}

/// What whoever speaks for callers and phones has to know.
pub(super) enum Voice {
    /// The server wants to hear this end of a call there, a browser as it was met; the call was begun then.
    Begins { call: u32, end: End, server: SocketAddr, met: Option<Met>, invited: Stamp },
    /// Both ends fall silent.
    Ends { call: u32 },
}

/// How far a run is, for who waits.
#[derive(Debug, Default)]
pub(super) struct Progress {
    offered: AtomicU64,
    completed: AtomicU64,
    failed: AtomicU64,
}

impl Progress {
    pub(super) fn text(&self, plan: Plan) -> String {
        let [offered, completed, failed] =
            [&self.offered, &self.completed, &self.failed].map(|count| count.load(Ordering::Relaxed));
        let all = plan.calls;
        let rate = match plan.a_minute {
            whole if whole % 60 == 0 => format!("{} a second", whole / 60),
            rate => format!("{rate} a minute"),
        };
        format!("{rate}: {offered} of {all} calls offered, {completed} completed, {failed} failed")
    }
}

/// A run under way.
pub(super) struct Load {
    sockets: Sockets,
    carrier: Carrier,
    phones_sound: Sound,
    /// Nobody, where no audio is sent.
    voices: Option<Sender<Voice>>,
    plan: Plan,
    began: Stamp,
    calls: Vec<Call>,
    /// Calls that are not over.
    living: u64,
    timers: BinaryHeap<Reverse<Timer>>,
    tally: Tally,
    progress: Arc<Progress>,
}

/// A call, as both of its ends know it.
struct Call {
    invited: Stamp,
    phase: Phase,
    phone: Phone,
}

/// The caller's end.
enum Phase {
    /// INVITE is out; whether anything has come back.
    Calling {
        heard: bool,
    },
    Up(Dialog),
    /// BYE is out.
    Leaving(Dialog),
    /// BYE was answered.
    Left,
    /// Completed or failed; what still comes is answered.
    Over,
}

/// The agent's end.
enum Phone {
    Silent,
    /// 200 is out for this INVITE.
    Answering {
        call_id: String,
        ok: Bytes,
    },
    Talking {
        call_id: String,
    },
    /// The server's BYE has come.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Timer {
    at: Stamp,
    call: usize,
    what: Due,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// What was sent is sent again unless it was answered, and again after this time.
    Invite(Duration),
    Answer(Duration),
    Bye(Duration),
    HangUp,
}

impl Load {
    /// `sounds` are the carrier's and the phones'.
    pub(super) fn new(
        sockets: Sockets,
        server: SocketAddr,
        plan: Plan,
        [sound, phones_sound]: [Sound; 2],
        progress: Arc<Progress>,
    ) -> Self {
        let (local, number) = (sockets.carrier.local(), plan.line.number());
        let carrier = Carrier { local, server, number, sound };
        Self {
            sockets,
            carrier,
            phones_sound,
            voices: None,
            plan,
            began: Stamp::now(),
            calls: Vec::with_capacity(usize::try_from(plan.calls).unwrap_or(0)),
            living: 0,
            timers: BinaryHeap::new(),
            tally: Tally::default(),
            progress,
        }
    }

    /// Tells where audio is to be sent.
    pub(super) fn with_voices(self, voices: Sender<Voice>) -> Self {
        Self { voices: Some(voices), ..self }
    }

    /// Runs to the end of the last call; gives the sockets back.
    pub(super) fn run(mut self) -> Result<(Sockets, Tally)> {
        self.began = Stamp::now();
        let end = self.began + self.plan.due(self.plan.calls) + self.plan.talk + GRACE;
        while self.tally.offered < self.plan.calls || self.living > 0 {
            let now = Stamp::now();
            if now >= end {
                break;
            }
            self.offer(now)?;
            self.serve_timers(now)?;
            if !self.serve_sockets()? {
                wait([&self.sockets.carrier, &self.sockets.phones], self.pause(Stamp::now()))?;
            }
        }
        for call in &self.calls {
            let why = match (&call.phase, &call.phone) {
                (Phase::Over, _) => continue,
                (Phase::Calling { .. }, _) => "no answer",
                (Phase::Up(_), Phone::Silent) => "no agent",
                (Phase::Up(_), _) => "agent not connected",
                (Phase::Leaving(_) | Phase::Left, _) => "not ended",
            };
            self.tally.fail(why);
        }
        Ok((self.sockets, self.tally))
    }

    /// Sends the INVITEs that are due.
    fn offer(&mut self, now: Stamp) -> Result<()> {
        while self.tally.offered < self.plan.calls {
            let due = self.began + self.plan.due(self.tally.offered);
            if due > now {
                break;
            }
            let (call, caller) = (self.calls.len(), self.caller(self.calls.len()));
            let bytes = self.carrier.invite(caller);
            let invited = Stamp::now();
            self.sockets.carrier.send(&bytes)?;
            self.tally.latest = self.tally.latest.max(invited.since(due));
            // Where no phone will ring, none has to let go of the call.
            let phone = if self.plan.line.is_answered() { Phone::Silent } else { Phone::Over };
            self.calls.push(Call { invited, phase: Phase::Calling { heard: false }, phone });
            self.arm(invited, call, T1, Due::Invite(T1));
            self.living += 1;
            self.tally.offered += 1;
            self.progress.offered.store(self.tally.offered, Ordering::Relaxed);
        }
        Ok(())
    }

    /// How long there is nothing to do but to listen.
    fn pause(&self, now: Stamp) -> Duration {
        let offer =
            (self.tally.offered < self.plan.calls).then(|| self.began + self.plan.due(self.tally.offered));
        let timer = self.timers.peek().map(|Reverse(timer)| timer.at);
        let next = offer.into_iter().chain(timer).min();
        next.map_or(SLEEP_MAX, |next| next.since(now)).min(SLEEP_MAX)
    }

    fn arm(&mut self, now: Stamp, call: usize, time: Duration, what: Due) {
        self.timers.push(Reverse(Timer { at: now + time, call, what }));
    }

    fn serve_timers(&mut self, now: Stamp) -> Result<()> {
        while let Some(Reverse(timer)) = self.timers.peek().copied().filter(|Reverse(timer)| timer.at <= now)
        {
            self.timers.pop();
            self.on_timer(now, timer)?;
        }
        Ok(())
    }

    fn on_timer(&mut self, now: Stamp, timer: Timer) -> Result<()> {
        let caller = self.caller(timer.call);
        let call = &mut self.calls[timer.call];
        let again = |time: Duration| (time * 2).min(T2);
        let next = match (timer.what, &call.phase, &call.phone) {
            (Due::HangUp, Phase::Up(_), _) => {
                self.hang_up(now, timer.call)?;
                return Ok(());
            }
            (Due::Invite(time), Phase::Calling { heard: false }, _) => {
                self.sockets.carrier.send(&self.carrier.invite(caller))?;
                Due::Invite(again(time))
            }
            (Due::Bye(time), Phase::Leaving(dialog), _) => {
                self.sockets.carrier.send(&self.carrier.bye(caller, dialog))?;
                Due::Bye(again(time))
            }
            (Due::Answer(time), _, Phone::Answering { ok, .. }) => {
                self.sockets.phones.send(ok)?;
                Due::Answer(again(time))
            }
            (Due::HangUp | Due::Invite(_) | Due::Bye(_) | Due::Answer(_), _, _) => return Ok(()),
        };
        self.tally.repeated += 1;
        let (Due::Invite(time) | Due::Bye(time) | Due::Answer(time)) = next else { return Ok(()) };
        self.arm(now, timer.call, time, next);
        Ok(())
    }

    /// Takes some of what has come; false if there was nothing.
    fn serve_sockets(&mut self) -> Result<bool> {
        let mut served = false;
        for _ in 0..TURN {
            let Some((bytes, stamp)) = self.sockets.phones.receive()? else { break };
            served = true;
            if let Ok(message) = Message::parse(bytes) {
                self.on_phone(stamp, &message)?;
            }
        }
        for _ in 0..TURN {
            let Some((bytes, stamp)) = self.sockets.carrier.receive()? else { break };
            served = true;
            if let Ok(message) = Message::parse(bytes) {
                self.on_carrier(stamp, &message)?;
            }
        }
        Ok(served)
    }

    fn caller(&self, call: usize) -> u64 {
        (self.plan.first + call as u64) % CALLERS
    }

    /// Which call of this run a caller's number is.
    fn call(&self, caller: Option<u64>) -> Option<usize> {
        let call = (caller? + CALLERS - self.plan.first % CALLERS) % CALLERS;
        usize::try_from(call).ok().filter(|call| *call < self.calls.len())
    }

    /// The carrier gets a message.
    fn on_carrier(&mut self, stamp: Stamp, message: &Message) -> Result<()> {
        let Some(index) = self.call(message::caller_by_call_id(message)) else { return Ok(()) };
        let Some(status) = message::status(message) else {
            let ok = message::response(message, 200, "OK")?;
            self.sockets.carrier.send(&ok)?;
            if message.method() == Some(Method::Bye) && matches!(self.calls[index].phase, Phase::Up(_)) {
                self.fail(index, "ended by the server");
            }
            return Ok(());
        };
        let is_invite = message.cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        match (is_invite, status) {
            (true, 100..200) => {
                if let Phase::Calling { heard } = &mut self.calls[index].phase {
                    *heard = true;
                }
            }
            (true, 200..300) => self.on_taken(stamp, index, message)?,
            (true, _) => {
                let ack = self.carrier.ack_refusal(self.caller(index), message);
                self.sockets.carrier.send(&ack)?;
                self.fail(index, format!("refused with {status}"));
            }
            (false, 200..) => {
                if matches!(self.calls[index].phase, Phase::Leaving(_)) {
                    self.calls[index].phase = Phase::Left;
                    self.look_whether_over(index);
                }
            }
            (false, _) => {}
        }
        Ok(())
    }

    /// The server has taken the call.
    fn on_taken(&mut self, stamp: Stamp, index: usize, message: &Message) -> Result<()> {
        let caller = self.caller(index);
        let call = &mut self.calls[index];
        let dialog = Dialog::of(message)?;
        self.sockets.carrier.send(&self.carrier.ack(caller, &dialog))?;
        match &call.phase {
            Phase::Calling { .. } => {
                call.phase = Phase::Up(dialog);
                self.tally.to_answer.add(stamp.since(call.invited));
                // The agent may have been faster.
                if matches!(call.phone, Phone::Talking { .. } | Phone::Over) {
                    self.arm(stamp, index, self.plan.talk, Due::HangUp);
                }
                self.begin(index, End::Caller, message);
            }
            Phase::Up(_) | Phase::Leaving(_) | Phase::Left | Phase::Over => self.tally.repeated += 1,
        }
        Ok(())
    }

    /// An agent's phone gets a message.
    fn on_phone(&mut self, stamp: Stamp, message: &Message) -> Result<()> {
        let Some(method) = message.method() else { return Ok(()) };
        let index = self.call(message::caller_by_from(message));
        match (method, index) {
            (Method::Invite, Some(index)) => self.on_invited(stamp, index, message)?,
            (Method::Ack, Some(index)) => self.on_connected(stamp, index),
            (Method::Ack, None) => {}
            (Method::Bye, Some(index)) => {
                self.sockets.phones.send(&message::response(message, 200, "OK")?)?;
                match self.calls[index].phone {
                    Phone::Over => self.tally.repeated += 1,
                    Phone::Silent | Phone::Answering { .. } | Phone::Talking { .. } => {
                        self.calls[index].phone = Phone::Over;
                        self.look_whether_over(index);
                    }
                }
            }
            (_, _) => self.sockets.phones.send(&message::response(message, 200, "OK")?)?,
        }
        Ok(())
    }

    /// A phone rings and is answered at once.
    fn on_invited(&mut self, stamp: Stamp, index: usize, message: &Message) -> Result<()> {
        let call = &mut self.calls[index];
        let known = match &call.phone {
            Phone::Answering { call_id, .. } | Phone::Talking { call_id } => Some(call_id.as_str()),
            Phone::Silent | Phone::Over => None,
        };
        if known == Some(&message.call_id()) {
            self.tally.repeated += 1;
            if let Phone::Answering { ok, .. } = &call.phone {
                self.sockets.phones.send(ok)?;
            }
            return Ok(());
        }
        if matches!(call.phone, Phone::Silent) {
            self.tally.to_agent.add(stamp.since(call.invited));
        }
        let local = self.sockets.phones.local();
        self.sockets.phones.send(&message::answer(message, local, None)?)?;
        let ok = message::answer(message, local, Some(&self.phones_sound))?;
        self.sockets.phones.send(&ok)?;
        call.phone = Phone::Answering { call_id: message.call_id().into_owned(), ok };
        self.arm(stamp, index, T1, Due::Answer(T1));
        self.begin(index, End::Phone, message);
        Ok(())
    }

    /// The agent has the caller.
    fn on_connected(&mut self, stamp: Stamp, index: usize) {
        let call = &mut self.calls[index];
        let Phone::Answering { call_id, .. } = &mut call.phone else { return };
        call.phone = Phone::Talking { call_id: std::mem::take(call_id) };
        if matches!(call.phase, Phase::Up(_)) {
            self.arm(stamp, index, self.plan.talk, Due::HangUp);
        }
    }

    fn hang_up(&mut self, now: Stamp, index: usize) -> Result<()> {
        let caller = self.caller(index);
        let call = &mut self.calls[index];
        if let Phase::Up(dialog) = std::mem::replace(&mut call.phase, Phase::Over) {
            say(self.voices.as_ref(), Voice::Ends { call: index as u32 });
            self.sockets.carrier.send(&self.carrier.bye(caller, &dialog))?;
            call.phase = Phase::Leaving(dialog);
            self.arm(now, index, T1, Due::Bye(T1));
        }
        Ok(())
    }

    /// An end may speak, where the server said in this message.
    fn begin(&self, index: usize, end: End, message: &Message) {
        let sound = match end {
            End::Caller => &self.carrier.sound,
            End::Phone => &self.phones_sound,
        };
        if let Some((server, met)) = sound.meet(self.carrier.server, message) {
            let invited = self.calls[index].invited;
            say(self.voices.as_ref(), Voice::Begins { call: index as u32, end, server, met, invited });
        }
    }

    /// A call is completed when both ends have let go of it.
    fn look_whether_over(&mut self, index: usize) {
        let call = &mut self.calls[index];
        match (&call.phase, &call.phone) {
            (Phase::Left, Phone::Over) => {
                call.phase = Phase::Over;
                self.living -= 1;
                self.tally.completed += 1;
                self.progress.completed.store(self.tally.completed, Ordering::Relaxed);
            }
            (Phase::Up(_), Phone::Over) => self.fail(index, "ended by the server"),
            (_, _) => {}
        }
    }

    fn fail(&mut self, index: usize, why: impl Into<String>) {
        if !matches!(self.calls[index].phase, Phase::Over) {
            self.calls[index].phase = Phase::Over;
            self.living -= 1;
            self.tally.fail(why);
            self.progress.failed.store(self.tally.failed(), Ordering::Relaxed);
        }
    }
}

fn say(voices: Option<&Sender<Voice>>, voice: Voice) {
    if voices.is_some_and(|voices| voices.send(voice).is_err()) {
        tracing::debug!("nobody speaks any more");
    }
}
