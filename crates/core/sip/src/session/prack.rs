//! Provisional responses that want a PRACK, as the caller takes them: RFC 3262 §4.

use serde::{Deserialize, Serialize};

use crate::Message;
use crate::message::{RAck, REL100};

/// Which reliable provisional response to one INVITE came last, in one dialog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    last: Option<u32>,
}

/// What a provisional response is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// One that wants no PRACK.
    Plain,
    /// The next one. It wants this PRACK.
    Next(RAck),
    /// One that came before, or ahead of its turn. The PRACK of the former is repeated by its transaction, the latter
    /// comes again.
    Ignored,
}

impl Order {
    /// Takes a provisional response.
    pub(super) fn take(&mut self, response: &Message) -> Arrival {
        let (Ok(Some(rseq)), Ok(cseq)) = (response.rseq(), response.cseq()) else { return Arrival::Plain };
        if !response.requires(REL100) || response.status().is_none_or(|status| status <= 100) {
            return Arrival::Plain;
        }
        if self.last.is_some_and(|last| last.checked_add(1) != Some(rseq)) {
            return Arrival::Ignored;
        }
        self.last = Some(rseq);
        Arrival::Next(RAck { rseq, cseq })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(order: &mut Order, status: &str, headers: &str) -> Option<u32> {
        let text = format!(
            "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\n\
             To: <sip:b@y>;tag=2\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n{headers}\r\n"
        );
        match order.take(&Message::parse(text).unwrap()) {
            Arrival::Plain => None,
            Arrival::Next(rack) => {
                assert_eq!(rack.to_string(), format!("{} 7 INVITE", rack.rseq));
                Some(rack.rseq)
            }
            Arrival::Ignored => Some(0),
        }
    }

    #[test]
    fn only_what_insists_on_a_prack_and_has_a_number_gets_one() {
        let mut order = Order::default();
        assert_eq!(take(&mut order, "180 Ringing", ""), None);
        assert_eq!(take(&mut order, "180 Ringing", "RSeq: 9\r\n"), None);
        assert_eq!(take(&mut order, "180 Ringing", "Require: 100rel\r\n"), None);
        assert_eq!(take(&mut order, "180 Ringing", "Require: 100rel\r\nRSeq: 0\r\n"), None);
        assert_eq!(take(&mut order, "100 Trying", "Require: 100rel\r\nRSeq: 9\r\n"), None);
        assert_eq!(take(&mut order, "183 Progress", "Require: x, 100REL\r\nRSeq: 9\r\n"), Some(9));
    }

    #[test]
    fn each_is_acknowledged_once_and_in_order() {
        let mut order = Order::default();
        let mut rseq =
            |number: u32| take(&mut order, "183 P", &format!("Require: 100rel\r\nRSeq: {number}\r\n"));
        assert_eq!(
            [rseq(70), rseq(70), rseq(72), rseq(69), rseq(71), rseq(72)],
            [70, 0, 0, 0, 71, 72].map(Some)
        );
        let mut order = Order { last: Some(u32::MAX) };
        assert_eq!(
            take(&mut order, "183 P", "Require: 100rel\r\nRSeq: 1\r\n"),
            Some(0),
            "it never starts anew"
        );
    }
}
