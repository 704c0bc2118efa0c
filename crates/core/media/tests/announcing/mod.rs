//! Announcements over music, as phones of all codecs hear them.

use std::sync::Arc;

use hotline_audio::{SAMPLE_RATE_HZ, Tone, tone_dbfs};
use hotline_base::{BridgeId, PlayId};
use hotline_media::{Behind, Codec, Command, Event, PlayOutcome, PromptLibrary, Remote};

use crate::world::{A, B, World, address};

const MUSIC_HZ: f64 = 440.0;
const SPEECH_HZ: f64 = 1000.0;
const LEVEL_DBFS: f64 = -10.0;
const BEHIND_DBFS: f64 = LEVEL_DBFS - 15.0;

/// A prompt of half a second, and music, in place of what the world has.
fn world(codec: Codec, ptime_ms: u8) -> World {
    let mut library = PromptLibrary::default();
    for (id, hz, ms) in [("en/tone", SPEECH_HZ, 500), ("music/tone", MUSIC_HZ, 1000)] {
        let samples: Vec<i16> = Tone::new(hz, LEVEL_DBFS, SAMPLE_RATE_HZ).take(8 * ms).collect();
        library.insert(id.into(), &samples);
    }
    let mut world = World::with_two_legs(codec, Codec::Pcmu);
    world.engine.set_prompts(Arc::new(library));
    let remote = Remote { ptime_ms, ..Remote::new(address(A), codec) };
    world.command(Command::SetRemote { leg: A, remote });
    world.command(Command::SetMusic { leg: A, prompt: Some("music/tone".into()) });
    world.sent.clear();
    world
}

/// A second of one prompt twice.
fn announce(behind: Behind) -> Command {
    let prompts = vec!["en/tone".into(), "en/tone".into()];
    Command::Play { leg: A, play: PlayId(1), prompts, behind }
}

/// What was heard of music and speech between two moments.
fn levels(world: &World, codec: Codec, from_ms: usize, to_ms: usize) -> (f64, f64) {
    let mut decoder = codec.decoder();
    let sound: Vec<i16> = world.sent_to(A).iter().flat_map(|sent| decoder.sound(&sent.payload)).collect();
    let part = &sound[8 * from_ms..8 * to_ms];
    (tone_dbfs(part, MUSIC_HZ, SAMPLE_RATE_HZ), tone_dbfs(part, SPEECH_HZ, SAMPLE_RATE_HZ))
}

#[test]
fn every_phone_hears_an_announcement_over_the_music() {
    for (codec, ptime_ms) in Codec::ALL.into_iter().flat_map(|codec| [10, 20, 60].map(|ms| (codec, ms))) {
        let mut world = world(codec, ptime_ms);
        (0..60).for_each(|_| world.beat());
        world.command(announce(Behind::Music));
        (0..120).for_each(|_| world.beat());
        let finished = Event::PlayFinished { leg: A, play: PlayId(1), outcome: PlayOutcome::Completed };
        assert_eq!(world.events(), [finished]);
        let is = |(music, speech): (f64, f64), wanted_music: f64, wanted_speech: Option<f64>| {
            let heard = wanted_speech.map_or(speech < -40.0, |wanted| (speech - wanted).abs() < 1.5);
            let as_wanted = (music - wanted_music).abs() < 1.5 && heard;
            assert!(as_wanted, "{codec:?}, {ptime_ms} ms: music {music} dBFS, speech {speech} dBFS");
        };
        is(levels(&world, codec, 500, 1100), LEVEL_DBFS, None);
        // The join of the two prompts is in it.
        for from_ms in (1450..2100).step_by(100) {
            is(levels(&world, codec, from_ms, from_ms + 100), BEHIND_DBFS, Some(LEVEL_DBFS));
        }
        is(levels(&world, codec, 2500, 3400), LEVEL_DBFS, None);
    }
}

#[test]
fn an_announcement_cuts_the_music_off_if_that_is_asked() {
    let mut world = world(Codec::Pcmu, 20);
    world.command(announce(Behind::Silence));
    (0..100).for_each(|_| world.beat());
    let (music, speech) = levels(&world, Codec::Pcmu, 100, 900);
    assert!(music < -45.0 && (speech - LEVEL_DBFS).abs() < 1.0, "{music} {speech}");
    let (music, speech) = levels(&world, Codec::Pcmu, 1100, 1900);
    assert!(speech < -45.0 && (music - LEVEL_DBFS).abs() < 1.0, "{music} {speech}");
}

/// Whether the bridge begins before the announcement or in its middle.
#[test]
fn music_that_a_bridge_has_replaced_is_not_behind_an_announcement_either() {
    let bridge = Command::Bridge { bridge: BridgeId(1), a: A, b: B };
    for commands in [[bridge.clone(), announce(Behind::Music)], [announce(Behind::Music), bridge]] {
        let mut world = world(Codec::Pcmu, 20);
        for command in commands {
            (0..10).for_each(|_| world.beat());
            world.command(command);
        }
        world.sent.clear();
        (0..35).for_each(|_| world.beat());
        let (music, speech) = levels(&world, Codec::Pcmu, 20, 700);
        assert!(music < -45.0 && (speech - LEVEL_DBFS).abs() < 1.0, "{music} {speech}");
    }
}

/// A phone takes the call, or the caller leaves by a key.
#[test]
fn an_announcement_that_is_stopped_is_over_at_once_and_the_music_comes_up() {
    let mut world = world(Codec::Pcmu, 20);
    world.command(announce(Behind::Music));
    (0..20).for_each(|_| world.beat());
    world.command(Command::StopPlay { leg: A });
    world.sent.clear();
    (0..60).for_each(|_| world.beat());
    let (music, speech) = levels(&world, Codec::Pcmu, 6, 106);
    assert!(speech < -40.0 && (BEHIND_DBFS..LEVEL_DBFS).contains(&music), "{music} {speech}");
    let (music, _) = levels(&world, Codec::Pcmu, 150, 1150);
    assert!((music - LEVEL_DBFS).abs() < 0.2, "{music}");
}
