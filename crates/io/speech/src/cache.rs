//! The folder of spoken texts: bounded in size and age.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use hotline_telemetry::Metric;

use crate::CacheConfig;
use crate::utterance::Key;

/// For the server's own user: names of callers may be in what is said.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const WAV: &str = "wav";
/// What is not whole yet.
const PART: &str = "part";
/// Between the name and the number of what is not to be kept: who deletes one must not meet the next of the same name.
const NUMBER: char = '-';

/// A spoken text. Its file stays until the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Spoken(Arc<Lease>);

#[derive(Debug)]
struct Lease {
    path: PathBuf,
    name: String,
    keep: bool,
}

impl Spoken {
    /// The file: WAV, PCM of 16 bits, mono.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What it is called: 64 hexadecimal digits, the same for the same words from the same engine.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.keep {
            remove(&self.path);
        }
    }
}

/// The folder and what is in it. All methods block; but for [`Cache::find`] they are for threads that may.
pub(crate) struct Cache {
    config: CacheConfig,
    index: Mutex<Index>,
    numbers: AtomicU64,
}

#[derive(Default)]
struct Index {
    entries: BTreeMap<Key, Entry>,
    bytes: u64,
    /// Counts up with each use.
    clock: u64,
}

struct Entry {
    bytes: u64,
    made: SystemTime,
    used: u64,
    lease: Weak<Lease>,
}

impl Cache {
    /// Reads what is there. What is half written, or should not have been kept, is deleted.
    pub(crate) fn open(config: CacheConfig) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&config.folder)?;
        let cache = Self { config, index: Mutex::default(), numbers: AtomicU64::new(0) };
        let mut found = Vec::new();
        for file in fs::read_dir(&cache.config.folder)? {
            let path = file?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            match path.extension().and_then(|extension| extension.to_str()) {
                Some(PART) => remove(&path),
                Some(WAV) => {
                    let name = stem.unwrap_or_default();
                    let (name, number) = name.split_once(NUMBER).map_or((name, None), |(a, b)| (a, Some(b)));
                    let Some(key) = Key::read(name) else { continue };
                    let about = fs::metadata(&path)?;
                    if cache.config.keep && number.is_none() {
                        found.push((about.modified()?, about.len(), key));
                    } else {
                        remove(&path);
                    }
                }
                Some(_) | None => {}
            }
        }
        found.sort();
        {
            let mut index = cache.lock();
            for (made, bytes, key) in found {
                index.insert(key, Entry { bytes, made, used: 0, lease: Weak::new() });
            }
        }
        cache.sweep(SystemTime::now());
        Ok(cache)
    }

    /// What was spoken already.
    pub(crate) fn find(&self, key: &Key, now: SystemTime) -> Option<Spoken> {
        let mut index = self.lock();
        index.clock += 1;
        let clock = index.clock;
        let entry = index.entries.get_mut(key)?;
        if entry.is_older(now, &self.config) {
            return None;
        }
        entry.used = clock;
        if let Some(lease) = entry.lease.upgrade() {
            return Some(Spoken(lease));
        }
        let spoken = self.lease(key);
        entry.lease = Arc::downgrade(&spoken.0);
        Some(spoken)
    }

    /// A file whose name nobody else has, for what is not whole yet. It is deleted when the name is dropped.
    pub(crate) fn part(&self) -> Part {
        let number = self.next_number();
        Part(self.config.folder.join(format!("{}-{number}.{PART}", std::process::id())))
    }

    /// Puts a sound in its place: whole, or not at all.
    pub(crate) fn put(&self, key: &Key, sound: &[u8], now: SystemTime) -> io::Result<Spoken> {
        let part = self.part();
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&part.0)?;
        file.write_all(sound)?;
        // Before its name, or a crash leaves a name without sound.
        file.sync_data()?;
        drop(file);
        let spoken = self.lease(key);
        fs::rename(&part.0, spoken.path())?;
        if self.config.keep {
            let mut index = self.lock();
            index.clock += 1;
            let (bytes, used) = (sound.len() as u64, index.clock);
            index.insert(key.clone(), Entry { bytes, made: now, used, lease: Arc::downgrade(&spoken.0) });
            drop(index);
            self.sweep(now);
        }
        Ok(spoken)
    }

    /// Deletes what is too old, and what was not used the longest while there is too much. What somebody needs stays.
    pub(crate) fn sweep(&self, now: SystemTime) {
        let mut index = self.lock();
        let is_old = |entry: &Entry| entry.is_free() && entry.is_older(now, &self.config);
        let old = index.entries.iter().filter(|(_, entry)| is_old(entry));
        for key in old.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.delete(&mut index, &key, "age");
        }
        while index.bytes > self.config.bytes_max {
            let free = index.entries.iter().filter(|(_, entry)| entry.is_free());
            let oldest = free.min_by_key(|(_, entry)| (entry.used, entry.made)).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.delete(&mut index, &oldest, "size");
        }
        Metric::SpeechCacheBytes.set(index.bytes as f64);
    }

    /// Forgets what is gone.
    pub(crate) fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    fn delete(&self, index: &mut Index, key: &Key, reason: &str) {
        // The lock is held, so that nobody finds it meanwhile.
        remove(&self.path(key));
        index.remove(key);
        Metric::SpeechCacheEvicted.increment_for([reason]);
    }

    fn lease(&self, key: &Key) -> Spoken {
        let name = key.as_str().to_owned();
        let path = match self.config.keep {
            true => self.path(key),
            false => self.config.folder.join(format!("{name}{NUMBER}{}.{WAV}", self.next_number())),
        };
        Spoken(Arc::new(Lease { path, name, keep: self.config.keep }))
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.config.folder.join(key.as_str()).with_extension(WAV)
    }

    fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn insert(&mut self, key: Key, entry: Entry) {
        self.bytes += entry.bytes;
        if let Some(replaced) = self.entries.insert(key, entry) {
            self.bytes -= replaced.bytes;
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(removed) = self.entries.remove(key) {
            self.bytes -= removed.bytes;
        }
    }
}

impl Entry {
    fn is_free(&self) -> bool {
        self.lease.strong_count() == 0
    }

    /// A clock that was set back makes nothing older.
    fn is_older(&self, now: SystemTime, config: &CacheConfig) -> bool {
        now.duration_since(self.made).is_ok_and(|age| age > config.age_max)
    }
}

/// The name of what is not whole yet.
pub(crate) struct Part(pub(crate) PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // Mostly it was given its true name, or never written.
        if self.0.exists() {
            remove(&self.0);
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "a spoken text cannot be deleted");
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::*;

    fn key(name: &str) -> Key {
        Key::of(&[name])
    }

    fn cache(folder: &Path, change: impl FnOnce(&mut CacheConfig)) -> Cache {
        let mut config = CacheConfig::new(folder);
        change(&mut config);
        Cache::open(config).unwrap()
    }

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn what_was_not_used_the_longest_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), |config| config.bytes_max = 250);
        let now = SystemTime::now();
        for name in ["a", "b"] {
            cache.put(&key(name), &[0; 100], now).unwrap();
        }
        assert!(cache.find(&key("a"), now).is_some());
        cache.put(&key("c"), &[0; 100], now).unwrap();
        let there = |name| cache.find(&key(name), now).is_some();
        assert_eq!(["a", "b", "c"].map(there), [true, false, true]);
        assert_eq!(files(folder.path()), 2);
    }

    #[test]
    fn what_somebody_needs_stays_although_there_is_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), |config| config.bytes_max = 50);
        let now = SystemTime::now();
        let needed = cache.put(&key("a"), &[0; 100], now).unwrap();
        let also = cache.find(&key("a"), now).unwrap();
        drop(needed);
        cache.put(&key("b"), &[0; 100], now).unwrap();
        assert!(also.path().exists());
        drop(also);
        cache.sweep(now);
        assert_eq!(files(folder.path()), 0);
    }

    #[test]
    fn what_is_too_old_is_not_used_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), |config| config.age_max = Duration::from_secs(60));
        let now = SystemTime::now();
        drop(cache.put(&key("a"), &[0; 100], now).unwrap());
        let later = now + Duration::from_secs(61);
        assert!(cache.find(&key("a"), now).is_some() && cache.find(&key("a"), later).is_none());
        cache.sweep(later);
        assert_eq!(files(folder.path()), 0);
    }

    #[test]
    fn a_restart_finds_what_was_kept_and_its_age_and_deletes_what_is_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let first = cache(folder.path(), |_| ());
        let now = SystemTime::now();
        let old = first.put(&key("old"), &[0; 100], now).unwrap();
        drop(first.put(&key("young"), &[0; 100], now).unwrap());
        File::options()
            .write(true)
            .open(old.path())
            .unwrap()
            .set_modified(now - Duration::from_secs(3600))
            .unwrap();
        fs::write(first.part().0.clone(), "half").unwrap();
        fs::write(folder.path().join("README"), "not ours").unwrap();
        drop((first, old));
        let second = cache(folder.path(), |config| config.age_max = Duration::from_secs(600));
        assert!(second.find(&key("young"), now).is_some() && second.find(&key("old"), now).is_none());
        assert_eq!(files(folder.path()), 2, "the young one and what is not ours");
        let third = cache(folder.path(), |config| config.bytes_max = 0);
        assert!(third.find(&key("young"), now).is_none());
    }

    #[test]
    fn what_is_not_to_be_kept_goes_when_nobody_needs_it_or_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        drop(cache(folder.path(), |_| ()).put(&key("kept"), &[0; 100], SystemTime::now()).unwrap());
        let cache = cache(folder.path(), |config| config.keep = false);
        assert_eq!(files(folder.path()), 0);
        let spoken = cache.put(&key("a"), &[0; 100], SystemTime::now()).unwrap();
        let clone = spoken.clone();
        drop(spoken);
        let again = cache.put(&key("a"), &[0; 100], SystemTime::now()).unwrap();
        assert!(clone.path().exists());
        drop(clone);
        assert!(again.path().exists() && files(folder.path()) == 1);
        std::mem::forget(again);
        drop(Cache::open(cache.config.clone()).unwrap());
        assert_eq!(files(folder.path()), 0, "after a crash");
    }

    #[test]
    fn the_files_are_for_the_server_only() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("speech");
        let spoken = cache(&inner, |_| ()).put(&key("a"), &[0; 100], SystemTime::now()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&inner), mode(spoken.path())), (0o700, 0o600));
    }
}
