//! All callers and all phones of a run: speaks for each every 20 ms, and looks at what the server sends them. One thread,
//! two sockets: a leg is known by the server's port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::bursts::Bursts;
use super::pin::pin_this_thread;
use super::seconds::{Counts, Delays, Second};
use super::speech::{HEADER, STAMP, Says, Speech, number, payload, read_stamp, stamp};
use crate::bench::load::{End, Voice};
use crate::bench::message::Met;
use crate::bench::socket::{AudioSocket, Packet, Stamp};

/// Of a packet's 20 ms there is a turn each millisecond, in which a twentieth of the legs speaks.
const TURNS: usize = 20;
const TURN: Duration = Duration::from_millis(1);
const TURNS_A_SECOND: usize = 1000;
/// Beyond so much the missed turns are left out: a burst is nothing that phones do.
const HOPELESS: Duration = Duration::from_millis(200);
/// A thread that speaks and listens.
pub(super) struct Voices {
    thread: JoinHandle<Result<Spoken>>,
    shared: Arc<Shared>,
}

/// What was said and heard.
pub(super) struct Spoken {
    pub(super) seconds: Vec<Second>,
    /// From each call's INVITE to the first audio that its caller heard.
    pub(super) firsts: Delays,
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
        let speaker = Speaker::new(sockets, speech, told, Arc::clone(&shared))?;
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
    pub(super) fn stop(self) -> Result<Spoken> {
        self.shared.stopping.store(true, Ordering::Release);
        self.thread.join().map_err(|_| anyhow!("the voices have panicked"))?.context("sending audio")
    }
}

struct Speaker {
    sockets: [AudioSocket; 2],
    speech: Speech,
    told: Receiver<Voice>,
    shared: Arc<Shared>,
    /// Of each end, which are said over and over.
    packets: [Vec<Vec<u8>>; 2],
    legs: Vec<Leg>,
    /// Which leg the server has at a port, as callers and as phones see it.
    ports: [Vec<Option<usize>>; 2],
    turns: [Vec<usize>; TURNS],
    bursts: Bursts,
    counts: Counts,
    delays: Delays,
    firsts: Delays,
    late: Duration,
}

struct Leg {
    call: u32,
    end: End,
    server: SocketAddr,
    /// A browser's side of it.
    met: Option<Met>,
    invited: Stamp,
    has_heard: bool,
    /// Packets sent.
    sent: u32,
    /// The number that the other end's next packet has.
    expected: Option<u32>,
}

impl Leg {
    /// Sends what a browser's check and handshake want; false as long as these are not over.
    fn is_ready(&mut self, socket: &AudioSocket) -> bool {
        let Some(Met { end, .. }) = &mut self.met else { return true };
        let now = Instant::now();
        if end.is_due(now) {
            end.handle_timeout(now);
        }
        while let Some(datagram) = end.poll_transmit() {
            socket.send(self.server, &datagram);
        }
        end.is_open()
    }

    /// Sends a packet, encrypted by a browser; false if the system did not take it.
    fn send(&mut self, socket: &AudioSocket, packet: &mut [u8]) -> bool {
        let Some(Met { end, payload_type }) = &mut self.met else { return socket.send(self.server, packet) };
        packet[1] = *payload_type;
        end.protect(packet).is_some_and(|packet| socket.send(self.server, packet))
    }
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
    fn new(
        sockets: [AudioSocket; 2],
        speech: Speech,
        told: Receiver<Voice>,
        shared: Arc<Shared>,
    ) -> Result<Self> {
        let ports = || vec![None; usize::from(u16::MAX) + 1];
        Ok(Self {
            sockets,
            speech,
            told,
            shared,
            packets: [speech.packets(0)?, speech.packets(1)?],
            legs: Vec::new(),
            ports: [ports(), ports()],
            turns: Default::default(),
            bursts: Bursts::new(speech.codecs),
            counts: Counts::default(),
            delays: Delays::default(),
            firsts: Delays::default(),
            late: Duration::ZERO,
        })
    }

    fn run(mut self) -> Result<Spoken> {
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
        Ok(Spoken { seconds, firsts: self.firsts })
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
                Voice::Begins { call, end, server, met, invited } => {
                    let leg = self.legs.len();
                    self.ports[index(end)][usize::from(server.port())] = Some(leg);
                    let (has_heard, sent, expected) = (false, 0, None);
                    let mut begun = Leg { call, end, server, met, invited, has_heard, sent, expected };
                    // A browser looks for the server at once.
                    begun.is_ready(&self.sockets[index(end)]);
                    self.legs.push(begun);
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
        for number_of_leg in &self.turns[turn] {
            let leg = &mut self.legs[*number_of_leg];
            let end = index(leg.end);
            let socket = &self.sockets[end];
            if !leg.is_ready(socket) {
                continue;
            }
            let (said, stream, sent) = (&mut self.packets[end], stream(leg.call, end), leg.sent);
            // Not all say the same at a time.
            let place = (sent as usize + number_of_leg) % said.len();
            let packet = &mut said[place];
            number(packet, sent, stream, self.speech.codecs[end]);
            match self.speech.says {
                Says::Stamps => stamp(&mut packet[HEADER..], sent, stream),
                Says::Bursts if place == 0 => self.bursts.begin(leg.call, end),
                Says::Bursts | Says::Anything => {}
            }
            leg.sent += 1;
            match leg.send(socket, packet) {
                true => self.counts.sent += 1,
                false => self.counts.unsent += 1,
            }
        }
    }

    fn listen(&mut self) -> Result<()> {
        for end in 0..2 {
            let (listener, packet) = (&mut self.sockets[end], &self.packets[1 - end][0]);
            // A packet of Opus may be shorter than a stamp, and is not looked at.
            let expected = packet.get(HEADER + STAMP..).unwrap_or_default();
            while let Some(Packet { port, bytes, stamp }) = listener.receive()? {
                let Some(leg) = self.ports[end][usize::from(port)].map(|leg| &mut self.legs[leg]) else {
                    continue;
                };
                let length = match &mut leg.met {
                    Some(met) => met.end.take(Instant::now(), bytes),
                    None => Some(bytes.len()),
                };
                let Some(length) = length else {
                    leg.is_ready(listener);
                    continue;
                };
                let Some(payload) = payload(&bytes[..length]) else { continue };
                self.counts.heard += 1;
                if end == 0 && !std::mem::replace(&mut leg.has_heard, true) {
                    self.firsts.add(stamp.since(leg.invited));
                }
                if self.speech.says == Says::Bursts {
                    self.bursts
                        .hear(leg.call, end, payload, stamp)
                        .into_iter()
                        .for_each(|took| self.delays.add(took));
                }
                let written = read_stamp(payload).filter(|_| self.speech.says == Says::Stamps);
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

#[cfg(test)]
mod tests {
    use hotline_media::Codec;

    use super::*;

    /// A server that passes packets on between two ends, loses one, alters one and mixes up two calls.
    #[test]
    fn losses_and_wrong_contents_are_counted() {
        let home = std::net::Ipv4Addr::LOCALHOST;
        let open = || AudioSocket::open(home.into()).unwrap();
        let (server, sockets) = (std::net::UdpSocket::bind((home, 0)).unwrap(), [open(), open()]);
        let (to, phones) = (server.local_addr().unwrap(), sockets[1].local());
        let (speak, told) = std::sync::mpsc::channel();
        let speech = Speech { codecs: [Codec::Pcmu; 2], says: Says::Stamps, is_full_band: false };
        let mut speaker = Speaker::new(sockets, speech, told, Arc::default()).unwrap();
        for end in [End::Caller, End::Phone] {
            let voice = Voice::Begins { call: 1, end, server: to, met: None, invited: Stamp::now() };
            assert!(speak.send(voice).is_ok());
        }
        speaker.learn();
        let mut say = |what: &dyn Fn(&mut [u8])| {
            let mut packet = speaker.packets[0][0].clone();
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
        say(&|packet| packet.last_mut().into_iter().for_each(|byte| *byte ^= 1));
        say(&|packet| packet[HEADER + 7] ^= 2);
        say(&|_| {});
        let deadline = Instant::now() + Duration::from_secs(10);
        while speaker.counts.heard < 5 && Instant::now() < deadline {
            speaker.listen().unwrap();
        }
        // Those with wrong contents are missing in the sequence as well.
        assert_eq!(speaker.counts, Counts { sent: 0, unsent: 0, heard: 5, lost: 3, wrong: 2 });
        assert!(speak.send(Voice::Ends { call: 1 }).is_ok());
        speaker.learn();
        assert!(speaker.turns.iter().all(Vec::is_empty));
    }
}
