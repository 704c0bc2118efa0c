//! Keys as RFC 4733 events: one digit for each press, whatever the network repeats or loses.

use core::time::Duration;

use hotline_base::Time;
use serde::{Deserialize, Serialize};

use crate::Digit;

/// Bytes of one event in a payload (RFC 4733 §2.3).
pub const EVENT_LEN: usize = 4;

/// RFC 4733 §2.5.2.2 leaves the time to the receiver. A held key is reported when its packets, 50 ms apart at
/// most by recommendation, have been missing for three of them.
pub const LOST_END_AFTER: Duration = Duration::from_millis(150);

/// How long the same key with the same timestamp is the same press, whichever stream brings it; a phone whose
/// timestamps stand still can be understood after that.
const SAME_PRESS_WITHIN: Duration = Duration::from_secs(1);

/// How much shorter than it may be the duration of a segment is of which the last packets were lost, or that ends with a whole
/// packet: three packets of 50 ms, in units of 48 kHz.
const SEGMENT_REST: u16 = 7200;

/// A press longer than this (two minutes of G.711) is reported and counted anew.
const MAX_PRESS: u32 = 960_000;

/// A key that was pressed and let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// The key.
    pub digit: Digit,
    /// How long, in timestamp units, as far as is known.
    pub duration: u32,
}

/// The keys of one peer, whatever streams they come in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EventReceiver {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
enum State {
    #[default]
    Idle,
    Held(Held),
    /// What still comes of it is a repetition.
    Reported(Key),
}

/// A key as its packets name it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Key {
    digit: Digit,
    /// Of the segment under way: longer presses than 65 535 units come as several (RFC 4733 §2.5.1.3).
    timestamp: u32,
    /// That of its first segment.
    begun: u32,
    last_packet: Time,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Held {
    key: Key,
    duration: u16,
}

impl EventReceiver {
    /// Takes one event packet. Reports up to two presses: one whose end was lost, and this one.
    pub fn handle_packet(&mut self, now: Time, timestamp: u32, payload: &[u8]) -> [Option<Press>; 2] {
        let Some(event) = Event::parse(payload) else { return [None, None] };
        let mut key = Key { digit: event.digit, timestamp, begun: timestamp, last_packet: now };
        let (mut duration, mut overdue) = (0, None);
        match &mut self.state {
            State::Idle => {}
            State::Reported(before) if before.is_repeated_by(key) => {
                before.last_packet = now;
                return [None, None];
            }
            State::Reported(before) if before.has_overtaken(key) => return [None, None],
            State::Reported(_) => {}
            State::Held(before) if before.key.is_repeated_by(key) => {
                (key.begun, duration) = (before.key.begun, before.duration);
            }
            State::Held(before) if before.key.has_overtaken(key) => return [None, None],
            State::Held(before) if before.continues_with(key) => {
                key.begun = before.key.begun;
            }
            State::Held(before) => overdue = Some(before.press()),
        }
        let held = Held { key, duration: duration.max(event.duration) };
        if event.end {
            self.state = State::Reported(key);
            [overdue, Some(held.press())]
        } else {
            self.state = State::Held(held);
            [overdue, None]
        }
    }

    /// The timestamp with which the key began that a packet of this timestamp is of: another one only for the further segments of
    /// a long press.
    #[must_use]
    pub fn begun(&self, timestamp: u32) -> u32 {
        let key = match self.state {
            State::Idle => return timestamp,
            State::Held(held) => held.key,
            State::Reported(key) => key,
        };
        if timestamp.wrapping_sub(key.begun) <= key.earlier() { key.begun } else { timestamp }
    }

    /// When [`EventReceiver::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        match self.state {
            State::Held(held) => Some(held.key.last_packet + LOST_END_AFTER),
            State::Idle | State::Reported(_) => None,
        }
    }

    /// Reports a press all of whose last packets were lost.
    pub fn handle_timeout(&mut self, now: Time) -> Option<Press> {
        let State::Held(held) = self.state else { return None };
        if now < held.key.last_packet + LOST_END_AFTER {
            return None;
        }
        self.state = State::Reported(held.key);
        Some(held.press())
    }
}

impl Key {
    /// How long the segments before this one are.
    fn earlier(&self) -> u32 {
        self.timestamp.wrapping_sub(self.begun)
    }

    fn is_repeated_by(&self, other: Self) -> bool {
        self.is_recent(other) && self.digit == other.digit && self.timestamp == other.timestamp
    }

    /// True if `other` is of an earlier press: before this one, and not by a jump of the peer's clock.
    fn has_overtaken(&self, other: Self) -> bool {
        let behind = self.timestamp.wrapping_sub(other.timestamp);
        self.is_recent(other) && (1..=MAX_PRESS).contains(&behind)
    }

    fn is_recent(&self, other: Self) -> bool {
        other.last_packet.since(self.last_packet) < SAME_PRESS_WITHIN
    }
}

impl Held {
    fn press(&self) -> Press {
        Press { digit: self.key.digit, duration: self.key.earlier() + u32::from(self.duration) }
    }

    /// RFC 4733 §2.5.1.3: the next segment begins where a full one ended.
    fn continues_with(&self, key: Key) -> bool {
        let length = key.timestamp.wrapping_sub(self.key.timestamp);
        let longest = u32::from(self.duration)..=u32::from(self.duration.saturating_add(SEGMENT_REST));
        key.digit == self.key.digit
            && self.duration >= u16::MAX - SEGMENT_REST
            && longest.contains(&length)
            && self.key.earlier() < MAX_PRESS
    }
}

/// One event as it is in a packet (RFC 4733 §2.3).
struct Event {
    digit: Digit,
    end: bool,
    duration: u16,
}

impl Event {
    fn parse(payload: &[u8]) -> Option<Self> {
        let [code, flags, high, low] = *payload.first_chunk::<EVENT_LEN>()?;
        let digit = Digit::from_event_code(code)?;
        Some(Self { digit, end: flags & 0x80 != 0, duration: u16::from_be_bytes([high, low]) })
    }
}

/// Makes the duration in a payload, with the `earlier` ones of segments before it, one of a clock `factor` times slower, or the
/// longest that can be said. A payload without one stays.
pub fn slow_event_down(payload: &mut [u8], earlier: u32, factor: u32) {
    change_duration(payload, |duration| earlier.saturating_add(duration) / factor);
}

/// Makes the duration in a payload one of a clock `factor` times faster, or the longest that can be said.
pub fn speed_event_up(payload: &mut [u8], factor: u32) {
    change_duration(payload, |duration| duration * factor);
}

fn change_duration(payload: &mut [u8], change: impl FnOnce(u32) -> u32) {
    if let Some([_, _, high, low]) = payload.first_chunk_mut::<EVENT_LEN>() {
        let duration = change(u16::from_be_bytes([*high, *low]).into());
        [*high, *low] = u16::try_from(duration).unwrap_or(u16::MAX).to_be_bytes();
    }
}

/// The sending side of one press: a packet each 20 ms while the key is held, then its end three times
/// (RFC 4733 §2.5.1.4). All have the timestamp of the first and rising sequence numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventSender {
    digit: Digit,
    elapsed: u16,
    duration: u16,
    ends_sent: u8,
}

/// One packet of a press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// True for the first packet only.
    pub marker: bool,
    /// The payload.
    pub payload: [u8; EVENT_LEN],
}

/// Timestamp units between two packets of a press: 20 ms at 8 kHz.
const STEP: u16 = 160;
/// RFC 4733 §2.5.1.4: how often the end is sent.
const ENDS: u8 = 3;
/// 0–63, dB below full scale without its sign (RFC 4733 §2.3): what most phones send.
const VOLUME: u8 = 10;

impl EventSender {
    /// A press of `duration` timestamp units, at least 20 ms.
    #[must_use]
    pub fn new(digit: Digit, duration: u16) -> Self {
        Self { digit, elapsed: 0, duration: duration.max(STEP), ends_sent: 0 }
    }
}

impl Iterator for EventSender {
    type Item = EventPacket;

    fn next(&mut self) -> Option<EventPacket> {
        if self.ends_sent == ENDS {
            return None;
        }
        let marker = self.elapsed == 0;
        self.elapsed = self.elapsed.saturating_add(STEP).min(self.duration);
        let end = self.elapsed == self.duration && !marker;
        self.ends_sent += u8::from(end);
        let [high, low] = self.elapsed.to_be_bytes();
        let flags = VOLUME | if end { 0x80 } else { 0 };
        Some(EventPacket { marker, payload: [self.digit.event_code(), flags, high, low] })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(key: char) -> Digit {
        Digit::from_char(key).unwrap()
    }

    fn at_ms(ms: u64) -> Time {
        Time(ms * 1000)
    }

    #[test]
    fn durations_change_with_the_clock() {
        let mut payload = [5, 0x8a, 0x12, 0xc0];
        slow_event_down(&mut payload, 0, 6);
        assert_eq!(payload, [5, 0x8a, 0x03, 0x20]);
        speed_event_up(&mut payload, 6);
        assert_eq!(payload, [5, 0x8a, 0x12, 0xc0]);
        payload[2] = 0xff;
        speed_event_up(&mut payload, 6);
        assert_eq!(payload, [5, 0x8a, 0xff, 0xff], "no longer than can be said");
        slow_event_down(&mut payload[..3], 0, 6);
        assert_eq!(payload, [5, 0x8a, 0xff, 0xff], "there is none");
    }

    #[test]
    fn a_press_is_sent_with_three_ends() {
        let packets: Vec<EventPacket> = EventSender::new(key('5'), 480).collect();
        let durations: Vec<u16> =
            packets.iter().map(|packet| u16::from_be_bytes([packet.payload[2], packet.payload[3]])).collect();
        assert_eq!(durations, [160, 320, 480, 480, 480]);
        assert_eq!(packets.iter().filter(|packet| packet.payload[1] & 0x80 != 0).count(), 3);
        assert_eq!(
            packets.iter().map(|packet| packet.marker).collect::<Vec<_>>(),
            [true, false, false, false, false]
        );
    }

    #[test]
    fn the_same_key_twice_is_two_presses() {
        let mut receiver = EventReceiver::default();
        let mut pressed = Vec::new();
        for timestamp in [1000, 4000] {
            for packet in EventSender::new(key('1'), 800) {
                pressed.extend(
                    receiver.handle_packet(at_ms(0), timestamp, &packet.payload).into_iter().flatten(),
                );
            }
        }
        assert_eq!(pressed, [Press { digit: key('1'), duration: 800 }; 2]);
    }

    #[test]
    fn a_lost_end_is_made_up_for_by_the_next_press_or_by_time() {
        let mut receiver = EventReceiver::default();
        assert_eq!(receiver.handle_packet(at_ms(0), 0, &[1, 10, 0, 160]), [None, None]);
        assert_eq!(receiver.handle_packet(at_ms(20), 0, &[1, 10, 1, 64]), [None, None]);
        let both = receiver.handle_packet(at_ms(90), 800, &[2, 0x8a, 0, 160]);
        assert_eq!(
            both,
            [Some(Press { digit: key('1'), duration: 320 }), Some(Press { digit: key('2'), duration: 160 })]
        );
        assert_eq!(receiver.poll_timeout(), None);

        receiver.handle_packet(at_ms(100), 2000, &[3, 10, 0, 160]);
        assert_eq!(receiver.poll_timeout(), Some(at_ms(250)));
        assert_eq!(receiver.handle_timeout(at_ms(249)), None);
        assert_eq!(receiver.handle_timeout(at_ms(250)), Some(Press { digit: key('3'), duration: 160 }));
        assert_eq!(receiver.handle_packet(at_ms(260), 2000, &[3, 0x8a, 3, 0]), [None, None], "its late end");
    }

    #[test]
    fn a_press_longer_than_its_counter_is_one_press() {
        let mut receiver = EventReceiver::default();
        receiver.handle_packet(at_ms(0), 500, &[7, 10, 0xff, 0xff]);
        let next = 500 + 0xffff;
        assert_eq!(receiver.handle_packet(at_ms(50), next, &[7, 10, 1, 0x90]), [None, None]);
        let [overdue, press] = receiver.handle_packet(at_ms(90), next, &[7, 0x8a, 3, 0x20]);
        assert_eq!((overdue, press), (None, Some(Press { digit: key('7'), duration: 0xffff + 0x320 })));
    }

    #[test]
    fn a_segment_that_is_not_quite_full_is_one_too_and_a_press_after_a_long_one_is_none() {
        let mut receiver = EventReceiver::default();
        receiver.handle_packet(at_ms(0), 500, &[7, 10, 0xff, 0]);
        assert_eq!(receiver.handle_packet(at_ms(20), 500 + 0xffff, &[7, 10, 3, 0x20]), [None, None]);
        assert_eq!((receiver.begun(500 + 0xffff), receiver.begun(500), receiver.begun(400)), (500, 500, 400));
        let [overdue, press] = receiver.handle_packet(at_ms(40), 500 + 0xffff, &[7, 0x8a, 3, 0xc0]);
        assert_eq!((overdue, press), (None, Some(Press { digit: key('7'), duration: 0xffff + 0x3c0 })));
        // The end of it is lost, and the same key pressed again.
        receiver.handle_packet(at_ms(2000), 200_000, &[7, 10, 0x7f, 0xff]);
        let [overdue, press] =
            receiver.handle_packet(at_ms(2100), 200_000 + 0x7fff + 3000, &[7, 0x8a, 3, 0x20]);
        assert_eq!(
            (overdue.map(|press| press.duration), press.map(|press| press.duration)),
            (Some(0x7fff), Some(0x320))
        );
    }

    #[test]
    fn an_end_repeated_within_a_second_is_the_same_press_and_later_another() {
        let mut receiver = EventReceiver::default();
        let end = [5, 0x8a, 3, 192];
        let one = Press { digit: key('5'), duration: 960 };
        assert_eq!(receiver.handle_packet(at_ms(0), 70, &end), [None, Some(one)]);
        assert_eq!(receiver.handle_packet(at_ms(900), 70, &end), [None, None]);
        assert_eq!(receiver.handle_packet(at_ms(1000), 70, &[6, 0x8a, 3, 192])[1].unwrap().digit, key('6'));
        assert_eq!(receiver.handle_packet(at_ms(1100), 0, &end), [None, None], "an earlier press, overtaken");
        assert_eq!(
            receiver.handle_packet(at_ms(2100), 0, &end),
            [None, Some(one)],
            "a clock that jumped back"
        );
        assert_eq!(receiver.handle_packet(at_ms(3100), 0, &end), [None, Some(one)], "a clock that stands");
    }

    #[test]
    fn what_is_no_key_is_ignored() {
        let mut receiver = EventReceiver::default();
        for payload in [&[][..], &[1, 0x80, 0], &[16, 0x80, 0, 160], &[255; 4]] {
            assert_eq!(receiver.handle_packet(at_ms(0), 9, payload), [None, None]);
        }
        assert_eq!(receiver.poll_timeout(), None);
    }

    proptest! {
        /// Loss, repetition and reordering within a press change nothing while one packet of each comes.
        #[test]
        fn each_press_is_reported_once_and_in_order(
            keys in proptest::collection::vec(0..16_u8, 1..8),
            start: u32,
            noise: u64,
        ) {
            let mut rng = hotline_base::Rng::from_number(noise);
            let mut receiver = EventReceiver::default();
            let mut heard = Vec::new();
            for (index, code) in keys.iter().enumerate() {
                let digit = Digit::from_event_code(*code).unwrap();
                let timestamp = start.wrapping_add(u32::try_from(index).unwrap() * 3000);
                let mut packets: Vec<EventPacket> = EventSender::new(digit, 960).collect();
                let survivor = packets[rng.below(packets.len() as u64) as usize];
                packets.retain(|_| rng.chance(1, 2));
                packets.push(survivor);
                for _ in 0..rng.below(4) {
                    packets.push(packets[rng.below(packets.len() as u64) as usize]);
                }
                for at in (1..packets.len()).rev() {
                    packets.swap(at, rng.below(at as u64 + 1) as usize);
                }
                for packet in packets {
                    heard.extend(receiver.handle_packet(at_ms(0), timestamp, &packet.payload).into_iter().flatten());
                }
            }
            heard.extend(receiver.handle_timeout(at_ms(1000)));
            let codes: Vec<u8> = heard.iter().map(|press| press.digit.event_code()).collect();
            prop_assert_eq!(codes, keys);
        }
    }
}
