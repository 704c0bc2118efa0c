//! Counts messages by method, class, direction and transport. Every label has a bounded number of values: peers can
//! make up methods, and those are `other`.

use std::collections::BTreeMap;

use hotline_sip::{Method, Transport};
use hotline_telemetry::Metric;
use metrics::Counter;

use crate::captured::Way;
use crate::head::What;

/// Every method that nobody knows, and that of a response whose CSeq cannot be read.
const OTHER: &str = "other";

/// Handles, since looking one up by its labels costs more than counting.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    known: BTreeMap<Key, Counter>,
}

/// The class of a response, 0 for a request; the method's place in [`Method::KNOWN`], or behind it.
type Key = (u8, usize, Way, Transport);

impl Counts {
    pub(crate) fn count(&mut self, what: &What, way: Way, transport: Transport) {
        let (class, method) = match what {
            What::Request(method) => (0, place(method)),
            What::Response(status, method) => {
                (class(*status), method.as_ref().map_or(Method::KNOWN.len(), place))
            }
        };
        let key = (class, method, way, transport);
        self.known.entry(key).or_insert_with(|| handle(key)).increment(1);
    }
}

/// 1 to 6: a status is 100 to 699.
fn class(status: u16) -> u8 {
    u8::try_from(status / 100).unwrap_or(0).clamp(1, 6)
}

fn place(method: &Method) -> usize {
    Method::KNOWN.iter().position(|known| known == method).unwrap_or(Method::KNOWN.len())
}

fn handle((class, method, way, transport): Key) -> Counter {
    let method = Method::KNOWN.get(method).map_or(OTHER, Method::as_str);
    let transport = transport.as_str().to_ascii_lowercase();
    match class {
        0 => Metric::SipRequests.counter_for([method, way.as_str(), &transport]),
        class => {
            let class = format!("{class}xx");
            Metric::SipResponses.counter_for([&class, method, way.as_str(), &transport])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_methods_and_statuses_make_no_new_series() {
        let mut counts = Counts::default();
        for number in 0..300 {
            let method = Method::parse(&format!("X{number}")).unwrap();
            counts.count(&What::Request(method.clone()), Way::Received, Transport::Udp);
            counts.count(&What::Response(400 + number, Some(method)), Way::Sent, Transport::Udp);
            counts.count(&What::Response(400 + number, None), Way::Sent, Transport::Udp);
        }
        assert_eq!(
            counts.known.len(),
            4,
            "other requests, and 4xx to 6xx to them: {:?}",
            counts.known.keys()
        );
    }
}
