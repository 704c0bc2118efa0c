//! The engine of one media thread: all its legs, what connects them, and the beat.

mod line;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use hotline_base::{BridgeId, CallId, LegId, Now, PlayId, Rng, Time};
use hotline_rtp::Header;
use serde::{Deserialize, Serialize};

use crate::bridges::Bridges;
use crate::events::Events;
use crate::leg::{Leg, Legs, Passing};
use crate::receiver::Content;
use crate::recordings::Recordings;
use crate::timeline::samples_at;
use crate::{
    Behind, Codec, Command, Digit, Event, LegFailure, LegStats, Party, PlayOutcome, PromptId, PromptLibrary,
    Remote, Sink,
};

/// Prompts, music and silence go out once per beat.
pub const BEAT: Duration = Duration::from_millis(20);

/// How many beats one late tick makes up for; the others are skipped, so that a stall is not followed by a burst
/// that phones throw away.
const CATCH_UP_BEATS: u32 = 5;

/// What an administrator may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineConfig {
    /// How long a peer that should talk may send nothing before `RtpTimeout`.
    pub rtp_timeout: Duration,
    /// The most legs of one thread.
    pub legs_max: usize,
    /// The most parties of one bridge, up to [`PARTIES_MAX`](crate::PARTIES_MAX).
    pub parties_max: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { rtp_timeout: Duration::from_secs(30), legs_max: 10_000, parties_max: 8 }
    }
}

/// What went wrong or late, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineCounters {
    /// Beats made up for by a late tick.
    pub beats_late: u64,
    /// Beats left out because a tick was too late.
    pub beats_skipped: u64,
    /// Packets for a leg that is not there.
    pub packets_without_leg: u64,
    /// Commands for a leg that is not there.
    pub commands_ignored: u64,
    /// Keys refused because too many were waiting.
    pub digits_refused: u64,
    /// Legs closed because a bug panicked on them.
    pub legs_lost: u64,
}

/// Why [`Engine::poll_timeout`] wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The next 20 ms beat: call [`Engine::handle_tick`].
    Beat,
}

/// All legs of one media thread.
///
/// After any `handle_…` drain [`Engine::poll_event`], then wait until [`Engine::poll_timeout`]. Packets and
/// record pieces leave through the [`Sink`] at once. [`Engine::handle_packet`] does not allocate, lock or log.
#[derive(Debug, Serialize, Deserialize)]
pub struct Engine {
    config: EngineConfig,
    rng: Rng,
    /// Not part of a snapshot: see [`Engine::set_prompts`].
    #[serde(skip)]
    prompts: Arc<PromptLibrary>,
    legs: Legs,
    bridges: Bridges,
    recordings: Recordings,
    /// When the next beat is due, while there are legs.
    next_beat: Option<Time>,
    events: Events,
    counters: EngineCounters,
}

impl Engine {
    /// An engine without legs. `rng` chooses the numbers that RFC 3550 §5.1 wants unpredictable.
    #[must_use]
    pub fn new(config: EngineConfig, rng: Rng, prompts: Arc<PromptLibrary>) -> Self {
        Self {
            config,
            rng,
            prompts,
            legs: BTreeMap::new(),
            bridges: Bridges::default(),
            recordings: Recordings::default(),
            next_beat: None,
            events: Events::new(),
            counters: EngineCounters::default(),
        }
    }

    /// Replaces the library, also in an engine that comes from a snapshot. Playbacks go on where they are.
    pub fn set_prompts(&mut self, prompts: Arc<PromptLibrary>) {
        self.prompts = prompts;
    }

    /// Carries out a command. `OpenLeg` makes the leg; the port and its `LegOpened` are the shell's.
    pub fn handle_command(&mut self, now: Now, command: Command, out: &mut impl Sink) {
        match command {
            Command::OpenLeg { leg, call } => self.open_leg(now, leg, call),
            Command::SetRemote { leg, remote } => self.set_remote(now, leg, remote),
            Command::SetSpeech { leg, speech } => self.with_leg(leg, |leg| leg.set_speech(speech)),
            Command::SetMusic { leg, prompt } => self.with_leg(leg, |leg| leg.player.set_music(prompt)),
            Command::Play { leg, play, prompts, behind } => self.play(leg, play, prompts, behind),
            Command::StopPlay { leg } => self.stop_play(leg),
            Command::SendDigit { leg, digit } => self.send_digit(leg, digit),
            Command::Bridge { bridge, a, b } => self.connect(now, bridge, Party::conference(&[a, b])),
            Command::Connect { bridge, parties } => self.connect(now, bridge, parties),
            Command::Unbridge { bridge } => self.bridges.end(&mut self.legs, bridge),
            Command::StartRecording { recording, voices } => {
                if let Err(cause) = self.recordings.start(now, &mut self.legs, (recording, &voices), out) {
                    self.events.push(Event::RecordingFailed { recording, cause });
                }
            }
            Command::JoinRecording { recording, voice } => {
                let joined = self.recordings.join(now, &mut self.legs, (recording, &voice), out);
                self.counters.commands_ignored += u64::from(!joined);
            }
            Command::LeaveRecording { leg } => {
                if let Some(state) = self.legs.get_mut(&leg) {
                    self.recordings.leave(now, leg, state, out);
                }
            }
            Command::MarkRecording { recording, mark } => self.recordings.mark(now, recording, &mark, out),
            Command::StopRecording { recording } => self.recordings.stop(now, &mut self.legs, recording, out),
            Command::CloseLeg { leg } => self.close_leg(now, leg, out),
        }
    }

    /// Takes a datagram from a leg's socket; it is rewritten in place on its way to the other side of a bridge.
    pub fn handle_packet(
        &mut self,
        now: Now,
        leg: LegId,
        source: SocketAddr,
        packet: &mut [u8],
        out: &mut impl Sink,
    ) {
        let Some(from) = self.legs.get_mut(&leg) else {
            self.counters.packets_without_leg += 1;
            return;
        };
        if Header::is_report(packet) {
            return from.handle_report(now.mono, source, packet);
        }
        let Some(received) = from.handle_packet(now.mono, leg, source, packet, &mut self.events) else {
            return;
        };
        from.record(leg, &received, packet, out);
        from.push_to_playout(now.mono, &received, packet);
        let listener = from.bridged.and_then(|bridged| bridged.listener);
        let Some(mut decoder) = from.take_decoder() else { return };
        let mut gain = from.take_gain();
        let passing = Passing {
            received: &received,
            decoder: &mut decoder,
            gain: gain.as_deref_mut(),
            datagram: packet,
        };
        let is_heard = match listener.and_then(|listener| Some((listener, self.legs.get_mut(&listener)?))) {
            Some((listener, to)) => to.relay(now.mono, listener, passing, out),
            None => false,
        };
        if let (Some(gain), Some(from)) = (gain, self.legs.get_mut(&leg)) {
            from.put_gain(gain);
        }
        match decoder.codec() {
            // Without state it need not come back.
            Codec::Pcmu | Codec::Pcma => {}
            Codec::G722 | Codec::Opus | Codec::L16 => {
                if let (false, Content::Audio { .. }) = (is_heard, received.content) {
                    decoder.pass_over(&packet[received.payload.clone()]);
                }
                if let Some(from) = self.legs.get_mut(&leg) {
                    from.put_decoder(decoder);
                }
            }
        }
    }

    /// Takes a datagram from a leg's socket for reports (RFC 3550 §11: the next port).
    pub fn handle_report(&mut self, now: Now, leg: LegId, source: SocketAddr, datagram: &[u8]) {
        match self.legs.get_mut(&leg) {
            Some(from) => from.handle_report(now.mono, source, datagram),
            None => self.counters.packets_without_leg += 1,
        }
    }

    /// Makes the beats that are due. Late ones are made up for, up to a limit. A bug that panics costs the leg it
    /// happens on, and no other leg its beat.
    pub fn handle_tick(&mut self, now: Now, out: &mut impl Sink) {
        let Some(due) = self.next_beat.filter(|due| *due <= now.mono) else { return };
        let beats_due = now.mono.since(due).as_micros() / BEAT.as_micros() + 1;
        let beats_due = u32::try_from(beats_due).unwrap_or(u32::MAX);
        // First, so that nothing that follows can make this beat due again.
        self.next_beat = Some(due + BEAT * beats_due);
        let beats = beats_due.min(CATCH_UP_BEATS);
        self.counters.beats_late += u64::from(beats - 1);
        self.counters.beats_skipped += u64::from(beats_due - beats);
        let prompts = Arc::clone(&self.prompts);
        for beat in 0..beats {
            let due = due + BEAT * beat;
            for leg in self.bridges.mix(samples_at(due), &mut self.legs) {
                self.lose_leg(now, leg, out);
            }
            self.each_leg(now, out, |id, leg, events, out| {
                leg.handle_line_beat(due, id, out);
                leg.handle_beat(due, id, &prompts, out, events);
            });
        }
        if beats < beats_due {
            self.each_leg(now, out, |_, leg, _, _| leg.handle_skipped_beats());
        }
        let silence = self.config.rtp_timeout;
        self.each_leg(now, out, |id, leg, events, out| {
            leg.handle_timeouts(now.mono, id, silence, events);
            leg.send_report(now, id, false, out);
        });
    }

    /// Closes a leg on which a bug panicked, as far as that goes; it is gone and reported closed in any case.
    pub fn lose_leg(&mut self, now: Now, leg: LegId, out: &mut impl Sink) {
        self.counters.legs_lost += 1;
        let closed = catch_unwind(AssertUnwindSafe(|| self.close_leg(now, leg, out)));
        if closed.is_err() && self.legs.remove(&leg).is_some() {
            self.events.push(Event::LegClosed { leg, stats: LegStats::default() });
        }
    }

    /// Takes the oldest event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// When to call [`Engine::handle_tick`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        self.next_beat.map(|due| (due, Timer::Beat))
    }

    /// What went wrong or late.
    #[must_use]
    pub fn counters(&self) -> EngineCounters {
        EngineCounters { digits_refused: self.events.digits_refused(), ..self.counters }
    }

    /// How many legs there are.
    #[must_use]
    pub fn legs(&self) -> usize {
        self.legs.len()
    }

    /// True if there is room for a leg.
    ///
    /// # Errors
    /// Why there is not.
    pub fn check_leg(&self, leg: LegId) -> Result<(), LegFailure> {
        if self.legs.contains_key(&leg) {
            return Err(LegFailure::Duplicate);
        }
        if self.legs.len() >= self.config.legs_max {
            return Err(LegFailure::TooManyLegs);
        }
        Ok(())
    }

    fn each_leg<S: Sink>(
        &mut self,
        now: Now,
        out: &mut S,
        mut step: impl FnMut(LegId, &mut Leg, &mut Events, &mut S),
    ) {
        let mut lost = Vec::new();
        for (id, leg) in &mut self.legs {
            let events = &mut self.events;
            if catch_unwind(AssertUnwindSafe(|| step(*id, leg, events, out))).is_err() {
                lost.push(*id);
            }
        }
        for leg in lost {
            self.lose_leg(now, leg, out);
        }
    }

    fn with_leg(&mut self, leg: LegId, change: impl FnOnce(&mut Leg)) {
        match self.legs.get_mut(&leg) {
            Some(leg) => change(leg),
            None => self.counters.commands_ignored += 1,
        }
    }

    fn open_leg(&mut self, now: Now, leg: LegId, call: CallId) {
        if let Err(cause) = self.check_leg(leg) {
            return self.events.push(Event::LegFailed { leg, cause });
        }
        if self.legs.is_empty() {
            self.next_beat = Some(now.mono + BEAT);
        }
        self.legs.insert(leg, Box::new(Leg::new(call, &mut self.rng)));
    }

    fn close_leg(&mut self, now: Now, leg: LegId, out: &mut impl Sink) {
        self.leave_bridge(now, leg);
        let Some(mut closed) = self.legs.remove(&leg) else {
            self.counters.commands_ignored += 1;
            return;
        };
        if self.legs.is_empty() {
            self.next_beat = None;
        }
        if let Some(play) = closed.player.stop() {
            self.events.push(Event::PlayFinished { leg, play, outcome: PlayOutcome::Stopped });
        }
        closed.send_report(now, leg, true, out);
        self.events.push(Event::LegClosed { leg, stats: closed.stats() });
        self.recordings.leave(now, leg, &mut closed, out);
    }

    fn play(&mut self, leg: LegId, play: PlayId, prompts: Vec<PromptId>, behind: Behind) {
        let finished = |play, outcome| Event::PlayFinished { leg, play, outcome };
        let Some(target) = self.legs.get_mut(&leg) else {
            self.counters.commands_ignored += 1;
            return self.events.push(finished(play, PlayOutcome::Stopped));
        };
        if !prompts.iter().all(|prompt| self.prompts.contains(prompt)) {
            if let Some(replaced) = target.player.stop() {
                self.events.push(finished(replaced, PlayOutcome::Stopped));
            }
            return self.events.push(finished(play, PlayOutcome::MissingPrompt));
        }
        let behind = if target.hears_music() { behind } else { Behind::Silence };
        if let Some(replaced) = target.player.play(play, prompts, behind) {
            self.events.push(finished(replaced, PlayOutcome::Stopped));
        }
    }

    fn stop_play(&mut self, leg: LegId) {
        let mut stopped = None;
        self.with_leg(leg, |leg| stopped = leg.player.stop());
        if let Some(play) = stopped {
            self.events.push(Event::PlayFinished { leg, play, outcome: PlayOutcome::Stopped });
        }
    }

    fn send_digit(&mut self, leg: LegId, digit: Digit) {
        let taken = self.legs.get_mut(&leg).is_some_and(|leg| leg.press(digit));
        self.counters.commands_ignored += u64::from(!taken);
    }

    fn set_remote(&mut self, now: Now, id: LegId, remote: Remote) {
        let Some(leg) = self.legs.get_mut(&id) else {
            self.counters.commands_ignored += 1;
            return;
        };
        let before = leg.codec();
        leg.set_remote(now.mono, remote);
        if let (true, Some(bridged)) = (leg.codec() != before, leg.bridged) {
            self.bridges.rearrange(now.mono, &mut self.legs, bridged.bridge);
        }
    }

    fn connect(&mut self, now: Now, bridge: BridgeId, parties: Vec<Party>) {
        let most = self.config.parties_max;
        let is_connected = self.bridges.set(now.mono, &mut self.legs, (bridge, parties), most);
        self.counters.commands_ignored += u64::from(!is_connected);
    }

    fn leave_bridge(&mut self, now: Now, leg: LegId) {
        if let Some(bridged) = self.legs.get(&leg).and_then(|leg| leg.bridged) {
            self.bridges.leave(now.mono, &mut self.legs, bridged.bridge, leg);
        }
    }
}
