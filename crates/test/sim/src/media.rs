//! A media plane that only pretends: ports, playbacks, bridges and recordings without audio.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hotline_base::{BridgeId, CallId, LegId, PlayId, RecordingId};
use hotline_media::{
    Codec, Command, Event, LegFailure, LegStats, Mark, Party, PlayOutcome, RecordedLeg, RecordedMark,
    RecordingEnd, RecordingFailure, RecordingIndex, Speech, Voice,
};

/// The first port it hands out.
const FIRST_PORT: u16 = 20_000;
/// How long each prompt takes.
const PROMPT: Duration = Duration::from_millis(900);

/// Owns every port, leg, bridge and recording. Commands come in, events and the ends of playbacks go out.
#[derive(Debug)]
pub struct MediaPlane {
    ports: u16,
    free: BTreeSet<u16>,
    legs: BTreeMap<LegId, Leg>,
    bridges: BTreeMap<BridgeId, Vec<Party>>,
    recordings: BTreeMap<RecordingId, Tape>,
    events: VecDeque<Event>,
    playbacks: VecDeque<(Duration, LegId, PlayId)>,
    /// Recordings that failed, and their calls.
    failed: Vec<(RecordingId, CallId)>,
    /// What every recording that ends is missing.
    pub(crate) gap_ms: u64,
    /// No end of a playback is told.
    pub(crate) is_stuck: bool,
}

fn hears(parties: &[Party], one: LegId, other: LegId) -> bool {
    parties.iter().any(|party| party.leg == one && party.hears.contains(&other))
}

/// A recording: who is heard now, and all that was told of it.
#[derive(Debug, Default)]
struct Tape {
    heard: BTreeSet<LegId>,
    index: RecordingIndex,
}

impl Tape {
    fn join(&mut self, voice: Voice) {
        self.heard.insert(voice.leg);
        let Voice { speaker, channel, .. } = voice;
        let is_known = |leg: &RecordedLeg| leg.channel == channel && leg.speaker == speaker;
        if self.index.legs.iter().any(is_known) {
            return;
        }
        self.index.legs.push(RecordedLeg { speaker, channel, from_ms: 0, to_ms: 0 });
    }
}

#[derive(Debug)]
struct Leg {
    call: CallId,
    port: u16,
    remote: Option<SocketAddr>,
    playing: Option<PlayId>,
    speech: Speech,
}

impl MediaPlane {
    /// A plane with so many free ports.
    #[must_use]
    pub fn new(ports: u16) -> Self {
        Self {
            ports,
            free: (FIRST_PORT..FIRST_PORT + ports).collect(),
            legs: BTreeMap::new(),
            bridges: BTreeMap::new(),
            recordings: BTreeMap::new(),
            events: VecDeque::new(),
            playbacks: VecDeque::new(),
            failed: Vec::new(),
            gap_ms: 0,
            is_stuck: false,
        }
    }

    /// Does what call control asks.
    pub fn handle_command(&mut self, command: Command) {
        match command {
            Command::OpenLeg { leg, call } => self.open(leg, call),
            Command::SetRemote { leg, remote } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.remote = Some(remote.address);
                }
            }
            Command::SetSpeech { leg, speech } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.speech = speech;
                }
            }
            Command::SetMusic { .. } | Command::SendDigit { .. } => {}
            Command::Play { leg, play, prompts, .. } => self.play(leg, play, prompts.len()),
            Command::StopPlay { leg } => self.stop_play(leg),
            Command::Bridge { bridge, a, b } => self.connect(bridge, Party::conference(&[a, b])),
            Command::Connect { bridge, parties } => self.connect(bridge, parties),
            Command::Unbridge { bridge } => {
                self.bridges.remove(&bridge);
            }
            Command::StartRecording { recording, voices } => self.record(recording, voices),
            Command::JoinRecording { recording, voice } => {
                let lives = self.legs.contains_key(&voice.leg);
                if let Some(tape) = self.recordings.get_mut(&recording).filter(|_| lives) {
                    tape.join(voice);
                }
            }
            Command::LeaveRecording { leg } => self.leave_recording(leg),
            Command::MarkRecording { recording, mark: Mark { kind, by, why } } => {
                if let Some(tape) = self.recordings.get_mut(&recording) {
                    tape.index.marks.push(RecordedMark { at_ms: 0, kind, by, why });
                }
            }
            Command::StopRecording { recording } => self.finish_recording(recording),
            Command::CloseLeg { leg } => self.close(leg),
        }
    }

    /// The next thing to tell call control.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next playback that has begun, and how long it takes unless it is stopped.
    pub fn poll_playback(&mut self) -> Option<(Duration, LegId, PlayId)> {
        self.playbacks.pop_front()
    }

    /// A playback has come to its end, if it was not stopped before.
    pub fn play_ended(&mut self, leg: LegId, play: PlayId) {
        let Some(playing) = self.legs.get_mut(&leg).map(|leg| &mut leg.playing) else { return };
        if *playing == Some(play) && !self.is_stuck {
            *playing = None;
            self.events.push_back(Event::PlayFinished { leg, play, outcome: PlayOutcome::Completed });
        }
    }

    /// The disk takes nothing: all recordings fail.
    pub(crate) fn fail_recordings(&mut self) {
        for (recording, tape) in std::mem::take(&mut self.recordings) {
            let heard = tape.heard.iter().find_map(|leg| self.legs.get(leg));
            self.failed.extend(heard.map(|leg| (recording, leg.call)));
            let path = format!("{recording}.wav");
            let cause = RecordingFailure::DiskFull { path };
            self.events.push_back(Event::RecordingFailed { recording, cause });
        }
    }

    /// The disk takes what there is of those that failed.
    pub(crate) fn complete_recordings(&mut self) {
        for (recording, call) in self.failed.drain(..) {
            let path = format!("{recording}.wav");
            let index = RecordingIndex::default();
            let (duration_ms, gap_ms, bytes) = (1000, None, 44);
            self.events.push_back(Event::RecordingCompleted {
                recording,
                call,
                path,
                duration_ms,
                gap_ms,
                bytes,
                index,
            });
        }
    }

    /// The leg that has this port.
    fn leg_at(&self, port: u16) -> Option<LegId> {
        self.legs.iter().find(|(_, leg)| leg.port == port).map(|(id, _)| *id)
    }

    /// The leg that sends to this address.
    #[must_use]
    pub fn leg_to(&self, remote: SocketAddr) -> Option<LegId> {
        self.legs.iter().find(|(_, leg)| leg.remote == Some(remote)).map(|(id, _)| *id)
    }

    /// True if a recording hears these two ports.
    #[must_use]
    pub fn are_recorded(&self, a: u16, b: u16) -> bool {
        let (Some(a), Some(b)) = (self.leg_at(a), self.leg_at(b)) else { return false };
        self.recordings.values().any(|tape| tape.heard.is_superset(&[a, b].into()))
    }

    /// What is done to what comes to a port.
    #[must_use]
    pub fn speech(&self, port: u16) -> Option<Speech> {
        self.leg_at(port).map(|leg| self.legs[&leg].speech)
    }

    /// True if these two ports hear each other, each with audio going to `remote` of it.
    #[must_use]
    pub fn are_connected(&self, a: (u16, SocketAddr), b: (u16, SocketAddr)) -> bool {
        let (Some(leg_a), Some(leg_b)) = (self.leg_at(a.0), self.leg_at(b.0)) else { return false };
        let sends_to = |leg: LegId, to| self.legs[&leg].remote == Some(to);
        let pairs = |parties: &Vec<Party>| {
            parties.len() == 2 && hears(parties, leg_a, leg_b) && hears(parties, leg_b, leg_a)
        };
        sends_to(leg_a, a.1) && sends_to(leg_b, b.1) && self.bridges.values().any(pairs)
    }

    /// True if the phone behind the first port hears that behind the second.
    #[must_use]
    pub fn hears(&self, a: u16, b: u16) -> bool {
        let (Some(a), Some(b)) = (self.leg_at(a), self.leg_at(b)) else { return false };
        self.bridges.values().any(|parties| hears(parties, a, b)) && !self.legs[&b].speech.is_muted
    }

    /// True if a recording hears this port.
    #[must_use]
    pub fn is_recorded(&self, port: u16) -> bool {
        let Some(leg) = self.leg_at(port) else { return false };
        self.recordings.values().any(|tape| tape.heard.contains(&leg))
    }

    /// The calls that have a leg.
    #[must_use]
    pub fn calls(&self) -> BTreeSet<CallId> {
        self.legs.values().map(|leg| leg.call).collect()
    }

    /// True if every port is free and nothing is bridged or recorded.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.free.len() == usize::from(self.ports)
            && self.legs.is_empty()
            && self.bridges.is_empty()
            && self.recordings.is_empty()
    }

    fn open(&mut self, leg: LegId, call: CallId) {
        assert!(!self.legs.contains_key(&leg), "{leg} is opened twice");
        let Some(port) = self.free.pop_first() else {
            self.events.push_back(Event::LegFailed { leg, cause: LegFailure::PortsExhausted });
            return;
        };
        self.legs.insert(leg, Leg { call, port, remote: None, playing: None, speech: Speech::default() });
        self.events.push_back(Event::LegOpened { leg, port });
    }

    fn play(&mut self, leg: LegId, play: PlayId, prompts: usize) {
        self.stop_play(leg);
        let Some(playing) = self.legs.get_mut(&leg).map(|leg| &mut leg.playing) else { return };
        *playing = Some(play);
        let length = PROMPT * u32::try_from(prompts).unwrap_or(u32::MAX);
        self.playbacks.push_back((length, leg, play));
    }

    fn stop_play(&mut self, leg: LegId) {
        if let Some(play) = self.legs.get_mut(&leg).and_then(|leg| leg.playing.take()) {
            self.events.push_back(Event::PlayFinished { leg, play, outcome: PlayOutcome::Stopped });
        }
    }

    fn connect(&mut self, bridge: BridgeId, parties: Vec<Party>) {
        let all: Vec<LegId> = parties.iter().map(|party| party.leg).collect();
        let calls: Vec<CallId> =
            all.iter().filter_map(|leg| self.legs.get(leg)).map(|leg| leg.call).collect();
        if calls.len() < all.len() {
            return;
        }
        assert!(all.iter().collect::<BTreeSet<_>>().len() == all.len(), "a leg is named twice");
        for Party { leg, hears, .. } in &parties {
            assert!(!hears.contains(leg), "somebody hears himself");
            assert!(hears.iter().all(|heard| all.contains(heard)), "somebody hears who is not there");
        }
        // Calls whose ids end alike live on one thread.
        let ends: BTreeSet<&[u8]> = calls.iter().map(|call| &call.0.as_bytes()[8..]).collect();
        assert_eq!(ends.len(), 1, "strangers are bridged");
        self.bridges.remove(&bridge);
        self.leave_bridges(&all);
        self.bridges.insert(bridge, parties);
    }

    /// Two alone are not left by one.
    fn leave_bridges(&mut self, legs: &[LegId]) {
        for parties in self.bridges.values_mut() {
            parties.retain(|party| !legs.contains(&party.leg));
            parties.iter_mut().for_each(|party| party.hears.retain(|heard| !legs.contains(heard)));
        }
        self.bridges.retain(|_, parties| parties.len() > 1);
    }

    fn record(&mut self, recording: RecordingId, voices: Vec<Voice>) {
        let taped: Vec<LegId> =
            self.recordings.values().flat_map(|tape| tape.heard.iter().copied()).collect();
        assert!(!voices.iter().any(|voice| taped.contains(&voice.leg)), "a leg is recorded twice");
        if voices.iter().all(|voice| self.legs.contains_key(&voice.leg)) {
            let mut tape = Tape::default();
            voices.into_iter().for_each(|voice| tape.join(voice));
            self.recordings.insert(recording, tape);
            self.events.push_back(Event::RecordingStarted { recording, path: format!("{recording}.wav") });
        } else {
            self.events.push_back(Event::RecordingFailed { recording, cause: RecordingFailure::NoSuchLegs });
        }
    }

    fn leave_recording(&mut self, leg: LegId) {
        let left = self.recordings.iter_mut().filter_map(|(recording, tape)| {
            (tape.heard.remove(&leg) && tape.heard.is_empty()).then_some(*recording)
        });
        for recording in left.collect::<Vec<_>>() {
            self.finish_recording(recording);
        }
    }

    fn finish_recording(&mut self, recording: RecordingId) {
        if let Some(Tape { index, .. }) = self.recordings.remove(&recording) {
            let path = format!("{recording}.wav");
            self.events.push_back(Event::RecordingFinished {
                recording,
                path,
                duration_ms: 0,
                gap_ms: self.gap_ms,
                refused_ms: self.gap_ms,
                bytes: 44,
                end: RecordingEnd::Stopped,
                index,
            });
        }
    }

    fn close(&mut self, leg: LegId) {
        self.stop_play(leg);
        let Some(closed) = self.legs.remove(&leg) else { return };
        let codec = closed.remote.map(|_| Codec::Pcmu);
        let stats = LegStats { codec, packets_received: 100, ..LegStats::default() };
        self.free.insert(closed.port);
        self.leave_bridges(&[leg]);
        self.leave_recording(leg);
        self.events.push_back(Event::LegClosed { leg, stats });
    }
}
