//! What a flow lets the caller hear and say: prompts, spoken texts, services of sound, messages.

use hotline_base::{Now, PlayId};
use hotline_ivr::{Digit, Input, Language, OpenStream, PlayTag, Prompt, RequestTag};
use hotline_media::{self as media, PromptId};
use serde::{Deserialize, Serialize};

use super::prompt_id;
use crate::call::Call;
use crate::command::{Message, Request};
use crate::env::Env;

/// The folder of messages, as the media plane names what was added.
const MESSAGES: &str = "tts";

/// A playback that the flow waits for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Playback {
    play: PlayId,
    tag: PlayTag,
    /// While texts are being spoken: what is to be played, `None` for each text.
    unspoken: Option<Vec<Option<PromptId>>>,
}

impl Call {
    pub(super) fn play_for_flow(
        &mut self,
        now: Now,
        env: &mut Env,
        tag: PlayTag,
        language: &Language,
        prompts: &[Prompt],
    ) {
        self.open_early_media(now, env);
        let play = env.next_play();
        let mut texts = Vec::new();
        let known: Vec<Option<PromptId>> = prompts
            .iter()
            .map(|prompt| match prompt {
                Prompt::Name(name) => Some(prompt_id(language.as_str(), name)),
                Prompt::Recording(name) => Some(PromptId::from(format!("{MESSAGES}/{name}").as_str())),
                Prompt::Beep => Some(media::BEEP.into()),
                Prompt::Speech(text) => {
                    texts.push(text.clone());
                    None
                }
            })
            .collect();
        let unspoken = if texts.is_empty() {
            let prompts = known.into_iter().flatten().collect();
            env.media.push_back(media::Command::Play {
                leg: self.leg,
                play,
                prompts,
                behind: media::Behind::Silence,
            });
            None
        } else {
            let (call, language) = (self.id(), language.as_str().to_owned());
            env.requests.push_back(Request::Speak { call, play, language, texts });
            Some(known)
        };
        if let Some(run) = self.run() {
            run.playing = Some(Playback { play, tag, unspoken });
        }
    }

    /// The texts of a playback are prompts now, or could not be spoken.
    pub(crate) fn on_spoken(
        &mut self,
        now: Now,
        env: &mut Env,
        play: PlayId,
        prompts: Option<Vec<PromptId>>,
    ) {
        let leg = self.leg;
        let Some(run) = self.run() else { return };
        let Some(playing) = run.playing.as_mut().filter(|playing| playing.play == play) else { return };
        let Some(unspoken) = playing.unspoken.take() else { return };
        match prompts {
            Some(spoken) => {
                let mut spoken = spoken.into_iter();
                let prompts =
                    unspoken.into_iter().filter_map(|known| known.or_else(|| spoken.next())).collect();
                env.media.push_back(media::Command::Play {
                    leg,
                    play,
                    prompts,
                    behind: media::Behind::Silence,
                });
            }
            None => self.on_flow_played(now, env, play, media::PlayOutcome::MissingPrompt),
        }
    }

    /// A playback that the flow waits for is over.
    pub(super) fn on_flow_played(
        &mut self,
        now: Now,
        env: &mut Env,
        play: PlayId,
        outcome: media::PlayOutcome,
    ) {
        let Some(run) = self.run() else { return };
        let Some(playing) = run.playing.take_if(|playing| playing.play == play) else { return };
        let input = match outcome {
            media::PlayOutcome::Completed | media::PlayOutcome::Stopped => Input::PlayFinished(playing.tag),
            media::PlayOutcome::MissingPrompt => Input::PlayFailed(playing.tag),
        };
        self.give_flow(now, env, input);
    }

    pub(super) fn stop_play_of_flow(&mut self, env: &mut Env, tag: PlayTag) {
        let leg = self.leg;
        let Some(run) = self.run() else { return };
        if run.playing.take_if(|playing| playing.tag == tag).is_some() {
            env.media.push_back(media::Command::StopPlay { leg });
        }
    }

    /// Connects the caller with a service of sound.
    pub(super) fn stream_for_flow(&mut self, now: Now, env: &mut Env, tag: RequestTag, stream: OpenStream) {
        self.open_early_media(now, env);
        let (call, leg, language) = (self.id(), self.leg, self.record.language.clone());
        env.requests.push_back(Request::Stream { call, tag, leg, language, stream });
    }

    /// Keeps what the caller says from here on.
    pub(super) fn record_for_flow(&mut self, now: Now, env: &mut Env, tag: RequestTag, message: Message) {
        self.open_early_media(now, env);
        env.requests.push_back(Request::Record { call: self.id(), tag, leg: self.leg, message });
    }

    /// Presses keys toward the caller's side.
    pub(crate) fn send_digits(&self, env: &mut Env, digits: &str) {
        for digit in
            digits.chars().filter_map(Digit::new).filter_map(|digit| media::Digit::from_char(digit.key()))
        {
            env.media.push_back(media::Command::SendDigit { leg: self.leg, digit });
        }
    }
}
