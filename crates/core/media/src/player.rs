//! What a leg hears that no other leg says: prompts over music over silence.
//!
//! Prompts of one playback join as they are. What is cut off in its middle goes out within 5 ms, and what then takes its place
//! comes in meanwhile, so that nothing clicks.

use hotline_audio::{fade_in_from, fade_out};
use hotline_base::PlayId;
use serde::{Deserialize, Serialize};

use crate::form::Form;
use crate::{Music, MusicStart, PromptId, PromptLibrary};

/// How long a fade is, in samples at 8 kHz: 5 ms. No frame is shorter.
const FADE: usize = 40;
/// The most units of a fade.
const FADE_UNITS_MAX: usize = 2 * FADE;

/// Prompts one after the other, and a loop behind them which they mute.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Player {
    playback: Option<Playback>,
    music: Option<Loop>,
    /// What the last frame ended with.
    heard: Heard,
    /// What was taken away while it was heard: it goes out in the next frame.
    cut: Option<Cut>,
    /// What has come in since and is not at its full level yet.
    rise: Option<Rise>,
    /// A bridge takes the place of the music from the next frame on.
    muted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Heard {
    #[default]
    Silence,
    Playback,
    Music,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Cut {
    Playback(Playback),
    Music(Loop),
}

/// A sound that comes in softly.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Rise {
    /// The samples that were heard.
    done: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Playback {
    play: PlayId,
    prompts: Vec<PromptId>,
    /// Which prompt, and where in it.
    current: usize,
    offset: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Loop {
    music: Music,
    offset: usize,
}

impl Player {
    /// Begins a playback; gives back the one it replaces.
    pub(crate) fn play(&mut self, play: PlayId, prompts: Vec<PromptId>) -> Option<PlayId> {
        let replaced = self.stop();
        self.playback = Some(Playback { play, prompts, current: 0, offset: 0 });
        replaced
    }

    /// Ends the playback.
    pub(crate) fn stop(&mut self) -> Option<PlayId> {
        let stopped = self.playback.take()?;
        let play = stopped.play;
        let was_heard = self.heard == Heard::Playback && (stopped.current, stopped.offset) != (0, 0);
        if was_heard && self.cut.is_none() {
            self.cut = Some(Cut::Playback(stopped));
        }
        Some(play)
    }

    pub(crate) const fn is_playing(&self) -> bool {
        self.playback.is_some()
    }

    /// True if the next frame is the player's, whatever a bridge has to say: a playback, or the end of what was cut off.
    pub(crate) const fn goes_first(&self) -> bool {
        self.is_playing() || self.cut.is_some()
    }

    /// Begins a loop, or ends it. The same loop again goes on.
    pub(crate) fn set_music(&mut self, music: Option<Music>) {
        if self.music.as_ref().map(|playing| &playing.music) == music.as_ref() {
            return;
        }
        let before = std::mem::replace(&mut self.music, music.map(|music| Loop { music, offset: 0 }));
        if let (Heard::Music, None, Some(before)) = (self.heard, &self.cut, before) {
            self.cut = Some(Cut::Music(before));
        }
    }

    /// A bridge begins: what it says takes the place of the music.
    pub(crate) fn mute_music(&mut self) {
        if let (Heard::Music, None, Some(music)) = (self.heard, &self.cut, &self.music) {
            self.cut = Some(Cut::Music(music.clone()));
            self.muted = true;
        }
    }

    /// Writes the next `frame`, whose first sample is the one at `clock` on our clock. Gives back the playback that ended in it.
    pub(crate) fn fill<F: Form>(
        &mut self,
        prompts: &PromptLibrary,
        form: F,
        clock: u64,
        frame: &mut [F::Unit],
    ) -> Option<PlayId> {
        let is_muted = std::mem::take(&mut self.muted);
        let music = self.music.as_mut().filter(|_| !is_muted);
        let (has_music, begins_within) =
            (music.is_some(), music.as_ref().is_some_and(|music| music.begins_within()));
        match music {
            Some(music) => music.fill(prompts, form, clock, frame),
            None => frame.fill(form.silence()),
        }
        let mut tail = [form.silence(); FADE_UNITS_MAX];
        let tail = &mut tail[..(FADE * F::DENSITY).min(frame.len())];
        let mut is_cut = self.write_cut(prompts, form, clock, tail);
        let spoken = match &mut self.playback {
            Some(playback) => {
                if !is_cut && self.heard == Heard::Music && !playback.is_empty(prompts, form) {
                    // The prompt cuts the music off.
                    tail.copy_from_slice(&frame[..tail.len()]);
                    is_cut = true;
                }
                playback.fill(prompts, form, frame)
            }
            None => 0,
        };
        let rises = match self.heard {
            Heard::Silence => spoken == 0 && begins_within,
            Heard::Playback => spoken == 0 && has_music,
            Heard::Music => false,
        };
        if is_cut || rises {
            self.turn(form, tail, frame);
        }
        self.settle(form, spoken, has_music, frame);
        let ended = self.playback.take_if(|playback| playback.is_over())?;
        Some(ended.play)
    }

    /// How what was cut off would go on. False if nothing was.
    fn write_cut<F: Form>(
        &mut self,
        prompts: &PromptLibrary,
        form: F,
        clock: u64,
        tail: &mut [F::Unit],
    ) -> bool {
        match self.cut.take() {
            Some(Cut::Playback(mut playback)) => {
                playback.fill(prompts, form, tail);
            }
            Some(Cut::Music(mut music)) => music.fill(prompts, form, clock, tail),
            None => return false,
        }
        true
    }

    /// Lets the `tail` of what was heard go out at the beginning of the frame, and what is there come in.
    fn turn<F: Form>(&mut self, form: F, tail: &[F::Unit], frame: &mut [F::Unit]) {
        let mut going = [0; FADE_UNITS_MAX];
        let going = &mut going[..tail.len()];
        for (sample, unit) in going.iter_mut().zip(tail) {
            *sample = form.decode(*unit);
        }
        if let Some(rise) = self.rise.take() {
            fade_in_from(going, rise.done * F::DENSITY, FADE * F::DENSITY);
        }
        fade_out(going);
        let mut coming = [0; FADE_UNITS_MAX];
        let coming = &mut coming[..tail.len()];
        for (sample, unit) in coming.iter_mut().zip(&*frame) {
            *sample = form.decode(*unit);
        }
        fade_in_from(coming, 0, FADE * F::DENSITY);
        for ((unit, going), coming) in frame.iter_mut().zip(going).zip(coming) {
            *unit = form.encode(going.saturating_add(*coming));
        }
    }

    /// Goes on with what comes in softly, lets the music come in after `spoken` units of prompts, and keeps what the frame ends with.
    fn settle<F: Form>(&mut self, form: F, spoken: usize, has_music: bool, frame: &mut [F::Unit]) {
        if let Some(rise) = self.rise.take() {
            self.rise = rise.go_on(form, frame);
        }
        self.heard = match (spoken == frame.len(), has_music) {
            (true, _) => Heard::Playback,
            (false, true) => Heard::Music,
            (false, false) => Heard::Silence,
        };
        if spoken > 0 && self.heard == Heard::Music {
            self.rise = Rise { done: 0 }.go_on(form, &mut frame[spoken..]);
        }
    }
}

impl Rise {
    /// Brings the beginning of `frame` to its level. `None` once all of it was heard.
    fn go_on<F: Form>(self, form: F, frame: &mut [F::Unit]) -> Option<Self> {
        let mut samples = [0; FADE_UNITS_MAX];
        let length = ((FADE - self.done) * F::DENSITY).min(frame.len());
        let (samples, frame) = (&mut samples[..length], &mut frame[..length]);
        for (sample, unit) in samples.iter_mut().zip(&*frame) {
            *sample = form.decode(*unit);
        }
        fade_in_from(samples, self.done * F::DENSITY, FADE * F::DENSITY);
        for (unit, sample) in frame.iter_mut().zip(samples) {
            *unit = form.encode(*sample);
        }
        let done = self.done + length / F::DENSITY;
        (done < FADE).then_some(Self { done })
    }
}

impl Playback {
    /// Writes what is left, up to the whole frame; gives the number of units.
    fn fill<F: Form>(&mut self, prompts: &PromptLibrary, form: F, frame: &mut [F::Unit]) -> usize {
        let mut written = 0;
        while let Some(id) = self.prompts.get(self.current) {
            let room = (frame.len() - written) / F::DENSITY;
            let prompt = prompts.get(id);
            let rest = prompt.map_or(0, |prompt| form.length(prompt)).saturating_sub(self.offset);
            let length = rest.min(room);
            let target = &mut frame[written..][..length * F::DENSITY];
            if let (Some(prompt), 1..) = (prompt, length) {
                form.copy(prompt, self.offset, false, target);
            }
            written += target.len();
            if length < rest {
                self.offset += length;
                break;
            }
            self.current += 1;
            self.offset = 0;
        }
        written
    }

    fn is_over(&self) -> bool {
        self.current >= self.prompts.len()
    }

    /// True if nothing is left to be heard.
    fn is_empty<F: Form>(&self, prompts: &PromptLibrary, form: F) -> bool {
        let rest = self.prompts.get(self.current..).unwrap_or(&[]).iter();
        let mut lengths = rest.map(|id| prompts.get(id).map_or(0, |prompt| form.length(prompt)));
        lengths.all(|length| length == 0)
    }
}

impl Loop {
    fn fill<F: Form>(&mut self, prompts: &PromptLibrary, form: F, clock: u64, mut frame: &mut [F::Unit]) {
        let prompt = prompts.get(&self.music.prompt);
        let Some((prompt, length)) =
            prompt.map(|prompt| (prompt, form.length(prompt))).filter(|(_, length)| *length > 0)
        else {
            return frame.fill(form.silence());
        };
        match self.music.start {
            MusicStart::Beginning => {}
            MusicStart::Shared => self.offset = (clock % length as u64) as usize,
        }
        while !frame.is_empty() {
            // The library may be another one, with a shorter loop, than when the offset was left here.
            self.offset %= length;
            let part = (length - self.offset).min(frame.len() / F::DENSITY);
            let (target, after) = frame.split_at_mut(part * F::DENSITY);
            form.copy(prompt, self.offset, true, target);
            self.offset += part;
            frame = after;
        }
    }

    /// True if it is not at its beginning.
    fn begins_within(&self) -> bool {
        self.offset > 0 || self.music.start == MusicStart::Shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use hotline_audio::{SAMPLE_RATE_HZ, Tone};

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
        assert_eq!(player.play(PlayId(1), vec!["en/one".into(), "en/two".into()]), None);
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
        player.play(PlayId(1), vec!["en/two".into()]);
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
        player.play(PlayId(1), vec!["en/one".into()]);
        assert_eq!(player.play(PlayId(2), vec!["en/two".into()]), Some(PlayId(1)));
        assert_eq!(player.stop(), Some(PlayId(2)));
        assert_eq!(player.stop(), None);
    }

    #[test]
    fn playing_nothing_ends_at_once() {
        let mut player = Player::default();
        player.play(PlayId(3), vec![]);
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
            assert!(
                samples[..FRAME].iter().any(|sample| *sample > AMPLITUDE * 9 / 10),
                "{what}: nothing is cut"
            );
        }
        let samples = heard(Wide, begin, change);
        assert!(steepest(&samples) < AMPLITUDE / 8, "{what}, wide: {}", steepest(&samples));
    }

    fn begin(player: &mut Player, prompts: &[&str]) {
        player.play(PlayId(1), prompts.iter().map(|id| PromptId::from(*id)).collect());
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
}
