//! What is done to what a peer says: brought to a level, and keys that nobody is to hear, proved by tones on every leg and in the
//! recording.

use hotline_audio::dtmf::{Detector, tones};
use hotline_audio::{Tone, rms_dbfs, tone_dbfs};
use hotline_base::{BridgeId, LegId};
use hotline_media::{Codec, Command, Decoder, Event, Gain, Opus, Party, Remote, Speech, Supervision};

use crate::world::{A, B, Piece, Sent, World, call, recording, remote, start_recording};

const C: LegId = LegId(2);
const BRIDGE: BridgeId = BridgeId(1);
const HZ: f64 = 440.0;
/// No receiver may take so much of a key for one (ITU-T Q.24 has 20 to 40 ms); 160 samples and a window's edge.
const LEAK_SAMPLES_MAX: usize = 168;

fn leveled(leg: LegId) -> Command {
    let gain = Some(Gain { target_dbfs: -20, most_db: 30 });
    Command::SetSpeech { leg, speech: Speech { gain, hides_keys: false, is_muted: false } }
}

fn hidden(leg: LegId) -> Command {
    Command::SetSpeech { leg, speech: Speech { gain: None, hides_keys: true, is_muted: false } }
}

/// Words of a soft voice: a tone of 300 ms and a gap of 100 ms, again and again.
fn words(seconds: usize, dbfs: f64) -> Vec<i16> {
    let tone = Tone::new(HZ, dbfs, 8000).take(seconds * 8000);
    tone.enumerate().map(|(at, sample)| if at % 3200 < 2400 { sample } else { 0 }).collect()
}

/// Lets a leg say a sound in packets of so many milliseconds, and ticks.
fn say(world: &mut World, leg: LegId, codec: Codec, ms: usize, sound: &[i16]) {
    let mut encoder = codec.encoder(Opus::default());
    let (mut waited, mut timestamp) = (0, 8000 * codec.clock_factor());
    for (sequence, frame) in (1_u16..).zip(sound.chunks(8 * ms)) {
        waited += ms;
        world.wait_ms(ms as u64);
        if waited >= 20 {
            waited -= 20;
            world.tick();
        }
        let payload = encoder.payload(frame);
        world.packet(leg, sequence, timestamp, codec.usual_payload_type(), false, &payload);
        timestamp += 8 * ms as u32 * codec.clock_factor();
    }
}

fn sound_of(codec: Codec, sent: &[Sent]) -> Vec<i16> {
    let mut decoder = codec.decoder();
    sent.iter().flat_map(|sent| decoder.sound(&sent.payload)).collect()
}

fn last_second(sound: &[i16]) -> f64 {
    tone_dbfs(&sound[sound.len() - 3200..][..2000], HZ, 8000)
}

#[test]
fn a_soft_voice_is_brought_to_its_level_for_the_other_side_and_not_for_the_recording() {
    for (a, b) in Codec::ALL.into_iter().flat_map(|a| Codec::ALL.map(|b| (a, b))) {
        let mut world = World::with_two_legs(a, b);
        world.command(Command::Bridge { bridge: BRIDGE, a: A, b: B });
        world.command(start_recording(1, A, B));
        world.command(leveled(A));
        world.sent.clear();
        let sound = words(8, -38.0);
        say(&mut world, A, a, 20, &sound);
        let heard = sound_of(b, &world.sent_to(B));
        let loudest = heard[heard.len() - 8000..].chunks(400).map(rms_dbfs).fold(-90.0, f64::max);
        assert!((loudest + 20.0).abs() < 2.5, "{a:?} to {b:?}: {loudest}");
        let mut decoder = a.decoder();
        let recorded: Vec<i16> =
            world.pieces.iter().flat_map(|piece| of_leg(piece, A, &mut decoder)).collect();
        let loudest = recorded[recorded.len() - 8000..].chunks(400).map(rms_dbfs).fold(-90.0, f64::max);
        assert!((loudest + 38.0).abs() < 1.5, "{a:?} recorded: {loudest}");
    }
}

fn of_leg(piece: &Piece, of: LegId, decoder: &mut Decoder) -> Vec<i16> {
    match piece {
        Piece::Audio { leg, payload, .. } if *leg == of => decoder.sound(payload),
        Piece::Audio { .. }
        | Piece::Start { .. }
        | Piece::Join { .. }
        | Piece::Leave { .. }
        | Piece::Mark { .. }
        | Piece::Finish { .. } => Vec::new(),
    }
}

#[test]
fn the_side_without_a_gain_stays_bit_for_bit_and_so_does_one_whose_gain_is_taken_away() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BRIDGE, a: A, b: B });
    world.command(leveled(A));
    let all: Vec<u8> = (0..=255).chain(0..=63).collect();
    let passes = |world: &mut World, from: LegId, to: LegId, sequence: u16| {
        world.sent.clear();
        world.talk(from, sequence, 0, &all);
        world.sent_to(to)[0].payload == all
    };
    assert!(passes(&mut world, B, A, 1));
    for sequence in 1..50 {
        world.talk(A, 2 * sequence, 0, &[0x20; 320]);
    }
    assert!(!passes(&mut world, A, B, 100));
    world.command(Command::SetSpeech { leg: A, speech: Speech::default() });
    assert!(passes(&mut world, A, B, 102));
}

#[test]
fn a_supervisor_hears_the_same_level_in_a_mix() {
    for codec in [Codec::Pcmu, Codec::Opus] {
        let mut world = World::with_two_legs(codec, codec);
        world.command(Command::OpenLeg { leg: C, call: call() });
        world.command(remote(C, codec));
        world.command(leveled(A));
        let parties = Party::supervised(A, B, C, Supervision::Listen);
        world.command(Command::Connect { bridge: BRIDGE, parties });
        world.sent.clear();
        say(&mut world, A, codec, 20, &words(8, -38.0));
        for leg in [B, C] {
            let heard = sound_of(codec, &world.sent_to(leg));
            let loudest = heard[heard.len() - 8000..].chunks(400).map(rms_dbfs).fold(-90.0, f64::max);
            assert!((loudest + 20.0).abs() < 2.5, "{leg} with {codec:?}: {loudest}");
        }
    }
}

/// A word, every key for 80 ms with gaps of 60 ms, and a word.
fn keys() -> Vec<i16> {
    let mut sound: Vec<i16> = Tone::new(HZ, -12.0, 8000).take(4000).collect();
    // Each key begins elsewhere in its packet.
    for (number, key) in "0123456789*#ABCD".chars().enumerate() {
        sound.extend(std::iter::repeat_n(0, 480 + 11 * number));
        let [low, high] = tones(key).expect("a key");
        let both = Tone::new(low, -10.0, 8000).zip(Tone::new(high, -8.0, 8000));
        sound.extend(both.take(640).map(|(low, high)| low.saturating_add(high)));
    }
    sound.extend(std::iter::repeat_n(0, 480));
    sound.extend(Tone::new(HZ, -12.0, 8000).take(8000));
    sound.truncate(sound.len() / 480 * 480);
    sound
}

fn detected(sound: &[i16]) -> String {
    let mut detector = Detector::default();
    sound.iter().filter_map(|sample| detector.push(*sample)).map(|press| press.key).collect()
}

/// The longest piece of a key in a sound, by the power of its tones over 5 ms.
fn longest_key(sound: &[i16]) -> usize {
    let (mut longest, mut running) = (0, 0);
    for at in (0..sound.len().saturating_sub(40)).step_by(8) {
        let part = &sound[at..at + 40];
        // The word is one tone, and low: a key has a second one.
        let high = [1209.0, 1336.0, 1477.0, 1633.0].map(|hz| tone_dbfs(part, hz, 8000));
        let is_key = rms_dbfs(part) > -25.0 && high.iter().any(|dbfs| *dbfs > -16.0);
        running = if is_key { running + 8 } else { 0 };
        longest = longest.max(running);
    }
    longest
}

/// What is recorded of a leg, with silence where there is nothing.
fn recorded(world: &World, of: LegId, codec: Codec) -> Vec<i16> {
    let mut decoder = codec.decoder();
    let mut line = Vec::new();
    for piece in &world.pieces {
        if let Piece::Audio { leg, position, payload, .. } = piece
            && *leg == of
        {
            line.resize(usize::try_from(*position).expect("a short recording").max(line.len()), 0);
            line.extend(decoder.sound(payload));
        }
    }
    line
}

#[test]
fn keys_pressed_as_sounds_are_heard_unless_they_are_to_be_hidden() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcma);
    world.command(Command::Bridge { bridge: BRIDGE, a: A, b: B });
    world.command(start_recording(1, A, B));
    world.sent.clear();
    say(&mut world, A, Codec::Pcmu, 20, &keys());
    let heard = sound_of(Codec::Pcma, &world.sent_to(B));
    assert_eq!(detected(&heard), "0123456789*#ABCD");
    assert!(longest_key(&heard) >= 600, "{}", longest_key(&heard));
    assert_eq!(detected(&recorded(&world, A, Codec::Pcmu)), "0123456789*#ABCD");
}

#[test]
fn hidden_keys_are_found_neither_by_the_other_side_nor_in_the_recording() {
    for (a, b) in Codec::ALL.into_iter().flat_map(|a| Codec::ALL.map(|b| (a, b))) {
        for ms in [10, 20, 30, 60] {
            let mut world = World::with_two_legs(a, b);
            world.command(Command::Bridge { bridge: BRIDGE, a: A, b: B });
            world.command(start_recording(1, A, B));
            world.command(hidden(A));
            world.sent.clear();
            say(&mut world, A, a, ms, &keys());
            for (heard, by) in [
                (sound_of(b, &world.sent_to(B)), "the other side"),
                (recorded(&world, A, a), "the recording"),
            ] {
                assert_eq!(detected(&heard), "", "{a:?} to {b:?}, {ms} ms, {by}");
                let leak = longest_key(&heard);
                assert!(leak <= LEAK_SAMPLES_MAX, "{a:?} to {b:?}, {ms} ms, {by}: {leak} samples");
                assert!(heard.len().abs_diff(keys().len()) < 1000, "{} of {}", heard.len(), keys().len());
                let word = tone_dbfs(&heard[heard.len() - 4000..], HZ, 8000);
                assert!((word + 12.0).abs() < 1.5, "{a:?} to {b:?}, {ms} ms, {by}: the word has {word} dBFS");
            }
        }
    }
}

#[test]
fn hidden_keys_are_not_found_in_a_mix_and_those_of_the_other_side_are() {
    for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
        let mut world = World::with_two_legs(codec, codec);
        world.command(Command::OpenLeg { leg: C, call: call() });
        world.command(remote(C, codec));
        world.command(Command::Connect { bridge: BRIDGE, parties: Party::conference(&[A, B, C]) });
        world.command(hidden(A));
        world.sent.clear();
        say(&mut world, A, codec, 20, &keys());
        let heard = sound_of(codec, &world.sent_to(B));
        assert_eq!(detected(&heard), "", "{codec:?}");
        assert!(last_second(&heard) > -15.0, "{codec:?}: the word is heard");
        world.sent.clear();
        say(&mut world, C, codec, 20, &keys());
        assert_eq!(detected(&sound_of(codec, &world.sent_to(B))).len(), 16, "{codec:?}");
    }
}

#[test]
fn hidden_telephone_events_reach_call_control_and_nobody_else() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(hidden(A));
    world.command(Command::Bridge { bridge: BRIDGE, a: A, b: B });
    world.events();
    world.sent.clear();
    world.talk(A, 1, 0, &[1; 160]);
    for (sequence, end) in [(2, 10), (3, 10), (4, 0x8a), (5, 0x8a), (6, 0x8a)] {
        world.packet(A, sequence, 320, 101, sequence == 2, &[7, end, 3, 32]);
    }
    world.talk(A, 7, 0, &[1; 160]);
    let to_b = world.sent_to(B);
    assert_eq!(to_b.iter().map(|sent| sent.header.payload_type).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(to_b[1].header.sequence, to_b[0].header.sequence.wrapping_add(1), "no hole tells of it");
    let digits = world.events().into_iter().filter(|event| matches!(event, Event::Digit { .. })).count();
    assert_eq!(digits, 1);
}

#[test]
fn packets_of_any_length_become_whole_frames_of_opus_and_back() {
    for ms in [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60] {
        for codec in [Codec::Pcmu, Codec::G722, Codec::L16] {
            let mut world = World::with_two_legs(codec, Codec::Opus);
            world.command(Command::Bridge { bridge: BRIDGE, a: A, b: B });
            world.sent.clear();
            let sound: Vec<i16> = Tone::new(HZ, -12.0, 8000).take(8 * 3300).collect();
            say(&mut world, A, codec, ms, &sound);
            let sent = world.sent_to(B);
            let heard = sound_of(Codec::Opus, &sent);
            assert!(sound.len() - heard.len() < 80, "{ms} ms of {codec:?}: {} samples", heard.len());
            assert!((last_second(&heard) + 12.0).abs() < 1.0, "{ms} ms of {codec:?}");
            let mut due = sent[0].header;
            for sent in &sent {
                let now = sent.header;
                assert_eq!(
                    (now.sequence, now.timestamp),
                    (due.sequence, due.timestamp),
                    "{ms} ms of {codec:?}"
                );
                due.sequence = now.sequence.wrapping_add(1);
                let span = Codec::Opus.span(&sent.payload).expect("a packet");
                assert!(span.is_multiple_of(80), "{span} samples");
                due.timestamp = now.timestamp.wrapping_add(6 * span as u32);
            }
        }
    }
}

#[test]
fn a_lost_packet_leaves_its_own_hole_between_frames_of_opus() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Opus);
    world.command(Command::Bridge { bridge: BRIDGE, a: A, b: B });
    world.sent.clear();
    for packet in (0_u16..40).filter(|packet| packet % 10 != 5) {
        world.wait_ms(15);
        world.packet(A, packet, u32::from(packet) * 120, 0, false, &[1; 120]);
    }
    let first = world.sent_to(B)[0].header;
    for sent in world.sent_to(B) {
        // Sound is where it was said, to a packet.
        let at = sent.header.timestamp.wrapping_sub(first.timestamp) / 6;
        let packet = u32::from(sent.header.sequence.wrapping_sub(first.sequence));
        assert!(at.abs_diff(packet * 120) < 80, "packet {packet} at {at}");
    }
}

#[test]
fn prompts_reach_a_phone_of_opus_whatever_length_it_wishes() {
    for ptime_ms in 10..=60 {
        let mut world = World::with_two_legs(Codec::Opus, Codec::Pcmu);
        let answer = Remote { ptime_ms, ..Remote::new(crate::world::address(A), Codec::Opus) };
        world.command(Command::SetRemote { leg: A, remote: answer });
        world.command(Command::SetMusic { leg: A, prompt: Some("en/tone".into()) });
        world.sent.clear();
        (0..60).for_each(|_| world.beat());
        let sent = world.sent_to(A);
        let heard = sound_of(Codec::Opus, &sent);
        assert!(heard.len() >= 60 * 160 - 480, "{ptime_ms} ms: {}", heard.len());
        assert!((last_second(&heard) + 10.0).abs() < 1.0, "{ptime_ms} ms");
        let longest = sent.iter().filter_map(|sent| Codec::Opus.span(&sent.payload)).max();
        assert!(longest <= Some(8 * usize::from(ptime_ms)), "{ptime_ms} ms: {longest:?}");
    }
}

#[test]
fn a_recording_that_hides_keys_has_the_silence_where_they_were() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(start_recording(1, A, B));
    world.command(hidden(A));
    say(&mut world, A, Codec::Pcmu, 20, &keys());
    world.command(Command::StopRecording { recording: recording(1) });
    let recorded = recorded(&world, A, Codec::Pcmu);
    assert!(keys().len().abs_diff(recorded.len()) <= 160);
}
