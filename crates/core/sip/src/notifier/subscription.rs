//! One subscription (RFC 6665 §4.2): what its NOTIFYs say, when they leave, and its end. Must not know who may
//! subscribe, nor where the state that it tells comes from.

use core::fmt;
use core::time::Duration;

use hotline_base::{AgentId, Now, Time};
use serde::{Deserialize, Serialize};

use super::dialog_info::{Line, Progress, dialog_info, listed};
use super::message_summary::MessageSummary;
use super::package::{EventHeader, Package};
use crate::dialog::Dialog;
use crate::endpoint::Counters;
use crate::flow::Flow;
use crate::outgoing::Body;
use crate::session::{Context, Owner};
use crate::transaction::SendError;
use crate::{HeaderName, Message, Method};

/// RFC 4235 §3.10, RFC 3842 §3.10. The shortest time between two NOTIFYs of one subscription; its end is told at once.
pub const NOTIFY_INTERVAL: Duration = Duration::from_secs(1);

/// One subscription. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubscriptionId(pub u64);

/// Why a subscription ends, as its last NOTIFY says (RFC 6665 §4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum End {
    /// It was not refreshed, taken back, or never meant to last.
    Timeout,
    /// The phone is registered no more, or the server stops.
    Deactivated,
    /// The user has too many.
    Rejected,
    /// Whom it watches is configured no more.
    NoResource,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "timeout",
            Self::Deactivated => "deactivated",
            Self::Rejected => "rejected",
            Self::NoResource => "noresource",
        })
    }
}

/// What there is to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The calls of a phone.
    Dialogs(Vec<Line>),
    /// A mailbox.
    Messages(MessageSummary),
}

/// Who subscribes to what.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// Whose password was proved.
    pub(crate) user: String,
    pub(crate) resource: AgentId,
    pub(crate) event: EventHeader,
    /// The URI by which the subscriber knows the resource.
    pub(crate) entity: String,
    /// Our Contact.
    pub(crate) contact: String,
    /// Where NOTIFYs go.
    pub(crate) flow: Flow,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: SubscriptionId,
    pub(crate) user: String,
    pub(crate) resource: AgentId,
    pub(crate) event: EventHeader,
    entity: String,
    contact: String,
    pub(crate) flow: Flow,
    pub(crate) dialog: Dialog,
    expires_at: Time,
    /// The number of its next document (RFC 4235 §4.1).
    version: u32,
    /// The calls that its last document listed: one of them that is over is told once more.
    listed: Vec<Line>,
    notified_at: Option<Time>,
    state: State,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum State {
    /// What there is was told.
    Told,
    /// There is something to tell at that time.
    Due(Time),
    /// The NOTIFY with this CSeq is not answered.
    Telling { cseq: u32, then: Then },
    /// The last NOTIFY has left, or nobody is there to be told.
    Over,
}

/// What follows the answer to a NOTIFY.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Then {
    Rest,
    Tell,
    End(End),
}

impl Subscription {
    /// Of a SUBSCRIBE that was granted until `expires_at`; the first NOTIFY is due. `dialog` is made of it.
    pub(crate) fn new(now: Now, id: SubscriptionId, terms: Terms, dialog: Dialog, expires_at: Time) -> Self {
        let Terms { user, resource, event, entity, contact, flow } = terms;
        Self {
            id,
            user,
            resource,
            event,
            entity,
            contact,
            flow,
            dialog,
            expires_at,
            version: 0,
            listed: Vec::new(),
            notified_at: None,
            state: State::Due(now.mono),
        }
    }

    pub(crate) const fn package(&self) -> Package {
        self.event.package
    }

    /// Call-ID and our tag: what a SUBSCRIBE within the dialog is known by.
    pub(crate) fn key(&self) -> (String, String) {
        let tag = self.dialog.local.tag().unwrap_or_default().to_owned();
        (self.dialog.call_id.clone(), tag)
    }

    pub(crate) const fn expires_at(&self) -> Time {
        self.expires_at
    }

    /// Our Contact, for responses within the dialog.
    pub(crate) fn contact(&self) -> &str {
        &self.contact
    }

    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// When [`Self::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        match self.state {
            State::Told | State::Telling { then: Then::Rest | Then::Tell, .. } => Some(self.expires_at),
            State::Due(at) => Some(at.min(self.expires_at)),
            State::Telling { then: Then::End(_), .. } | State::Over => None,
        }
    }

    /// There is something new to tell. The latest counts: what comes before the NOTIFY leaves is in it.
    pub(crate) fn change(&mut self, now: Now) {
        match &mut self.state {
            State::Told => self.state = State::Due(self.next_at(now)),
            State::Telling { then: then @ Then::Rest, .. } => *then = Then::Tell,
            State::Telling { then: Then::Tell | Then::End(_), .. } | State::Due(_) | State::Over => {}
        }
    }

    /// It was refreshed, perhaps from elsewhere: it lives until `expires_at`, and tells what there is.
    pub(crate) fn refresh(&mut self, now: Now, request: &Message, flow: Flow, expires_at: Time) {
        self.dialog.refresh(request);
        self.flow = flow;
        self.expires_at = expires_at;
        self.change(now);
    }

    /// Tells what is due, and ends when nobody has refreshed it.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Context<'_>, content: Content) {
        if self.expires_at <= ctx.now.mono {
            self.end(ctx, content, End::Timeout);
            return;
        }
        match self.state {
            State::Due(at) if at <= ctx.now.mono => self.tell(ctx, content),
            State::Due(_) | State::Told | State::Telling { .. } | State::Over => {}
        }
    }

    /// Tells the last there is, and that nothing follows: at once, or when the NOTIFY that is out is answered.
    pub(crate) fn end(&mut self, ctx: &mut Context<'_>, content: Content, why: End) {
        match &mut self.state {
            State::Told | State::Due(_) => {
                // Without room for it, the peer learns from its refresh that the subscription is gone.
                let _sent = self.notify(ctx, content, format!("terminated;reason={why}"));
                self.state = State::Over;
            }
            State::Telling { then: Then::End(_), .. } | State::Over => {}
            State::Telling { then, .. } => *then = Then::End(why),
        }
    }

    /// Nobody is there any more.
    pub(crate) fn abandon(&mut self) {
        self.state = State::Over;
    }

    /// A NOTIFY was answered, or nobody answered it. Gives back whether it was not taken.
    pub(crate) fn handle_answer(
        &mut self,
        ctx: &mut Context<'_>,
        content: Content,
        number: u32,
        status: u16,
    ) -> bool {
        let State::Telling { cseq, then } = self.state else { return false };
        if cseq != number || status < 200 {
            return false;
        }
        if ends_subscription(status) {
            self.state = State::Over;
            return true;
        }
        self.state = State::Told;
        match then {
            Then::Rest => {}
            Then::Tell => self.state = State::Due(self.next_at(ctx.now)),
            Then::End(why) => self.end(ctx, content, why),
        }
        status >= 300
    }

    fn tell(&mut self, ctx: &mut Context<'_>, content: Content) {
        let left = self.expires_at.since(ctx.now.mono).as_secs().max(1);
        self.state = match self.notify(ctx, content, format!("active;expires={left}")) {
            Ok(cseq) => State::Telling { cseq, then: Then::Rest },
            Err(SendError::Full) => State::Due(ctx.now.mono + NOTIFY_INTERVAL),
            Err(SendError::Unwritable) => State::Over,
        };
    }

    /// Sends a NOTIFY; its CSeq.
    fn notify(&mut self, ctx: &mut Context<'_>, content: Content, state: String) -> Result<u32, SendError> {
        let sent_by = ctx.config.sent_by(&self.flow);
        let body = self.document(content, ctx.counters);
        let mut notify = self.dialog.request(Method::Notify, sent_by, ctx.rng);
        notify.headers = vec![
            (HeaderName::Contact, self.contact.clone()),
            (HeaderName::UserAgent, ctx.config.user_agent.clone()),
            (HeaderName::Event, self.event.to_string()),
            (HeaderName::SubscriptionState, state),
        ];
        notify.body = Some(Body::new(self.package().content_type(), body.into()));
        // Its peer is a registered phone, reached only where it was seen.
        notify.stays = true;
        ctx.request(&notify, self.flow, Owner::Subscription(self.id))?;
        ctx.counters.notifies += 1;
        self.notified_at = Some(ctx.now.mono);
        Ok(notify.cseq)
    }

    /// What there is, as the next document. Calls that were listed and are over are listed as such: phones that wait to
    /// be told the end of a call are told it.
    fn document(&mut self, content: Content, counters: &mut Counters) -> String {
        match content {
            Content::Dialogs(lines) => {
                let is_gone = |old: &&Line| lines.iter().all(|line| line.session != old.session);
                let ended = self.listed.iter().filter(is_gone);
                let mut all: Vec<Line> =
                    ended.map(|line| Line { progress: Progress::Terminated, ..*line }).collect();
                self.listed = listed(&lines);
                counters.dialogs_unlisted += (lines.len() - self.listed.len()) as u64;
                all.extend(&self.listed);
                all.sort_by_key(|line| line.session);
                let text = dialog_info(&self.entity, self.version, &all);
                self.version = self.version.wrapping_add(1);
                text
            }
            Content::Messages(summary) => summary.document(&self.entity),
        }
    }

    fn next_at(&self, now: Now) -> Time {
        self.notified_at.map_or(now.mono, |at| now.mono.max(at + NOTIFY_INTERVAL))
    }
}

/// Whether the answer to a NOTIFY says that the peer has no use for another (RFC 5057 §5.1, RFC 6665 §4.2.2); 408 is also
/// that nobody has answered. Others mean that one NOTIFY only.
const fn ends_subscription(status: u16) -> bool {
    matches!(status, 404 | 405 | 408 | 410 | 416 | 480..=485 | 489 | 501 | 604)
}
