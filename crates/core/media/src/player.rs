//! What a leg hears that no other leg says: prompts over music over silence.
//!
//! Prompts of one playback join as they are. What is cut off in its middle goes out within 5 ms, and what then takes its place
//! comes in meanwhile, so that nothing clicks. Behind prompts there is silence or the music, softly.

mod duck;
mod sounds;

use hotline_audio::{fade_in_from, fade_out};
use hotline_base::PlayId;
use serde::{Deserialize, Serialize};

use self::duck::Duck;
use self::sounds::{Loop, Playback};
use crate::form::Form;
use crate::{Behind, Music, PromptId, PromptLibrary};

/// How long a fade is, in samples at 8 kHz: 5 ms. No frame is shorter.
const FADE: usize = 40;
/// The most units of a fade.
const FADE_UNITS_MAX: usize = 2 * FADE;
/// Units of speech that are laid over music at a time: 20 ms of wide sound.
const SPEECH_UNITS: usize = 320;

/// Prompts one after the other, and a loop behind them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Player {
    playback: Option<Playback>,
    music: Option<Loop>,
    duck: Duck,
    /// What the last frame ended with.
    heard: Heard,
    /// What was taken away while it was heard: it goes out in the next frame.
    cut: Cut,
    /// What has come in since and is not at its full level yet.
    rise: Option<Rise>,
    /// A bridge takes the place of the music from the next frame on.
    muted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Heard {
    speech: bool,
    music: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Cut {
    playback: Option<Playback>,
    music: Option<Loop>,
}

/// A sound that comes in softly.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Rise {
    /// The samples that were heard.
    done: usize,
}

/// What a frame is filled with.
#[derive(Clone, Copy)]
struct Filling {
    /// There is music, and it is not at its beginning.
    has_music: bool,
    begins_within: bool,
    /// There are prompts, with the music behind them if they wish it.
    has_speech: bool,
    is_mixed: bool,
}

impl Player {
    /// Begins a playback; gives back the one it replaces.
    pub(crate) fn play(&mut self, play: PlayId, prompts: Vec<PromptId>, behind: Behind) -> Option<PlayId> {
        let replaced = self.stop();
        self.playback = Some(Playback::new(play, prompts, behind));
        replaced
    }

    /// Ends the playback.
    pub(crate) fn stop(&mut self) -> Option<PlayId> {
        let stopped = self.playback.take()?;
        let play = stopped.play;
        if self.heard.speech && stopped.has_begun() && self.cut.playback.is_none() {
            self.cut.playback = Some(stopped);
        }
        Some(play)
    }

    pub(crate) const fn is_playing(&self) -> bool {
        self.playback.is_some()
    }

    /// True if the next frame is the player's, whatever a bridge has to say: a playback, or the end of what was cut off.
    pub(crate) const fn goes_first(&self) -> bool {
        self.is_playing() || !self.cut.is_nothing()
    }

    /// Begins a loop, or ends it. The same loop again goes on.
    pub(crate) fn set_music(&mut self, music: Option<Music>) {
        if self.music.as_ref().map(|playing| &playing.music) == music.as_ref() {
            return;
        }
        let before = std::mem::replace(&mut self.music, music.map(Loop::new));
        if self.heard.music && self.cut.music.is_none() {
            self.cut.music = before;
        }
    }

    /// A bridge begins: what it says takes the place of the music, and that is not behind prompts either.
    pub(crate) fn mute_music(&mut self) {
        if let Some(playback) = &mut self.playback {
            playback.behind = Behind::Silence;
        }
        if let (true, None, Some(music)) = (self.heard.music, &self.cut.music, &self.music) {
            self.cut.music = Some(music.clone());
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
        let has_music = music.is_some();
        let begins_within = music.as_ref().is_some_and(|music| music.begins_within());
        match music {
            Some(music) => music.fill(prompts, form, clock, frame),
            None => frame.fill(form.silence()),
        }
        if self.goes_on(has_music) {
            return None;
        }
        let has_speech = self.playback.as_ref().is_some_and(|playback| !playback.is_empty(prompts, form));
        let behind = self.playback.as_ref().map(|playback| playback.behind);
        let is_mixed = has_speech && has_music && behind == Some(Behind::Music);
        let filling = Filling { has_music, begins_within, has_speech, is_mixed };
        self.write(prompts, form, clock, filling, frame);
        let ended = self.playback.take_if(|playback| playback.is_over())?;
        Some(ended.play)
    }

    /// True if a frame of music, or of silence, is all there is to it: nearly always.
    const fn goes_on(&self, has_music: bool) -> bool {
        let Heard { speech, music } = self.heard;
        !self.goes_first() && self.rise.is_none() && self.duck.is_up() && !speech && music == has_music
    }

    /// Lays what is said over the music in `frame`, and lets come and go what does so.
    fn write<F: Form>(
        &mut self,
        prompts: &PromptLibrary,
        form: F,
        clock: u64,
        filling: Filling,
        frame: &mut [F::Unit],
    ) {
        let mut going = [0; FADE_UNITS_MAX];
        let going = &mut going[..(FADE * F::DENSITY).min(frame.len())];
        let turns = self.turns(filling);
        if turns {
            self.write_going(prompts, form, clock, frame, going);
        }
        if filling.is_mixed && !self.heard.music {
            // It comes in behind the prompts.
            self.duck = Duck::DOWN;
        }
        let spoken = match &mut self.playback {
            Some(playback) if filling.is_mixed => lay_over((playback, prompts), &mut self.duck, form, frame),
            Some(playback) => playback.fill(prompts, form, frame),
            None => 0,
        };
        match (filling.is_mixed, filling.has_music && spoken == 0) {
            (true, _) => {}
            (false, true) => self.duck.mix(form, &[], frame),
            (false, false) => self.duck = Duck::UP,
        }
        if turns {
            self.turn(form, going, frame);
        }
        self.settle(form, spoken, filling, frame);
    }

    /// True if something comes or goes at the beginning of the frame that is not at its own beginning or end.
    fn turns(&self, filling: Filling) -> bool {
        let Filling { has_music, begins_within, has_speech, is_mixed } = filling;
        let Heard { speech, music } = self.heard;
        let is_music_after = has_music && (!has_speech || is_mixed);
        let music_comes = is_music_after && !music && (speech || begins_within);
        let music_goes = music && !is_music_after;
        let has_begun = self.playback.as_ref().is_some_and(Playback::has_begun);
        // The prompt need not begin in silence.
        let speech_comes = has_speech && !has_begun && music && !speech;
        !self.cut.is_nothing() || music_comes || music_goes || speech_comes
    }

    /// How what was heard would go on, if nothing came or went; `frame` has the music that is there now.
    fn write_going<F: Form>(
        &mut self,
        prompts: &PromptLibrary,
        form: F,
        clock: u64,
        frame: &[F::Unit],
        going: &mut [i16],
    ) {
        let cut = std::mem::take(&mut self.cut);
        let mut speech = [form.silence(); FADE_UNITS_MAX];
        let speech = &mut speech[..going.len()];
        match (cut.playback, &mut self.playback) {
            (Some(mut cut), _) => {
                cut.fill(prompts, form, speech);
            }
            (None, Some(playback)) if self.heard.speech && playback.has_begun() => {
                playback.look_ahead(prompts, form, speech);
            }
            (None, _) => {}
        }
        let mut music = [form.silence(); FADE_UNITS_MAX];
        let music = &mut music[..going.len()];
        match cut.music {
            Some(mut cut) => cut.fill(prompts, form, clock, music),
            None if self.heard.music => music.copy_from_slice(&frame[..going.len()]),
            None => {}
        }
        for ((going, speech), music) in going.iter_mut().zip(speech).zip(music) {
            *going = self.duck.soften(form.decode(*music)).saturating_add(form.decode(*speech));
        }
    }

    /// Lets what is `going` go out at the beginning of the frame, and what is there come in.
    fn turn<F: Form>(&mut self, form: F, going: &mut [i16], frame: &mut [F::Unit]) {
        if let Some(rise) = self.rise.take() {
            fade_in_from(going, rise.done * F::DENSITY, FADE * F::DENSITY);
        }
        fade_out(going);
        let mut coming = [0; FADE_UNITS_MAX];
        let coming = &mut coming[..going.len()];
        for (sample, unit) in coming.iter_mut().zip(&*frame) {
            *sample = form.decode(*unit);
        }
        fade_in_from(coming, 0, FADE * F::DENSITY);
        for ((unit, going), coming) in frame.iter_mut().zip(going).zip(coming) {
            *unit = form.encode(going.saturating_add(*coming));
        }
    }

    /// Goes on with what comes in softly, lets music that was not behind the prompts come in after `spoken` units of them, and
    /// keeps what the frame ends with.
    fn settle<F: Form>(&mut self, form: F, spoken: usize, filling: Filling, frame: &mut [F::Unit]) {
        let Filling { has_music, is_mixed, .. } = filling;
        if let Some(rise) = self.rise.take() {
            self.rise = rise.go_on(form, frame);
        }
        let speech = spoken == frame.len();
        self.heard = Heard { speech, music: has_music && (is_mixed || !speech) };
        if spoken > 0 && self.heard.music && !is_mixed {
            self.rise = Rise { done: 0 }.go_on(form, &mut frame[spoken..]);
        }
    }
}

/// Lays what is left of a playback over the music in `frame`; gives the number of units.
fn lay_over<F: Form>(
    (playback, prompts): (&mut Playback, &PromptLibrary),
    duck: &mut Duck,
    form: F,
    frame: &mut [F::Unit],
) -> usize {
    let mut spoken = 0;
    for part in frame.chunks_mut(SPEECH_UNITS) {
        let mut speech = [form.silence(); SPEECH_UNITS];
        let length = playback.fill(prompts, form, &mut speech[..part.len()]);
        duck.mix(form, &speech[..length], part);
        spoken += length;
    }
    spoken
}

impl Cut {
    const fn is_nothing(&self) -> bool {
        self.playback.is_none() && self.music.is_none()
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

#[cfg(test)]
mod tests;
