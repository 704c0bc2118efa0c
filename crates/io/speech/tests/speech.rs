//! Speech with the real espeak-ng, and with engines that do what real ones do on bad days.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hotline_base::Pii;
use hotline_speech::{CacheConfig, Engine, Failure, Limits, Speech, SpeechConfig, Utterance};
use hotline_web_client::{Client, ClientConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

const LONG: Duration = Duration::from_secs(60);

/// Speech in a folder of its own, and a folder beside it for what a test needs.
struct Stage {
    folder: TempDir,
    speech: Speech,
}

impl Stage {
    async fn new(engine: impl FnOnce(&Path) -> Engine, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_wav(&folder.path().join("sound.wav"));
        let cache = CacheConfig::new(folder.path().join("speech"));
        let config = SpeechConfig { engine: engine(folder.path()), cache, limits };
        Self { speech: Speech::start(config).await.unwrap(), folder }
    }

    /// A script of a shell, which has the folder as `$0`.
    async fn script(script: &str) -> Self {
        Self::script_with(script, Limits { timeout: LONG, ..Limits::default() }).await
    }

    async fn script_with(script: &str, limits: Limits) -> Self {
        let command = |folder: &Path| Engine::Command {
            program: "/bin/sh".into(),
            arguments: ["-c", script, folder.to_str().unwrap(), "{language}", "{rate}"]
                .map(str::to_owned)
                .to_vec(),
        };
        Self::new(command, limits).await
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A pipe at which a script can wait, and whose end tells that all that had it open are gone.
    fn pipe(&self, name: &str) -> PathBuf {
        let path = self.at(name);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    async fn speak(&self, text: &str) -> Result<hotline_speech::Spoken, Failure> {
        self.speech.speak(&Utterance::new(text, "en")).await
    }
}

fn write_wav(path: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    (0..800).for_each(|sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
}

fn samples(path: &Path) -> (u32, Vec<i16>) {
    let reader = hound::WavReader::open(path).unwrap();
    (reader.spec().sample_rate, reader.into_samples().map(Result::unwrap).collect())
}

async fn espeak(text: &str, language: &str, rate_percent: u16) -> Vec<i16> {
    let stage = Stage::new(|_| Engine::espeak(), Limits::default()).await;
    let utterance = Utterance { rate_percent, ..Utterance::new(text, language) };
    let spoken = stage.speech.speak(&utterance).await.unwrap();
    let (rate_hz, samples) = samples(spoken.path());
    assert_eq!(rate_hz, 22_050);
    let loudest = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    assert!(loudest > 5000, "{language}: {loudest}");
    samples
}

#[tokio::test]
async fn espeak_speaks_english_as_fast_as_it_is_told() {
    let text = "Good morning, please hold the line.";
    let (usual, slow) = (espeak(text, "en", 100).await, espeak(text, "en", 60).await);
    assert!((22_050..5 * 22_050).contains(&usual.len()), "{}", usual.len());
    assert!(slow.len() > usual.len() * 5 / 4, "{} and {}", slow.len(), usual.len());
}

/// By its sounds and tones: as the transcription of the same words is read, and not as "Chinese letter".
#[tokio::test]
async fn espeak_reads_chinese_characters() {
    for language in ["zh", "zh-CN", "cmn"] {
        let characters = espeak("你好", language, 100).await;
        assert!(characters == espeak("ni3 hao3", language, 100).await, "{language}");
    }
    assert!(espeak("买", "zh", 100).await != espeak("卖", "zh", 100).await, "the tones differ");
    let hello = espeak("您好,请稍等。", "zh", 100).await;
    assert!((22_050..3 * 22_050).contains(&hello.len()), "{}", hello.len());
}

#[tokio::test]
async fn a_language_that_espeak_does_not_speak_is_told() {
    let stage = Stage::new(|_| Engine::espeak(), Limits::default()).await;
    let failure = stage.speech.speak(&Utterance::new("hello", "qq")).await.unwrap_err();
    assert!(matches!(failure, Failure::Failed(Some(_))), "{failure}");
}

#[tokio::test]
async fn what_was_spoken_is_not_spoken_again_and_is_found_after_a_restart() {
    let stage = Stage::script("cat >/dev/null; echo run >> $0/runs; cat $0/sound.wav").await;
    let first = stage.speak("hello").await.unwrap();
    assert_eq!(samples(first.path()), samples(&stage.at("sound.wav")));
    assert_eq!(stage.speak("hello").await.unwrap().name(), first.name());
    assert_ne!(stage.speak("hello, you").await.unwrap().name(), first.name());
    let runs = || fs::read_to_string(stage.at("runs")).unwrap().lines().count();
    assert_eq!(runs(), 2);
    fs::remove_file(first.path()).unwrap();
    assert!(stage.speak("hello").await.unwrap().path().exists(), "somebody tidied up by hand");
    assert_eq!(runs(), 3);
}

#[tokio::test]
async fn a_text_reaches_a_program_as_it_is_and_no_shell() {
    let stage = Stage::script("cat > $0/heard; echo \"$1 $2\" > $0/told; cat $0/sound.wav").await;
    let text = "$(touch x); `reboot` \"'\\ -v 你好 %s {language}";
    stage.speech.speak(&Utterance::new(text, "zh-TW")).await.unwrap();
    assert_eq!(fs::read_to_string(stage.at("heard")).unwrap(), text);
    assert_eq!(fs::read_to_string(stage.at("told")).unwrap(), "zh-tw 100\n");
}

#[tokio::test]
async fn a_program_may_write_to_a_file() {
    let command = |folder: &Path| Engine::Command {
        program: "cp".into(),
        arguments: vec![folder.join("sound.wav").to_str().unwrap().to_owned(), "{output}".to_owned()],
    };
    let stage = Stage::new(command, Limits::default()).await;
    let spoken = stage.speak("hello").await.unwrap();
    assert_eq!(samples(spoken.path()), samples(&stage.at("sound.wav")));
    assert_eq!(fs::read_dir(stage.at("speech")).unwrap().count(), 1, "nothing half written is left");
    let nothing =
        |_: &Path| Engine::Command { program: "true".into(), arguments: vec!["{output}".to_owned()] };
    let stage = Stage::new(nothing, Limits::default()).await;
    assert_eq!(stage.speak("hello").await.unwrap_err(), Failure::Silent);
}

#[tokio::test]
async fn engines_that_fail_are_told_apart_and_nothing_is_kept_of_them() {
    for (script, failure) in [
        ("exit 3", Failure::Failed(Some(3))),
        ("kill -9 $$", Failure::Failed(None)),
        ("cat $0/sound.wav; exit 1", Failure::Failed(Some(1))),
        ("echo hello", Failure::NotPlayable),
        ("true", Failure::NotPlayable),
        ("head -c 44 $0/sound.wav", Failure::Silent),
        ("cat $0/sound.wav; exec cat /dev/zero", Failure::TooLarge),
    ] {
        let stage = Stage::script(script).await;
        assert_eq!(stage.speak("hello").await.unwrap_err(), failure, "{script}");
        assert_eq!(fs::read_dir(stage.at("speech")).unwrap().count(), 0, "{script}");
    }
    let missing = |_: &Path| Engine::Command { program: "no-such-engine".into(), arguments: vec![] };
    let stage = Stage::new(missing, Limits::default()).await;
    assert_eq!(stage.speak("hello").await.unwrap_err(), Failure::NoProgram);
}

/// Ends when all that had the pipe open for writing are gone.
async fn all_gone(pipe: PathBuf) {
    spawn_blocking(move || fs::read(pipe)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_in_time_with_what_it_started() {
    let limits = Limits { timeout: Duration::from_millis(300), ..Limits::default() };
    let stage = Stage::script_with("exec 3> $0/alive; sleep 600 & exec sleep 600", limits).await;
    let alive = all_gone(stage.pipe("alive"));
    let begun = Instant::now();
    let (failure, ()) = tokio::join!(stage.speak("hello"), alive);
    assert_eq!(failure.unwrap_err(), Failure::Timeout);
    assert!((limits.timeout..LONG / 4).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_text_for_which_nobody_waits_any_more_is_called_off() {
    let stage = Stage::script("exec 3> $0/alive; echo > $0/begun; exec sleep 600").await;
    let (alive, begun) = (stage.pipe("alive"), stage.pipe("begun"));
    let alive = tokio::spawn(all_gone(alive));
    let speech = stage.speech.clone();
    let waiting = tokio::spawn(async move { speech.speak(&Utterance::new("hello", "en")).await });
    all_gone(begun).await;
    waiting.abort();
    alive.await.unwrap();
}

#[tokio::test]
async fn the_same_text_at_the_same_time_is_spoken_once_and_further_ones_have_limits() {
    let limits = Limits { engines: 1, waiting: 2, timeout: LONG };
    let script = "cat >/dev/null; echo run >> $0/runs; echo > $0/begun; cat $0/go; cat $0/sound.wav";
    let stage = Stage::script_with(script, limits).await;
    let (begun, go) = (stage.pipe("begun"), stage.pipe("go"));
    let speak = |text: &'static str| {
        let speech = stage.speech.clone();
        tokio::spawn(async move { speech.speak(&Utterance::new(text, "en")).await })
    };
    let same = [speak("one"), speak("one"), speak("one")];
    all_gone(begun.clone()).await;
    let runs = || fs::read_to_string(stage.at("runs")).unwrap().lines().count();
    let mut other = Box::pin(stage.speak("two"));
    tokio::select! {
        biased;
        _ = &mut other => panic!("the engine is taken"),
        refused = stage.speak("three") => assert_eq!(refused.unwrap_err(), Failure::Busy),
    }
    assert_eq!(runs(), 1, "the other one waits for the engine");
    let opened = |pipe: PathBuf| spawn_blocking(move || fs::write(pipe, ""));
    opened(go.clone()).await.unwrap().unwrap();
    let mut names = Vec::new();
    for spoken in same {
        names.push(spoken.await.unwrap().unwrap().name().to_owned());
    }
    names.dedup();
    assert_eq!(names.len(), 1);
    let (other, (), opened) = tokio::join!(other, all_gone(begun), opened(go));
    opened.unwrap().unwrap();
    other.unwrap();
    assert_eq!(runs(), 2);
}

#[tokio::test]
async fn a_web_service_speaks_and_its_failures_are_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/speak?lang={{language}}&rate={{rate}}", listener.local_addr().unwrap());
    let web = |_: &Path| Engine::Web {
        client: Client::new(&ClientConfig::default()).unwrap(),
        url,
        headers: vec![("x-key".to_owned(), Pii::from("secret"))],
    };
    let stage = Stage::new(web, Limits::default()).await;
    let sound = fs::read(stage.at("sound.wav")).unwrap();
    let service = tokio::spawn(async move {
        let mut asked = Vec::new();
        for status in ["200 OK", "401 Unauthorized"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let mut length = 0;
            while !request[..length].ends_with(b"hello") {
                length += stream.read(&mut request[length..]).await.unwrap();
            }
            asked.push(String::from_utf8(request[..length].to_vec()).unwrap());
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", sound.len());
            stream.write_all(&[head.as_bytes(), &sound].concat()).await.unwrap();
        }
        asked
    });
    let spoken = stage.speak("hello").await.unwrap();
    assert_eq!(samples(spoken.path()), samples(&stage.at("sound.wav")));
    let failure = stage.speech.speak(&Utterance::new("hello", "de")).await.unwrap_err();
    assert_eq!(failure, Failure::Web(hotline_web_client::Failure::Status(401)));
    let asked = service.await.unwrap();
    for part in ["POST /speak?lang=en&rate=100 ", "text/plain", "accept: audio/wav", "x-key: secret"] {
        assert!(asked[0].contains(part), "{}", asked[0]);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_told_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    let cache = CacheConfig::new(&path);
    let config = SpeechConfig { engine: Engine::espeak(), cache, limits: Limits::default() };
    let error = Speech::start(config).await.err().unwrap().to_string();
    assert!(error.contains("file: cannot be used"), "{error}");
}
