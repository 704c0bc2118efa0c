//! Messages of callers.

use hotline_api_types as api;
use hotline_store::{MessagePage, StoredMessage};

use super::record::millis;
use super::{Sight, time};
use crate::cursor;

/// A page of them.
pub(crate) fn message_page(page: &MessagePage, sight: impl Fn(&StoredMessage) -> Sight) -> api::MessagePage {
    api::MessagePage {
        messages: page.messages.iter().map(|one| message(one, sight(one))).collect(),
        next: page.next.map(|next| cursor::write(&next.to_string())),
        unheard: page.unheard,
    }
}

/// One of them.
pub(crate) fn message(message: &StoredMessage, sight: Sight) -> api::Message {
    let heard = message.heard.as_ref();
    api::Message {
        id: message.id.to_string(),
        call: message.call.to_string(),
        mailbox: message.mailbox.clone(),
        caller: sight.number(&message.caller),
        started_at: time(message.started_at),
        duration_ms: millis(message.duration),
        heard_at: heard.map(|heard| time(heard.at)),
        heard_by: heard.map(|heard| heard.by.clone()),
    }
}
