//! Prompts that are added while calls go on: what was spoken for one caller.
//!
//! The library that the media threads read is never changed. A new one, which shares the sound of the old, takes its place, and each
//! thread takes that up at its next turn. What was replaced is freed here, never on a media thread.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use hotline_media::{PromptId, PromptLibrary};

use crate::load::{LoadConfig, PromptError, Sound, read, read_sound};

/// The folder of added prompts; none of `sounds` can have their names.
pub const ADDED_FOLDER: &str = "tts";
/// Bytes of all added prompts: 23 minutes at both rates. Beyond, what was not asked for the longest and has no ticket gives way.
pub const ADDED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Added prompts at a time; as above.
pub const ADDED_MAX: usize = 4096;

/// Bytes of all prompts that are renewed while calls go on: three hours at both rates. What would be beyond keeps its former sound.
pub const RENEWED_BYTES_MAX: usize = 512 * 1024 * 1024;

/// Why a prompt was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The file is not what it should be.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// Exhausted: all that was added is in use.
    #[error("there is no room for a prompt: all that were added are in use")]
    Full,
    /// Exhausted: prompts that were renewed have [`RENEWED_BYTES_MAX`].
    #[error("there is no room for the sound file before a restart: too much was renewed")]
    TooMuchRenewed,
}

/// While it lives, its prompt can be played.
#[derive(Clone, Debug)]
pub struct Ticket(Arc<PromptId>);

impl Ticket {
    /// The prompt.
    #[must_use]
    pub fn id(&self) -> &PromptId {
        &self.0
    }
}

/// What became of added prompts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ShelfCounters {
    pub(crate) bytes: usize,
    pub(crate) evicted: u64,
    pub(crate) refused: u64,
}

pub(crate) struct Shelf {
    published: Arc<Published>,
    /// Held by those who add, for the time of a map's clone. No media thread takes it.
    state: Mutex<State>,
    bytes_max: usize,
}

struct Published {
    library: ArcSwap<PromptLibrary>,
    /// How often it was replaced.
    edition: AtomicU64,
}

#[derive(Default)]
struct State {
    added: BTreeMap<PromptId, Added>,
    /// The bytes of each prompt that was renewed.
    renewed: BTreeMap<PromptId, usize>,
    counters: ShelfCounters,
    /// Counts up with each use.
    clock: u64,
    /// Libraries that a media thread may still read.
    retired: Vec<Arc<PromptLibrary>>,
}

struct Added {
    bytes: usize,
    used: u64,
    ticket: Weak<PromptId>,
}

/// A media thread's view.
pub(crate) struct Reader {
    published: Arc<Published>,
    edition: u64,
}

impl Reader {
    /// The library, if there is a newer one than before. Neither waits nor frees anything.
    pub(crate) fn newer(&mut self) -> Option<Arc<PromptLibrary>> {
        let edition = self.published.edition.load(Ordering::Acquire);
        if edition == self.edition {
            return None;
        }
        self.edition = edition;
        Some(self.published.library.load_full())
    }
}

impl Shelf {
    pub(crate) fn new(library: Arc<PromptLibrary>) -> Self {
        Self::with_room(library, ADDED_BYTES_MAX)
    }

    fn with_room(library: Arc<PromptLibrary>, bytes_max: usize) -> Self {
        let library = ArcSwap::new(library);
        let published = Arc::new(Published { library, edition: AtomicU64::new(0) });
        Self { published, state: Mutex::default(), bytes_max }
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader { published: Arc::clone(&self.published), edition: 0 }
    }

    pub(crate) fn counters(&self) -> ShelfCounters {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).counters
    }

    /// Adds a prompt, or finds it. The file is read and resampled without the lock.
    pub(crate) fn add(&self, name: &str, path: &Path, config: LoadConfig) -> Result<Ticket, AddError> {
        let id = PromptId::from(format!("{ADDED_FOLDER}/{name}").as_str());
        if let Some(ticket) = self.lock().find(&id) {
            return Ok(ticket);
        }
        let sound = read_sound(path, config)?;
        let mut state = self.lock();
        // Somebody else may have been faster.
        match state.find(&id) {
            Some(ticket) => Ok(ticket),
            None => self.publish(&mut state, id, sound),
        }
    }

    pub(crate) fn has(&self, id: &PromptId) -> bool {
        self.published.library.load().contains(id)
    }

    /// Reads a file of the folder of sounds and puts its prompt in the place of the one before, or beside the others if there
    /// was none. What plays goes on with the sound with which it began.
    pub(crate) fn renew(&self, root: &Path, path: &Path, config: LoadConfig) -> Result<PromptId, AddError> {
        let (id, sound) = read(root, path, config)?;
        let mut state = self.lock();
        let (before, library, bytes) = self.library_with(&id, sound);
        let others: usize =
            state.renewed.iter().filter(|(other, _)| **other != id).map(|(_, bytes)| bytes).sum();
        if others + bytes > RENEWED_BYTES_MAX {
            return Err(AddError::TooMuchRenewed);
        }
        state.renewed.insert(id.clone(), bytes);
        self.replace(&mut state, before, library);
        Ok(id)
    }

    /// The library with one prompt more, or another, and that one's bytes.
    fn library_with(&self, id: &PromptId, sound: Sound) -> (Arc<PromptLibrary>, PromptLibrary, usize) {
        let before = self.published.library.load_full();
        let mut library = PromptLibrary::clone(&before);
        match sound.wide {
            Some(wide) => library.insert_wide(id.clone(), &sound.narrow, wide),
            None => library.insert(id.clone(), &sound.narrow),
        }
        let bytes = library.size(id);
        (before, library, bytes)
    }

    fn replace(&self, state: &mut State, before: Arc<PromptLibrary>, library: PromptLibrary) {
        self.published.library.store(Arc::new(library));
        self.published.edition.fetch_add(1, Ordering::Release);
        // A library that only this list knows is read by nobody any more.
        state.retired.retain(|old| Arc::strong_count(old) > 1);
        state.retired.push(before);
    }

    fn publish(&self, state: &mut State, id: PromptId, sound: Sound) -> Result<Ticket, AddError> {
        let (before, mut library, bytes) = self.library_with(&id, sound);
        let leaving = state.make_room(bytes, self.bytes_max)?;
        for gone in &leaving {
            library.remove(gone);
        }
        let ticket = Arc::new(id.clone());
        state.clock += 1;
        let added = Added { bytes, used: state.clock, ticket: Arc::downgrade(&ticket) };
        state.added.insert(id, added);
        state.counters.bytes += bytes;
        self.replace(state, before, library);
        Ok(Ticket(ticket))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, id: &PromptId) -> Option<Ticket> {
        let added = self.added.get_mut(id)?;
        self.clock += 1;
        added.used = self.clock;
        let ticket = added.ticket.upgrade().unwrap_or_else(|| Arc::new(id.clone()));
        added.ticket = Arc::downgrade(&ticket);
        Some(Ticket(ticket))
    }

    /// Forgets what must give way, and says which. Nothing, if that would not do.
    fn make_room(&mut self, bytes: usize, bytes_max: usize) -> Result<Vec<PromptId>, AddError> {
        let mut free: Vec<(u64, usize, PromptId)> = self
            .added
            .iter()
            .filter(|(_, added)| added.ticket.strong_count() == 0)
            .map(|(id, added)| (added.used, added.bytes, id.clone()))
            .collect();
        free.sort_unstable();
        let (mut total, mut count) = (self.counters.bytes + bytes, self.added.len() + 1);
        let mut leaving = Vec::new();
        let mut oldest = free.into_iter();
        while total > bytes_max || count > ADDED_MAX {
            let Some((_, freed, id)) = oldest.next() else {
                self.counters.refused += 1;
                return Err(AddError::Full);
            };
            total -= freed;
            count -= 1;
            leaving.push(id);
        }
        for id in &leaving {
            self.added.remove(id);
        }
        self.counters.evicted += leaving.len() as u64;
        self.counters.bytes = total - bytes;
        Ok(leaving)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hotline_audio::Tone;

    use super::*;

    /// A second at 8 kHz, which takes 16 000 bytes.
    fn second(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("second.wav");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        Tone::new(440.0, -10.0, 8000).take(8000).for_each(|sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        path
    }

    fn shelf(bytes_max: usize) -> Shelf {
        let mut library = PromptLibrary::default();
        library.insert("en/hello".into(), &[0; 10]);
        Shelf::with_room(Arc::new(library), bytes_max)
    }

    fn has(shelf: &Shelf, id: &str) -> bool {
        shelf.published.library.load().contains(&id.into())
    }

    #[test]
    fn an_added_prompt_is_seen_once_and_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = second(folder.path());
        let shelf = shelf(100_000);
        let mut reader = shelf.reader();
        assert!(reader.newer().is_none());
        let ticket = shelf.add("a", &path, LoadConfig::default()).unwrap();
        assert_eq!(ticket.id().as_str(), "tts/a");
        let library = reader.newer().unwrap();
        assert!(library.contains(ticket.id()) && library.contains(&"en/hello".into()));
        fs::remove_file(&path).unwrap();
        assert_eq!(shelf.add("a", &path, LoadConfig::default()).unwrap().id(), ticket.id(), "not read again");
        assert!(reader.newer().is_none());
        let missing = shelf.add("b", &path, LoadConfig::default()).unwrap_err().to_string();
        assert!(missing.contains("second.wav"), "{missing}");
    }

    #[test]
    fn a_file_that_is_renewed_takes_the_place_of_its_prompt() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("en")).unwrap();
        let path = folder.path().join("en/hello.wav");
        fs::rename(second(folder.path()), &path).unwrap();
        let shelf = shelf(100_000);
        let size = || shelf.published.library.load().size(&"en/hello".into());
        let before = size();
        let mut reader = shelf.reader();
        assert_eq!(shelf.renew(folder.path(), &path, LoadConfig::default()).unwrap().as_str(), "en/hello");
        assert!(size() > before && reader.newer().is_some());
        fs::write(&path, b"no sound").unwrap();
        let whole = size();
        assert!(matches!(shelf.renew(folder.path(), &path, LoadConfig::default()), Err(AddError::Prompt(_))));
        assert_eq!(size(), whole, "the sound before stays");
    }

    #[test]
    fn what_was_not_asked_for_the_longest_gives_way_unless_it_has_a_ticket() {
        let folder = tempfile::tempdir().unwrap();
        let path = second(folder.path());
        let shelf = shelf(3 * 16_000);
        let add = |name: &str| shelf.add(name, &path, LoadConfig::default());
        let kept = add("kept").unwrap();
        drop((add("a").unwrap(), add("b").unwrap(), add("a").unwrap()));
        drop(add("c").unwrap());
        let there = ["tts/kept", "tts/a", "tts/b", "tts/c", "en/hello"].map(|id| has(&shelf, id));
        assert_eq!(there, [true, true, false, true, true]);
        let tickets = [kept, add("d").unwrap(), add("e").unwrap()];
        assert!(matches!(add("f"), Err(AddError::Full)));
        assert!(tickets.iter().all(|ticket| has(&shelf, ticket.id().as_str())));
        let ShelfCounters { bytes, evicted, refused } = shelf.counters();
        assert_eq!((bytes, evicted, refused), (48_000, 3, 1));
        drop(tickets);
        drop(add("f").unwrap());
        assert_eq!(shelf.counters().bytes, 48_000);
    }

    #[test]
    fn what_a_thread_reads_is_freed_by_who_adds_after_it_has_moved_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = second(folder.path());
        let shelf = shelf(16_000);
        let mut reader = shelf.reader();
        let add = |name: &str| drop(shelf.add(name, &path, LoadConfig::default()).unwrap());
        add("a");
        let held = reader.newer().unwrap();
        let old = Arc::downgrade(&held);
        (0..5).for_each(|number| add(&number.to_string()));
        assert!(held.contains(&"tts/a".into()), "it plays on");
        drop(held);
        assert!(old.strong_count() > 0, "freed elsewhere");
        add("z");
        assert_eq!(old.strong_count(), 0);
        assert!(shelf.lock().retired.len() <= 2);
    }
}
