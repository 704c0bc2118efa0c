//! An hour of talk through the media engine and the window, with phones whose clocks go wrong and a network that loses
//! packets: both sides are where they belong, at the first second and at the last.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use hotline_base::{CallId, LegId, Now, RecordingId, Rng, WallTime};
use hotline_media::{
    Channel, Chunk, Codec, Command, Engine, EngineConfig, PromptLibrary, Remote, Sink, Voice,
};

use crate::ring::Piece;
use crate::window::Window;
use crate::workbench::Workbench;

const HOUR: Duration = Duration::from_secs(3600);
/// Both say something loud there, for 100 ms.
const LOUD_AT: [Duration; 3] =
    [Duration::from_millis(1000), Duration::from_millis(1_800_000), Duration::from_millis(3_599_500)];
const LOUD: Duration = Duration::from_millis(100);
/// 20 ms, in samples.
const TOLERANCE: u64 = 160;
/// How long the recorder waits for late packets, in samples.
const HOLD: u64 = 3200;

/// A phone whose clock is wrong by so many millionths.
struct Speaker {
    leg: LegId,
    drift: i64,
    sent: u64,
    ssrc: u32,
}

impl Speaker {
    /// When the next packet begins to be spoken.
    fn spoken_at(&self) -> Duration {
        let wrong = self.sent as i64 * 20_000;
        Duration::from_micros((wrong - wrong * self.drift / 1_000_000) as u64)
    }

    fn packet(&mut self) -> Vec<u8> {
        let spoken = self.spoken_at();
        let is_loud =
            LOUD_AT.iter().any(|at| spoken + Duration::from_millis(20) > *at && spoken < *at + LOUD);
        let mut packet = vec![0x80, 0];
        packet.extend((self.sent as u16).to_be_bytes());
        packet.extend((self.sent as u32 * 160).to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        // Each sample is loud if it is spoken while it is to be.
        for sample in 0..160 {
            let at = spoken + Duration::from_micros(sample * 125);
            let loud = is_loud && LOUD_AT.iter().any(|begin| at >= *begin && at < *begin + LOUD);
            packet.push(if loud { 0x80 } else { 0xFF });
        }
        self.sent += 1;
        packet
    }
}

/// The window, and where each side was loud.
#[derive(Default)]
struct Listener {
    window: Window,
    bench: Workbench,
    loud: [Vec<u64>; 2],
    length: Option<u64>,
}

impl Sink for Listener {
    fn send(&mut self, _: LegId, _: SocketAddr, _: &[u8]) {}

    fn report(&mut self, _: LegId, _: SocketAddr, _: bool, _: &[u8]) {}

    fn record(&mut self, recording: RecordingId, chunk: Chunk<'_>) {
        match chunk {
            Chunk::Audio { leg, channel, position, codec, payload } => {
                let piece =
                    Piece::new(recording, (leg, channel), codec, (position, payload.len() as u16), payload);
                self.window.place(&piece);
            }
            Chunk::Finish { length } => self.length = Some(length),
            Chunk::Start { .. } | Chunk::Join { .. } | Chunk::Leave { .. } | Chunk::Mark { .. } => {}
        }
    }
}

impl Listener {
    fn take_until(&mut self, end: u64) {
        let first = self.window.take_until(end, &mut self.bench);
        for (position, frame) in (first..).zip(&self.bench.frames) {
            for (side, sample) in self.loud.iter_mut().zip(frame) {
                if sample.unsigned_abs() > 1000 {
                    side.push(position);
                }
            }
        }
    }

    /// Where a side begins to be loud.
    fn onsets(&self, side: usize) -> Vec<u64> {
        let loud = &self.loud[side];
        let begins = |place: &usize| *place == 0 || loud[*place] > loud[*place - 1] + 8000;
        (0..loud.len()).filter(begins).map(|place| loud[place]).collect()
    }
}

fn address(leg: LegId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, leg.0 as u8], 4000))
}

fn recorded(speakers: &mut [Speaker; 2], now: Now, out: &mut Listener) -> (Engine, RecordingId) {
    let mut rng = Rng::from_number(7);
    let call = CallId::generate(WallTime(0), &mut rng);
    let recording = RecordingId::generate(WallTime(0), &mut rng);
    let mut engine = Engine::new(EngineConfig::default(), rng, Arc::new(PromptLibrary::default()));
    for Speaker { leg, .. } in speakers.iter() {
        engine.handle_command(now, Command::OpenLeg { leg: *leg, call }, out);
        let answered = Command::SetRemote { leg: *leg, remote: Remote::new(address(*leg), Codec::Pcmu) };
        engine.handle_command(now, answered, out);
    }
    let voices = vec![
        Voice::new(speakers[0].leg, Channel::Customer, "customer"),
        Voice::new(speakers[1].leg, Channel::Agent, "agent:1001"),
    ];
    engine.handle_command(now, Command::StartRecording { recording, voices }, out);
    (engine, recording)
}

#[test]
fn an_hour_with_drift_and_loss_is_aligned_from_the_first_second_to_the_last() {
    for drifts in [[200_i64, -200], [-200, 200]] {
        let mut rng = Rng::from_number(drifts[0].unsigned_abs());
        let (mut out, begin) = (Listener::default(), Now::default());
        let speaker = |leg, drift| Speaker { leg: LegId(leg), drift, sent: 0, ssrc: leg as u32 };
        let mut speakers = [speaker(1, drifts[0]), speaker(2, drifts[1])];
        let (mut engine, recording) = recorded(&mut speakers, begin, &mut out);
        let mut written = 0;
        while let Some(next) = speakers
            .iter_mut()
            .min_by_key(|speaker| speaker.spoken_at())
            .filter(|next| next.spoken_at() < HOUR)
        {
            // A packet leaves when it is full, and takes up to 10 ms.
            let late = Duration::from_micros(rng.below(10_000));
            let spoken = next.spoken_at();
            let now = begin + spoken + Duration::from_millis(20) + late;
            let is_loud =
                LOUD_AT.iter().any(|at| spoken + Duration::from_millis(20) > *at && spoken < *at + LOUD);
            let (leg, mut packet) = (next.leg, next.packet());
            if is_loud || !rng.chance(5, 100) {
                engine.handle_packet(now, leg, address(leg), &mut packet, &mut out);
            }
            while engine.poll_event().is_some() {}
            if spoken.as_secs() > written {
                written = spoken.as_secs();
                engine.handle_tick(now, &mut out);
                out.take_until((written * 8000).saturating_sub(HOLD));
            }
        }
        engine.handle_command(begin + HOUR, Command::StopRecording { recording }, &mut out);
        assert_eq!(out.length, Some(HOUR.as_secs() * 8000));
        out.take_until(HOUR.as_secs() * 8000);
        assert_eq!(out.window.late().samples(), 0, "nothing came too late to be written");
        let (customer, agent) = (out.onsets(0), out.onsets(1));
        assert_eq!((customer.len(), agent.len()), (LOUD_AT.len(), LOUD_AT.len()), "{customer:?} {agent:?}");
        for ((at, customer), agent) in LOUD_AT.iter().zip(customer).zip(agent) {
            let spoken = at.as_millis() as u64 * 8;
            assert!(customer.abs_diff(agent) <= TOLERANCE, "{at:?}: {customer} and {agent}, {drifts:?}");
            assert!(customer.abs_diff(spoken) <= TOLERANCE, "{at:?}: {customer}, {drifts:?}");
        }
    }
}
