//! One of the dialogs that our INVITE has made and nobody has answered yet: RFC 3261 §13.2.2.1, with what was agreed on
//! by reliable provisional responses (RFC 3262 §5, RFC 3311 §5.1).

use bytes::Bytes;
use hotline_base::Time;
use serde::{Deserialize, Serialize};

use super::Timer;
use super::body::sdp_of;
use super::context::{Context, Inbound};
use super::exchange::{Asked, Exchange, Manner};
use super::prack::{Arrival, Order};
use super::usage::{Change, Usage};
use crate::dialog::Dialog;
use crate::login::authorise;
use crate::message::HeaderError;
use crate::outgoing::Outgoing;
use crate::{HeaderName, Message, Method};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Early {
    dialog: Dialog,
    /// What our INVITE offered.
    offer: Bytes,
    order: Order,
    /// The latest PRACK, in case it is challenged.
    prack: Option<Box<Outgoing>>,
    agreement: Agreement,
    /// Whether the phone said that it can be told to take the call.
    takes_talk: bool,
}

/// The event by which a phone is told to take a call.
const TALK: &str = "talk";

fn takes_talk(response: &Message) -> bool {
    response.headers(HeaderName::AllowEvents).any(|event| event.trim().eq_ignore_ascii_case(TALK))
}

/// What came of the offer in our INVITE.
#[expect(clippy::large_enum_variant, reason = "there is one a session, and most sessions get there")]
#[derive(Debug, Serialize, Deserialize)]
enum Agreement {
    /// No answer that is sure to last; perhaps a glimpse of one.
    Open { glimpse: Option<Bytes> },
    /// Each may offer changes.
    Reached(Exchange),
}

/// What becomes of a provisional response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Our user is told.
    News,
    /// It was dealt with.
    Ignored,
}

impl Early {
    /// Of the first response with a tag.
    pub(super) fn new(response: &Message, offer: Bytes) -> Result<Self, HeaderError> {
        Ok(Self {
            dialog: Dialog::from_response(response)?,
            offer,
            order: Order::default(),
            prack: None,
            agreement: Agreement::Open { glimpse: None },
            takes_talk: takes_talk(response),
        })
    }

    pub(super) fn tag(&self) -> Option<&str> {
        self.dialog.remote.tag()
    }

    /// A provisional response.
    pub(super) fn handle_progress(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        response: &Message,
    ) -> Progress {
        self.takes_talk |= takes_talk(response);
        let before = self.order;
        let arrival = self.order.take(response);
        let sdp = sdp_of(response).known();
        match arrival {
            Arrival::Ignored => {
                ctx.counters.repetitions += 1;
                return Progress::Ignored;
            }
            Arrival::Next(rack) => {
                self.dialog.refresh(response);
                let Some(prack) = usage.prack(ctx, &mut self.dialog, &rack) else {
                    // The response comes again.
                    self.order = before;
                    return Progress::Ignored;
                };
                self.prack = Some(Box::new(prack));
                self.agree(sdp);
            }
            Arrival::Plain => match &mut self.agreement {
                Agreement::Open { glimpse } => *glimpse = sdp.or(glimpse.take()),
                Agreement::Reached(_) => {}
            },
        }
        Progress::News
    }

    /// The first description that is sure to arrive is the answer (RFC 3261 §13.2.1).
    fn agree(&mut self, sdp: Option<Bytes>) {
        match (&self.agreement, sdp) {
            (Agreement::Open { .. }, Some(answer)) => {
                self.agreement = Agreement::Reached(Exchange::new(self.offer.clone(), answer));
            }
            (Agreement::Open { .. } | Agreement::Reached(_), _) => {}
        }
    }

    /// A response to the latest PRACK: a challenge is answered, whatever else it is leads nowhere.
    pub(super) fn handle_pracked(&mut self, usage: &Usage, ctx: &mut Context<'_>, response: &Message) {
        let is_ours =
            |prack: &Outgoing| response.top_via().is_ok_and(|via| via.branch() == Some(&prack.branch));
        let (Some(prack), Some(login)) = (self.prack.take_if(|prack| is_ours(prack)), &usage.login) else {
            return;
        };
        let flow = usage.way(ctx.config, &self.dialog);
        if let Some(again) = authorise(ctx.rng, &prack, response, login)
            && ctx.request(&again, flow, usage.owner()).is_ok()
        {
            self.dialog.local_seq = self.dialog.local_seq.max(again.cseq);
            self.prack = Some(Box::new(again));
        }
    }

    /// Tells the phone to take the call by itself (NOTIFY with the event `talk`, which desk phones made common). False if it has
    /// not said that it knows that, or there is no room for the request.
    pub(super) fn ask_to_answer(&mut self, usage: &Usage, ctx: &mut Context<'_>) -> bool {
        if !self.takes_talk {
            return false;
        }
        let flow = usage.way(ctx.config, &self.dialog);
        let mut notify = self.dialog.request(Method::Notify, ctx.config.sent_by(&flow), ctx.rng);
        notify.headers = usage.headers(ctx);
        notify.headers.push((HeaderName::Event, TALK.to_owned()));
        notify.headers.push((HeaderName::SubscriptionState, "active".to_owned()));
        ctx.request(&notify, flow, usage.owner()).is_ok()
    }

    /// Whether this UPDATE of ours is the offer under way here.
    pub(super) fn offered(&self, cseq: u32) -> bool {
        matches!(&self.agreement, Agreement::Reached(exchange) if exchange.offered(&Method::Update, cseq))
    }

    /// Whether our user has an offer of this dialog to answer.
    pub(super) const fn is_asked(&self) -> bool {
        match &self.agreement {
            Agreement::Open { .. } => false,
            Agreement::Reached(exchange) => exchange.asked().is_some(),
        }
    }

    /// Whether an offer of ours may be sent here.
    pub(super) const fn may_be_offered(&self) -> bool {
        matches!(self.agreement, Agreement::Reached(_)) && self.dialog.takes_update
    }

    pub(super) fn reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes) {
        match &mut self.agreement {
            Agreement::Reached(exchange) => {
                exchange.reoffer(usage, ctx, &mut self.dialog, sdp, Manner::update());
            }
            Agreement::Open { .. } => usage.refuse_offer(ctx, 491),
        }
    }

    pub(super) fn answer_reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, sdp: Bytes) {
        if let Agreement::Reached(exchange) = &mut self.agreement {
            exchange.answer(usage, ctx, &mut self.dialog, sdp, Vec::new());
        }
    }

    pub(super) fn refuse_reoffer(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16) {
        if let Agreement::Reached(exchange) = &mut self.agreement {
            exchange.refuse(usage, ctx, status);
        }
    }

    pub(super) fn take_in_order(
        &mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        inbound: &Inbound,
    ) -> bool {
        usage.take_in_order(ctx, &mut self.dialog, inbound)
    }

    /// A change that the callee wants; `is_busy` if our user has another dialog's offer to answer.
    pub(super) fn handle_change(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        change: Change,
        inbound: &Inbound,
        is_busy: bool,
    ) {
        match (change, &mut self.agreement) {
            (Change::Refresh, _) => usage.grant(ctx, &mut self.dialog, inbound, Vec::new()),
            (Change::Update(_), Agreement::Reached(_)) if is_busy => {
                ctx.reply_later(inbound, &usage.local_tag);
            }
            (Change::Update(offer), Agreement::Reached(exchange)) => {
                exchange.handle_offer(usage, ctx, inbound, Asked::Update, Some(offer));
            }
            // Our INVITE is under way, and its offer perhaps not answered (RFC 3261 §14.2, RFC 3311 §5.2).
            (Change::Update(_) | Change::Invite(_), _) => {
                ctx.counters.glares += 1;
                ctx.reply(inbound, 491, &usage.local_tag);
            }
            (Change::Refer | Change::Bye, _) => ctx.reply_later(inbound, &usage.local_tag),
            // We send no provisional responses here.
            (Change::Prack, _) => {
                ctx.counters.unmatched_pracks += 1;
                ctx.reply(inbound, 481, &usage.local_tag);
            }
        }
    }

    /// A response to our UPDATE.
    pub(super) fn handle_response(
        &mut self,
        usage: &mut Usage,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message,
    ) {
        if let Agreement::Reached(exchange) = &mut self.agreement {
            let outcome = exchange.handle_response(usage, ctx, &mut self.dialog, status, response);
            outcome.settle_early(usage, ctx);
        }
    }

    /// Nobody answered our UPDATE.
    pub(super) fn handle_no_response(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16) {
        if let Agreement::Reached(exchange) = &mut self.agreement {
            exchange.handle_no_response(status).settle_early(usage, ctx);
        }
    }

    pub(super) fn handle_timeout(&mut self, usage: &Usage, ctx: &mut Context<'_>) {
        if let Agreement::Reached(exchange) = &mut self.agreement {
            // Only a re-INVITE is acknowledged, and none is granted here.
            if let Ok(outcome) = exchange.handle_timeout(usage, ctx, &mut self.dialog, |_| Manner::update()) {
                outcome.settle_early(usage, ctx);
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<(Time, Timer)> {
        match &self.agreement {
            Agreement::Open { .. } => None,
            Agreement::Reached(exchange) => exchange.poll_timeout(),
        }
    }

    /// The dialog was answered with `confirmed`: what it was agreed on, and what our user has to know of it. Where
    /// changes followed the answer there is nothing to know.
    pub(super) fn confirm(self, confirmed: &mut Dialog, answer: Option<Bytes>) -> (Exchange, Option<Bytes>) {
        confirmed.remote_seq = self.dialog.remote_seq;
        confirmed.local_seq = confirmed.local_seq.max(self.dialog.local_seq);
        confirmed.takes_update |= self.dialog.takes_update;
        match self.agreement {
            Agreement::Reached(exchange) => {
                let told = (*exchange.ours() == self.offer).then(|| exchange.theirs().clone());
                (exchange, told)
            }
            Agreement::Open { glimpse } => {
                let answer = answer.or(glimpse);
                (Exchange::new(self.offer, answer.clone().unwrap_or_default()), answer)
            }
        }
    }
}
