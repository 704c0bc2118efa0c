//! All callers and all phones of a run: speaks for each every 20 ms, and looks at what the server sends them. One thread,
//! two sockets: a leg is known by the server's port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use hotline_audio::{SAMPLE_RATE_HZ, Tone};
use hotline_media::{Codec, Opus};

use super::pin::pin_this_thread;
use super::seconds::{Counts, Delays, Second};
use crate::bench::load::{End, Voice};
use crate::bench::socket::{AudioSocket, Packet, Stamp};

/// Of a packet's 20 ms there is a turn each millisecond, in which a twentieth of the legs speaks.
const TURNS: usize = 20;
const TURN: Duration = Duration::from_millis(1);
const TURNS_A_SECOND: usize = 1000;
/// Packets of 20 ms: what G.711 and G.722 have of it.
const PAYLOAD: usize = 160;
const HEADER: usize = 12;
/// What a payload begins with: [`MAGIC`], stream, number, time of sending.
const STAMP: usize = 20;
const MAGIC: u32 = 0x4854_4c4e;
/// Beyond so much the missed turns are left out: a burst is nothing that phones do.
const HOPELESS: Duration = Duration::from_millis(200);
/// RTP payload types that are RTCP in truth (RFC 5761 §4).
const RTCP: std::ops::RangeInclusive<u8> = 72..=76;

/// What both ends say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speech {
    /// Of callers and of phones.
    pub(super) codecs: [Codec; 2],
    /// Whether what one end says must reach the other bit for bit. Otherwise packets are counted only.
    pub(super) is_checked: bool,
}

/// A thread that speaks and listens.
pub(super) struct Voices {
    thread: JoinHandle<Result<Vec<Second>>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Seconds that are over.
    seconds: AtomicUsize,
    stopping: AtomicBool,
}

impl Voices {
    /// Speaks from `sockets`, the callers' and the phones', for whoever it is told of.
    pub(super) fn start(
        sockets: [AudioSocket; 2],
        speech: Speech,
        told: Receiver<Voice>,
        core: Option<usize>,
    ) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let speaker = Speaker::new(sockets, speech, told, Arc::clone(&shared));
        let run = move || {
            if let Some(core) = core {
                pin_this_thread(core)?;
            }
            speaker.run()
        };
        let thread = std::thread::Builder::new().name("voices".to_owned()).spawn(run)?;
        Ok(Self { thread, shared })
    }

    /// How many seconds are over.
    pub(super) fn seconds(&self) -> usize {
        self.shared.seconds.load(Ordering::Acquire)
    }

    /// True if they have fallen silent by themselves.
    pub(super) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Falls silent.
    pub(super) fn stop(self) -> Result<Vec<Second>> {
        self.shared.stopping.store(true, Ordering::Release);
        self.thread.join().map_err(|_| anyhow!("the voices have panicked"))?.context("sending audio")
    }
}

struct Speaker {
    sockets: [AudioSocket; 2],
    speech: Speech,
    told: Receiver<Voice>,
    shared: Arc<Shared>,
    /// A packet of each end.
    packets: [Vec<u8>; 2],
    legs: Vec<Leg>,
    /// Which leg the server has at a port, as callers and as phones see it.
    ports: [Vec<Option<usize>>; 2],
    turns: [Vec<usize>; TURNS],
    counts: Counts,
    delays: Delays,
    late: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Leg {
    call: u32,
    end: End,
    server: SocketAddr,
    /// Packets sent.
    sent: u32,
    /// The number that the other end's next packet has.
    expected: Option<u32>,
}

const fn index(end: End) -> usize {
    match end {
        End::Caller => 0,
        End::Phone => 1,
    }
}

/// Both ends of a call have a stream of their own.
fn stream(call: u32, end: usize) -> u32 {
    call * 2 + u32::from(end == 1)
}

impl Speaker {
    fn new(sockets: [AudioSocket; 2], speech: Speech, told: Receiver<Voice>, shared: Arc<Shared>) -> Self {
        let ports = || vec![None; usize::from(u16::MAX) + 1];
        Self {
            sockets,
            speech,
            told,
            shared,
            packets: speech.codecs.map(packet),
            legs: Vec::new(),
            ports: [ports(), ports()],
            turns: Default::default(),
            counts: Counts::default(),
            delays: Delays::default(),
            late: Duration::ZERO,
        }
    }

    fn run(mut self) -> Result<Vec<Second>> {
        let mut seconds = Vec::new();
        let mut due = Instant::now();
        for turn in 1.. {
            if self.shared.stopping.load(Ordering::Acquire) {
                break;
            }
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let late = due.elapsed();
            self.late = self.late.max(late);
            if late > HOPELESS {
                due += late;
            }
            self.learn();
            self.speak(turn % TURNS);
            self.listen()?;
            due += TURN;
            if turn % TURNS_A_SECOND == 0 {
                seconds.push(self.close_second());
                self.shared.seconds.store(seconds.len(), Ordering::Release);
            }
        }
        Ok(seconds)
    }

    fn close_second(&mut self) -> Second {
        let delays = std::mem::take(&mut self.delays);
        Second {
            counts: std::mem::take(&mut self.counts),
            p50_ms: delays.quantile_ms(0.5),
            p99_ms: delays.quantile_ms(0.99),
            late: std::mem::take(&mut self.late),
        }
    }

    fn learn(&mut self) {
        while let Ok(voice) = self.told.try_recv() {
            match voice {
                Voice::Begins { call, end, server } => {
                    let leg = self.legs.len();
                    self.ports[index(end)][usize::from(server.port())] = Some(leg);
                    self.legs.push(Leg { call, end, server, sent: 0, expected: None });
                    let emptiest = self.turns.iter_mut().min_by_key(|turn| turn.len());
                    emptiest.expect("there are turns").push(leg);
                }
                Voice::Ends { call } => {
                    for turn in &mut self.turns {
                        turn.retain(|leg| self.legs[*leg].call != call);
                    }
                }
            }
        }
    }

    fn speak(&mut self, turn: usize) {
        for leg in &self.turns[turn] {
            let Leg { call, end, server, sent, .. } = &mut self.legs[*leg];
            let end = index(*end);
            let (packet, stream) = (&mut self.packets[end], stream(*call, end));
            number(packet, *sent, stream, self.speech.codecs[end]);
            if self.speech.is_checked {
                stamp(&mut packet[HEADER..], *sent, stream);
            }
            *sent += 1;
            match self.sockets[end].send(*server, packet) {
                true => self.counts.sent += 1,
                false => self.counts.unsent += 1,
            }
        }
    }

    fn listen(&mut self) -> Result<()> {
        for end in 0..2 {
            let (listener, packet) = (&mut self.sockets[end], &self.packets[1 - end]);
            // A packet of Opus may be shorter than a stamp, and is not looked at.
            let expected = packet.get(HEADER + STAMP..).unwrap_or_default();
            while let Some(Packet { port, bytes, stamp }) = listener.receive()? {
                let known = self.ports[end][usize::from(port)].map(|leg| &mut self.legs[leg]);
                let (Some(leg), Some(payload)) = (known, payload(bytes)) else { continue };
                self.counts.heard += 1;
                let written = read_stamp(payload).filter(|_| self.speech.is_checked);
                let Some((number, from, sent)) = written else { continue };
                if from != stream(leg.call, 1 - end) || payload[STAMP..] != *expected {
                    self.counts.wrong += 1;
                    continue;
                }
                self.delays.add(stamp.since(sent));
                let missing = number.wrapping_sub(leg.expected.unwrap_or(number));
                // One that comes after a later one was missed before.
                if missing > u32::MAX / 2 {
                    self.counts.lost = self.counts.lost.saturating_sub(1);
                } else {
                    self.counts.lost += u64::from(missing);
                    leg.expected = Some(number.wrapping_add(1));
                }
            }
        }
        Ok(())
    }
}

/// A packet with a quiet tone.
fn packet(codec: Codec) -> Vec<u8> {
    let mut packet = vec![0; HEADER];
    // RFC 3550 §5.1: version 2, no padding, no extension, no contributing sources.
    (packet[0], packet[1]) = (0x80, codec.usual_payload_type());
    let tone: Vec<i16> = Tone::new(440.0, -20.0, SAMPLE_RATE_HZ).take(PAYLOAD).collect();
    packet.extend(codec.encoder(Opus::default()).payload(&tone));
    packet
}

/// Sequence number, timestamp and source of the `sent`th packet of a stream.
fn number(packet: &mut [u8], sent: u32, stream: u32, codec: Codec) {
    let [_, _, high, low] = sent.to_be_bytes();
    (packet[2], packet[3]) = (high, low);
    packet[4..8].copy_from_slice(&sent.wrapping_mul(PAYLOAD as u32 * codec.clock_factor()).to_be_bytes());
    packet[8..12].copy_from_slice(&(0x5000_0000 + stream).to_be_bytes());
}

/// Writes down which packet this is, and when it goes.
fn stamp(payload: &mut [u8], sent: u32, stream: u32) {
    payload[..4].copy_from_slice(&MAGIC.to_be_bytes());
    payload[4..8].copy_from_slice(&stream.to_be_bytes());
    payload[8..12].copy_from_slice(&sent.to_be_bytes());
    payload[12..STAMP].copy_from_slice(&Stamp::now().nanos().to_be_bytes());
}

/// Number, stream and time of a stamped packet.
fn read_stamp(payload: &[u8]) -> Option<(u32, u32, Stamp)> {
    let word = |at: usize| Some(u32::from_be_bytes(*payload.get(at..)?.first_chunk()?));
    let nanos = u64::from_be_bytes(*payload.get(12..)?.first_chunk()?);
    (word(0)? == MAGIC).then_some((word(8)?, word(4)?, Stamp::of_nanos(nanos)))
}

/// The audio of an RTP packet.
fn payload(datagram: &[u8]) -> Option<&[u8]> {
    let is_rtcp = RTCP.contains(&(datagram.get(1)? & 0x7f));
    datagram.get(HEADER..).filter(|payload| !is_rtcp && payload.len() >= STAMP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_into_a_packet_is_read_again() {
        let before = Stamp::now();
        let mut packet = packet(Codec::Pcmu);
        number(&mut packet, 70_000, 9, Codec::Pcmu);
        stamp(&mut packet[HEADER..], 70_000, 9);
        assert_eq!(packet[..4], [0x80, 0, 0x11, 0x70]);
        let (sent, stream, at) = read_stamp(payload(&packet).unwrap()).unwrap();
        assert_eq!((sent, stream), (70_000, 9));
        assert!(before <= at && at <= Stamp::now());
        packet[HEADER] ^= 1;
        assert!(read_stamp(payload(&packet).unwrap()).is_none());
        packet[1] = 73;
        assert!(payload(&packet).is_none() && payload(&packet[..HEADER + 4]).is_none());
    }

    /// A server that passes packets on between two ends, loses one, alters one and mixes up two calls.
    #[test]
    fn losses_and_wrong_contents_are_counted() {
        let home = std::net::Ipv4Addr::LOCALHOST;
        let open = || AudioSocket::open(home.into()).unwrap();
        let (server, sockets) = (std::net::UdpSocket::bind((home, 0)).unwrap(), [open(), open()]);
        let (to, phones) = (server.local_addr().unwrap(), sockets[1].local());
        let (speak, told) = std::sync::mpsc::channel();
        let speech = Speech { codecs: [Codec::Pcmu; 2], is_checked: true };
        let mut speaker = Speaker::new(sockets, speech, told, Arc::default());
        for end in [End::Caller, End::Phone] {
            speak.send(Voice::Begins { call: 1, end, server: to }).unwrap();
        }
        speaker.learn();
        let mut say = |what: &dyn Fn(&mut [u8])| {
            let mut packet = speaker.packets[0].clone();
            let Leg { call, sent, .. } = speaker.legs[0];
            stamp(&mut packet[HEADER..], sent, stream(call, 0));
            speaker.legs[0].sent += 1;
            what(&mut packet);
            if packet[0] != 0 {
                server.send_to(&packet, phones).unwrap();
            }
        };
        say(&|_| {});
        say(&|packet| packet[0] = 0);
        say(&|_| {});
        say(&|packet| packet[HEADER + PAYLOAD - 1] ^= 1);
        say(&|packet| packet[HEADER + 7] ^= 2);
        say(&|_| {});
        let deadline = Instant::now() + Duration::from_secs(10);
        while speaker.counts.heard < 5 && Instant::now() < deadline {
            speaker.listen().unwrap();
        }
        // Those with wrong contents are missing in the sequence as well.
        assert_eq!(speaker.counts, Counts { sent: 0, unsent: 0, heard: 5, lost: 3, wrong: 2 });
        speak.send(Voice::Ends { call: 1 }).unwrap();
        speaker.learn();
        assert!(speaker.turns.iter().all(Vec::is_empty));
    }
}
