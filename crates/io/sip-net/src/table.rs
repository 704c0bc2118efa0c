//! Which connection a flow has, and what is promised to whoever sends on it: the message is written, or the flow's end
//! is told after it was sent. Knows no socket.
//!
//! A flow has one entry. While its connection lives, messages wait in the connection's outbox. When it ends, the end is
//! told before the entry goes; a message that is sent meanwhile makes the end be told once more.

use std::collections::HashMap;

use bytes::Bytes;
use hotline_sip::Flow;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::ending::Ending;

/// The connections that messages can be sent on.
#[derive(Debug)]
pub(crate) struct Table {
    entries: HashMap<Flow, Entry>,
    outbox_max: usize,
    last_id: u64,
}

#[derive(Debug)]
struct Entry {
    /// Never used twice: tells a connection from one that has taken its flow over.
    id: u64,
    state: State,
    /// Cancelled when the entry is gone.
    gone: CancellationToken,
}

#[derive(Debug)]
enum State {
    /// Being opened, or open.
    Live { outbox: mpsc::Sender<Bytes>, stop: oneshot::Sender<Ending> },
    /// Its end is being told.
    Ending {
        /// Something was sent since, so the end must be told again.
        missed: bool,
    },
}

/// The connection's side of its entry.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) flow: Flow,
    /// What is to be written.
    pub(crate) outbox: mpsc::Receiver<Bytes>,
    /// For what the connection has to write of itself.
    pub(crate) own: mpsc::Sender<Bytes>,
    /// Says that it has to end, and why.
    pub(crate) stop: oneshot::Receiver<Ending>,
    id: u64,
}

/// What became of a message.
#[derive(Debug)]
pub(crate) enum Posted {
    /// It waits to be written.
    Waits,
    /// It is lost; the end of the flow will be told.
    Lost,
    /// It waits for a connection that is to be opened.
    Dial(Seat),
}

/// Whether an entry is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It is.
    Gone,
    /// Something was sent since: tell the end again.
    Missed,
}

impl Table {
    pub(crate) fn new(outbox_max: usize) -> Self {
        Self { entries: HashMap::new(), outbox_max: outbox_max.max(1), last_id: 0 }
    }

    /// Takes a message for a flow.
    pub(crate) fn post(&mut self, flow: Flow, bytes: Bytes) -> Posted {
        let Some(entry) = self.entries.get_mut(&flow) else {
            let seat = self.seat(flow);
            seat.own.try_send(bytes).expect("a new outbox has room, and its seat holds both ends");
            return Posted::Dial(seat);
        };
        match &mut entry.state {
            State::Ending { missed } => *missed = true,
            State::Live { outbox, .. } => match outbox.try_send(bytes) {
                Ok(()) => return Posted::Waits,
                Err(mpsc::error::TrySendError::Full(_)) => entry.end(Some(Ending::Overrun), true),
                Err(mpsc::error::TrySendError::Closed(_)) => entry.end(None, true),
            },
        }
        Posted::Lost
    }

    /// A seat for a connection that was accepted. A living one of that flow goes on with what it has, but is sent no more:
    /// what ends then is not the flow. One that is ending has to be gone first, for which the token waits.
    pub(crate) fn claim(&mut self, flow: Flow) -> Result<Seat, CancellationToken> {
        match self.entries.get(&flow) {
            Some(Entry { state: State::Ending { .. }, gone, .. }) => Err(gone.clone()),
            Some(Entry { state: State::Live { .. }, .. }) | None => Ok(self.seat(flow)),
        }
    }

    /// A connection has ended and its end is being told. False if another has the flow.
    pub(crate) fn ending(&mut self, seat: &Seat) -> bool {
        let Some(entry) = self.entries.get_mut(&seat.flow).filter(|entry| entry.id == seat.id) else {
            return false;
        };
        match entry.state {
            State::Live { .. } => entry.end(None, false),
            // It was told to end.
            State::Ending { .. } => {}
        }
        true
    }

    /// The end was told.
    pub(crate) fn forget(&mut self, seat: &Seat) -> Farewell {
        let Some(entry) = self.entries.get_mut(&seat.flow).filter(|entry| entry.id == seat.id) else {
            return Farewell::Gone;
        };
        if let State::Ending { missed } = &mut entry.state
            && std::mem::take(missed)
        {
            return Farewell::Missed;
        }
        if let Some(entry) = self.entries.remove(&seat.flow) {
            entry.gone.cancel();
        }
        Farewell::Gone
    }

    fn seat(&mut self, flow: Flow) -> Seat {
        self.last_id += 1;
        let id = self.last_id;
        let (own, outbox) = mpsc::channel(self.outbox_max);
        let (stop_sender, stop) = oneshot::channel();
        let state = State::Live { outbox: own.clone(), stop: stop_sender };
        self.entries.insert(flow, Entry { id, state, gone: CancellationToken::new() });
        Seat { flow, outbox, own, stop, id }
    }
}

impl Entry {
    /// Lets the connection end, for a reason of ours if there is one.
    fn end(&mut self, why: Option<Ending>, missed: bool) {
        let before = std::mem::replace(&mut self.state, State::Ending { missed });
        if let (State::Live { stop, .. }, Some(why)) = (before, why) {
            // One that ends by itself at this moment does not listen.
            stop.send(why).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use hotline_sip::Transport;

    use super::*;

    fn flow() -> Flow {
        let address = |text: &str| text.parse().unwrap();
        Flow {
            transport: Transport::Tcp,
            local: address("192.0.2.1:5060"),
            remote: address("203.0.113.7:4000"),
        }
    }

    fn post(table: &mut Table, text: &'static str) -> Posted {
        table.post(flow(), Bytes::from_static(text.as_bytes()))
    }

    fn dialled(table: &mut Table) -> Seat {
        match post(table, "first") {
            Posted::Dial(seat) => seat,
            other @ (Posted::Waits | Posted::Lost) => panic!("{other:?}"),
        }
    }

    fn taken(seat: &mut Seat) -> Vec<Bytes> {
        std::iter::from_fn(|| seat.outbox.try_recv().ok()).collect()
    }

    #[test]
    fn the_first_message_opens_a_connection_and_the_next_ones_wait_for_it() {
        let mut table = Table::new(9);
        let mut seat = dialled(&mut table);
        assert!(matches!(post(&mut table, "second"), Posted::Waits));
        assert_eq!(taken(&mut seat), ["first", "second"]);
    }

    #[test]
    fn a_peer_that_does_not_read_is_let_go_and_its_end_told_after_the_last_message() {
        let mut table = Table::new(2);
        let mut seat = dialled(&mut table);
        assert!(matches!(post(&mut table, "second"), Posted::Waits));
        assert!(matches!(post(&mut table, "too many"), Posted::Lost));
        assert_eq!(seat.stop.try_recv(), Ok(Ending::Overrun));
        assert!(table.ending(&seat));
        assert_eq!(table.forget(&seat), Farewell::Missed);
        assert_eq!(table.forget(&seat), Farewell::Gone);
    }

    #[test]
    fn what_is_sent_while_the_end_is_told_has_it_told_again() {
        let mut table = Table::new(9);
        let seat = dialled(&mut table);
        assert!(table.ending(&seat));
        assert!(matches!(post(&mut table, "late"), Posted::Lost));
        assert_eq!(table.forget(&seat), Farewell::Missed);
        assert_eq!(table.forget(&seat), Farewell::Gone);
        assert!(matches!(post(&mut table, "anew"), Posted::Dial(_)));
    }

    #[test]
    fn what_is_sent_to_a_connection_that_has_stopped_to_take_is_lost_and_told() {
        let mut table = Table::new(9);
        let mut seat = dialled(&mut table);
        seat.outbox.close();
        assert!(matches!(post(&mut table, "late"), Posted::Lost));
        assert!(table.ending(&seat));
        assert_eq!(table.forget(&seat), Farewell::Missed);
    }

    #[test]
    fn a_second_connection_of_a_flow_is_sent_everything_from_then_on_and_only_its_end_is_the_flow_s() {
        let mut table = Table::new(9);
        let mut first = dialled(&mut table);
        let mut second = table.claim(flow()).unwrap();
        assert!(matches!(post(&mut table, "to the second"), Posted::Waits));
        assert_eq!(
            (taken(&mut first), taken(&mut second)),
            (vec!["first".into()], vec!["to the second".into()])
        );
        assert!(!table.ending(&first), "the flow lives");
        assert!(table.ending(&second));
        assert_eq!(table.forget(&second), Farewell::Gone);
    }

    #[test]
    fn a_connection_waits_until_the_end_of_the_one_before_is_told() {
        let mut table = Table::new(9);
        let seat = dialled(&mut table);
        assert!(table.ending(&seat));
        let gone = table.claim(flow()).unwrap_err();
        assert!(!gone.is_cancelled());
        assert_eq!(table.forget(&seat), Farewell::Gone);
        assert!(gone.is_cancelled() && table.claim(flow()).is_ok());
    }
}
