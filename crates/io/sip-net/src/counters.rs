//! Handles of the metrics that are counted on every message or connection.

use hotline_sip::Transport;
use hotline_telemetry::Metric;
use metrics::{Counter, Gauge};

use crate::ending::{Ending, Refusal};

/// What a network counts. Make it after the recorder of metrics is installed.
pub(crate) struct Counters {
    /// Datagrams for which the channel had no room.
    pub(crate) dropped: Counter,
    pub(crate) receive_errors: Counter,
    pub(crate) send_errors: Counter,
    pub(crate) accept_errors: Counter,
    /// Messages to a connection that were not written when it ended.
    pub(crate) unsent: Counter,
    open: [Gauge; Transport::ALL.len()],
}

/// A connection that is open. Dropping it says that it is not.
pub(crate) struct Open(Gauge);

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            dropped: Metric::SipDatagramsDropped.counter(),
            receive_errors: Metric::SipReceiveErrors.counter(),
            send_errors: Metric::SipSendErrors.counter(),
            accept_errors: Metric::SipAcceptErrors.counter(),
            unsent: Metric::SipUnsent.counter(),
            open: Transport::ALL.map(|transport| Metric::SipConnections.gauge_for([transport.as_str()])),
        }
    }

    /// A connection is open from now on, until what is given back is dropped.
    pub(crate) fn open(&self, transport: Transport) -> Open {
        let index = Transport::ALL.iter().position(|other| *other == transport);
        let gauge = &self.open[index.expect("ALL has every transport")];
        gauge.increment(1.0);
        Open(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

pub(crate) fn accepted(transport: Transport) {
    Metric::SipConnectionsAccepted.increment_for([transport.as_str()]);
}

pub(crate) fn dialled(transport: Transport) {
    Metric::SipConnectionsDialled.increment_for([transport.as_str()]);
}

pub(crate) fn refused(refusal: Refusal) {
    Metric::SipConnectionsRefused.increment_for([refusal.label()]);
}

pub(crate) fn closed(transport: Transport, ending: Ending) {
    Metric::SipConnectionsClosed.increment_for([transport.as_str(), ending.label()]);
}
