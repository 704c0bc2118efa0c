//! Callers on real lines leave messages. Time is virtual: it goes on when nobody has anything to do.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it")]

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotline_audio::{Rate, tone_dbfs};
use hotline_base::{Rng, VoiceMessageId, WallTime};
use hotline_media_rt::LegEnd;
use hotline_messages::{Failure, Messages, Outcome, Recorder, Request, path_of};
use tempfile::TempDir;
use tokio::sync::oneshot::Receiver;
use tokio::time::{Interval, interval, timeout};

const FRAME_MS: u64 = 20;
const BEEP_FRAMES: usize = 20;

/// What a caller says for 20 ms.
#[derive(Clone, Copy, PartialEq)]
enum Sound {
    Speech,
    Silence,
    /// Noise of a bad line.
    Noise,
}
use Sound::{Noise, Silence, Speech};

struct Caller {
    leg: LegEnd,
    rate: Rate,
    beats: Interval,
    frame: u64,
    rng: Rng,
    /// What the caller heard.
    heard: Vec<i16>,
}

impl Caller {
    fn new(leg: LegEnd) -> Self {
        let (rate, beats) = (leg.rate(), interval(Duration::from_millis(FRAME_MS)));
        Self { leg, rate, beats, frame: 0, rng: Rng::from_number(7), heard: Vec::new() }
    }

    /// One beat of a media thread.
    async fn say(&mut self, sound: Sound) {
        self.beats.tick().await;
        let length = self.rate.samples(20);
        let samples: Vec<i16> = (0..length).map(|at| self.sample(sound, at)).collect();
        self.leg.hear(&samples);
        let mut frame = vec![0; length];
        if self.leg.say(&mut frame) {
            self.heard.extend(frame);
        }
        self.frame += 1;
    }

    fn sample(&mut self, sound: Sound, at: usize) -> i16 {
        let noise =
            |rng: &mut Rng, most: u32| i16::try_from(rng.next_u32() % (2 * most)).unwrap() - most as i16;
        match sound {
            Silence => 0,
            Noise => noise(&mut self.rng, 400),
            // Syllables: a voice that swells and fades four times a second.
            Speech => {
                let second =
                    (self.frame as f64 * 20.0 + at as f64 * 1000.0 / f64::from(self.rate.hz())) / 1000.0;
                let loud = (second * 4.0 * TAU).sin().max(0.0);
                ((second * 220.0 * TAU).sin() * 9000.0 * loud) as i16
            }
        }
    }

    async fn go_on(&mut self, sound: Sound, ms: u64) {
        for _ in 0..ms / FRAME_MS {
            self.say(sound).await;
        }
    }

    /// Until the beep is over.
    async fn hear_beep(&mut self, sound: Sound) {
        while self.heard.len() < BEEP_FRAMES * self.rate.samples(20) {
            self.say(sound).await;
        }
    }

    /// Says the same until the message is over, for a minute at most.
    async fn until_over(&mut self, sound: Sound, outcome: &mut Receiver<Outcome>) -> Outcome {
        for _ in 0..3000 {
            self.say(sound).await;
            if let Ok(outcome) = outcome.try_recv() {
                return outcome;
            }
        }
        panic!("the message does not end");
    }
}

struct Center {
    recordings: TempDir,
    messages: Messages,
    rng: Rng,
}

impl Center {
    fn new() -> Self {
        let recordings = tempfile::tempdir().unwrap();
        let messages = Messages::new(recordings.path().to_owned());
        Self { recordings, messages, rng: Rng::from_number(1) }
    }

    fn request(&mut self, rate: Rate) -> Request {
        let id = VoiceMessageId::generate(WallTime(1_795_415_400_000_000), &mut self.rng);
        let second = Duration::from_secs(1);
        Request { id, rate, longest: second * 30, silence: second * 3, shortest: second / 2 }
    }

    fn begin(&mut self, request: Request) -> (Caller, Recorder, Receiver<Outcome>) {
        let (leg, recorder, outcome) = self.messages.record(request);
        (Caller::new(leg), recorder, outcome)
    }

    fn file(&self, request: &Request) -> PathBuf {
        self.recordings.path().join(path_of(request.id))
    }
}

fn play(path: &Path) -> Vec<i16> {
    hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect()
}

async fn last(outcome: Receiver<Outcome>) -> Outcome {
    timeout(Duration::from_secs(60), outcome).await.unwrap().unwrap()
}

fn duration(outcome: &Outcome) -> u64 {
    let Outcome::Recorded { duration, .. } = outcome else { panic!("{outcome:?}") };
    u64::try_from(duration.as_millis()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_message_begins_after_the_beep_and_ends_by_silence_that_is_not_kept() {
    for rate in [Rate::Narrow, Rate::Wide] {
        let mut center = Center::new();
        let request = center.request(rate);
        let (mut caller, _recorder, mut outcome) = center.begin(request.clone());
        caller.hear_beep(Speech).await;
        let beep = caller.heard.clone();
        assert!(tone_dbfs(&beep, 1000.0, rate.hz()) > -17.0, "a beep of 1 kHz");
        caller.go_on(Speech, 2000).await;
        let begun = caller.frame;
        let outcome = caller.until_over(Silence, &mut outcome).await;
        let silence = (caller.frame - begun) * FRAME_MS;
        assert!((2800..3300).contains(&silence), "over after {silence} ms of silence");
        // What was said during the beep is not there, nor the silence after.
        let kept = duration(&outcome);
        assert!((1900..=2300).contains(&kept), "{kept} ms");
        assert_eq!(
            outcome,
            Outcome::Recorded { path: path_of(request.id), duration: Duration::from_millis(kept) }
        );
        let sound = play(&center.file(&request));
        assert_eq!(sound.len() as u64 * 1000, kept * u64::from(rate.hz()));
        assert!(sound.iter().any(|sample| *sample > 8000));
        assert_eq!(caller.heard, beep, "nothing else is said to the caller");
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_leaves_no_message_and_no_file_also_on_a_noisy_line() {
    for sound in [Silence, Noise] {
        let mut center = Center::new();
        let request = center.request(Rate::Narrow);
        let (mut caller, _recorder, mut outcome) = center.begin(request.clone());
        caller.hear_beep(sound).await;
        assert_eq!(caller.until_over(sound, &mut outcome).await, Outcome::Nothing);
        assert!(caller.frame * FRAME_MS < 6000, "over after {} frames", caller.frame);
        assert!(!center.file(&request).exists());
    }
}

#[tokio::test(start_paused = true)]
async fn a_cough_is_no_message() {
    let mut center = Center::new();
    let request = center.request(Rate::Narrow);
    let (mut caller, _recorder, mut outcome) = center.begin(request.clone());
    caller.hear_beep(Silence).await;
    caller.go_on(Silence, 500).await;
    caller.go_on(Speech, 200).await;
    assert_eq!(caller.until_over(Silence, &mut outcome).await, Outcome::Nothing);
    assert!(!center.file(&request).exists());
}

#[tokio::test(start_paused = true)]
async fn the_longest_message_is_over_and_kept() {
    let mut center = Center::new();
    let request = Request { longest: Duration::from_secs(4), ..center.request(Rate::Wide) };
    let (mut caller, _recorder, mut outcome) = center.begin(request.clone());
    caller.hear_beep(Silence).await;
    let outcome = caller.until_over(Speech, &mut outcome).await;
    let kept = duration(&outcome);
    assert!((3700..=4000).contains(&kept), "{kept} ms");
    assert_eq!(play(&center.file(&request)).len() as u64, kept * 16);
}

#[tokio::test(start_paused = true)]
async fn a_key_or_a_hang_up_in_the_middle_keeps_what_was_said() {
    for hangs_up in [false, true] {
        let mut center = Center::new();
        let request = center.request(Rate::Narrow);
        let (mut caller, recorder, outcome) = center.begin(request.clone());
        caller.hear_beep(Silence).await;
        caller.go_on(Speech, 1500).await;
        let outcome = if hangs_up {
            drop(caller);
            last(outcome).await
        } else {
            recorder.stop();
            last(outcome).await
        };
        let kept = duration(&outcome);
        assert!((1300..=1500).contains(&kept), "{kept} ms");
        assert_eq!(play(&center.file(&request)).len() as u64, kept * 8);
    }
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_during_the_beep_leaves_nothing() {
    let mut center = Center::new();
    let request = center.request(Rate::Narrow);
    let (mut caller, _recorder, outcome) = center.begin(request.clone());
    caller.go_on(Speech, 200).await;
    drop(caller);
    assert_eq!(last(outcome).await, Outcome::Nothing);
    assert!(!center.file(&request).exists());
}

#[tokio::test(start_paused = true)]
async fn a_leg_that_gives_no_sound_ends_too() {
    let mut center = Center::new();
    let (_caller, _recorder, outcome) = {
        let request = center.request(Rate::Narrow);
        center.begin(request)
    };
    assert_eq!(last(outcome).await, Outcome::Nothing);
}

/// What a reader finds then is what a killed server leaves.
#[tokio::test(start_paused = true)]
async fn the_file_plays_while_the_caller_speaks() {
    let mut center = Center::new();
    let request = center.request(Rate::Narrow);
    let (mut caller, _recorder, _outcome) = center.begin(request.clone());
    caller.hear_beep(Silence).await;
    assert!(play(&center.file(&request)).is_empty());
    let mut grown = 0;
    for second in 1..=5_u64 {
        caller.go_on(Speech, 1000).await;
        let length = play(&center.file(&request)).len() as u64;
        assert!(length <= second * 8000 && length + 2 * 8000 > second * 8000, "{length} in second {second}");
        assert!(length >= grown);
        grown = length;
    }
    assert!(grown > 0);
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_cannot_be_written_fails_before_the_beep() {
    let mut center = Center::new();
    std::fs::write(center.recordings.path().join("messages"), b"no directory").unwrap();
    let request = center.request(Rate::Narrow);
    let (mut caller, _recorder, mut outcome) = center.begin(request);
    let outcome = caller.until_over(Speech, &mut outcome).await;
    assert!(matches!(outcome, Outcome::Failed(Failure::Io(_))), "{outcome:?}");
    assert!(caller.heard.is_empty());
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limit_a_message_fails_at_once_and_a_place_is_free_after() {
    let mut center = Center::new();
    center.messages = Messages::with_limit(center.recordings.path().to_owned(), 1);
    let (mut caller, recorder, outcome) = {
        let request = center.request(Rate::Narrow);
        center.begin(request)
    };
    let request = center.request(Rate::Narrow);
    let (_second, _recorder, refused) = center.begin(request);
    assert_eq!(last(refused).await, Outcome::Failed(Failure::Busy));
    caller.hear_beep(Silence).await;
    caller.go_on(Speech, 1000).await;
    recorder.stop();
    duration(&last(outcome).await);
    let request = center.request(Rate::Narrow);
    let (_third, recorder, outcome) = center.begin(request);
    recorder.stop();
    assert_eq!(last(outcome).await, Outcome::Nothing);
}
