//! What is kept, and for how long. Messages are kept by dialog, dialogs belong to calls.
//!
//! Four limits: bytes in all, messages of a dialog, age, calls. At the first the dialog that was silent longest goes;
//! what belongs to no call (registrations, OPTIONS, strangers) has a quarter of the bytes and gives way among itself,
//! so that a scanner does not push out what was kept of calls.

use core::fmt;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hotline_base::{CallId, Now, Time};
use hotline_call::{LegEnd, SipLeg};
use hotline_sip::Flow;

use crate::captured::{Captured, Way};

/// What a message costs beside its bytes: its entry, its allocation.
const MESSAGE_COST: usize = size_of::<Captured>() + 32;
/// What a dialog costs beside its messages and its Call-ID: entries in three trees.
const DIALOG_COST: usize = 384;
/// Calls that are known at a time, far more than live. Beyond it the oldest is forgotten, which happens only if the
/// ends of calls were not told; its messages stay as those of no call.
const CALLS_MAX: usize = 20_000;
/// Of the bytes, one in so many is for what belongs to no call.
const STRANGERS_SHARE: usize = 4;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory in all, about; 0 keeps nothing.
    pub bytes: usize,
    /// Messages of one dialog. Beyond it the beginning and the end stay.
    pub dialog_messages: usize,
    /// How long a dialog is kept after its last message.
    pub age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 * 1024 * 1024, dialog_messages: 500, age: Duration::from_secs(24 * 3600) }
    }
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// A call.
    Call(CallId),
    /// The call that began last.
    LastCall,
    /// A dialog by its Call-ID; its whole call if it belongs to one.
    SipCallId(String),
}

/// What is kept of a call, or of a dialog that belongs to none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The call.
    pub call: Option<CallId>,
    /// Whether the call still lives.
    pub living: bool,
    /// Its dialogs, the caller's first.
    pub legs: Vec<TracedLeg>,
    /// Messages that were left out or gave way.
    pub omitted: u64,
}

/// One dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedLeg {
    /// Its Call-ID.
    pub sip_call_id: Arc<str>,
    /// Who is at its other end; `None` if it belongs to no call.
    pub end: Option<LegEnd>,
    /// Its messages, in order.
    pub messages: Vec<Captured>,
}

/// What the ring has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RingCounts {
    /// Dialogs that gave way to later ones.
    pub(crate) evicted: u64,
    /// Dialogs that became too old.
    pub(crate) expired: u64,
    /// Messages left out of dialogs that were too long.
    pub(crate) omitted: u64,
    /// Calls forgotten at [`CALLS_MAX`].
    pub(crate) calls_forgotten: u64,
}

pub(crate) struct Ring {
    limits: Limits,
    dialogs: BTreeMap<Arc<str>, Dialog>,
    calls: BTreeMap<CallId, Call>,
    /// Dialogs that have messages and belong to a call, the longest silent first.
    of_calls: Queue,
    /// The same of those that belong to none.
    of_nobody: Queue,
    /// The number of the last message.
    seq: u64,
    counts: RingCounts,
}

/// When each dialog had its last message, and how many bytes they have together.
#[derive(Default)]
struct Queue {
    order: BTreeMap<u64, (Time, Arc<str>)>,
    bytes: usize,
}

#[derive(Default)]
struct Dialog {
    messages: VecDeque<Captured>,
    /// Messages that are gone.
    omitted: u64,
    /// Those it belongs to; several only if a call of ours comes back to us.
    calls: Vec<CallId>,
    /// The number of its last message, by which it stands in its queue; 0 while it has none.
    place: u64,
    bytes: usize,
}

struct Call {
    living: bool,
    legs: Vec<(Arc<str>, LegEnd)>,
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("dialogs", &self.dialogs.len())
            .field("calls", &self.calls.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

impl Ring {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            dialogs: BTreeMap::new(),
            calls: BTreeMap::new(),
            of_calls: Queue { order: BTreeMap::new(), bytes: 0 },
            of_nobody: Queue { order: BTreeMap::new(), bytes: 0 },
            seq: 0,
            counts: RingCounts { evicted: 0, expired: 0, omitted: 0, calls_forgotten: 0 },
        }
    }

    /// Keeps a message of the dialog with this Call-ID.
    pub(crate) fn add(&mut self, now: Now, sip_call_id: &str, way: Way, flow: Flow, bytes: Bytes) {
        if self.limits.bytes == 0 {
            return;
        }
        let id = match self.dialogs.get_key_value(sip_call_id) {
            Some((id, _)) => Arc::clone(id),
            None => Arc::from(sip_call_id),
        };
        let mut dialog = self.take_out(&id).map_or_else(Dialog::default, |(_, dialog)| dialog);
        self.seq += 1;
        let earlier =
            dialog.messages.iter().rev().find(|message| message.way == way && message.bytes == bytes);
        let (bytes, repeated) = earlier.map_or((bytes, false), |earlier| (earlier.bytes.clone(), true));
        dialog.bytes += bytes.len() + MESSAGE_COST;
        dialog.messages.push_back(Captured { seq: self.seq, at: now.wall, way, flow, bytes, repeated });
        if dialog.messages.len() > self.limits.dialog_messages
            && let Some(middle) = dialog.messages.remove(self.limits.dialog_messages / 2)
        {
            dialog.bytes -= middle.bytes.len() + MESSAGE_COST;
            dialog.omitted += 1;
            self.counts.omitted += 1;
        }
        dialog.place = self.seq;
        self.put_in(now.mono, id, dialog);
        self.make_room();
    }

    /// A dialog belongs to a call from here on.
    pub(crate) fn join(&mut self, leg: SipLeg) {
        if self.limits.bytes == 0 {
            return;
        }
        let SipLeg { call, end, sip_call_id } = leg;
        let id: Arc<str> = Arc::from(sip_call_id);
        let (at, mut dialog) = self.take_out(&id).unwrap_or_default();
        dialog.calls.push(call);
        self.put_in(at, Arc::clone(&id), dialog);
        let known = self.calls.entry(call).or_insert(Call { living: true, legs: Vec::new() });
        known.legs.push((id, end));
        if self.calls.len() > CALLS_MAX
            && let Some((oldest, _)) = self.calls.first_key_value()
        {
            let oldest = *oldest;
            self.counts.calls_forgotten += 1;
            self.forget(oldest);
        }
    }

    /// A call is over: it is known as long as messages of it are kept.
    pub(crate) fn over(&mut self, call: CallId) {
        if let Some(known) = self.calls.get_mut(&call) {
            known.living = false;
            self.forget_if_empty(call);
        }
    }

    /// Lets go of what is too old.
    pub(crate) fn expire(&mut self, now: Time) {
        for strangers in [true, false] {
            loop {
                let queue = if strangers { &self.of_nobody } else { &self.of_calls };
                let Some((at, id)) = queue.order.first_key_value().map(|(_, entry)| entry) else { break };
                if now.since(*at) < self.limits.age {
                    break;
                }
                let id = Arc::clone(id);
                self.counts.expired += 1;
                self.empty(&id);
            }
        }
    }

    /// What is kept of it; `None` if that is nothing.
    pub(crate) fn find(&self, which: &Which) -> Option<Trace> {
        match which {
            Which::Call(call) => self.trace(*call),
            // Ids of calls are ordered by time.
            Which::LastCall => self.trace(*self.calls.last_key_value()?.0),
            Which::SipCallId(id) => {
                let (id, dialog) = self.dialogs.get_key_value(id.as_str())?;
                match dialog.calls.last() {
                    Some(call) => self.trace(*call),
                    None => {
                        let legs = vec![self.leg(id, None)];
                        Some(Trace { call: None, living: false, legs, omitted: dialog.omitted })
                    }
                }
            }
        }
    }

    pub(crate) const fn counts(&self) -> RingCounts {
        self.counts
    }

    /// Memory in use, about.
    pub(crate) const fn bytes(&self) -> usize {
        self.of_calls.bytes + self.of_nobody.bytes
    }

    /// Dialogs of which something is kept.
    pub(crate) fn dialogs(&self) -> usize {
        self.of_calls.order.len() + self.of_nobody.order.len()
    }

    fn trace(&self, call: CallId) -> Option<Trace> {
        let known = self.calls.get(&call)?;
        let legs: Vec<TracedLeg> = known.legs.iter().map(|(id, end)| self.leg(id, Some(end))).collect();
        let omitted =
            known.legs.iter().filter_map(|(id, _)| self.dialogs.get(id)).map(|dialog| dialog.omitted);
        Some(Trace { call: Some(call), living: known.living, legs, omitted: omitted.sum() })
    }

    fn leg(&self, id: &Arc<str>, end: Option<&LegEnd>) -> TracedLeg {
        let kept = self.dialogs.get(id);
        let messages = kept.map_or(Vec::new(), |dialog| dialog.messages.iter().cloned().collect());
        TracedLeg { sip_call_id: Arc::clone(id), end: end.cloned(), messages }
    }

    fn make_room(&mut self) {
        while self.of_nobody.bytes > self.limits.bytes / STRANGERS_SHARE {
            if !self.evict_first(true) {
                break;
            }
        }
        while self.bytes() > self.limits.bytes {
            let first = |queue: &Queue| queue.order.first_key_value().map_or(u64::MAX, |(place, _)| *place);
            if !self.evict_first(first(&self.of_nobody) < first(&self.of_calls)) {
                break;
            }
        }
    }

    /// Lets go of the dialog that was silent longest.
    fn evict_first(&mut self, strangers: bool) -> bool {
        let queue = if strangers { &self.of_nobody } else { &self.of_calls };
        let Some((_, (_, id))) = queue.order.first_key_value() else { return false };
        let id = Arc::clone(id);
        self.counts.evicted += 1;
        self.empty(&id);
        true
    }

    /// Lets go of a dialog's messages. While its call lives, it is known what it belongs to.
    fn empty(&mut self, id: &Arc<str>) {
        let Some((at, dialog)) = self.take_out(id) else { return };
        let (omitted, calls) = (dialog.omitted + dialog.messages.len() as u64, dialog.calls);
        if calls.is_empty() {
            return;
        }
        self.put_in(at, Arc::clone(id), Dialog { omitted, calls: calls.clone(), ..Dialog::default() });
        for call in calls {
            self.forget_if_empty(call);
        }
    }

    fn forget_if_empty(&mut self, call: CallId) {
        let Some(known) = self.calls.get(&call) else { return };
        let has_messages = |id: &Arc<str>| self.dialogs.get(id).is_some_and(|dialog| dialog.place > 0);
        if !known.living && !known.legs.iter().any(|(id, _)| has_messages(id)) {
            self.forget(call);
        }
    }

    /// Forgets a call, and those of its dialogs of which nothing is kept.
    fn forget(&mut self, call: CallId) {
        let Some(known) = self.calls.remove(&call) else { return };
        for (id, _) in known.legs {
            let Some((at, mut dialog)) = self.take_out(&id) else { continue };
            dialog.calls.retain(|other| *other != call);
            if dialog.place > 0 || !dialog.calls.is_empty() {
                self.put_in(at, id, dialog);
            }
        }
    }

    /// Takes a dialog and its bytes out of everything; with the time of its last message.
    fn take_out(&mut self, id: &Arc<str>) -> Option<(Time, Dialog)> {
        let dialog = self.dialogs.remove(id)?;
        if dialog.place == 0 {
            return Some((Time::ZERO, dialog));
        }
        let queue = self.queue_of(&dialog);
        queue.bytes -= cost(id, &dialog);
        let (at, _) = queue.order.remove(&dialog.place).expect("a dialog with messages stands in its queue");
        Some((at, dialog))
    }

    /// Puts a dialog in, at its place in the queue if it has messages.
    fn put_in(&mut self, at: Time, id: Arc<str>, dialog: Dialog) {
        if dialog.place > 0 {
            let queue = self.queue_of(&dialog);
            queue.bytes += cost(&id, &dialog);
            queue.order.insert(dialog.place, (at, Arc::clone(&id)));
        }
        self.dialogs.insert(id, dialog);
    }

    const fn queue_of(&mut self, dialog: &Dialog) -> &mut Queue {
        if dialog.calls.is_empty() { &mut self.of_nobody } else { &mut self.of_calls }
    }
}

const fn cost(id: &str, dialog: &Dialog) -> usize {
    DIALOG_COST + id.len() + dialog.bytes
}

#[cfg(test)]
mod tests {
    use hotline_base::{Rng, WallTime};
    use hotline_call::Source;
    use proptest::prelude::*;

    use super::*;

    fn call(number: u64) -> CallId {
        CallId::generate(WallTime(i64::try_from(number).unwrap() * 1_000_000), &mut Rng::from_number(number))
    }

    fn now(seconds: u64) -> Now {
        Now::default() + Duration::from_secs(seconds)
    }

    fn add(ring: &mut Ring, seconds: u64, id: &str, text: &str) {
        let flow = Flow::udp("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap());
        ring.add(now(seconds), id, Way::Received, flow, Bytes::copy_from_slice(text.as_bytes()));
    }

    fn caller(call: CallId, id: &str) -> SipLeg {
        SipLeg { call, end: LegEnd::Caller(Source::Trunk("carrier".into())), sip_call_id: id.to_owned() }
    }

    fn agent(call: CallId, id: &str) -> SipLeg {
        SipLeg { call, end: LegEnd::Agent("1001".into()), sip_call_id: id.to_owned() }
    }

    fn texts(leg: &TracedLeg) -> Vec<String> {
        leg.messages.iter().map(|message| String::from_utf8_lossy(&message.bytes).into_owned()).collect()
    }

    fn sizes(ring: &Ring) -> (usize, usize) {
        let of = |strangers: bool| {
            let those = ring.dialogs.iter().filter(|(_, dialog)| dialog.place > 0);
            those
                .filter(|(_, dialog)| dialog.calls.is_empty() == strangers)
                .map(|(id, dialog)| cost(id, dialog))
                .sum()
        };
        (of(true), of(false))
    }

    #[test]
    fn a_call_is_found_with_all_its_legs_during_and_after_it() {
        let mut ring = Ring::new(Limits::default());
        add(&mut ring, 1, "a", "INVITE");
        ring.join(caller(call(1), "a"));
        ring.join(agent(call(1), "b"));
        add(&mut ring, 2, "b", "INVITE");
        add(&mut ring, 3, "a", "200");
        add(&mut ring, 3, "other", "OPTIONS");
        let trace = ring.find(&Which::Call(call(1))).unwrap();
        assert!(trace.living);
        assert_eq!(trace.legs.iter().map(texts).collect::<Vec<_>>(), [vec!["INVITE", "200"], vec!["INVITE"]]);
        ring.over(call(1));
        let trace = ring.find(&Which::LastCall).unwrap();
        assert_eq!((trace.call, trace.living, trace.omitted), (Some(call(1)), false, 0));
        assert_eq!(ring.find(&Which::SipCallId("b".into())), Some(trace));
        let other = ring.find(&Which::SipCallId("other".into())).unwrap();
        assert_eq!((other.call, other.legs.len(), other.legs[0].end.clone()), (None, 1, None));
        assert_eq!(ring.find(&Which::SipCallId("c".into())), None);
    }

    #[test]
    fn a_message_that_comes_again_is_marked_and_shares_its_bytes() {
        let mut ring = Ring::new(Limits::default());
        for text in ["INVITE", "INVITE", "ACK", "INVITE"] {
            add(&mut ring, 1, "a", text);
        }
        let flow = Flow::udp("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap());
        ring.add(now(1), "a", Way::Sent, flow, Bytes::from_static(b"INVITE"));
        let messages = &ring.find(&Which::SipCallId("a".into())).unwrap().legs[0].messages;
        let repeated: Vec<bool> = messages.iter().map(|message| message.repeated).collect();
        assert_eq!(repeated, [false, true, false, true, false]);
        assert_eq!(messages[0].bytes.as_ptr(), messages[3].bytes.as_ptr());
    }

    #[test]
    fn of_a_long_dialog_the_beginning_and_the_end_stay() {
        let mut ring = Ring::new(Limits { dialog_messages: 4, ..Limits::default() });
        for number in 1..=7 {
            add(&mut ring, 1, "a", &number.to_string());
        }
        let trace = ring.find(&Which::SipCallId("a".into())).unwrap();
        assert_eq!(
            (texts(&trace.legs[0]), trace.omitted),
            (vec!["1".into(), "2".into(), "6".into(), "7".into()], 3)
        );
        assert_eq!(ring.counts().omitted, 3);
    }

    #[test]
    fn the_dialog_that_was_silent_longest_gives_way() {
        let one = DIALOG_COST + MESSAGE_COST + 1 + 100;
        let mut ring = Ring::new(Limits { bytes: 3 * one, ..Limits::default() });
        for (number, id) in (1..).zip(["a", "b", "c"]) {
            ring.join(caller(call(number), id));
            add(&mut ring, 1, id, &"x".repeat(100));
            ring.over(call(number));
        }
        assert_eq!((ring.bytes(), ring.dialogs(), ring.counts().evicted), (3 * one, 3, 0));
        add(&mut ring, 2, "a", "y");
        assert_eq!((ring.dialogs(), ring.counts().evicted), (2, 1));
        assert_eq!(ring.find(&Which::Call(call(2))), None);
        assert!(ring.find(&Which::Call(call(1))).is_some() && ring.find(&Which::Call(call(3))).is_some());
    }

    #[test]
    fn strangers_push_out_one_another_and_no_call() {
        let mut ring = Ring::new(Limits { bytes: 40_000, ..Limits::default() });
        ring.join(caller(call(1), "a"));
        add(&mut ring, 1, "a", "INVITE");
        ring.over(call(1));
        for number in 0..1000 {
            add(&mut ring, 2, &format!("stranger {number}"), "OPTIONS");
        }
        assert!(ring.find(&Which::Call(call(1))).is_some());
        assert!(ring.of_nobody.bytes <= 10_000 && ring.of_nobody.bytes > 8_000, "{ring:?}");
        assert!(ring.find(&Which::SipCallId("stranger 999".into())).is_some());
        assert_eq!(ring.find(&Which::SipCallId("stranger 0".into())), None);
    }

    #[test]
    fn a_living_call_is_known_even_when_its_messages_gave_way() {
        let mut ring = Ring::new(Limits { age: Duration::from_secs(60), ..Limits::default() });
        ring.join(caller(call(1), "a"));
        add(&mut ring, 1, "a", "INVITE");
        add(&mut ring, 1, "b", "REGISTER");
        ring.expire(now(60).mono);
        assert_eq!(ring.counts().expired, 0);
        ring.expire(now(61).mono);
        assert_eq!((ring.counts().expired, ring.dialogs(), ring.bytes()), (2, 0, 0));
        add(&mut ring, 99, "a", "BYE");
        let trace = ring.find(&Which::Call(call(1))).unwrap();
        assert_eq!((texts(&trace.legs[0]), trace.omitted), (vec!["BYE".to_owned()], 1));
        ring.over(call(1));
        ring.expire(now(200).mono);
        assert!(ring.calls.is_empty() && ring.dialogs.is_empty(), "nothing is left of it");
    }

    #[test]
    fn a_call_of_ours_that_comes_back_to_us_is_part_of_both() {
        let mut ring = Ring::new(Limits::default());
        ring.join(agent(call(1), "a"));
        add(&mut ring, 1, "a", "INVITE");
        ring.join(caller(call(2), "a"));
        for number in [1, 2] {
            assert_eq!(texts(&ring.find(&Which::Call(call(number))).unwrap().legs[0]), ["INVITE"]);
        }
        ring.over(call(1));
        ring.over(call(2));
        assert_eq!(ring.find(&Which::SipCallId("a".into())).unwrap().call, Some(call(2)));
    }

    #[test]
    fn ends_that_are_never_told_do_not_fill_the_memory() {
        let mut ring = Ring::new(Limits { bytes: 1 << 16, ..Limits::default() });
        for number in 0..CALLS_MAX as u64 + 10 {
            let id = number.to_string();
            ring.join(caller(call(number), &id));
            add(&mut ring, 1, &id, "INVITE");
        }
        assert_eq!((ring.calls.len(), ring.counts().calls_forgotten), (CALLS_MAX, 10));
        assert!(ring.dialogs.len() <= CALLS_MAX + 1);
    }

    #[test]
    fn a_ring_of_no_bytes_keeps_nothing() {
        let mut ring = Ring::new(Limits { bytes: 0, ..Limits::default() });
        ring.join(caller(call(1), "a"));
        add(&mut ring, 1, "a", "INVITE");
        ring.over(call(1));
        assert!(ring.calls.is_empty() && ring.dialogs.is_empty());
        assert_eq!(ring.find(&Which::LastCall), None);
    }

    #[derive(Clone, Debug)]
    enum Act {
        Add(u8, u16),
        Join(u8, u8),
        Over(u8),
        Expire,
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            6 => (0..12u8, 0..400u16).prop_map(|(id, length)| Act::Add(id, length)),
            2 => (0..4u8, 0..12u8).prop_map(|(call, id)| Act::Join(call, id)),
            2 => (0..4u8).prop_map(Act::Over),
            1 => Just(Act::Expire),
        ]
    }

    proptest! {
        #[test]
        fn bytes_are_counted_right_and_stay_within_bounds(acts in prop::collection::vec(act(), 0..200)) {
            let limits = Limits { bytes: 8_000, dialog_messages: 5, age: Duration::from_secs(20) };
            let mut ring = Ring::new(limits);
            for (seconds, act) in (0..).zip(acts) {
                match act {
                    Act::Add(id, length) => add(&mut ring, seconds, &id.to_string(), &"x".repeat(usize::from(length))),
                    Act::Join(of, id) => ring.join(agent(call(u64::from(of)), &id.to_string())),
                    Act::Over(of) => ring.over(call(u64::from(of))),
                    Act::Expire => ring.expire(now(seconds).mono),
                }
                prop_assert_eq!((ring.of_nobody.bytes, ring.of_calls.bytes), sizes(&ring));
                prop_assert!(ring.bytes() <= limits.bytes);
                prop_assert!(ring.of_nobody.bytes <= limits.bytes / STRANGERS_SHARE);
                let with_messages = ring.dialogs.values().filter(|dialog| dialog.place > 0).count();
                prop_assert_eq!(ring.dialogs(), with_messages);
                for (id, dialog) in &ring.dialogs {
                    prop_assert!(dialog.place > 0 || !dialog.calls.is_empty(), "{id} is kept for nothing");
                    prop_assert!(dialog.messages.len() <= limits.dialog_messages);
                    prop_assert!(dialog.calls.iter().all(|call| ring.calls.contains_key(call)));
                }
            }
        }
    }
}
