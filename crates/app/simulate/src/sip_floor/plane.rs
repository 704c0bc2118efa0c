//! A media plane without audio: ports, prompts that take their time, recordings of nothing.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use hotline_base::{CallId, LegId, PlayId, RecordingId};
use hotline_media::{Command, Event, LegFailure, LegStats, PlayOutcome, RecordingEnd, RecordingIndex};

/// The first port.
const FIRST_PORT: u16 = 10_000;
/// How long each prompt takes.
const PROMPT: Duration = Duration::from_secs(2);

/// Legs and recordings. Commands come in, events and the ends of playbacks go out.
#[derive(Debug)]
pub(super) struct Plane {
    free: Vec<u16>,
    legs: BTreeMap<LegId, Leg>,
    /// The first leg of each call: the caller's.
    callers: BTreeMap<CallId, LegId>,
    recordings: BTreeMap<RecordingId, Vec<LegId>>,
    events: VecDeque<Event>,
    playbacks: VecDeque<(Duration, LegId, PlayId)>,
}

#[derive(Debug)]
struct Leg {
    call: CallId,
    port: u16,
    playing: Option<PlayId>,
    recording: Option<RecordingId>,
}

impl Plane {
    pub(super) fn new() -> Self {
        Self {
            free: (FIRST_PORT..u16::MAX).rev().step_by(2).collect(),
            legs: BTreeMap::new(),
            callers: BTreeMap::new(),
            recordings: BTreeMap::new(),
            events: VecDeque::new(),
            playbacks: VecDeque::new(),
        }
    }

    pub(super) fn handle_command(&mut self, command: Command) {
        match command {
            Command::OpenLeg { leg, call } => self.open(leg, call),
            Command::Play { leg, play, prompts, .. } => {
                self.stop_play(leg);
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.playing = Some(play);
                }
                let length = PROMPT * u32::try_from(prompts.len()).unwrap_or(u32::MAX);
                self.playbacks.push_back((length, leg, play));
            }
            Command::StopPlay { leg } => self.stop_play(leg),
            Command::StartRecording { recording, voices } => {
                let legs: Vec<LegId> = voices.iter().map(|voice| voice.leg).collect();
                legs.iter().for_each(|leg| self.tape(*leg, recording));
                self.recordings.insert(recording, legs);
                self.events.push_back(Event::RecordingStarted { recording, path: path(recording) });
            }
            Command::JoinRecording { recording, voice } => {
                self.leave_recording(voice.leg);
                if let Some(legs) = self.recordings.get_mut(&recording) {
                    legs.push(voice.leg);
                    self.tape(voice.leg, recording);
                }
            }
            Command::LeaveRecording { leg } => self.leave_recording(leg),
            Command::StopRecording { recording } => self.finish(recording),
            Command::CloseLeg { leg } => self.close(leg),
            Command::SetRemote { .. }
            | Command::SetSpeech { .. }
            | Command::SetMusic { .. }
            | Command::SendDigit { .. }
            | Command::Bridge { .. }
            | Command::Connect { .. }
            | Command::Unbridge { .. }
            | Command::MarkRecording { .. } => {}
        }
    }

    pub(super) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next playback that has begun, and how long it takes unless it is stopped.
    pub(super) fn poll_playback(&mut self) -> Option<(Duration, LegId, PlayId)> {
        self.playbacks.pop_front()
    }

    /// A playback has come to its end, if it was not stopped before.
    pub(super) fn play_ended(&mut self, leg: LegId, play: PlayId) {
        if let Some(playing) = self.legs.get_mut(&leg).filter(|leg| leg.playing == Some(play)) {
            playing.playing = None;
            self.events.push_back(Event::PlayFinished { leg, play, outcome: PlayOutcome::Completed });
        }
    }

    /// The leg of the caller of a call.
    pub(super) fn caller(&self, call: CallId) -> Option<LegId> {
        self.callers.get(&call).copied()
    }

    fn open(&mut self, leg: LegId, call: CallId) {
        let Some(port) = self.free.pop() else {
            self.events.push_back(Event::LegFailed { leg, cause: LegFailure::PortsExhausted });
            return;
        };
        self.legs.insert(leg, Leg { call, port, playing: None, recording: None });
        self.callers.entry(call).or_insert(leg);
        self.events.push_back(Event::LegOpened { leg, port });
    }

    fn stop_play(&mut self, leg: LegId) {
        if let Some(play) = self.legs.get_mut(&leg).and_then(|leg| leg.playing.take()) {
            self.events.push_back(Event::PlayFinished { leg, play, outcome: PlayOutcome::Stopped });
        }
    }

    fn tape(&mut self, leg: LegId, recording: RecordingId) {
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.recording = Some(recording);
        }
    }

    fn leave_recording(&mut self, leg: LegId) {
        let Some(recording) = self.legs.get_mut(&leg).and_then(|leg| leg.recording.take()) else { return };
        let Some(legs) = self.recordings.get_mut(&recording) else { return };
        legs.retain(|heard| *heard != leg);
        if legs.is_empty() {
            self.finish(recording);
        }
    }

    fn finish(&mut self, recording: RecordingId) {
        if self.recordings.remove(&recording).is_some() {
            self.events.push_back(Event::RecordingFinished {
                recording,
                path: path(recording),
                duration_ms: 0,
                gap_ms: 0,
                refused_ms: 0,
                bytes: 44,
                end: RecordingEnd::Stopped,
                index: RecordingIndex::default(),
            });
        }
    }

    fn close(&mut self, leg: LegId) {
        self.stop_play(leg);
        self.leave_recording(leg);
        let Some(closed) = self.legs.remove(&leg) else { return };
        self.free.push(closed.port);
        if self.callers.get(&closed.call) == Some(&leg) {
            self.callers.remove(&closed.call);
        }
        self.events.push_back(Event::LegClosed { leg, stats: LegStats::default() });
    }
}

fn path(recording: RecordingId) -> String {
    format!("{recording}.wav")
}
