//! Messages that no list has yet: while one is recorded, a note beside the recordings says whose it is. What a process that
//! was killed left, the next one lists.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotline_base::{CallId, Pii, VoiceMessageId, WallTime};
use hotline_call::Message;
use hotline_messages::{duration_of, path_of};
use hotline_store::{Store, StoreError, StoredMessage};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use tracing::{error, warn};

/// Where the notes are, below the directory of recordings.
const FOLDER: &str = "messages/unlisted";
/// Notes that a start looks at; more messages are never recorded at a time.
const NOTES_MAX: usize = 10_000;
/// The longest note.
const NOTE_BYTES_MAX: u64 = 16 * 1024;

/// What is known of a message before it is complete.
#[derive(Serialize, Deserialize)]
struct Note {
    message: String,
    call: String,
    mailbox: Option<String>,
    caller: String,
    started_at_us: i64,
}

/// Notes that a message is being recorded. That this fails is told and does no harm while the process lives.
pub(crate) async fn note(recordings: &Path, call: CallId, message: &Message) {
    let note = Note {
        message: message.id.to_string(),
        call: call.to_string(),
        mailbox: message.mailbox.clone(),
        caller: message.caller.expose().clone(),
        started_at_us: message.started_at.as_unix_micros(),
    };
    let path = path_of_note(recordings, message.id);
    let written = spawn_blocking(move || write(&path, &note)).await;
    if let Err(error) = written.map_err(io::Error::other).and_then(|outcome| outcome) {
        warn!(%call, %error, "a message would be lost if the server were killed now");
    }
}

/// The message is on the list, or there is none.
pub(crate) async fn forget(recordings: &Path, message: VoiceMessageId) {
    if let Err(error) = tokio::fs::remove_file(path_of_note(recordings, message)).await
        && error.kind() != io::ErrorKind::NotFound
    {
        warn!(%error, "the note of a message that is on the list stays");
    }
}

/// Lists the messages that were being recorded, or were on no list, when the former process ended: as long as they are on the disk,
/// with the caller and the mailbox of then. How many there were.
///
/// # Errors
/// [`StoreError`]; the next start does the rest.
pub async fn adopt_messages(store: &Store, recordings: &Path) -> Result<usize, StoreError> {
    let folder = recordings.join(FOLDER);
    let root = recordings.to_owned();
    let found = spawn_blocking(move || read_all(&folder, &root)).await.unwrap_or_default();
    let mut adopted = 0;
    for (path, message) in found {
        if let Some(message) = message {
            match store.add_message(&message).await {
                Ok(()) => adopted += 1,
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                Err(error) => {
                    // One that can never be listed must not keep the server from starting.
                    error!(%error, note = %path.display(), "a message cannot be listed; its note is set aside");
                    if let Err(error) = tokio::fs::rename(&path, path.with_extension("unusable")).await {
                        warn!(%error, "the note of a message stays");
                    }
                    continue;
                }
            }
        }
        if let Err(error) = tokio::fs::remove_file(&path).await {
            warn!(%error, "the note of a message stays");
        }
    }
    Ok(adopted)
}

fn path_of_note(recordings: &Path, message: VoiceMessageId) -> PathBuf {
    recordings.join(FOLDER).join(format!("{message}.json"))
}

fn write(path: &Path, note: &Note) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, serde_json::to_vec(note)?)
}

/// The notes and what they stand for; `None` where nothing was said or nobody can tell.
fn read_all(folder: &Path, recordings: &Path) -> Vec<(PathBuf, Option<StoredMessage>)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_note = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_note).take(NOTES_MAX);
    let noted = |path: PathBuf| {
        let message = read(&path).and_then(|note| listed(&note, recordings));
        if message.is_none() {
            error!(note = %path.display(), "nothing is left of a message that was being recorded");
        }
        (path, message)
    };
    paths.map(noted).collect()
}

fn read(path: &Path) -> Option<Note> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(NOTE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn listed(note: &Note, recordings: &Path) -> Option<StoredMessage> {
    let id = VoiceMessageId::parse(&note.message)?;
    let path = path_of(id);
    let duration = duration_of(&recordings.join(&path)).filter(|length| *length > Duration::ZERO)?;
    Some(StoredMessage {
        id,
        call: CallId::parse(&note.call)?,
        mailbox: note.mailbox.clone(),
        caller: Pii::new(note.caller.clone()),
        path,
        started_at: WallTime(note.started_at_us),
        duration,
        heard: None,
    })
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;
    use hotline_store::Mailboxes;

    use super::*;

    /// What a killed process leaves: the sound so far, and the note.
    #[tokio::test]
    async fn a_message_without_an_entry_is_listed_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let (store, recordings) = (Store::open(&url).await.unwrap(), folder.path().join("recordings"));
        let (at, mut rng) = (WallTime(1_795_415_400_000_000), Rng::from_number(1));
        let mut left = Vec::new();
        for said in [12_000_usize, 0] {
            let message = Message {
                id: VoiceMessageId::generate(at, &mut rng),
                started_at: at,
                mailbox: Some("sales".to_owned()),
                caller: Pii::new("+4930123456".to_owned()),
                longest: Duration::from_secs(60),
                silence: Duration::from_secs(5),
                shortest: Duration::from_secs(1),
            };
            let file = recordings.join(path_of(message.id));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            let wav = silence(said);
            fs::write(&file, wav).unwrap();
            note(&recordings, CallId::generate(at, &mut rng), &message).await;
            left.push(message);
        }
        assert_eq!(adopt_messages(&store, &recordings).await.unwrap(), 1);
        let listed = store.list_messages(Mailboxes::All, None, 10).await.unwrap().messages;
        assert_eq!(
            (listed.len(), listed[0].id, listed[0].duration),
            (1, left[0].id, Duration::from_millis(1500))
        );
        assert_eq!((listed[0].mailbox.as_deref(), listed[0].started_at), (Some("sales"), at));
        assert_eq!(adopt_messages(&store, &recordings).await.unwrap(), 0, "once");
    }

    /// A WAV file of so many samples at 8 kHz.
    fn silence(samples: usize) -> Vec<u8> {
        let bytes = u32::try_from(samples * 2).unwrap();
        let mut wav = b"RIFF".to_vec();
        wav.extend((36 + bytes).to_le_bytes());
        wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
        wav.extend(bytes.to_le_bytes());
        wav.resize(44 + samples * 2, 0);
        wav
    }
}
