//! Who speaks: what each engine is told, and what comes of it.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use hotline_web_client::{Body, Method, Request};

use crate::utterance::Key;
use crate::wav::SOUND_MAX;
use crate::{Engine, Failure, Utterance, process, wav};

/// Words a minute of espeak-ng at 100 per cent.
const ESPEAK_RATE: u32 = 175;
/// Where a command is to write to.
const OUTPUT: &str = "{output}";

impl Engine {
    /// The name of what this engine makes of an utterance.
    pub(crate) fn key(&self, utterance: &Utterance) -> Key {
        let Utterance { text, language, rate_percent } = utterance;
        let rate = rate_percent.to_string();
        let mut parts = vec![text.expose().as_str(), language, &rate];
        let voice;
        match self {
            Self::Espeak { program, .. } => {
                voice = self.voice(language);
                parts.extend(["espeak", program.to_str().unwrap_or_default(), &voice]);
            }
            Self::Command { program, arguments } => {
                parts.extend(["command", program.to_str().unwrap_or_default()]);
                parts.extend(arguments.iter().map(String::as_str));
            }
            Self::Web { url, .. } => parts.extend(["web", url]),
        }
        Key::of(&parts)
    }

    /// Speaks; a command that wants a file writes it to `output`.
    pub(crate) async fn speak(
        &self,
        utterance: &Utterance,
        output: &Path,
        timeout: Duration,
    ) -> Result<Vec<u8>, Failure> {
        let Utterance { text, language, rate_percent } = utterance;
        let text = text.expose();
        let sound = match self {
            Self::Espeak { program, .. } => {
                let rate = (ESPEAK_RATE * u32::from(*rate_percent) / 100).to_string();
                let arguments = ["-b", "1", "-v", &self.voice(language), "-s", &rate, "--stdin", "--stdout"];
                // `[[` would begin phonemes.
                let text = text.replace("[[", "[ [");
                process::run(program, &arguments.map(OsString::from), &text).await?
            }
            Self::Command { program, arguments } => {
                let filled = |argument: &String| fill(argument, language, *rate_percent, output);
                let filled: Vec<OsString> = arguments.iter().map(filled).collect();
                let written = process::run(program, &filled, text).await?;
                match arguments.iter().any(|argument| argument.contains(OUTPUT)) {
                    true => read(output).await?,
                    false => written,
                }
            }
            Self::Web { client, url, headers } => {
                let url = url.replace("{language}", language).replace("{rate}", &rate_percent.to_string());
                let mut request = Request::new(Method::Post, url, timeout);
                request.headers = vec![("accept".to_owned(), "audio/wav".to_owned())];
                let field = |(name, value): &(String, hotline_base::Pii<String>)| {
                    (name.clone(), value.expose().clone())
                };
                request.headers.extend(headers.iter().map(field));
                request.body = Body::Text(text.clone());
                request.response_max = SOUND_MAX;
                client.request(&request).await.map_err(of_web)?.body.to_vec()
            }
        };
        wav::normalized(&sound)
    }

    fn voice(&self, language: &str) -> String {
        let own = match self {
            Self::Espeak { voices, .. } => voices.get(language).map(String::as_str),
            Self::Command { .. } | Self::Web { .. } => None,
        };
        let voice = own.unwrap_or(match language {
            "en" => "en-us",
            "zh" | "zh-cn" | "zh-tw" | "zh-hans" | "zh-hant" | "cmn" => "cmn-latn-pinyin",
            "zh-hk" => "yue",
            other => other,
        });
        voice.to_owned()
    }
}

fn fill(argument: &str, language: &str, rate_percent: u16, output: &Path) -> OsString {
    let argument = argument.replace("{language}", language).replace("{rate}", &rate_percent.to_string());
    let mut filled = OsString::new();
    for (index, part) in argument.split(OUTPUT).enumerate() {
        if index > 0 {
            filled.push(output);
        }
        filled.push(part);
    }
    filled
}

async fn read(output: &Path) -> Result<Vec<u8>, Failure> {
    // A program that ended well and wrote nothing made no sound.
    let mut file = tokio::fs::File::open(output).await.map_err(|_| Failure::Silent)?;
    process::read(&mut file).await
}

fn of_web(failure: hotline_web_client::Failure) -> Failure {
    match failure {
        hotline_web_client::Failure::Timeout => Failure::Timeout,
        hotline_web_client::Failure::Busy => Failure::Busy,
        hotline_web_client::Failure::TooLarge => Failure::TooLarge,
        hotline_web_client::Failure::BadUrl
        | hotline_web_client::Failure::BadRequest
        | hotline_web_client::Failure::Open
        | hotline_web_client::Failure::Refused
        | hotline_web_client::Failure::Tls
        | hotline_web_client::Failure::Broken
        | hotline_web_client::Failure::Status(_)
        | hotline_web_client::Failure::NotJson => Failure::Web(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_engine_voice_or_rate_says_has_another_name() {
        let espeak = Engine::espeak();
        let command = |argument: &str| Engine::Command {
            program: "piper".into(),
            arguments: vec![argument.to_owned()],
        };
        let utterance = Utterance::new("hello", "en");
        let faster = Utterance { rate_percent: 120, ..utterance.clone() };
        let names = [
            espeak.key(&utterance),
            espeak.key(&faster),
            espeak.key(&Utterance::new("hello", "en-gb")),
            espeak.key(&Utterance::new("hello!", "en")),
            command("a").key(&utterance),
            command("b").key(&utterance),
        ];
        for (index, name) in names.iter().enumerate() {
            assert!(names[index + 1..].iter().all(|other| other != name), "{index}");
        }
    }

    #[test]
    fn arguments_are_filled_in_place_and_stay_one_each() {
        let filled = fill("--to={output}:{language}@{rate}", "en", 90, Path::new("/a b/c.wav"));
        assert_eq!(filled, "--to=/a b/c.wav:en@90");
    }
}
