//! `recordings:` of the server's file: how talks are recorded, and what seals them.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use hotline_call::{RecordingPolicy, RecordingStart};
use hotline_record_io::{Channels, Coding, Format, Keyring, MasterKey};
use hotline_yaml::{Node, Reader};

use crate::server::choice;
use crate::services::of_file;

/// Keys that are kept for older recordings.
const PREVIOUS_MAX: usize = 16;

/// How talks are recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recordings {
    /// How files are written.
    pub format: Format,
    /// What is in them.
    pub policy: RecordingPolicy,
    /// What seals them; without keys they are plain.
    pub keys: Keyring,
}

pub(crate) fn recordings(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Recordings> {
    let Some(node) = node else { return Some(Recordings::default()) };
    let known = ["start", "channels", "coding", "consult", "pause_max_s", "encryption"];
    let fields = reader.fields(node, "recordings", &known)?;
    let default = RecordingPolicy::default();
    let channels = match fields.optional("channels") {
        Some(node) => choice(reader, node, "stereo", Channels::Stereo, ("mono", Channels::Mono)),
        None => Some(Channels::default()),
    };
    let coding = match fields.optional("coding") {
        Some(node) => choice(reader, node, "pcm16", Coding::Pcm16, ("ulaw", Coding::Ulaw)),
        None => Some(Coding::default()),
    };
    let start = match fields.optional("start") {
        Some(node) => {
            choice(reader, node, "first_talk", RecordingStart::FirstTalk, ("answer", RecordingStart::Answer))
        }
        None => Some(default.start),
    };
    let consult = reader.bool(fields.optional("consult"), default.consult);
    let pause_max = match fields.optional("pause_max_s") {
        Some(node) => reader.seconds(node, 5..=3600),
        None => Some(default.pause_max),
    };
    let keys = match fields.optional("encryption") {
        Some(node) => encryption(reader, node),
        None => Some(Keyring::default()),
    };
    Some(Recordings {
        format: Format { channels: channels?, coding: coding? },
        policy: RecordingPolicy { start: start?, consult: consult?, pause_max: pause_max? },
        keys: keys?,
    })
}

/// The key that new recordings get, and those that still open older ones.
fn encryption(reader: &mut Reader<'_>, node: &Node) -> Option<Keyring> {
    let fields = reader.fields(node, "the encryption of recordings", &["key", "previous"])?;
    let key = reader.required(&fields, "key").and_then(|node| key(reader, node));
    let previous: Option<Vec<MasterKey>> = match fields.optional("previous") {
        Some(node) => {
            let nodes = reader.list(node, "keys", PREVIOUS_MAX)?;
            let keys: Vec<_> = nodes.iter().map(|node| self::key(reader, node)).collect();
            keys.into_iter().collect()
        }
        None => Some(Vec::new()),
    };
    Some(Keyring::new(key?, previous?))
}

/// `{file: …}` or `{env: …}`. A key is in no file of the configuration, so that backups and exports do not have it.
fn key(reader: &mut Reader<'_>, node: &Node) -> Option<MasterKey> {
    let fields = reader.fields(node, "a key of recordings", &["file", "env"])?;
    let (place, found) = match (fields.optional("file"), fields.optional("env")) {
        (Some(node), None) => (node.place, private_file(reader.text(node, "a file")?)),
        (None, Some(node)) => {
            let name = reader.text(node, "the name of a variable of the environment")?;
            (node.place, std::env::var(name).map_err(|error| format!("`{name}`: {error}")))
        }
        (Some(_), Some(_)) | (None, None) => {
            reader.mistake(node.place, "a key needs exactly one of `file` and `env`", "keep or add one");
            return None;
        }
    };
    let key = match found {
        Ok(text) => MasterKey::parse(&text).ok_or_else(|| "this is no key of recordings".to_owned()),
        Err(problem) => Err(problem),
    };
    match key {
        Ok(key) => Some(key),
        Err(problem) => {
            let remedy =
                "64 hexadecimal digits that only the server may read: `hotline recordings new-key FILE`";
            reader.mistake(place, problem, remedy);
            None
        }
    }
}

fn private_file(path: &str) -> Result<String, String> {
    let text = of_file(path)?;
    let known = std::fs::metadata(path).map_err(|error| format!("`{path}`: {error}"))?;
    let mode = known.permissions().mode();
    // What root lets the group of a service read is for that service alone, as credentials of systemd are.
    let allowed = if known.uid() == 0 { 0o740 } else { 0o700 };
    if mode & 0o777 & !allowed != 0 {
        return Err(format!("`{path}`: others may read it (mode {:o}): `chmod 600`", mode & 0o777));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::time::Duration;

    use hotline_yaml::{Source, read};

    use super::*;

    fn told(text: &str) -> (Option<Recordings>, Vec<String>) {
        let source = Source::new("hotline.yaml", text);
        let node = read(&source).expect("it is YAML");
        let mut reader = Reader::new(&source);
        let found = recordings(&mut reader, Some(&node));
        (found, reader.into_diagnostics().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn recordings_are_stereo_linear_and_plain_unless_it_says_otherwise() {
        let told_at_all =
            told("start: answer\nchannels: mono\ncoding: ulaw\nconsult: false\npause_max_s: 60\n").0;
        let format = Format { channels: Channels::Mono, coding: Coding::Ulaw };
        let policy = RecordingPolicy {
            start: RecordingStart::Answer,
            consult: false,
            pause_max: Duration::from_secs(60),
        };
        assert_eq!(told_at_all, Some(Recordings { format, policy, keys: Keyring::default() }));
        let found = told("{channels: quad, coding: mp3, pause_max_s: 1}\n").1;
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn a_key_is_in_a_file_of_its_own_that_nobody_else_may_read() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("key");
        let text = format!("encryption: {{key: {{file: {path:?}}}, previous: [{{file: {path:?}}}]}}\n");
        std::fs::write(&path, "7".repeat(64)).expect("it is written");
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("it is ours");
        let (none, found) = told(&text);
        assert!(none.is_none() && found.len() == 2 && found[0].contains("others may read it (mode 644)"));
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("it is ours");
        let (read, found) = told(&text);
        let key = MasterKey::parse(&"7".repeat(64)).expect("a key");
        assert_eq!(found, [""; 0]);
        assert_eq!(read.expect("good").keys, Keyring::new(key.clone(), [key]));
        std::fs::write(&path, "7".repeat(63)).expect("it is written");
        let (_, found) = told(&text);
        assert!(found[0].contains("no key of recordings") && !found[0].contains("777"), "{found:?}");
        for wrong in ["{}", "{key: {}}", "{key: {file: a, env: b}}", "{key: {env: HOTLINE_TEST_NO_SUCH}}"] {
            assert_eq!(told(&format!("encryption: {wrong}\n")).1.len(), 1, "{wrong}");
        }
    }
}
