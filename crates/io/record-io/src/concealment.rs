//! What a recording sounds like when packets of a leg are lost on the way: short holes are filled, nothing else is touched.

use hotline_audio::{Tone, rms_dbfs, tone_dbfs};
use hotline_base::{LegId, RecordingId, Rng, WallTime};
use hotline_media::{Channel, Codec};

use crate::ring::Piece;
use crate::window::Window;
use crate::workbench::Workbench;

const PACKET: usize = 160;
const SECONDS: usize = 20;

/// A tone as a leg says it, packet by packet.
fn packets(codec: Codec, hz: f64) -> Vec<Vec<u8>> {
    let mut encoder = codec.encoder(hotline_media::Opus::default());
    let tone: Vec<i16> = Tone::new(hz, -10.0, 8000).take(SECONDS * 8000).collect();
    tone.chunks(PACKET).map(|sound| encoder.payload(sound)).collect()
}

/// What is recorded of the packets that are not lost, written `written` samples at a time, and how much of it was filled.
fn recorded(codec: Codec, packets: &[Vec<u8>], lost: &[bool], written: usize) -> (Vec<i16>, u64) {
    let (mut window, mut bench) = (Window::default(), Workbench::default());
    let recording = RecordingId::generate(WallTime(0), &mut Rng::from_number(1));
    let (mut sound, mut taken) = (Vec::new(), 0);
    let mut take = |window: &mut Window, bench: &mut Workbench, end: usize| {
        while taken < end {
            taken = (taken + written).min(end);
            window.take_until(taken as u64, bench);
            sound.extend(bench.frames.iter().map(|[left, _]| *left));
            // What nobody said is not on the bench.
            sound.resize(taken, 0);
        }
    };
    for (number, payload) in packets.iter().enumerate() {
        let at = number * PACKET;
        if !lost[number] {
            let voice = (LegId(1), Channel::Customer);
            let piece = Piece::new(recording, voice, codec, (at as u64, PACKET as u16), payload);
            window.place(&piece);
        }
        take(&mut window, &mut bench, (at + PACKET).saturating_sub(3200) / written * written);
    }
    take(&mut window, &mut bench, packets.len() * PACKET);
    (sound, window.concealed())
}

fn lost(packets: usize, percent: u64, seed: u64) -> Vec<bool> {
    let mut rng = Rng::from_number(seed);
    // The first and the last are there, so that each hole has both ends.
    (0..packets).map(|number| number > 25 && number + 25 < packets && rng.chance(percent, 100)).collect()
}

/// The loudest that a tone has beside itself: three samples in a row of a tone tell one another.
fn click(sound: &[i16], hz: f64) -> i32 {
    let factor = 2.0 * (std::f64::consts::TAU * hz / 8000.0).cos();
    let rest = sound.windows(3).map(|three| {
        let [first, middle, last] = [three[0], three[1], three[2]].map(f64::from);
        (first + last - factor * middle).abs() as i32
    });
    rest.max().unwrap()
}

#[test]
fn a_tone_with_five_percent_loss_keeps_its_level_does_not_click_and_is_itself_elsewhere() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        for hz in [300.0, 440.0, 1000.0] {
            let packets = packets(codec, hz);
            let nothing = vec![false; packets.len()];
            let (whole, none) = recorded(codec, &packets, &nothing, 4000);
            assert_eq!(none, 0);
            let lost = lost(packets.len(), 5, 3);
            let count = lost.iter().filter(|lost| **lost).count();
            assert!(count > 30, "{count}");
            let (heard, filled) = recorded(codec, &packets, &lost, 4000);
            assert_eq!(filled, (count * PACKET) as u64, "what was filled is told");
            for (number, lost) in lost.iter().enumerate() {
                let place = number * PACKET..(number + 1) * PACKET;
                if *lost {
                    let level = rms_dbfs(&heard[place.clone()]);
                    assert!((level + 10.0).abs() < 3.0, "{codec:?} {hz} Hz, packet {number}: {level} dBFS");
                } else {
                    assert_eq!(heard[place.clone()], whole[place], "packet {number} is as it was said");
                }
            }
            let level = tone_dbfs(&heard, hz, 8000) - tone_dbfs(&whole, hz, 8000);
            assert!(level.abs() < 0.15, "{codec:?} {hz} Hz: {level} dB");
            let mut silent = whole.clone();
            for number in (0..lost.len()).filter(|number| lost[*number]) {
                silent[number * PACKET..(number + 1) * PACKET].fill(0);
            }
            let clicks = [&whole, &heard, &silent].map(|sound| click(sound, hz));
            assert!(clicks[1] < clicks[0] * 3 / 2, "{codec:?} {hz} Hz: {clicks:?}");
            assert!(clicks[1] < clicks[2] / 3, "{codec:?} {hz} Hz: {clicks:?}");
        }
    }
}

#[test]
fn a_decoder_that_goes_on_from_what_came_before_is_not_heard_to_start_anew() {
    for (codec, hz) in [(Codec::G722, 440.0), (Codec::Opus, 440.0)] {
        let packets = packets(codec, hz);
        let nothing = vec![false; packets.len()];
        let (whole, _) = recorded(codec, &packets, &nothing, 4000);
        let lost = lost(packets.len(), 5, 4);
        let (heard, filled) = recorded(codec, &packets, &lost, 4000);
        assert_eq!(filled, (lost.iter().filter(|lost| **lost).count() * PACKET) as u64);
        let level = tone_dbfs(&heard, hz, 8000) - tone_dbfs(&whole, hz, 8000);
        assert!(level.abs() < 0.3, "{codec:?}: {level} dB");
        for number in (0..lost.len()).filter(|number| lost[*number]) {
            let level = rms_dbfs(&heard[number * PACKET..(number + 1) * PACKET]);
            assert!((level + 10.0).abs() < 5.0, "{codec:?}, packet {number}: {level} dBFS");
        }
    }
}

#[test]
fn how_much_is_written_at_a_time_changes_nothing() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let packets = packets(codec, 300.0);
        for percent in [5, 20, 50] {
            let lost = lost(packets.len(), percent, percent);
            let (at_once, filled) = recorded(codec, &packets, &lost, packets.len() * PACKET);
            for written in [160, 1000, 4000, 7777] {
                let (sound, filled_so) = recorded(codec, &packets, &lost, written);
                let same = sound.iter().zip(&at_once).filter(|(one, other)| one == other).count();
                assert_eq!(filled_so, filled, "{written} at a time, {percent} %");
                // A hole tells from what was filled before it, and that from what was known then.
                assert_eq!(same, sound.len(), "{written} at a time, {percent} %, {codec:?}");
            }
        }
    }
}

#[test]
fn a_long_hole_and_what_follows_the_end_stay_silent() {
    let packets = packets(Codec::Pcmu, 440.0);
    for (count, is_filled) in [(1, true), (3, true), (4, false), (50, false)] {
        let lost: Vec<bool> = (0..packets.len()).map(|number| (100..100 + count).contains(&number)).collect();
        let (heard, filled) = recorded(Codec::Pcmu, &packets[..400], &lost, 4000);
        let hole = &heard[100 * PACKET..(100 + count) * PACKET];
        assert_eq!(filled, if is_filled { (count * PACKET) as u64 } else { 0 });
        assert_eq!(hole.iter().any(|sample| *sample != 0), is_filled, "{count} packets");
    }
    let ended: Vec<bool> = (0..packets.len()).map(|number| number >= 100).collect();
    let (heard, filled) = recorded(Codec::Pcmu, &packets[..200], &ended, 4000);
    assert_eq!(filled, 0);
    assert!(heard[100 * PACKET..].iter().all(|sample| *sample == 0), "nobody knows that it goes on");
}

/// What was said in a pause must not come back by way of a hole after it.
#[test]
fn a_hole_beside_a_pause_is_not_filled_with_what_was_said_in_it() {
    let packets = packets(Codec::Pcmu, 440.0);
    let recording = RecordingId::generate(WallTime(0), &mut Rng::from_number(1));
    for (lost, is_filled) in [(49, false), (50, false), (20, true), (30, false), (80, true)] {
        let (mut window, mut bench) = (Window::default(), Workbench::default());
        // From the 31st packet to the 50th.
        window.mute(30 * PACKET as u64);
        window.unmute(50 * PACKET as u64);
        for (number, payload) in packets[..100].iter().enumerate().filter(|(number, _)| *number != lost) {
            let (voice, at) = ((LegId(1), Channel::Customer), (number * PACKET) as u64);
            let piece = Piece::new(recording, voice, Codec::Pcmu, (at, PACKET as u16), payload);
            window.place(&piece);
        }
        let mut sound = Vec::new();
        for end in [2000, 8000, 8160, 100 * PACKET] {
            window.take_until(end as u64, &mut bench);
            sound.extend(bench.frames.iter().map(|[left, _]| *left));
            sound.resize(end, 0);
        }
        let hole = &sound[lost * PACKET..(lost + 1) * PACKET];
        assert_eq!(hole.iter().any(|sample| *sample != 0), is_filled, "packet {lost}");
    }
}

/// Two that lie a sample apart because a clock was corrected have no crack between them.
#[test]
fn a_hole_of_a_sample_is_closed() {
    let tone: Vec<i16> = Tone::new(300.0, -10.0, 8000).take(16_000).collect();
    let encoded: Vec<u8> = tone.iter().map(|sample| hotline_audio::ulaw::encode(*sample)).collect();
    let (mut window, mut bench) = (Window::default(), Workbench::default());
    let recording = RecordingId::generate(WallTime(0), &mut Rng::from_number(1));
    let voice = (LegId(1), Channel::Agent);
    for (number, payload) in encoded.chunks(PACKET + 1).enumerate() {
        let at = (number * (PACKET + 1)) as u64;
        let payload = &payload[..payload.len().min(PACKET)];
        let piece = Piece::new(recording, voice, Codec::Pcmu, (at, payload.len() as u16), payload);
        window.place(&piece);
    }
    window.take_until(15_000, &mut bench);
    let sound: Vec<i16> = bench.frames.iter().map(|[_, right]| *right).collect();
    let silent: Vec<i16> =
        (0..).zip(&tone).map(|(at, sample)| if at % 161 == 160 { 0 } else { *sample }).collect();
    let clicks = [&sound, &silent].map(|sound| click(sound, 300.0));
    assert!(clicks[0] < clicks[1] / 3, "{clicks:?}");
}

/// A stream that ran ahead comes back by half a millisecond with each packet, as long as it takes.
#[test]
fn a_clock_that_is_corrected_does_not_crackle() {
    const STEP: usize = PACKET - 4;
    let packets = packets(Codec::Pcmu, 300.0);
    let (mut window, mut bench) = (Window::default(), Workbench::default());
    let recording = RecordingId::generate(WallTime(0), &mut Rng::from_number(1));
    let mut cut = vec![0; 100 * PACKET];
    for (number, payload) in packets[..100].iter().enumerate() {
        let at = number * STEP;
        let voice = (LegId(1), Channel::Customer);
        window.place(&Piece::new(recording, voice, Codec::Pcmu, (at as u64, PACKET as u16), payload));
        for (sample, byte) in cut[at..].iter_mut().zip(payload) {
            *sample = hotline_audio::ulaw::decode(*byte);
        }
    }
    window.take_until(99 * STEP as u64, &mut bench);
    let heard: Vec<i16> = bench.frames.iter().map(|[left, _]| *left).collect();
    let clicks = [&heard[..], &cut[..99 * STEP]].map(|sound| click(sound, 300.0));
    assert!(clicks[0] < clicks[1] / 2, "{clicks:?}");
    let far = |at: &usize| at % STEP >= 4;
    assert!((0..heard.len()).filter(far).all(|at| heard[at] == cut[at]), "nothing else is touched");
}
