//! How many messages wait in a mailbox, as a document: RFC 3842 §5.2.

use serde::{Deserialize, Serialize};

/// The voice messages of one mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageSummary {
    /// Those that nobody has heard.
    pub new: u32,
    /// The others.
    pub old: u32,
}

impl MessageSummary {
    /// The document about the mailbox of `account`, a URI without line ends.
    pub(crate) fn document(self, account: &str) -> String {
        let waiting = if self.new > 0 { "yes" } else { "no" };
        let Self { new, old } = self;
        format!("Messages-Waiting: {waiting}\r\nMessage-Account: {account}\r\nVoice-Message: {new}/{old}\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lamp_is_lit_for_new_messages_only() {
        assert_eq!(
            MessageSummary::default().document("sip:1001@h"),
            "Messages-Waiting: no\r\nMessage-Account: sip:1001@h\r\nVoice-Message: 0/0\r\n"
        );
        let first = |new, old| {
            let text = MessageSummary { new, old }.document("sip:1001@h");
            text.lines().next().map(str::to_owned)
        };
        assert_eq!(first(0, 5).as_deref(), Some("Messages-Waiting: no"));
        assert_eq!(first(2, 0).as_deref(), Some("Messages-Waiting: yes"));
    }
}
