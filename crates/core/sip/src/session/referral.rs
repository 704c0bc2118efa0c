//! A transfer that the peer asks for: REFER within the session, and the NOTIFYs that tell how it goes (RFC 3515,
//! RFC 4488, RFC 6665). The subscription ends with the session: whoever hung up learns no more.

use std::mem;

use serde::{Deserialize, Serialize};

use super::context::{Context, Inbound, reason_phrase};
use super::usage::Usage;
use crate::dialog::Dialog;
use crate::endpoint::{Event, ReferTarget};
use crate::message::NameAddr;
use crate::outgoing::Body;
use crate::replaces::Replaces;
use crate::uri::Uri;
use crate::{HeaderName, Method};

/// RFC 3515 §2.4.5. What a NOTIFY about a transfer carries.
const SIPFRAG: &str = "message/sipfrag;version=2.0";
/// RFC 3515 §2.4.4. How long the subscription is said to last; its end is told before.
const SUBSCRIBED_SECONDS: u32 = 180;

/// The transfer that is under way, one at a time.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) enum Referral {
    #[default]
    None,
    /// Our user has not decided.
    Asked(Inbound),
    /// Accepted; the peer wants to know how it goes.
    Told(Telling),
    /// Accepted; the peer wants to know nothing (RFC 4488).
    Untold,
}

/// NOTIFYs go one after the other; what is overtaken meanwhile is not told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Telling {
    /// CSeq of the REFER: the subscription's id (RFC 3515 §2.4.6).
    id: u32,
    wire: Wire,
}

#[derive(Debug, Serialize, Deserialize)]
enum Wire {
    /// Every NOTIFY is answered.
    Free,
    /// The NOTIFY with this CSeq is not; then `next` is told.
    Busy { cseq: u32, next: Option<u16> },
}

impl Referral {
    /// A REFER came.
    pub(super) fn handle_refer(&mut self, usage: &Usage, ctx: &mut Context<'_>, inbound: &Inbound) {
        if !matches!(self, Self::None) {
            ctx.reply_later(inbound, &usage.local_tag);
            return;
        }
        match target(inbound) {
            Ok(target) => {
                *self = Self::Asked(inbound.clone());
                let referred_by = inbound.message.name_addr(HeaderName::ReferredBy).ok().flatten();
                ctx.events.push_back(Event::Refer { session: usage.id, target, referred_by });
            }
            Err(status) => ctx.reply(inbound, status, &usage.local_tag),
        }
    }

    /// 202, and the first NOTIFY.
    pub(super) fn accept(&mut self, usage: &Usage, ctx: &mut Context<'_>, dialog: &mut Dialog) {
        let Some(inbound) = self.take_asked() else { return };
        let silent = inbound.message.header_by_text("Refer-Sub");
        let is_silent = silent.is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
        let mut response = usage.response(ctx, &inbound, 202);
        if is_silent {
            response = response.raw("Refer-Sub", "false");
        }
        ctx.respond(&inbound, 202, response);
        if is_silent {
            *self = Self::Untold;
            return;
        }
        let id = inbound.message.cseq().map(|cseq| cseq.number).unwrap_or_default();
        *self = Self::Told(Telling { id, wire: Wire::Free });
        self.report(usage, ctx, dialog, 100);
    }

    pub(super) fn refuse(&mut self, usage: &Usage, ctx: &mut Context<'_>, status: u16) {
        if let Some(inbound) = self.take_asked() {
            let status = if (300..700).contains(&status) { status } else { 603 };
            ctx.reply(&inbound, status, &usage.local_tag);
        }
    }

    /// Tells how the transfer goes; a final status ends it.
    pub(super) fn report(&mut self, usage: &Usage, ctx: &mut Context<'_>, dialog: &mut Dialog, status: u16) {
        match self {
            Self::Told(telling) => match &mut telling.wire {
                Wire::Busy { next, .. } => *next = Some(status),
                Wire::Free => self.notify(usage, ctx, dialog, status),
            },
            Self::Untold if status >= 200 => *self = Self::None,
            Self::None | Self::Asked(_) | Self::Untold => {}
        }
    }

    /// A NOTIFY was answered, or nobody answered it: a peer that does not know the subscription is told no more.
    pub(super) fn handle_response(
        &mut self,
        usage: &Usage,
        ctx: &mut Context<'_>,
        dialog: &mut Dialog,
        answered: (u32, u16),
    ) {
        let (number, status) = answered;
        let Self::Told(telling) = self else { return };
        let Wire::Busy { cseq, next } = &telling.wire else { return };
        if *cseq != number || status < 200 {
            return;
        }
        let next = *next;
        if status >= 300 {
            *self = Self::Untold;
            return;
        }
        telling.wire = Wire::Free;
        if let Some(next) = next {
            self.notify(usage, ctx, dialog, next);
        }
    }

    /// Our user ends the session: what waits for its turn is told before.
    pub(super) fn conclude(&mut self, usage: &Usage, ctx: &mut Context<'_>, dialog: &mut Dialog) {
        if let Self::Told(Telling { wire: Wire::Busy { next: Some(next), .. }, .. }) = self {
            let next = *next;
            self.notify(usage, ctx, dialog, next);
        }
        self.end(usage, ctx);
    }

    /// Refuses what our user has not decided on, as the session ends.
    pub(super) fn end(&mut self, usage: &Usage, ctx: &mut Context<'_>) {
        self.refuse(usage, ctx, 603);
        *self = Self::None;
    }

    fn notify(&mut self, usage: &Usage, ctx: &mut Context<'_>, dialog: &mut Dialog, status: u16) {
        let Self::Told(telling) = self else { return };
        let flow = usage.way(ctx.config, dialog);
        let mut notify = dialog.request(Method::Notify, ctx.config.sent_by(&flow), ctx.rng);
        let is_final = status >= 200;
        let state = if is_final {
            "terminated;reason=noresource".to_owned()
        } else {
            format!("active;expires={SUBSCRIBED_SECONDS}")
        };
        notify.headers = usage.headers(ctx);
        notify.headers.push((HeaderName::Event, format!("refer;id={}", telling.id)));
        notify.headers.push((HeaderName::SubscriptionState, state));
        let fragment = format!("SIP/2.0 {status} {}\r\n", reason_phrase(status));
        notify.body = Some(Body::new(SIPFRAG, fragment.into()));
        telling.wire = Wire::Busy { cseq: notify.cseq, next: None };
        // Without room for it, the peer learns less: the transfer goes on.
        let sent = ctx.request(&notify, flow, usage.owner()).is_ok();
        if is_final || !sent {
            *self = if is_final { Self::None } else { Self::Untold };
        }
    }

    fn take_asked(&mut self) -> Option<Inbound> {
        match mem::take(self) {
            Self::Asked(inbound) => Some(inbound),
            other @ (Self::None | Self::Told(_) | Self::Untold) => {
                *self = other;
                None
            }
        }
    }
}

/// Whom a REFER names, or the status that refuses it: there must be one Refer-To (RFC 3515 §2.4.2) that can be called.
fn target(inbound: &Inbound) -> Result<ReferTarget, u16> {
    let message = &inbound.message;
    let mut named = message.headers(HeaderName::ReferTo);
    let (Some(value), None) = (named.next(), named.next()) else { return Err(400) };
    let uri = NameAddr::parse(&value).map_err(|_| 400_u16)?.uri;
    if matches!(uri, Uri::Other(_)) {
        return Err(416);
    }
    let method = uri.sip().and_then(|uri| uri.params.get("method"));
    if method.is_some_and(|method| method != Method::Invite.as_str()) {
        return Err(501);
    }
    let replaces = Replaces::of_uri(&uri).map_err(|_| 400_u16)?;
    Ok(ReferTarget { user: hotline_base::Pii::new(uri.user().unwrap_or_default().into_owned()), replaces })
}
