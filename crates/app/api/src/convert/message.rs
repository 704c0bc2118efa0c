//! Messages of callers.

use hotline_api_types as api;
use hotline_store::{MessagePage, StoredMessage};

use super::record::millis;
use super::time;

/// A page of them.
pub(crate) fn message_page(page: &MessagePage) -> api::MessagePage {
    api::MessagePage {
        messages: page.messages.iter().map(message).collect(),
        next: page.next.map(|next| next.to_string()),
        unheard: page.unheard,
    }
}

/// One of them.
pub(crate) fn message(message: &StoredMessage) -> api::Message {
    let heard = message.heard.as_ref();
    api::Message {
        id: message.id.to_string(),
        call: message.call.to_string(),
        mailbox: message.mailbox.clone(),
        caller: message.caller.expose().clone(),
        started_at: time(message.started_at),
        duration_ms: millis(message.duration),
        heard_at: heard.map(|heard| time(heard.at)),
        heard_by: heard.map(|heard| heard.by.clone()),
    }
}
