//! Offers and answers within a dialog after the first: by re-INVITE (RFC 3261 §14), UPDATE (RFC 3311) and PRACK (RFC
//! 3262 §5), one at a time. What a lost peer means is for the dialog's owner to say.

use core::time::Duration;

use bytes::Bytes;
use hotline_base::{Rng, Time};
use serde::{Deserialize, Serialize};

use super::Timer;
use super::answer::Answer;
use super::body::sdp_of;
use super::context::{Context, Inbound};
use super::prack::{Arrival, Order};
use super::terms::longer;
use super::usage::{Role, Usage};
use crate::dialog::Dialog;
use crate::endpoint::Event;
use crate::flow::Flow;
use crate::login::authorise;
use crate::outgoing::{Body, Outgoing, SDP};
use crate::transaction::ServerKey;
use crate::transaction::timer::T1_64;
use crate::{HeaderName, Message, Method};

/// How often an offer of ours is tried again after glare or a longer interval; then it counts as refused.
pub(super) const MAX_RETRIES: u8 = 5;

/// What both sides have agreed on, and the one change that is under way.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Exchange {
    /// Our description in force.
    ours: Bytes,
    /// The peer's; empty where it gave none.
    theirs: Bytes,
    turn: Turn,
    /// An offer of ours that waits for its turn.
    deferred: Option<Deferred>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Turn {
    Idle,
    /// The peer's offer, not yet answered by our user.
    Theirs(Theirs),
    /// The peer's re-INVITE, answered; its ACK is waited for.
    Answered(Answer),
    /// Our offer, not yet answered by the peer.
    Ours(Box<Ours>),
}

#[derive(Debug, Serialize, Deserialize)]
struct Theirs {
    inbound: Inbound,
    asked: Asked,
    /// Empty where ours is asked for.
    offer: Bytes,
}

/// How the peer asks for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Asked {
    Invite,
    /// A re-INVITE without a description: our answer is the offer.
    EmptyInvite,
    Update,
    Prack,
}

#[derive(Debug, Serialize, Deserialize)]
struct Ours {
    request: Outgoing,
    flow: Flow,
    sdp: Bytes,
    purpose: Purpose,
    retries: u8,
    /// The provisional responses to a re-INVITE.
    order: Order,
    /// Set by each provisional response to a re-INVITE; the first stops timer B. It rings nobody, so that 64·T1 are
    /// enough.
    cancel_at: Option<Time>,
}

/// What an offer of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Purpose {
    /// Our user wants another description.
    Change,
    /// The session is to live on as it is (RFC 4028).
    Refresh,
}

#[derive(Debug, Serialize, Deserialize)]
struct Deferred {
    sdp: Bytes,
    at: Time,
    retries: u8,
}

/// How an offer of ours goes.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    pub(super) method: Method,
    /// Headers beyond those of every such request.
    pub(super) headers: Vec<(HeaderName, String)>,
}

impl Manner {
    /// As before the answer to the first INVITE.
    pub(super) const fn update() -> Self {
        Self { method: Method::Update, headers: Vec::new() }
    }
}

/// What a final response to an offer of ours means for the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing.
    Settled,
    /// It was granted: the session lives on.
    Granted,
    /// A refresh was not granted.
    NotRefreshed(u16),
    /// A refresh asked for a shorter life than the way allows; the next one asks for more.
    TooBrief,
    /// RFC 3261 §12.2.1.2: the peer is gone, or knows the dialog no more.
    Lost(u16),
}

impl Outcome {
    /// A session that is not answered yet does not end by one request of ours: the INVITE decides.
    pub(super) fn settle_early(self, usage: &Usage, ctx: &mut Context<'_>) {
        match self {
            Self::Lost(status) => usage.refuse_offer(ctx, status),
            Self::Settled | Self::Granted | Self::NotRefreshed(_) | Self::TooBrief => {}
        }
    }
}

/// RFC 3261 §14.1: who sent the first INVITE waits 2.1 to 4 s, the other 0 to 2 s, in steps of 10 ms.
pub(super) fn back_off(role: Role, rng: &mut Rng) -> Duration {
    let step = Duration::from_millis(10);
    match role {
        Role::Caller => step * (210 + u32::try_from(rng.below(191)).unwrap_or(0)),
        Role::Callee => step * u32::try_from(rng.below(201)).unwrap_or(0),
    }
}

impl Exchange {
    /// After the first offer and answer.
    pub(super) const fn new(ours: Bytes, theirs: Bytes) -> Self {
        Self { ours, theirs, turn: Turn::Idle, deferred: None }
    }

    /// Our description in force.
    pub(super) const fn ours(&self) -> &Bytes {
        &self.ours
    }

    /// The peer's description in force.
    pub(super) const fn theirs(&self) -> &Bytes {
        &self.theirs
    }

    /// Whether nobody waits for an answer.
    pub(super) const fn is_settled(&self) -> bool {
        match self.turn {
            Turn::Idle | Turn::Answered(_) => true,
            Turn::Theirs(_) | Turn::Ours(_) => false,
        }
    }

    /// Whether this request of ours is the offer under way.
    pub(super) fn offered(&self, method: &Method, cseq: u32) -> bool {
        matches!(&self.turn, Turn::Ours(ours) if ours.request.method == *method && ours.request.cseq == cseq)
    }

    /// The peer's offer that our user has not answered yet.
    pub(super) const fn asked(&self) -> Option<&Message> {
        match &self.turn {
            Turn::Theirs(theirs) => Some(&theirs.inbound.message),
            Turn::Idle | Turn::Answered(_) | Turn::Ours(_) => None,
        }
    }

    /// Offers `sdp`, at once or when its turn comes.
    pub(super) fn reoffer(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        sdp: Bytes,
        manner: Manner,
    ) {
        let wait = match &self.turn {
            _ if self.deferred.is_some() => return usage.refuse_offer(ctx, 491),
            Turn::Ours(ours) => match ours.purpose {
                Purpose::Change => return usage.refuse_offer(ctx, 491),
                // Its answer ends the wait.
                Purpose::Refresh => T1_64,
            },
            Turn::Theirs(_) | Turn::Answered(_) => back_off(usage.role, ctx.rng),
            Turn::Idle => {
                let offer = Deferred { sdp, at: ctx.now.mono, retries: 0 };
                return self.offer(usage, ctx, dialog, offer, manner);
            }
        };
        self.deferred = Some(Deferred { sdp, at: ctx.now.mono + wait, retries: 0 });
    }

    /// Offers what is in force once more by a re-INVITE; false if that cannot be now.
    pub(super) fn refresh(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        manner: Manner,
    ) -> bool {
        if !matches!(self.turn, Turn::Idle) {
            return false;
        }
        let offer = Deferred { sdp: self.ours.clone(), at: ctx.now.mono, retries: 0 };
        self.send(usage, ctx, dialog, offer, manner, Purpose::Refresh)
    }

    /// The peer wants a change: RFC 3261 §14.2, RFC 3311 §5.2.
    pub(super) fn handle_offer(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        inbound: &Inbound,
        asked: Asked,
        offer: Option<Bytes>,
    ) {
        match self.turn {
            Turn::Idle => {
                let kept = offer.clone().unwrap_or_default();
                self.turn = Turn::Theirs(Theirs { inbound: inbound.clone(), asked, offer: kept });
                ctx.events.push_back(Event::Reoffer { session: usage.id, offer });
            }
            Turn::Theirs(_) => ctx.reply_later(inbound, &usage.local_tag),
            Turn::Answered(_) | Turn::Ours(_) => {
                ctx.counters.glares += 1;
                ctx.reply(inbound, 491, &usage.local_tag);
            }
        }
    }

    /// Agrees to the peer's offer, with `headers` in the 2xx to a re-INVITE or UPDATE. True if that was granted.
    pub(super) fn answer(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        sdp: Bytes,
        headers: Vec<(HeaderName, String)>,
    ) -> bool {
        let Some(Theirs { inbound, asked, offer }) = self.take_theirs() else { return false };
        let mut response = usage.success(ctx, &inbound).body(SDP, &sdp);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        let Some(response) = ctx.respond(&inbound, 200, response) else { return false };
        dialog.refresh(&inbound.message);
        self.ours = sdp;
        self.turn = match asked {
            Asked::Invite | Asked::EmptyInvite => {
                let offered = asked == Asked::EmptyInvite;
                Turn::Answered(Answer::new(ctx.now, inbound, response, offered))
            }
            Asked::Update | Asked::Prack => Turn::Idle,
        };
        if asked != Asked::EmptyInvite {
            self.theirs = offer;
        }
        true
    }

    /// Refuses the peer's change, if there is one that waits.
    pub(super) fn refuse(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16) {
        if let Some(theirs) = self.take_theirs() {
            ctx.reply(&theirs.inbound, status, &usage.local_tag);
        }
    }

    pub(super) fn handle_ack(&mut self, usage: &Usage, ctx: &mut Context<'_>, ack: &Message) {
        let Turn::Answered(answer) = &self.turn else { return };
        if !answer.is_acknowledged_by(ack) {
            return;
        }
        if answer.offered {
            let body = sdp_of(ack).known();
            self.theirs = body.clone().unwrap_or_default();
            ctx.events.push_back(Event::ReofferAnswered { session: usage.id, body });
        }
        self.turn = Turn::Idle;
    }

    pub(super) fn handle_cancel(&mut self, usage: &Usage, ctx: &mut Context<'_>, key: &ServerKey) {
        if matches!(&self.turn, Turn::Theirs(theirs) if theirs.inbound.key == *key) {
            self.refuse(usage, ctx, 487);
        }
    }

    /// A response to the offer under way.
    pub(super) fn handle_response(
        &mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        status: u16,
        response: &Message,
    ) -> Outcome {
        if status < 200 {
            self.handle_progress(usage, ctx, dialog, response);
            return Outcome::Settled;
        }
        let Some(ours) = self.take_ours() else { return Outcome::Settled };
        match status {
            ..300 => {
                self.granted(usage, ctx, dialog, *ours, response);
                Outcome::Granted
            }
            401 | 407 => self.repeat(usage, ctx, dialog, ours, response),
            408 | 481 => Outcome::Lost(status),
            _ => self.not_granted(usage, ctx, *ours, status, response),
        }
    }

    /// Timer B or F of our offer fired (408), or there is no way to the peer (503).
    pub(super) fn handle_no_response(&mut self, status: u16) -> Outcome {
        match self.take_ours() {
            Some(ours) => match (ours.purpose, status) {
                (Purpose::Refresh, 503) => Outcome::NotRefreshed(status),
                (Purpose::Refresh | Purpose::Change, _) => Outcome::Lost(status),
            },
            None => Outcome::Settled,
        }
    }

    /// Repeats, gives up and tries again what is due; `Err` when no ACK came in time.
    pub(super) fn handle_timeout(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        manner: impl FnOnce(&Context<'_>) -> Manner,
    ) -> Result<Outcome, NoAck> {
        if let Turn::Answered(answer) = &mut self.turn
            && !answer.handle_timeout(ctx)
        {
            return Err(NoAck);
        }
        let mut outcome = Outcome::Settled;
        let is_overdue = |ours: &Ours| ours.cancel_at.is_some_and(|cancel_at| cancel_at <= ctx.now.mono);
        if matches!(&self.turn, Turn::Ours(ours) if is_overdue(ours))
            && let Some(ours) = self.take_ours()
        {
            usage.cancel(ctx, &ours.request, ours.flow, None);
            outcome = self.refused(usage, ctx, ours.purpose, 408);
        }
        if let Some(deferred) = self.deferred.take_if(|deferred| deferred.at <= ctx.now.mono) {
            match self.turn {
                Turn::Idle => {
                    let manner = manner(ctx);
                    self.offer(usage, ctx, dialog, deferred, manner);
                }
                Turn::Theirs(_) | Turn::Answered(_) | Turn::Ours(_) => {
                    let at = ctx.now.mono + back_off(Role::Caller, ctx.rng);
                    self.deferred = Some(Deferred { at, ..deferred });
                }
            }
        }
        Ok(outcome)
    }

    pub(super) fn poll_timeout(&self) -> Option<(Time, Timer)> {
        let turn = match &self.turn {
            Turn::Answered(answer) => Some(answer.poll_timeout()),
            Turn::Ours(ours) => ours.cancel_at.map(|at| (at, Timer::Offer)),
            Turn::Idle | Turn::Theirs(_) => None,
        };
        let deferred = self.deferred.as_ref().map(|deferred| (deferred.at, Timer::Glare));
        turn.into_iter().chain(deferred).min()
    }

    fn offer(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        offer: Deferred,
        manner: Manner,
    ) {
        if !self.send(usage, ctx, dialog, offer, manner, Purpose::Change) {
            usage.refuse_offer(ctx, 503);
        }
    }

    fn send(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        offer: Deferred,
        manner: Manner,
        purpose: Purpose,
    ) -> bool {
        let Deferred { sdp, retries, .. } = offer;
        let flow = usage.way(ctx.config, dialog);
        let mut request = dialog.request(manner.method, ctx.config.sent_by(&flow), ctx.rng);
        request.stays = usage.is_pinned();
        request.headers = usage.headers(ctx);
        request.headers.extend(manner.headers);
        request.body = Some(Body::sdp(sdp.clone()));
        let sent = ctx.request(&request, flow, usage.owner()).is_ok();
        if sent {
            let order = Order::default();
            let ours = Ours { request, flow, sdp, purpose, retries, order, cancel_at: None };
            self.turn = Turn::Ours(Box::new(ours));
        }
        sent
    }

    /// A provisional response to the offer under way.
    fn handle_progress(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        response: &Message,
    ) {
        let Turn::Ours(ours) = &mut self.turn else { return };
        if ours.request.method != Method::Invite {
            return;
        }
        ours.cancel_at = Some(ctx.now.mono + T1_64);
        let before = ours.order;
        match ours.order.take(response) {
            // The response comes again.
            Arrival::Next(rack) if usage.prack(ctx, dialog, &rack).is_none() => ours.order = before,
            Arrival::Ignored => ctx.counters.repetitions += 1,
            Arrival::Next(_) | Arrival::Plain => {}
        }
    }

    fn granted(
        &mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        ours: Ours,
        response: &Message,
    ) {
        dialog.refresh(response);
        if ours.request.method == Method::Invite {
            usage.acknowledge(ctx, dialog, ours.request.cseq, ours.request.answers);
        }
        let body = sdp_of(response).known();
        let is_news = match ours.purpose {
            Purpose::Change => true,
            Purpose::Refresh => body.as_ref().is_some_and(|body| *body != self.theirs),
        };
        self.ours = ours.sdp;
        if let Some(body) = &body {
            self.theirs = body.clone();
        }
        if is_news {
            ctx.events.push_back(Event::ReofferAnswered { session: usage.id, body });
        }
        self.hurry(ctx);
    }

    fn not_granted(
        &mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        ours: Ours,
        status: u16,
        response: &Message,
    ) -> Outcome {
        let again_at = match status {
            491 => {
                ctx.counters.glares += 1;
                Some(ctx.now.mono + back_off(usage.role, ctx.rng))
            }
            422 => longer(response, usage.min_se(ctx)).map(|least| {
                usage.min_se = least;
                ctx.now.mono
            }),
            _ => None,
        };
        match (again_at, ours.purpose) {
            (Some(at), Purpose::Change) if ours.retries < MAX_RETRIES => {
                self.deferred = Some(Deferred { sdp: ours.sdp, at, retries: ours.retries + 1 });
                Outcome::Settled
            }
            (Some(_), Purpose::Refresh) if status == 422 => {
                self.hurry(ctx);
                Outcome::TooBrief
            }
            (_, purpose) => self.refused(usage, ctx, purpose, status),
        }
    }

    fn refused(&mut self, usage: &Usage, ctx: &mut Context<'_>, purpose: Purpose, status: u16) -> Outcome {
        self.hurry(ctx);
        match purpose {
            Purpose::Change => {
                usage.refuse_offer(ctx, status);
                Outcome::Settled
            }
            Purpose::Refresh => Outcome::NotRefreshed(status),
        }
    }

    /// What waited for the end of a refresh need wait no longer.
    fn hurry(&mut self, ctx: &Context<'_>) {
        if let Some(deferred) = &mut self.deferred {
            deferred.at = deferred.at.min(ctx.now.mono);
        }
    }

    /// Sends our offer again with an answer to the challenge.
    fn repeat(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        ours: Box<Ours>,
        response: &Message,
    ) -> Outcome {
        let again = usage.login.as_ref().and_then(|login| authorise(ctx.rng, &ours.request, response, login));
        match again {
            Some(request) if ctx.request(&request, ours.flow, usage.owner()).is_ok() => {
                dialog.local_seq = request.cseq;
                let order = Order::default();
                self.turn = Turn::Ours(Box::new(Ours { request, order, cancel_at: None, ..*ours }));
                Outcome::Settled
            }
            Some(_) | None => self.refused(usage, ctx, ours.purpose, response.status().unwrap_or_default()),
        }
    }

    fn take_ours(&mut self) -> Option<Box<Ours>> {
        match core::mem::replace(&mut self.turn, Turn::Idle) {
            Turn::Ours(ours) => Some(ours),
            turn @ (Turn::Idle | Turn::Theirs(_) | Turn::Answered(_)) => {
                self.turn = turn;
                None
            }
        }
    }

    fn take_theirs(&mut self) -> Option<Theirs> {
        match core::mem::replace(&mut self.turn, Turn::Idle) {
            Turn::Theirs(theirs) => Some(theirs),
            turn @ (Turn::Idle | Turn::Answered(_) | Turn::Ours(_)) => {
                self.turn = turn;
                None
            }
        }
    }
}

/// No ACK to a 2xx of ours came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoAck;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_glare_the_caller_waits_longer_than_the_callee() {
        let mut rng = Rng::from_number(1);
        for _ in 0..1000 {
            let (caller, callee) = (back_off(Role::Caller, &mut rng), back_off(Role::Callee, &mut rng));
            assert!((Duration::from_millis(2100)..=Duration::from_secs(4)).contains(&caller));
            assert!(callee <= Duration::from_secs(2));
            assert_eq!((caller.as_millis() % 10, callee.as_millis() % 10), (0, 0));
        }
    }
}
