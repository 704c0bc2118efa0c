//! What a leg hears sample by sample.

use super::*;

use hotline_audio::{SAMPLE_RATE_HZ, Tone};

use crate::MusicStart;
use crate::form::{Law, Wide};

/// Samples that μ-law keeps exactly, so that a test can tell every byte.
fn library() -> PromptLibrary {
    let mut library = PromptLibrary::default();
    let exact = |codes: core::ops::Range<u8>| codes.map(hotline_audio::ulaw::decode).collect::<Vec<_>>();
    library.insert("en/one".into(), &exact(0..5));
    library.insert("en/two".into(), &exact(10..13));
    library.insert("music/loop".into(), &exact(0..100));
    library
}

fn next(player: &mut Player, bytes: usize) -> (Vec<u8>, Option<PlayId>) {
    let mut frame = vec![0; bytes];
    let finished = player.fill(&library(), Law::Mu, 0, &mut frame);
    (frame, finished)
}

#[test]
fn prompts_follow_each_other_without_a_gap_and_end_in_silence() {
    let mut player = Player::default();
    assert_eq!(player.play(PlayId(1), vec!["en/one".into(), "en/two".into()], Behind::Silence), None);
    assert_eq!(next(&mut player, 4), (vec![0, 1, 2, 3], None));
    assert_eq!(next(&mut player, 3), (vec![4, 10, 11], None));
    assert_eq!(next(&mut player, 4), (vec![12, 0xff, 0xff, 0xff], Some(PlayId(1))));
    assert!(!player.is_playing());
}

#[test]
fn music_runs_on_behind_a_prompt() {
    let mut player = Player::default();
    player.set_music(Some("music/loop".into()));
    assert_eq!(next(&mut player, 60).0, (0..60).collect::<Vec<u8>>());
    player.play(PlayId(1), vec!["en/two".into()], Behind::Silence);
    let (frame, finished) = next(&mut player, 120);
    assert_eq!(finished, Some(PlayId(1)));
    assert_eq!(frame[50..], (10..80).collect::<Vec<u8>>());
    player.set_music(Some("music/loop".into()));
    assert_eq!(next(&mut player, 60).0, (80..100).chain(0..40).collect::<Vec<u8>>());
    player.set_music(None);
    next(&mut player, 100);
    assert_eq!(next(&mut player, 1).0, [0xff]);
}

#[test]
fn shared_music_is_the_same_moment_for_everybody() {
    let music = Music { prompt: "music/loop".into(), start: MusicStart::Shared };
    let heard = |clocks: &[u64]| {
        let mut player = Player::default();
        player.set_music(Some(music.clone()));
        let mut frame = vec![0; 80];
        for clock in clocks {
            player.fill(&library(), Law::Mu, *clock, &mut frame);
        }
        frame
    };
    let early = heard(&[0, 80, 160, 240, 320]);
    assert_eq!(early, heard(&[240, 320]));
    assert_eq!(early, (20..100).collect::<Vec<u8>>());
    assert_eq!(heard(&[320])[40..], early[40..], "who has just come hears it fade in");
}

#[test]
fn a_playback_replaced_or_stopped_is_given_back() {
    let mut player = Player::default();
    player.play(PlayId(1), vec!["en/one".into()], Behind::Silence);
    assert_eq!(player.play(PlayId(2), vec!["en/two".into()], Behind::Silence), Some(PlayId(1)));
    assert_eq!(player.stop(), Some(PlayId(2)));
    assert_eq!(player.stop(), None);
}

#[test]
fn playing_nothing_ends_at_once() {
    let mut player = Player::default();
    player.play(PlayId(3), vec![], Behind::Silence);
    assert_eq!(next(&mut player, 2), (vec![0xff, 0xff], Some(PlayId(3))));
}

const FRAME: usize = 160;
const AMPLITUDE: i32 = 16_000;

/// Waves that are at their peak where a frame begins or ends, so that whatever is cut there clicks.
fn peaks() -> PromptLibrary {
    let wave = |hz: f64, rate_hz: u32| {
        let quarter = (f64::from(rate_hz) / hz / 4.0) as usize;
        Tone::new(hz, -6.2, rate_hz).skip(quarter).take(rate_hz as usize / 2).collect::<Vec<_>>()
    };
    let mut library = PromptLibrary::default();
    library.insert("en/narrow".into(), &wave(100.0, SAMPLE_RATE_HZ));
    library.insert_wide("en/wide".into(), &wave(100.0, SAMPLE_RATE_HZ), wave(100.0, 2 * SAMPLE_RATE_HZ));
    library.insert("en/short".into(), &wave(200.0, SAMPLE_RATE_HZ)[..FRAME + 131]);
    library.insert("music/loop".into(), &wave(200.0, SAMPLE_RATE_HZ));
    library.insert("music/other".into(), &wave(100.0, SAMPLE_RATE_HZ));
    library
}

/// What is heard from the second frame on, if something is done before the third.
fn heard<F: Form>(form: F, begin: impl Fn(&mut Player), change: impl Fn(&mut Player)) -> Vec<i32> {
    let (mut player, library) = (Player::default(), peaks());
    begin(&mut player);
    let mut heard = Vec::new();
    for beat in 0..8 {
        if beat == 2 {
            change(&mut player);
        }
        let mut frame = vec![form.silence(); FRAME * F::DENSITY];
        player.fill(&library, form, beat * FRAME as u64, &mut frame);
        if beat > 0 {
            heard.extend(frame.iter().map(|unit| i32::from(form.decode(*unit))));
        }
    }
    heard
}

fn steepest(samples: &[i32]) -> i32 {
    samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max().unwrap_or(0)
}

/// Nothing steeper than the waves themselves, the fade and the steps of the law.
fn does_not_click(what: &str, begin: fn(&mut Player), change: fn(&mut Player)) {
    for law in [Law::Mu, Law::A] {
        let samples = heard(law, begin, change);
        assert!(steepest(&samples) < AMPLITUDE / 4, "{what}, {law:?}: {}", steepest(&samples));
        assert!(samples[..FRAME].iter().any(|sample| *sample > AMPLITUDE * 9 / 10), "{what}: nothing is cut");
    }
    let samples = heard(Wide, begin, change);
    assert!(steepest(&samples) < AMPLITUDE / 8, "{what}, wide: {}", steepest(&samples));
}

fn begin(player: &mut Player, prompts: &[&str]) {
    player.play(PlayId(1), prompts.iter().map(|id| PromptId::from(*id)).collect(), Behind::Silence);
}

#[test]
fn what_is_cut_off_or_cut_in_fades() {
    let prompt = |player: &mut Player| begin(player, &["en/narrow"]);
    let music = |player: &mut Player| player.set_music(Some("music/loop".into()));
    let both = |player: &mut Player| {
        player.set_music(Some("music/loop".into()));
        begin(player, &["en/wide"]);
    };
    let stop = |player: &mut Player| assert!(player.stop().is_some());
    does_not_click("a prompt is stopped", prompt, stop);
    does_not_click("a prompt over music is stopped", both, stop);
    does_not_click("a prompt is replaced", prompt, |player| begin(player, &["en/wide"]));
    does_not_click("a prompt begins over music", music, |player| begin(player, &["en/wide"]));
    does_not_click("a short prompt over music", music, |player| begin(player, &["en/short"]));
    does_not_click("music ends", music, |player| player.set_music(None));
    does_not_click("music is replaced", music, |player| player.set_music(Some("music/other".into())));
    does_not_click("music is replaced by a prompt", music, |player| {
        player.set_music(None);
        begin(player, &["en/wide"]);
    });
    does_not_click("a bridge begins", music, |player| {
        player.mute_music();
        assert!(player.goes_first());
    });
}

#[test]
fn a_bridge_takes_the_place_of_music_after_its_fade() {
    let music = |player: &mut Player| player.set_music(Some("music/loop".into()));
    let samples = heard(Law::Mu, music, Player::mute_music);
    assert_eq!(samples[FRAME + FADE..2 * FRAME], [0; FRAME - FADE]);
    let mut player = Player::default();
    player.mute_music();
    assert!(!player.goes_first(), "nothing was heard");
}

#[test]
fn nothing_is_heard_of_a_prompt_that_is_stopped_before_it_was() {
    let samples = heard(
        Law::Mu,
        |_| (),
        |player| {
            begin(player, &["en/narrow"]);
            player.stop();
        },
    );
    assert_eq!(samples, [0; 7 * FRAME]);
}

/// The wave goes on from one to the next, of whichever kind they are.
#[test]
fn prompts_of_both_kinds_join_without_a_gap_or_a_click() {
    for prompts in [["en/narrow", "en/wide"], ["en/wide", "en/narrow"], ["en/narrow", "en/narrow"]] {
        let mut player = Player::default();
        begin(&mut player, &prompts);
        let mut sound = vec![0; 2 * SAMPLE_RATE_HZ as usize];
        for frame in sound.chunks_mut(2 * FRAME) {
            player.fill(&peaks(), Wide, 0, frame);
        }
        assert!(!player.is_playing());
        let steepest = sound.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max();
        assert!(steepest < Some(AMPLITUDE / 12), "{prompts:?}: {steepest:?}");
        let level = hotline_audio::tone_dbfs(&sound, 100.0, 2 * SAMPLE_RATE_HZ);
        assert!((level + 6.2).abs() < 0.05, "{prompts:?}: {level} dBFS");
    }
}

/// Music and prompts are whole periods, so that loops and joins are seamless.
const MUSIC_HZ: f64 = 400.0;
const SPEECH_HZ: f64 = 1000.0;
const LEVEL_DBFS: f64 = -12.0;
const BEHIND_DBFS: f64 = LEVEL_DBFS - 15.0;
/// When the prompts begin and end, in samples at 8 kHz: the first is 300 ms long, the second 286 ms, so that the music
/// is at none of its zeros where they end.
const BEGIN: usize = 25 * FRAME;
const JOIN: usize = BEGIN + 2400;
const END: usize = JOIN + 2288;
/// How long the music takes down and up: 150 ms.
const WAY: usize = 1200;
/// Beats of a whole announcement and what is around it: 1.7 s.
const BEATS: usize = 85;

fn tones() -> PromptLibrary {
    let mut library = PromptLibrary::default();
    let mut insert = |id: &str, hz: f64, length: usize| {
        let [narrow, wide] = [(SAMPLE_RATE_HZ, length), (2 * SAMPLE_RATE_HZ, 2 * length)]
            .map(|(rate_hz, length)| Tone::new(hz, LEVEL_DBFS, rate_hz).take(length).collect::<Vec<_>>());
        library.insert_wide(id.into(), &narrow, wide);
    };
    insert("music/tone", MUSIC_HZ, 3000);
    insert("en/first", SPEECH_HZ, JOIN - BEGIN);
    insert("en/second", SPEECH_HZ, END - JOIN);
    library
}

/// What is heard of the music, and of two prompts over it if they are to be.
fn announced<F: Form>(form: F, start: MusicStart, speaks: bool) -> Vec<i16> {
    let (mut player, library) = (Player::default(), tones());
    player.set_music(Some(Music { prompt: "music/tone".into(), start }));
    let (mut heard, mut ended) = (Vec::new(), 0);
    for beat in 0..BEATS {
        if speaks && beat * FRAME == BEGIN {
            player.play(PlayId(1), vec!["en/first".into(), "en/second".into()], Behind::Music);
        }
        let mut frame = vec![form.silence(); FRAME * F::DENSITY];
        ended += usize::from(player.fill(&library, form, (beat * FRAME) as u64, &mut frame).is_some());
        heard.extend(frame.iter().map(|unit| form.decode(*unit)));
    }
    assert_eq!(ended, usize::from(speaks));
    heard
}

/// Levels of music and speech in each 50 ms between two places.
fn levels(heard: &[i16], density: usize, places: core::ops::Range<usize>) -> Vec<(f64, f64)> {
    let rate_hz = SAMPLE_RATE_HZ * density as u32;
    let level = |piece: &[i16], hz| hotline_audio::tone_dbfs(piece, hz, rate_hz);
    let part = &heard[places.start * density..places.end * density];
    part.chunks_exact(400 * density).map(|piece| (level(piece, MUSIC_HZ), level(piece, SPEECH_HZ))).collect()
}

fn is_heard_over_music<F: Form + core::fmt::Debug>(form: F, start: MusicStart) {
    let (heard, music) = (announced(form, start, true), announced(form, start, false));
    let density = F::DENSITY;
    let near = |level: f64, wanted: f64| (level - wanted).abs() < 1.0;
    for (at, (music, speech)) in levels(&heard, density, 400..BEGIN).into_iter().enumerate() {
        assert!(near(music, LEVEL_DBFS) && speech < -45.0, "{form:?}, before, {at}: {music} {speech}");
    }
    for (at, (music, speech)) in levels(&heard, density, BEGIN + WAY..END).into_iter().enumerate() {
        let both = near(music, BEHIND_DBFS) && near(speech, LEVEL_DBFS);
        assert!(both, "{form:?}, both, {at}: {music} {speech}");
    }
    for (at, (music, speech)) in levels(&heard, density, END + WAY..BEATS * FRAME).into_iter().enumerate() {
        assert!(near(music, LEVEL_DBFS) && speech < -45.0, "{form:?}, after, {at}: {music} {speech}");
    }
    // As if nothing had been: the music is where it would be, before, behind and after, sample by sample.
    let same =
        |from: usize, to: usize| heard[from * density..to * density] == music[from * density..to * density];
    assert!(same(0, BEGIN) && same(END + WAY, BEATS * FRAME), "{form:?}: the music is somewhere else");
    let speech = Tone::new(SPEECH_HZ, LEVEL_DBFS, SAMPLE_RATE_HZ * density as u32);
    let softly = 10_f64.powf((BEHIND_DBFS - LEVEL_DBFS) / 20.0);
    let behind = heard.iter().zip(&music).skip(BEGIN * density).zip(speech);
    let error = |((heard, music), speech): ((&i16, &i16), i16)| {
        (f64::from(*heard) - f64::from(speech) - softly * f64::from(*music)).abs()
    };
    let errors = behind.take((END - BEGIN) * density).skip(WAY * density).map(error);
    // A law has steps of 512 at this level.
    let error_max = if density == 1 { 450.0 } else { 2.0 };
    let largest = errors.fold(0.0, f64::max);
    assert!(largest < error_max, "{form:?}: off by {largest}");
}

#[test]
fn prompts_are_heard_over_music_that_goes_on_softly_where_it_is() {
    for start in [MusicStart::Beginning, MusicStart::Shared] {
        is_heard_over_music(Law::Mu, start);
        is_heard_over_music(Law::A, start);
        is_heard_over_music(Wide, start);
    }
}

/// Nothing is steeper than both tones together, and the level of the music moves all the way.
#[test]
fn music_goes_down_and_comes_up_without_a_step() {
    let heard = announced(Wide, MusicStart::Beginning, true);
    let slope =
        |hz: f64, dbfs: f64| 32_767.0 * 10_f64.powf(dbfs / 20.0) * core::f64::consts::TAU * hz / 16_000.0;
    let steepest_allowed = slope(MUSIC_HZ, LEVEL_DBFS) + slope(SPEECH_HZ, LEVEL_DBFS) + 10.0;
    let samples: Vec<i32> = heard.iter().map(|sample| i32::from(*sample)).collect();
    assert!(f64::from(steepest(&samples)) < steepest_allowed, "{}", steepest(&samples));
    for (places, falls) in [(BEGIN..BEGIN + WAY, true), (END..END + WAY, false)] {
        let way: Vec<f64> = levels(&heard, 2, places).into_iter().map(|(music, _)| music).collect();
        let [nearly_up, half_way, nearly_down] =
            if falls { [0, 1, 2] } else { [2, 1, 0] }.map(|at: usize| way[at]);
        assert!((LEVEL_DBFS - 2.0..LEVEL_DBFS - 0.5).contains(&nearly_up), "{way:?}");
        assert!((LEVEL_DBFS - 6.0..LEVEL_DBFS - 3.0).contains(&half_way), "{way:?}");
        assert!((BEHIND_DBFS..LEVEL_DBFS - 8.0).contains(&nearly_down), "{way:?}");
    }
}

#[test]
fn what_is_too_loud_together_is_clipped() {
    let (mut player, mut library) = (Player::default(), PromptLibrary::default());
    library.insert("music/loud".into(), &[32_000; 1600]);
    library.insert("en/loud".into(), &[32_000; 4000]);
    player.set_music(Some("music/loud".into()));
    player.play(PlayId(1), vec!["en/loud".into()], Behind::Music);
    for _ in 0..20 {
        let mut frame = vec![0; 2 * FRAME];
        player.fill(&library, Wide, 0, &mut frame);
        assert!(frame.iter().all(|sample| *sample > 30_000), "{frame:?}");
    }
}

/// A prompt that begins before the music does, or with it, has it softly behind it from the first moment on.
#[test]
fn music_that_begins_behind_a_prompt_begins_softly() {
    for late in [0, 5] {
        let (mut player, library, mut heard) = (Player::default(), tones(), Vec::new());
        player.play(PlayId(1), vec!["en/first".into()], Behind::Music);
        for beat in 0..30 {
            if beat == late {
                player.set_music(Some("music/tone".into()));
            }
            let mut frame = vec![0; 2 * FRAME];
            player.fill(&library, Wide, 0, &mut frame);
            heard.extend(frame);
        }
        let music = |places| levels(&heard, 2, places)[0].0;
        assert!((music(late * FRAME + 80..late * FRAME + 480) - BEHIND_DBFS).abs() < 0.5, "late by {late}");
        assert!((music(4000..4400) - LEVEL_DBFS).abs() < 0.5);
    }
}

/// What is heard if something is done while a prompt is said over music that has gone down.
fn changed_over_music(prompt: &str, change: impl Fn(&mut Player)) -> Vec<i32> {
    let (mut player, mut library, mut heard) = (Player::default(), peaks(), Vec::new());
    library.insert("en/still".into(), &[0; 4000]);
    player.set_music(Some("music/loop".into()));
    player.play(PlayId(1), vec![prompt.into()], Behind::Music);
    // The prompt ends in a peak, after these.
    for beat in 0..24 {
        if beat == 10 {
            change(&mut player);
        }
        let mut frame = vec![0; 2 * FRAME];
        player.fill(&library, Wide, beat * FRAME as u64, &mut frame);
        if beat > 0 {
            heard.extend(frame.iter().map(|sample| i32::from(*sample)));
        }
    }
    heard
}

#[test]
fn whatever_ends_a_prompt_over_music_or_the_music_behind_it_does_not_click() {
    let over = |player: &mut Player, prompt: &str| player.play(PlayId(2), vec![prompt.into()], Behind::Music);
    let stop = |player: &mut Player| assert!(player.stop().is_some());
    type Change<'a> = (&'a str, &'a dyn Fn(&mut Player));
    let changes: [Change<'_>; 9] = [
        ("nothing", &|_| ()),
        ("it is stopped", &stop),
        ("it is replaced", &|player| assert!(over(player, "en/wide").is_some())),
        ("one without music replaces it", &|player| begin(player, &["en/wide"])),
        ("the music ends", &|player| player.set_music(None)),
        ("the music is another", &|player| player.set_music(Some("music/other".into()))),
        ("a bridge begins", &Player::mute_music),
        ("both end", &|player| {
            stop(player);
            player.set_music(None);
        }),
        ("it is stopped, and a bridge begins", &|player| {
            stop(player);
            player.mute_music();
        }),
    ];
    for (what, change) in changes {
        // The music at its full level is this steep, and a prompt half as much; cut off behind a prompt it would jump by 2800.
        for (prompt, steepest_allowed) in [("en/still", 1700), ("en/wide", 2200)] {
            let steepest = steepest(&changed_over_music(prompt, change));
            assert!(steepest < steepest_allowed, "{what}, {prompt}: {steepest}");
        }
    }
}

/// One that cuts in begins where one over music ends with a frame.
#[test]
fn music_behind_a_prompt_does_not_click_if_the_next_one_cuts_it_off() {
    let (mut player, mut library, mut heard) = (Player::default(), peaks(), Vec::new());
    library.insert("en/still".into(), &[0; 10 * FRAME]);
    player.set_music(Some("music/loop".into()));
    player.play(PlayId(1), vec!["en/still".into()], Behind::Music);
    for beat in 0..15 {
        if beat == 10 {
            assert!(!player.is_playing());
            begin(&mut player, &["en/still"]);
        }
        let mut frame = vec![0; 2 * FRAME];
        player.fill(&library, Wide, beat * FRAME as u64, &mut frame);
        if beat > 0 {
            heard.extend(frame.iter().map(|sample| i32::from(*sample)));
        }
    }
    let behind = &heard[..2 * 9 * FRAME];
    assert!(behind.iter().any(|sample| *sample > 2000) && heard.ends_with(&[0; FRAME]), "it is cut off");
    assert!(steepest(&heard) < 600, "{}", steepest(&heard));
}

#[test]
fn a_prompt_over_music_comes_in_softly_even_if_it_does_not_begin_in_silence() {
    let music = |player: &mut Player| player.set_music(Some("music/loop".into()));
    let over = |player: &mut Player| {
        player.play(PlayId(1), vec!["en/wide".into()], Behind::Music);
    };
    let samples = heard(Wide, music, over);
    assert!(steepest(&samples) < 2200, "{}", steepest(&samples));
    let cut_in = |player: &mut Player| {
        player.set_music(Some("music/loop".into()));
        begin(player, &["en/narrow"]);
    };
    let samples = heard(Wide, cut_in, over);
    assert!(steepest(&samples) < 2200, "{}", steepest(&samples));
}

#[test]
fn behind_a_prompt_there_is_no_music_once_a_bridge_has_replaced_it() {
    let heard = changed_over_music("en/still", Player::mute_music);
    let faded = 2 * (9 * FRAME + FADE);
    assert!(heard[..faded].iter().any(|sample| *sample > 2000));
    assert_eq!(heard[faded..2 * 20 * FRAME], vec![0; 2 * 20 * FRAME - faded]);
}
