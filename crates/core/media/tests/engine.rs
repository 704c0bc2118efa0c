//! The engine with scripted peers: what each of them hears, and what call control is told.

mod announcing;
mod bugs;
mod mixing;
mod reports;
mod speech;
mod world;

use hotline_audio::{SAMPLE_RATE_HZ, Tone, alaw, dtmf, g722, tone_dbfs, ulaw};
use hotline_base::{BridgeId, LegId, PlayId, RecordingId, Rng, Time, WallTime};
use hotline_media::{
    Behind, Channel, Codec, Command, Direction, Event, KEYS_WAITING_MAX, LegFailure, Mark, MarkKind, Music,
    MusicStart, Opus, PlayOutcome, RecordingFailure, Remote,
};
use hotline_rtp::{EventReceiver, EventSender, Header};
use world::{A, B, Piece, World, address, call, recording, remote, start_recording, voice};

#[test]
fn a_bridge_passes_audio_at_once_and_bit_for_bit() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.sent.clear();
    for packet in 0..10 {
        world.talk(A, packet, 0, &[packet as u8; 160]);
        world.talk(B, packet, 0, &[100 + packet as u8; 160]);
    }
    let to_b = world.sent_to(B);
    assert_eq!(to_b.len(), 10);
    for (index, sent) in to_b.iter().enumerate() {
        assert_eq!(sent.payload, [index as u8; 160]);
        assert_eq!(sent.to, address(B));
        assert_eq!(sent.header.ssrc, to_b[0].header.ssrc);
        assert_eq!(sent.header.sequence, to_b[0].header.sequence.wrapping_add(index as u16));
        assert_eq!(sent.header.timestamp, to_b[0].header.timestamp.wrapping_add(index as u32 * 160));
        assert_eq!(sent.header.marker, index == 0);
    }
    assert_eq!(world.sent_to(A)[3].payload, [103; 160]);
}

#[test]
fn two_laws_are_transcoded_on_the_packet() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcma);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.sent.clear();
    let said: Vec<u8> = (0..160).collect();
    world.talk(A, 1, 0, &said);
    world.talk(B, 1, 8, &said);
    let heard_by_b = &world.sent_to(B)[0];
    assert_eq!(heard_by_b.header.payload_type, 8);
    for (said, heard) in said.iter().zip(&heard_by_b.payload) {
        assert_eq!(*heard, alaw::encode(ulaw::decode(*said)));
    }
    for (said, heard) in said.iter().zip(&world.sent_to(A)[0].payload) {
        assert_eq!(*heard, ulaw::encode(alaw::decode(*said)));
    }
}

/// Half a second of a tone, as packets of a codec.
fn tone(hz: f64, codec: Codec) -> Vec<Vec<u8>> {
    packets(hz, codec, 25)
}

fn packets(hz: f64, codec: Codec, count: usize) -> Vec<Vec<u8>> {
    let mut encoder = codec.encoder(Opus::default());
    let samples: Vec<i16> = Tone::new(hz, -10.0, SAMPLE_RATE_HZ).take(count * 160).collect();
    samples.chunks(160).map(|frame| encoder.payload(frame)).collect()
}

/// How loud a tone is in what a leg was sent, once the codecs have found their way.
fn heard(world: &World, leg: LegId, codec: Codec, hz: f64) -> f64 {
    let mut decoder = codec.decoder();
    let sent = world.sent_to(leg);
    let samples: Vec<i16> = sent.iter().flat_map(|sent| decoder.sound(&sent.payload)).collect();
    tone_dbfs(&samples[800..], hz, SAMPLE_RATE_HZ)
}

#[test]
fn phones_of_any_two_codecs_hear_each_other_on_the_packet() {
    for (a, b) in Codec::ALL.into_iter().flat_map(|a| Codec::ALL.map(|b| (a, b))) {
        let mut world = World::with_two_legs(a, b);
        world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
        world.sent.clear();
        let said = tone(440.0, a).into_iter().zip(tone(1000.0, b));
        for (packet, (of_a, of_b)) in (1_u16..).zip(said) {
            world.talk(A, packet, a.usual_payload_type(), &of_a);
            world.talk(B, packet, b.usual_payload_type(), &of_b);
        }
        assert_eq!((world.sent_to(A).len(), world.sent_to(B).len()), (25, 25), "none waits");
        assert!((heard(&world, B, b, 440.0) + 10.0).abs() < 1.0, "{a:?} {b:?}");
        assert!((heard(&world, A, a, 1000.0) + 10.0).abs() < 1.0, "{a:?} {b:?}");
        assert!(heard(&world, B, b, 1000.0) < -40.0, "{a:?} {b:?}");
        let times: Vec<u32> = world.sent_to(B).iter().map(|sent| sent.header.timestamp).collect();
        assert!(times.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 160 * b.clock_factor()));
    }
}

/// A phone of another codec cannot make up for what an Opus stream lost, but that stream can.
#[test]
fn what_an_opus_stream_lost_is_filled_for_the_other_side() {
    let mut world = World::with_two_legs(Codec::Opus, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.sent.clear();
    for (packet, said) in (1_u16..).zip(packets(440.0, Codec::Opus, 100)) {
        world.wait_ms(20);
        if packet % 10 != 5 && !(60..70).contains(&packet) {
            world.talk(A, packet, 111, &said);
        }
    }
    let sent = world.sent_to(B);
    let numbers: Vec<u16> =
        sent.iter().map(|packet| packet.header.sequence.wrapping_sub(sent[0].header.sequence)).collect();
    let missing = (0..100).filter(|number| !numbers.contains(number)).collect::<Vec<u16>>();
    assert_eq!(missing, (59..64).collect::<Vec<u16>>(), "the last of many in a row");
    let mut decoder = Codec::Pcmu.decoder();
    let levels: Vec<f64> =
        sent.iter().map(|sent| hotline_audio::rms_dbfs(&decoder.sound(&sent.payload))).collect();
    assert!(levels[8..50].iter().all(|level| (-30.0..-6.0).contains(level)), "{levels:?}");
}

#[test]
fn keys_cross_from_one_clock_to_another() {
    let mut world = World::with_two_legs(Codec::Opus, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    let key = |duration: u16, end: u8| [&[5, end][..], &duration.to_be_bytes()].concat();
    for (packet, end) in [(1_u16, 10), (2, 10), (3, 10), (4, 0x8a), (5, 0x8a), (6, 0x8a)] {
        world.packet(A, packet, 48_000, 101, packet == 1, &key(packet.min(4) * 960, end));
        world.packet(B, packet, 8000, 97, packet == 1, &key(packet.min(4) * 160, end));
    }
    let durations = |world: &World, leg| {
        let sent = world.sent_to(leg);
        let durations = sent.iter().map(|sent| u16::from_be_bytes([sent.payload[2], sent.payload[3]]));
        durations.collect::<Vec<u16>>()
    };
    assert_eq!(durations(&world, B), [160, 320, 480, 640, 640, 640]);
    assert_eq!(durations(&world, A), [960, 1920, 2880, 3840, 3840, 3840]);
    let presses = world.events().into_iter().filter_map(|event| {
        if let Event::Digit { digit, duration_ms, .. } = event {
            Some((digit.as_char(), duration_ms))
        } else {
            None
        }
    });
    assert_eq!(presses.collect::<Vec<_>>(), [('5', 80), ('5', 80)]);
}

/// A phone that wishes not to get silence gets little of it, and time goes on meanwhile.
#[test]
fn silence_that_is_not_sent_takes_its_time() {
    let mut world = World::with_two_legs(Codec::Opus, Codec::Pcmu);
    let mut answer = remote(A, Codec::Opus);
    if let Command::SetRemote { remote, .. } = &mut answer {
        remote.opus.dtx = true;
    }
    world.command(answer);
    world.sent.clear();
    (0..250).for_each(|_| world.beat());
    world.command(Command::Play {
        leg: A,
        play: PlayId(1),
        prompts: vec!["en/tone".into()],
        behind: Behind::Silence,
    });
    (0..25).for_each(|_| world.beat());
    let sent = world.sent_to(A);
    assert!(
        sent.len() < 100,
        "{} packets for five seconds of silence and half a second of a tone",
        sent.len()
    );
    let (first, last) = (&sent[0].header, &sent[sent.len() - 1].header);
    let passed = last.timestamp.wrapping_sub(first.timestamp) / 48;
    assert!((5400..=5500).contains(&passed), "{passed} ms");
    assert!(sent.iter().filter(|sent| sent.header.marker).count() > 1, "each beginning is marked");
}

/// A phone that sends nothing while nobody speaks says how its line sounds, once.
#[test]
fn the_silence_of_a_phone_sounds_as_it_says() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let mut world = World::with_two_legs(Codec::Pcma, codec);
        let mut answer = remote(A, Codec::Pcma);
        if let Command::SetRemote { remote, .. } = &mut answer {
            remote.comfort_noise_receive = Some(13);
        }
        world.command(answer);
        world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
        for (packet, said) in (1_u16..).zip(packets(440.0, Codec::Pcma, 25)) {
            world.beat();
            world.talk(A, packet, 8, &said);
        }
        world.sent.clear();
        // 45 dB below full scale of a square, which is 42 below that of a sine.
        world.packet(A, 26, 26 * 160, 13, false, &[45]);
        for _ in 0..100 {
            world.beat();
        }
        let sent = world.sent_to(B);
        assert_eq!(sent.len(), 100, "{codec:?}: on each beat, without a gap");
        let mut decoder = codec.decoder();
        let sound: Vec<i16> = sent.iter().flat_map(|sent| decoder.sound(&sent.payload)).collect();
        let level = hotline_audio::rms_dbfs(&sound[4000..]);
        assert!((level + 42.0).abs() < 1.5, "{codec:?}: {level}");
        world.sent.clear();
        world.talk(A, 27, 8, &packets(440.0, Codec::Pcma, 1)[0]);
        world.beat();
        assert_eq!(world.sent_to(B).len(), 1, "speech takes its place at once");
        let stats = world.close(A);
        assert_eq!((stats.packets_lost, stats.unknown_payload_type), (0, 0));
    }
}

/// A tenth of a second of each key and as much silence, from a phone that does not know telephone-events.
fn press_as_sound(world: &mut World, codec: Codec, keys: &str, first: u16) -> u16 {
    let mut encoder = codec.encoder(Opus::default());
    let mut sound = Vec::new();
    for key in keys.chars() {
        let [row, column] = dtmf::tones(key).expect("a key").map(|hz| Tone::new(hz, -12.0, SAMPLE_RATE_HZ));
        sound.extend(row.zip(column).map(|(row, column)| row + column).take(800));
        sound.extend([0; 800]);
    }
    let mut packet = first;
    for frame in sound.chunks(160) {
        let payload = encoder.payload(frame);
        world.talk(A, packet, codec.usual_payload_type(), &payload);
        packet += 1;
    }
    packet
}

#[test]
fn keys_pressed_as_sounds_are_heard_where_no_other_way_was_agreed() {
    let heard = |world: &mut World| {
        let events = world.events().into_iter();
        let keys = events
            .filter_map(|event| if let Event::Digit { digit, .. } = event { Some(digit) } else { None });
        keys.map(|digit| digit.as_char()).collect::<String>()
    };
    for codec in Codec::ALL {
        let mut world = World::with_two_legs(codec, Codec::Pcmu);
        let mut next = press_as_sound(&mut world, codec, "5", 1);
        assert_eq!(heard(&mut world), "", "telephone-events were agreed");
        let mut answer = world::remote(A, codec);
        if let Command::SetRemote { remote, .. } = &mut answer {
            (remote.telephone_event_send, remote.telephone_event_receive) = (None, None);
        }
        world.command(answer);
        next = press_as_sound(&mut world, codec, "1590*#D", next);
        assert_eq!(heard(&mut world), "1590*#D", "{codec:?}");
        world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
        press_as_sound(&mut world, codec, "7", next);
        assert_eq!(heard(&mut world), "", "in a bridge they are for the other side");
    }
}

#[test]
fn two_wide_band_phones_hear_what_no_telephone_passes() {
    let mut world = World::with_two_legs(Codec::G722, Codec::G722);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.sent.clear();
    let mut encoder = g722::Encoder::default();
    let samples: Vec<i16> = Tone::new(5000.0, -10.0, g722::SAMPLE_RATE_HZ).take(8000).collect();
    let said: Vec<u8> = samples.as_chunks().0.iter().map(|pair| encoder.encode(*pair)).collect();
    for (packet, payload) in (1_u16..).zip(said.chunks(160)) {
        world.talk(A, packet, 9, payload);
    }
    let mut decoder = g722::Decoder::default();
    let sent = world.sent_to(B);
    let heard: Vec<i16> =
        sent.iter().flat_map(|sent| &sent.payload).flat_map(|byte| decoder.decode(*byte)).collect();
    assert!((tone_dbfs(&heard[1600..], 5000.0, g722::SAMPLE_RATE_HZ) + 10.0).abs() < 1.0);
}

/// What comes from another encoder in the middle of a stream is a burst at full scale to the phone.
#[test]
fn a_wide_band_phone_hears_no_burst_when_its_sound_changes() {
    for other in Codec::ALL {
        let mut world = World::with_two_legs(Codec::G722, other);
        world.sent.clear();
        let loud = packets(300.0, other, 60);
        let mut sequence = 0;
        for round in 0..3 {
            world.command(Command::Play {
                leg: A,
                play: PlayId(round),
                prompts: vec!["en/tone".into()],
                behind: Behind::Silence,
            });
            (0..8).for_each(|_| {
                world.beat();
                // Said while nobody listens.
                sequence += 1;
                world.talk(B, sequence, other.usual_payload_type(), &loud[usize::from(sequence)]);
            });
            world.command(Command::StopPlay { leg: A });
            world.command(Command::Bridge { bridge: BridgeId(round), a: A, b: B });
            for _ in 0..10 {
                sequence += 1;
                world.wait_ms(20);
                world.talk(B, sequence, other.usual_payload_type(), &loud[usize::from(sequence)]);
            }
            world.command(Command::Unbridge { bridge: BridgeId(round) });
        }
        let mut decoder = Codec::G722.decoder();
        let sent = world.sent_to(A);
        let peak = sent.iter().flat_map(|sent| decoder.sound(&sent.payload)).map(i16::unsigned_abs).max();
        // A sine of −10 dBFS has a peak of 10 360.
        assert!(peak < Some(16_000), "{other:?}: {peak:?}");
    }
}

#[test]
fn a_wide_band_phone_hears_prompts_and_silence() {
    let mut world = World::with_two_legs(Codec::G722, Codec::Pcmu);
    world.sent.clear();
    (0..25).for_each(|_| world.beat());
    assert!(heard(&world, A, Codec::G722, 440.0) < -60.0);
    world.command(Command::Play {
        leg: A,
        play: PlayId(7),
        prompts: vec!["en/tone".into()],
        behind: Behind::Silence,
    });
    world.sent.clear();
    (0..25).for_each(|_| world.beat());
    assert!((heard(&world, A, Codec::G722, 440.0) + 10.0).abs() < 0.5);
}

#[test]
fn prompt_bridge_and_music_are_one_stream_for_the_peer() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::SetMusic { leg: A, prompt: Some("music/loop".into()) });
    world.command(Command::Play {
        leg: A,
        play: PlayId(7),
        prompts: vec!["en/long".into()],
        behind: Behind::Silence,
    });
    world.sent.clear();
    for _ in 0..6 {
        world.beat();
    }
    assert_eq!(
        world.events(),
        [Event::PlayFinished { leg: A, play: PlayId(7), outcome: PlayOutcome::Completed }]
    );
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    for packet in 0..5 {
        world.talk(B, packet, 0, &[9; 160]);
        world.beat();
    }
    world.command(Command::Unbridge { bridge: BridgeId(1) });
    world.beat();
    world.beat();
    let sent = world.sent_to(A);
    // What each ends with: the music goes out before the other side is heard.
    let kinds: Vec<u8> = sent.iter().map(|sent| sent.payload[159]).collect();
    assert_eq!(kinds, [50, 50, 50, 50, 50, 60, 0xff, 9, 9, 9, 9, 60, 60]);
    for pair in sent.windows(2) {
        let step = pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp);
        assert_eq!(pair[1].header.sequence, pair[0].header.sequence.wrapping_add(1));
        assert!((160..=320).contains(&step), "{step}");
        assert_eq!(pair[1].header.ssrc, pair[0].header.ssrc);
    }
    let spurts: Vec<bool> = sent.iter().map(|sent| sent.header.marker).collect();
    assert_eq!(
        spurts.iter().filter(|marker| **marker).count(),
        4,
        "at first, the end of the music, to the bridge and back: {spurts:?}"
    );
}

#[test]
fn shared_music_is_the_same_moment_for_who_joins_later_and_has_other_packets() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    let Command::SetRemote { leg, remote } = remote(A, Codec::Pcmu) else { unreachable!("it is one") };
    world.command(Command::SetRemote { leg, remote: Remote { ptime_ms: 30, ..remote } });
    let music = Music { prompt: "en/tone".into(), start: MusicStart::Shared };
    world.command(Command::SetMusic { leg: A, prompt: Some(music.clone()) });
    (0..10).for_each(|_| world.beat());
    world.command(Command::SetMusic { leg: B, prompt: Some(music) });
    world.sent.retain(|sent| sent.leg == A);
    (0..20).for_each(|_| world.beat());
    let heard = |leg| world.sent_to(leg).into_iter().flat_map(|sent| sent.payload).collect::<Vec<u8>>();
    let (early, late) = (heard(A), heard(B));
    assert_eq!((early.len(), late.len()), (30 * 160, 20 * 160));
    // It fades in where somebody joins.
    assert_eq!(early[10 * 160 + 40..], late[40..]);
}

#[test]
fn keys_are_reported_once_pass_the_bridge_and_stay_out_of_the_recording() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.command(start_recording(1, A, B));
    world.sent.clear();
    world.wait_ms(20);
    world.talk(A, 0, 0, &[1; 160]);
    for (index, packet) in EventSender::new('5'.try_into().unwrap(), 800).enumerate() {
        world.packet(A, index as u16 + 1, 160, 101, packet.marker, &packet.payload);
    }
    world.talk(A, 8, 0, &[2; 160]);
    let digits: Vec<Event> =
        world.events().into_iter().filter(|event| matches!(event, Event::Digit { .. })).collect();
    assert_eq!(digits, [Event::Digit { leg: A, digit: '5'.try_into().unwrap(), duration_ms: 100 }]);
    let to_b = world.sent_to(B);
    let types: Vec<u8> = to_b.iter().map(|sent| sent.header.payload_type).collect();
    assert_eq!(types, [0, 97, 97, 97, 97, 97, 97, 97, 0], "with the payload type of the other leg");
    let audio = world.pieces.iter().filter(|piece| matches!(piece, Piece::Audio { .. })).count();
    assert_eq!(audio, 2);
}

/// A clock of 48 kHz fills the 16 bits of a duration in 1.4 s, and the rest comes as further segments (RFC 4733 §2.5.1.3).
#[test]
fn a_key_that_a_phone_of_a_fast_clock_holds_long_is_one_key_to_everybody() {
    // Full segments, and those of a phone that sends whole packets only.
    for segment in [65_535_u32, 65_280] {
        for lost in [None, Some(67), Some(68), Some(69)] {
            let mut world = World::with_two_legs(Codec::Opus, Codec::Pcmu);
            world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
            world.events();
            world.sent.clear();
            for packet in 0..=200_u32 {
                let held = (packet + 1) * 960;
                let begun = held.saturating_sub(1) / segment * segment;
                // The last packet of a segment says that it is full.
                let is_last = held + 960 - begun > segment && segment == 65_535;
                let duration = if is_last { 65_535 } else { (held - begun) as u16 };
                let [high, low] = duration.to_be_bytes();
                let end = if packet == 200 { 0x8a } else { 10 };
                world.wait_ms(20);
                if Some(packet) != lost {
                    world.packet(A, packet as u16, 48_000 + begun, 101, packet == 0, &[5, end, high, low]);
                }
            }
            world.wait_ms(1000);
            world.tick();
            let told: Vec<u32> = world.events().iter().filter_map(duration_of).collect();
            let [told] = told[..] else {
                panic!("told {told:?} times, segments of {segment}, {lost:?} lost")
            };
            assert!(told.abs_diff(4020) <= 25, "{told} ms");
            let sent = world.sent_to(B);
            assert_eq!(understood(&sent), "5", "segments of {segment}, {lost:?} lost");
            assert!(sent.iter().all(|packet| packet.header.timestamp == sent[0].header.timestamp));
            let last = sent.last().map(|packet| u16::from_be_bytes([packet.payload[2], packet.payload[3]]));
            assert!(last.is_some_and(|last| last.abs_diff(32_160) <= 200), "{last:?}");
        }
    }
}

fn duration_of(event: &Event) -> Option<u32> {
    if let Event::Digit { duration_ms, .. } = event { Some(*duration_ms) } else { None }
}

#[test]
fn keys_for_a_phone_that_takes_none_leave_no_hole() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    let mut plain = world::remote(B, Codec::Pcmu);
    if let Command::SetRemote { remote: Remote { telephone_event_send, .. }, .. } = &mut plain {
        *telephone_event_send = None;
    }
    world.command(plain);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.sent.clear();
    world.talk(A, 0, 0, &[1; 160]);
    world.packet(A, 1, 160, 101, true, &[5, 0x8a, 0, 160]);
    world.packet(A, 2, 160, 13, false, &[40]);
    world.talk(A, 3, 0, &[1; 160]);
    let to_b = world.sent_to(B);
    assert_eq!(to_b.len(), 2);
    assert_eq!(to_b[1].header.sequence, to_b[0].header.sequence.wrapping_add(1));
}

/// What a phone understands of the keys it was sent.
fn understood(sent: &[world::Sent]) -> String {
    let (mut keys, mut heard) = (EventReceiver::default(), String::new());
    for (packet, now) in sent.iter().zip(0..) {
        let presses = keys.handle_packet(Time(now * 20_000), packet.header.timestamp, &packet.payload);
        heard.extend(presses.iter().flatten().map(|press| press.digit.as_char()));
    }
    heard
}

#[test]
fn keys_are_pressed_one_after_the_other_between_the_audio_of_a_bridge() {
    for talks in [true, false] {
        let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
        world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
        world.sent.clear();
        for digit in ['1', '1', '#'] {
            world.command(Command::SendDigit { leg: B, digit: digit.try_into().unwrap() });
        }
        for packet in 0..50 {
            if talks {
                world.talk(A, packet, 0, &[1; 160]);
            }
            world.beat();
        }
        let to_b = world.sent_to(B);
        assert!(to_b.windows(2).all(|pair| {
            let step = pair[1].header.sequence.wrapping_sub(pair[0].header.sequence);
            step == 1 && pair[0].header.ssrc == pair[1].header.ssrc
        }));
        let keys: Vec<world::Sent> =
            to_b.iter().filter(|sent| sent.header.payload_type == 97).cloned().collect();
        assert_eq!(understood(&keys), "11#");
        assert_eq!(to_b.iter().filter(|sent| sent.header.payload_type == 0).count() >= 49, talks);
    }
}

#[test]
fn keys_for_a_phone_that_takes_none_or_has_too_many_are_dropped_and_counted() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    let digit = '7'.try_into().unwrap();
    for _ in 0..=KEYS_WAITING_MAX {
        world.command(Command::SendDigit { leg: A, digit });
    }
    assert_eq!(world.engine.counters().commands_ignored, 1);
    let mut plain = world::remote(B, Codec::Pcmu);
    if let Command::SetRemote { remote: Remote { telephone_event_send, .. }, .. } = &mut plain {
        *telephone_event_send = None;
    }
    world.command(plain);
    world.command(Command::SendDigit { leg: B, digit });
    assert_eq!(world.engine.counters().commands_ignored, 2);
}

#[test]
fn a_prompt_over_a_bridge_mutes_the_other_side() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.talk(B, 0, 0, &[9; 160]);
    world.command(Command::Play {
        leg: A,
        play: PlayId(1),
        prompts: vec!["en/short".into()],
        behind: Behind::Silence,
    });
    world.sent.clear();
    world.talk(B, 1, 0, &[9; 160]);
    world.beat();
    world.beat();
    world.talk(B, 2, 0, &[9; 160]);
    let heard: Vec<u8> = world.sent_to(A).iter().map(|sent| sent.payload[0]).collect();
    assert_eq!(heard, [40, 40, 9]);
}

#[test]
fn a_silent_side_is_replaced_by_silence() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.sent.clear();
    for _ in 0..24 {
        world.beat();
    }
    assert_eq!(world.sent_to(A).len(), 0, "a bridge of phones that talk needs none");
    for _ in 0..10 {
        world.beat();
    }
    assert_eq!(world.sent_to(A).len(), 10);
    world.talk(B, 0, 0, &[9; 160]);
    world.beat();
    assert_eq!(world.sent_to(A).last().unwrap().payload, [9; 160]);
}

#[test]
fn audio_goes_to_where_it_comes_from_and_strangers_change_nothing() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.beat();
    assert_eq!(world.sent_to(A)[0].to, address(A));
    let behind_nat = "198.51.100.9:6000".parse().unwrap();
    let stranger = "203.0.113.1:6000".parse().unwrap();
    let probation = 3;
    for packet in 0..100 {
        world.packet_from(behind_nat, A, packet, 0, 0, false, &[1; 160]);
        world.packet_from(stranger, A, packet, 0, 0, false, &[2; 160]);
    }
    world.sent.clear();
    world.beat();
    assert_eq!(world.sent_to(A)[0].to, behind_nat);
    world.talk(A, 101, 0, &[1; 160]);
    world.sent.clear();
    world.beat();
    assert_eq!(world.sent_to(A)[0].to, address(A), "what the answer named is right after all");
    assert_eq!(world.close(A).strangers, 100 + probation);
}

#[test]
fn neither_empty_packets_nor_keys_nor_scraps_of_audio_lead_the_audio_away() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    let stranger = "203.0.113.1:6000".parse().unwrap();
    for packet in 0..20 {
        world.packet_from(stranger, A, packet * 5, 0, 101, false, &[]);
        world.packet_from(stranger, A, packet * 5 + 1, 0, 101, false, &[5, 0x8a, 3, 192]);
        world.packet_from(stranger, A, packet, 0, 0, false, &[]);
        world.packet_from(stranger, A, packet, 0, 0, false, &[1]);
    }
    world.beat();
    assert_eq!(world.sent_to(A)[0].to, address(A));
    assert_eq!(world.events(), [], "nobody pressed a key or began to talk");
}

/// One key of 100 ms with three ends, its packets on `ssrc`, between audio packets of the leg's own stream.
fn press_beside_audio(world: &mut World, ssrc: u32) {
    for packet in 0..8_u16 {
        world.beat();
        world.next_talk(A);
        let duration = 160 * packet.min(5);
        let end = if packet >= 5 { 0x80 } else { 0 };
        let [high, low] = duration.to_be_bytes();
        let header =
            Header { marker: packet == 0, payload_type: 101, sequence: 500 + packet, timestamp: 9000, ssrc };
        world.datagram(A, address(A), &header.packet(&[5, 10 | end, high, low]));
    }
}

#[test]
fn a_key_with_a_stream_of_its_own_is_one_key_on_both_sides_and_does_not_disturb_the_recording() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.command(start_recording(1, A, B));
    for _ in 0..10 {
        world.beat();
        world.next_talk(A);
    }
    world.sent.clear();
    press_beside_audio(&mut world, 77);
    let digits = world.events().into_iter().filter(|event| matches!(event, Event::Digit { .. })).count();
    assert_eq!(digits, 1);
    let to_b = world.sent_to(B);
    let (keys, audio): (Vec<_>, Vec<_>) = to_b.iter().partition(|sent| sent.header.payload_type == 97);
    assert_eq!((keys.len(), audio.len()), (8, 8));
    assert!(
        keys.iter().all(|key| key.header.timestamp == keys[0].header.timestamp),
        "one timestamp, one key"
    );
    assert!(audio.iter().all(|packet| !packet.header.marker), "the audio goes on");
    for pair in to_b.windows(2) {
        assert_eq!(pair[1].header.sequence, pair[0].header.sequence.wrapping_add(1));
    }
    for pair in audio.windows(2) {
        assert_eq!(pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp), 160);
    }
    let positions: Vec<u64> = audio_positions(&world);
    assert_eq!(positions.len(), 18);
    assert!(positions.windows(2).all(|pair| pair[1] - pair[0] == 160), "{positions:?}");
    let stats = world.close(A);
    assert_eq!((stats.ssrc_changes, stats.packets_received, stats.packets_lost), (1, 26, 0));
}

#[test]
fn a_key_whose_end_is_repeated_on_another_stream_is_one_key() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    press_beside_audio(&mut world, 0x100 + 7);
    press_beside_audio(&mut world, 0x100 + 8);
    let digits = world.events().into_iter().filter(|event| matches!(event, Event::Digit { .. })).count();
    assert_eq!(digits, 1);
}

#[test]
fn a_key_held_for_three_seconds_leaves_the_bridge_as_one_key() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    for packet in 0..25 {
        world.beat();
        world.talk(A, packet, 0, &[1; 160]);
    }
    world.sent.clear();
    for (index, packet) in EventSender::new('5'.try_into().unwrap(), 24_000).enumerate() {
        world.beat();
        world.packet(A, 25 + index as u16, 25 * 160, 101, packet.marker, &packet.payload);
    }
    let after = 25 + 152;
    world.beat();
    world.talk(A, after, 0, &[1; 160]);
    let to_b = world.sent_to(B);
    let keys: Vec<u32> = to_b[..152].iter().map(|sent| sent.header.timestamp).collect();
    assert!(keys.iter().all(|timestamp| *timestamp == keys[0]), "one key");
    assert_eq!(to_b.iter().filter(|sent| sent.header.marker).count(), 1, "at its beginning");
    assert_eq!(to_b[152].header.timestamp.wrapping_sub(keys[0]), 152 * 160, "then the audio, in time");
}

fn audio_positions(world: &World) -> Vec<u64> {
    let position =
        |piece: &Piece| if let Piece::Audio { position, .. } = piece { Some(*position) } else { None };
    world.pieces.iter().filter_map(position).collect()
}

#[test]
fn what_does_not_belong_is_counted_and_not_passed_on() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.talk(A, 5, 0, &[1; 160]);
    world.sent.clear();
    world.datagram(A, address(A), b"\x80");
    world.datagram(A, address(A), &[0x81, 200, 0, 6, 0, 0, 0, 1]);
    world.datagram(A, address(A), &[0x81, 200, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    world.talk(A, 6, 18, &[1; 20]);
    world.talk(A, 5, 0, &[1; 160]);
    world.talk(A, 30_000, 0, &[1; 160]);
    assert_eq!(world.sent_to(B).len(), 0);
    let stats = world.close(A);
    assert_eq!((stats.malformed, stats.reports_received, stats.unknown_payload_type), (3, 0, 1));
    assert_eq!((stats.duplicates, stats.out_of_sequence), (1, 1));
    world.talk(A, 7, 0, &[1; 160]);
    assert_eq!(world.engine.counters().packets_without_leg, 1);
}

#[test]
fn hold_stops_what_the_answer_says() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    for (direction, heard_from_b, sent_to_b) in [
        (Direction::SendReceive, 1, 1),
        (Direction::SendOnly, 0, 1),
        (Direction::ReceiveOnly, 1, 0),
        (Direction::Inactive, 0, 0),
    ] {
        world.command(directed(B, direction));
        world.sent.clear();
        world.next_talk(A);
        world.next_talk(B);
        assert_eq!(
            (world.sent_to(A).len(), world.sent_to(B).len()),
            (heard_from_b, sent_to_b),
            "{direction:?}"
        );
    }
}

/// A phone that holds the other may send music of its own, which nobody hears.
#[test]
fn what_a_phone_sends_while_it_does_not_listen_is_not_recorded() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(start_recording(1, A, B));
    for (direction, recorded) in [
        (Direction::SendReceive, 1),
        (Direction::ReceiveOnly, 0),
        (Direction::Inactive, 0),
        (Direction::SendReceive, 1),
    ] {
        world.command(directed(B, direction));
        world.pieces.clear();
        world.wait_ms(40);
        world.next_talk(B);
        assert_eq!(world.pieces.len(), recorded, "{direction:?}");
    }
}

#[test]
fn playbacks_end_exactly_once() {
    let mut world = World::with_two_legs(Codec::Pcma, Codec::Pcmu);
    let play = |play, prompts: &[&str]| Command::Play {
        leg: A,
        play: PlayId(play),
        prompts: prompts.iter().map(|prompt| (*prompt).into()).collect(),
        behind: Behind::Silence,
    };
    let finished = |play, outcome| Event::PlayFinished { leg: A, play: PlayId(play), outcome };
    world.command(play(1, &["en/long"]));
    world.command(play(2, &["en/long"]));
    assert_eq!(world.events(), [finished(1, PlayOutcome::Stopped)]);
    world.command(play(3, &["en/long", "de/long"]));
    assert_eq!(world.events(), [finished(2, PlayOutcome::Stopped), finished(3, PlayOutcome::MissingPrompt)]);
    world.command(play(4, &["en/short", "en/short"]));
    for _ in 0..3 {
        world.beat();
    }
    assert_eq!(world.events(), []);
    world.beat();
    assert_eq!(world.events(), [finished(4, PlayOutcome::Completed)]);
    world.command(play(5, &["en/long"]));
    world.command(Command::StopPlay { leg: A });
    world.command(Command::StopPlay { leg: A });
    assert_eq!(world.events(), [finished(5, PlayOutcome::Stopped)]);
    world.command(play(6, &["en/long"]));
    world.close(A);
    world.command(play(7, &["en/long"]));
    assert_eq!(world.events(), [finished(7, PlayOutcome::Stopped)], "the sixth ended with its leg");
}

#[test]
fn packets_are_as_long_as_the_peer_wants_them() {
    for (ptime_ms, bytes, packets) in [(10, 80, 12), (20, 160, 6), (30, 240, 4), (60, 480, 2), (200, 480, 2)]
    {
        let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
        let mut remote = world::remote(A, Codec::Pcmu);
        if let Command::SetRemote { remote: Remote { ptime_ms: of_remote, .. }, .. } = &mut remote {
            *of_remote = ptime_ms;
        }
        world.command(remote);
        world.sent.clear();
        for _ in 0..6 {
            world.beat();
        }
        let sent = world.sent_to(A);
        assert_eq!(sent.len(), packets, "{ptime_ms} ms");
        assert!(sent.iter().all(|sent| sent.payload.len() == bytes));
    }
}

#[test]
fn a_late_tick_catches_up_to_a_limit() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.beat();
    world.sent.clear();
    world.wait_ms(60);
    world.tick();
    assert_eq!(world.sent_to(A).len(), 3);
    assert_eq!(world.engine.counters().beats_late, 2);
    world.wait_ms(1000);
    world.sent.clear();
    world.tick();
    assert_eq!(world.sent_to(A).len(), 5);
    assert_eq!(world.engine.counters().beats_skipped, 45);
    world.beat();
    let sent = world.sent_to(A);
    assert!(sent[5].header.marker);
    assert_eq!(sent[5].header.timestamp.wrapping_sub(sent[4].header.timestamp), 46 * 160);
}

#[test]
fn what_follows_a_hold_begins_a_talk_spurt_at_its_time() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::SetMusic { leg: A, prompt: Some("music/loop".into()) });
    world.beat();
    world.beat();
    let hold = |world: &mut World, wanted: Direction| {
        let mut answer = world::remote(A, Codec::Pcmu);
        if let Command::SetRemote { remote: Remote { direction, .. }, .. } = &mut answer {
            *direction = wanted;
        }
        world.command(answer);
    };
    hold(&mut world, Direction::ReceiveOnly);
    for _ in 0..10 {
        world.beat();
    }
    hold(&mut world, Direction::SendReceive);
    world.beat();
    hold(&mut world, Direction::SendReceive);
    world.beat();
    let sent = world.sent_to(A);
    let markers: Vec<bool> = sent.iter().map(|sent| sent.header.marker).collect();
    assert_eq!(markers, [true, false, true, false], "a refreshed answer changes nothing");
    assert_eq!(sent[2].header.sequence, sent[1].header.sequence.wrapping_add(1));
    assert_eq!(sent[2].header.timestamp.wrapping_sub(sent[1].header.timestamp), 11 * 160);
}

#[test]
fn a_dead_peer_is_reported_once_and_a_held_one_is_not() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(directed(B, Direction::SendOnly));
    world.talk(A, 0, 0, &[1; 160]);
    world.events();
    // How a leg sounds is told meanwhile, too.
    let told = |world: &mut World| {
        let told = world.events().into_iter();
        told.filter(|event| !matches!(event, Event::LegMeasured { .. })).collect::<Vec<_>>()
    };
    world.wait_ms(29_900);
    world.tick();
    assert_eq!(told(&mut world), []);
    world.wait_ms(200);
    world.tick();
    assert_eq!(told(&mut world), [Event::RtpTimeout { leg: A }]);
    world.wait_ms(60_000);
    world.tick();
    assert_eq!(told(&mut world), []);
    world.talk(A, 1, 0, &[1; 160]);
    world.wait_ms(30_100);
    world.tick();
    assert_eq!(told(&mut world), [Event::RtpTimeout { leg: A }]);
}

#[test]
fn a_peer_that_died_while_it_waited_is_reported_once_more_when_somebody_is_to_hear_it() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(directed(B, Direction::SendOnly));
    world.talk(A, 0, 0, &[1; 160]);
    world.wait_ms(30_100);
    world.tick();
    let silent = |world: &mut World| world.events().contains(&Event::RtpTimeout { leg: A });
    assert!(silent(&mut world));
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.wait_ms(29_900);
    world.tick();
    assert!(!silent(&mut world));
    world.wait_ms(200);
    world.tick();
    assert!(silent(&mut world));
}

#[test]
fn a_peer_that_never_sent_is_reported_also_if_only_it_should_send() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(directed(B, Direction::ReceiveOnly));
    world.wait_ms(30_000);
    world.tick();
    assert_eq!(world.events(), [Event::RtpTimeout { leg: A }, Event::RtpTimeout { leg: B }]);
    world.command(directed(B, Direction::Inactive));
    world.wait_ms(60_000);
    world.tick();
    assert_eq!(world.events(), []);
}

fn directed(leg: LegId, of_hold: Direction) -> Command {
    let mut hold = world::remote(leg, Codec::Pcmu);
    if let Command::SetRemote { remote: Remote { direction, .. }, .. } = &mut hold {
        *direction = of_hold;
    }
    hold
}

#[test]
fn a_recording_is_one_time_line_for_both_sides() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcma);
    for packet in 0..4 {
        world.talk(A, packet, 0, &[1; 160]);
        world.beat();
    }
    world.talk(A, 4, 0, &[1; 160]);
    world.wait_ms(10);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.command(start_recording(1, A, B));
    world.wait_ms(10);
    world.talk(A, 5, 0, &[2; 160]);
    world.wait_ms(20);
    world.talk(B, 0, 8, &[3; 160]);
    world.wait_ms(70);
    world.command(Command::StopRecording { recording: recording(1) });
    world.talk(A, 6, 0, &[4; 160]);
    let audio = |channel, position, codec, bytes, byte| Piece::Audio {
        recording: recording(1),
        leg: if channel == Channel::Customer { A } else { B },
        channel,
        position,
        codec,
        payload: vec![byte; bytes],
    };
    assert_eq!(
        world.pieces,
        [
            Piece::Start { recording: recording(1), call: call(), at: WallTime(91_000) },
            Piece::Join { recording: recording(1), voice: voice(A, Channel::Customer), at: 0 },
            Piece::Join { recording: recording(1), voice: voice(B, Channel::Agent), at: 0 },
            // Its first half was spoken before the recording began.
            audio(Channel::Customer, 0, Codec::Pcmu, 80, 2),
            audio(Channel::Agent, 80, Codec::Pcma, 160, 3),
            Piece::Finish { recording: recording(1), length: 800 },
        ]
    );
}

#[test]
fn a_lost_packet_is_silence_of_its_length_and_a_late_one_finds_its_place() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(start_recording(1, A, B));
    for sequence in [0, 1, 4, 3] {
        world.wait_ms(20);
        world.talk(A, sequence, 0, &[1; 160]);
        if sequence == 1 {
            world.wait_ms(40);
        }
    }
    assert_eq!(audio_positions(&world), [0, 160, 640, 480]);
}

#[test]
fn a_recording_ends_with_its_last_leg_and_refuses_what_it_cannot_do() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    let start = start_recording;
    let failed = |id, cause| Event::RecordingFailed { recording: recording(id), cause };
    world.command(start(1, A, LegId(9)));
    world.command(start(2, A, A));
    assert_eq!(
        world.events(),
        [failed(1, RecordingFailure::NoSuchLegs), failed(2, RecordingFailure::NoSuchLegs)]
    );
    world.command(start(3, A, B));
    world.command(start(4, B, A));
    assert_eq!(world.events(), [failed(4, RecordingFailure::AlreadyRecorded)]);
    let ends =
        |world: &World| world.pieces.iter().filter(|piece| matches!(piece, Piece::Finish { .. })).count();
    world.close(A);
    assert_eq!(ends(&world), 0);
    world.close(B);
    assert_eq!(ends(&world), 1);
}

/// A transfer: the second agent's leg joins, the first one's leaves, and what is said is on one time line.
#[test]
fn a_recording_goes_on_when_legs_come_and_go() {
    const C: LegId = LegId(3);
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::OpenLeg { leg: C, call: call() });
    world.command(world::remote(C, Codec::Pcmu));
    world.command(start_recording(1, A, B));
    world.wait_ms(100);
    world.talk(B, 0, 0, &[1; 160]);
    world.talk(C, 0, 0, &[1; 160]);
    world.command(Command::JoinRecording { recording: recording(1), voice: voice(C, Channel::Agent) });
    world.close(B);
    world.wait_ms(100);
    world.talk(C, 5, 0, &[2; 160]);
    let mark = Mark { kind: MarkKind::Transferred, by: Some("agent:1001".into()), why: None };
    world.command(Command::MarkRecording { recording: recording(1), mark: mark.clone() });
    world.command(Command::JoinRecording { recording: recording(1), voice: voice(C, Channel::Customer) });
    world.close(A);
    world.close(C);
    world.talk(C, 6, 0, &[3; 160]);
    world.command(Command::MarkRecording { recording: recording(1), mark: mark.clone() });
    let recording = recording(1);
    let audio = |leg, position, byte| {
        let (channel, codec) = (Channel::Agent, Codec::Pcmu);
        Piece::Audio { recording, leg, channel, position, codec, payload: vec![byte; 160] }
    };
    assert_eq!(
        world.pieces[3..],
        [
            audio(B, 640, 1),
            Piece::Join { recording, voice: voice(C, Channel::Agent), at: 800 },
            Piece::Leave { recording, leg: B, at: 800 },
            audio(C, 1440, 2),
            Piece::Mark { recording, mark, at: 1600 },
            Piece::Leave { recording, leg: C, at: 1600 },
            Piece::Join { recording, voice: voice(C, Channel::Customer), at: 1600 },
            Piece::Leave { recording, leg: A, at: 1600 },
            Piece::Leave { recording, leg: C, at: 1600 },
            Piece::Finish { recording, length: 1600 },
        ]
    );
}

#[test]
fn commands_that_cross_the_end_are_ignored() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::OpenLeg { leg: A, call: call() });
    assert_eq!(world.events(), [Event::LegFailed { leg: A, cause: LegFailure::Duplicate }]);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.close(B);
    world.command(Command::Unbridge { bridge: BridgeId(1) });
    world.command(Command::Bridge { bridge: BridgeId(2), a: A, b: B });
    world.command(world::remote(B, Codec::Pcmu));
    world.command(Command::SetMusic { leg: B, prompt: None });
    world.command(Command::StopPlay { leg: B });
    world.command(Command::CloseLeg { leg: B });
    world.command(Command::StopRecording { recording: recording(5) });
    world.talk(A, 0, 0, &[1; 160]);
    assert_eq!(world.events(), [Event::FirstPacket { leg: A }]);
    world.close(A);
    assert_eq!(world.engine.poll_timeout(), None, "nothing is due without legs");
}

#[test]
fn a_snapshot_goes_on_where_it_was() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.command(Command::Play {
        leg: B,
        play: PlayId(1),
        prompts: vec!["en/long".into()],
        behind: Behind::Silence,
    });
    world.talk(A, 0, 0, &[1; 160]);
    world.beat();
    let text = serde_json::to_string(&world.engine).unwrap();
    let mut twin = world.with_engine(serde_json::from_str(&text).unwrap());
    twin.engine.set_prompts(world::prompts());
    for world in [&mut world, &mut twin] {
        world.sent.clear();
        for packet in 1..10 {
            world.talk(A, packet, 0, &[1; 160]);
            world.talk(B, packet, 0, &[2; 160]);
            world.beat();
        }
    }
    assert_eq!(world.sent, twin.sent);
    assert!(world.sent.len() > 15);
}

/// Random datagrams and commands, most of them nearly right: nothing panics, and every leg can still be closed.
#[test]
fn survives_random_packets_and_commands() {
    for seed in 0..200 {
        random_run(seed, 300);
    }
}

fn random_run(seed: u64, steps: usize) {
    let mut rng = Rng::from_number(seed);
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcma);
    for _ in 0..steps {
        let leg = LegId(rng.below(4));
        match rng.below(10) {
            0 => world.command(world::random_command(&mut rng)),
            1 => world.wait_ms(rng.below(300)),
            2 => world.tick(),
            3 => {
                let mut noise = vec![0; rng.below(64) as usize];
                rng.fill(&mut noise);
                world.datagram(leg, address(leg), &noise);
            }
            _ => {
                let mut packet = vec![0x80, [0, 8, 101, 13, 0x80][rng.below(5) as usize]];
                packet.extend(
                    (rng.below(40) as u16 + if rng.chance(1, 20) { 20_000 } else { 0 }).to_be_bytes(),
                );
                packet.extend((rng.next_u32() >> rng.below(32)).to_be_bytes());
                packet.extend((rng.below(2) as u32).to_be_bytes());
                packet.extend(vec![rng.next_u32() as u8; rng.below(400) as usize]);
                if rng.chance(1, 5) {
                    packet[0] ^= 1 << rng.below(8);
                }
                world.datagram(leg, address(LegId(rng.below(4))), &packet);
            }
        }
    }
    for leg in 0..4 {
        world.command(Command::CloseLeg { leg: LegId(leg) });
    }
    assert_eq!((world.engine.legs(), world.engine.poll_timeout()), (0, None), "seed {seed}");
    let starts = world.pieces.iter().filter(|piece| matches!(piece, Piece::Start { .. })).count();
    let ends = world.pieces.iter().filter(|piece| matches!(piece, Piece::Finish { .. })).count();
    assert_eq!(starts, ends, "seed {seed}: every recording ends");
    let _: RecordingId = recording(0);
}
