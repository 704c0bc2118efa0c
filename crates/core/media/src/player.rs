//! What a leg hears that no other leg says: prompts over music over silence.

use hotline_base::PlayId;
use serde::{Deserialize, Serialize};

use crate::codec::Law;
use crate::{PromptId, PromptLibrary};

/// Prompts one after the other, and a loop behind them which they mute.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Player {
    playback: Option<Playback>,
    music: Option<Music>,
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
struct Music {
    prompt: PromptId,
    offset: usize,
}

impl Player {
    /// Begins a playback; gives back the one it replaces.
    pub(crate) fn play(&mut self, play: PlayId, prompts: Vec<PromptId>) -> Option<PlayId> {
        let playback = Playback { play, prompts, current: 0, offset: 0 };
        self.playback.replace(playback).map(|replaced| replaced.play)
    }

    /// Ends the playback.
    pub(crate) fn stop(&mut self) -> Option<PlayId> {
        self.playback.take().map(|stopped| stopped.play)
    }

    pub(crate) const fn is_playing(&self) -> bool {
        self.playback.is_some()
    }

    /// Begins a loop, or ends it. The same loop again goes on.
    pub(crate) fn set_music(&mut self, prompt: Option<PromptId>) {
        if self.music.as_ref().map(|music| &music.prompt) != prompt.as_ref() {
            self.music = prompt.map(|prompt| Music { prompt, offset: 0 });
        }
    }

    /// Writes the next `frame`. Gives back the playback that ended in it.
    pub(crate) fn fill(&mut self, prompts: &PromptLibrary, law: Law, frame: &mut [u8]) -> Option<PlayId> {
        match &mut self.music {
            Some(music) => music.fill(prompts.encoded(&music.prompt, law), law, frame),
            None => frame.fill(law.silence()),
        }
        let playback = self.playback.as_mut()?;
        playback.fill(prompts, law, frame);
        if playback.current < playback.prompts.len() {
            return None;
        }
        self.stop()
    }
}

impl Playback {
    fn fill(&mut self, prompts: &PromptLibrary, law: Law, mut frame: &mut [u8]) {
        while let Some(prompt) = self.prompts.get(self.current) {
            let rest = prompts.encoded(prompt, law).get(self.offset..).unwrap_or(&[]);
            let (target, after) = frame.split_at_mut(rest.len().min(frame.len()));
            target.copy_from_slice(&rest[..target.len()]);
            if target.len() < rest.len() {
                self.offset += target.len();
                return;
            }
            self.current += 1;
            self.offset = 0;
            frame = after;
        }
    }
}

impl Music {
    fn fill(&mut self, audio: &[u8], law: Law, frame: &mut [u8]) {
        if audio.is_empty() {
            return frame.fill(law.silence());
        }
        for byte in frame {
            // The library may be another one, with a shorter loop, than when the offset was left here.
            self.offset %= audio.len();
            *byte = audio[self.offset];
            self.offset += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples that μ-law keeps exactly, so that a test can tell every byte.
    fn library() -> PromptLibrary {
        let mut library = PromptLibrary::default();
        let exact = |codes: core::ops::Range<u8>| codes.map(hotline_audio::ulaw::decode).collect::<Vec<_>>();
        library.insert("en/one".into(), &exact(0..5));
        library.insert("en/two".into(), &exact(10..13));
        library.insert("music/loop".into(), &exact(200..204));
        library
    }

    fn next(player: &mut Player, bytes: usize) -> (Vec<u8>, Option<PlayId>) {
        let mut frame = vec![0; bytes];
        let finished = player.fill(&library(), Law::Mu, &mut frame);
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
        assert_eq!(next(&mut player, 3).0, [200, 201, 202]);
        player.play(PlayId(1), vec!["en/two".into()]);
        assert_eq!(next(&mut player, 4), (vec![10, 11, 12, 202], Some(PlayId(1))));
        player.set_music(Some("music/loop".into()));
        assert_eq!(next(&mut player, 2).0, [203, 200]);
        player.set_music(None);
        assert_eq!(next(&mut player, 1).0, [0xff]);
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
}
