//! Backups of a real database and real files: what comes back, and what is said of files that are none.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it")]

use std::fs;
use std::path::{Path, PathBuf};

use hotline_backup::{BackupError, Existing, Manifest, Place, inspect, restore, write};
use hotline_base::{Pii, WallTime};
use hotline_store::{AuditEntry, AuditVerdict, OpenError, Store};
use tempfile::TempDir;

/// A center on disk.
struct Site {
    directory: TempDir,
}

impl Site {
    fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.path("hotline.db").display())
    }

    fn places(&self) -> Vec<Place> {
        let place = |name| Place { name, path: self.path(name) };
        vec![place("center.yaml"), place("sounds"), place("recordings")]
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Files, and a database with one row in its audit log.
    async fn filled() -> (Self, Store) {
        let site = Self::new();
        site.put("center.yaml", b"queues: {}\n");
        site.put("sounds/en/hello.wav", &[7; 40_000]);
        site.put("recordings/2026/01/a.wav", &[3; 100_000]);
        site.put("recordings/.lock", b"");
        let store = Store::open(&site.url()).await.unwrap();
        note(&store, "first").await;
        (site, store)
    }
}

async fn note(store: &Store, subject: &str) {
    let entry = AuditEntry {
        at: WallTime(1),
        actor: "ann".to_owned(),
        action: "customer.update".to_owned(),
        subject: subject.to_owned(),
        detail: Pii::new(serde_json::Value::Null),
    };
    store.append_audit(&entry).await.unwrap();
}

async fn backed_up(site: &Site, store: &Store) -> (PathBuf, Manifest) {
    let target = site.path("backup.tar.gz");
    let manifest = write(store, &site.places(), &target, 5, |_| {}).await.unwrap();
    assert!(!site.path("backup.tar.gz.partial").exists());
    (target, manifest)
}

async fn restored(file: &Path, to: &Site, existing: Existing) -> Result<(), BackupError> {
    let manifest = inspect(file, |_| {})?;
    restore(file, &manifest, &to.places(), (&to.url(), existing), |_| {}).await.map(drop)
}

#[tokio::test]
async fn a_center_comes_back_elsewhere_as_it_was() {
    let (from, store) = Site::filled().await;
    let (file, manifest) = backed_up(&from, &store).await;
    assert_eq!(inspect(&file, |_| {}).unwrap(), manifest);
    let paths: Vec<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["center.yaml", "sounds/en/hello.wav", "recordings/2026/01/a.wav"]);

    let to = Site::new();
    restored(&file, &to, Existing::Keep).await.unwrap();
    for path in paths {
        assert_eq!(fs::read(to.path(path)).unwrap(), fs::read(from.path(path)).unwrap(), "{path}");
    }
    let there = Store::open(&to.url()).await.unwrap();
    assert_eq!(there.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 1 });
}

#[tokio::test]
async fn only_the_owner_may_read_a_backup_and_none_is_written_over() {
    use std::os::unix::fs::PermissionsExt as _;
    let (from, store) = Site::filled().await;
    let (file, _) = backed_up(&from, &store).await;
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&file).unwrap();
    let refused = write(&store, &from.places(), &file, 5, |_| {}).await.unwrap_err();
    assert!(matches!(refused, BackupError::There(_)), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn what_is_there_already_stays_unless_it_is_to_be_replaced() {
    let (from, store) = Site::filled().await;
    let (file, _) = backed_up(&from, &store).await;
    let (to, there) = Site::filled().await;
    to.put("sounds/en/hello.wav", b"another");
    note(&there, "second").await;
    there.close().await;

    let refused = restored(&file, &to, Existing::Keep).await.unwrap_err();
    assert!(
        matches!(&refused, BackupError::Occupied { count: 1, files } if files[0].ends_with("hello.wav")),
        "{refused}"
    );
    to.put("sounds/en/hello.wav", &[7; 40_000]);
    let refused = restored(&file, &to, Existing::Keep).await.unwrap_err();
    assert!(matches!(refused, BackupError::Open(OpenError::Occupied { .. })), "{refused}");
    let there = Store::open(&to.url()).await.unwrap();
    assert_eq!(there.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 2 });
    there.close().await;

    restored(&file, &to, Existing::Replace).await.unwrap();
    let there = Store::open(&to.url()).await.unwrap();
    assert_eq!(there.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 1 });
    assert!(to.path("hotline.db.before-restore").exists());
}

#[tokio::test]
async fn a_backup_that_is_cut_off_or_changed_restores_nothing() {
    let (from, store) = Site::filled().await;
    let (file, _) = backed_up(&from, &store).await;
    let whole = fs::read(&file).unwrap();
    let to = Site::new();
    // Every tenth length: wherever a copy breaks off, nobody takes it for a backup.
    for length in (0..whole.len()).step_by(whole.len() / 10) {
        fs::write(to.path("cut"), &whole[..length]).unwrap();
        inspect(&to.path("cut"), |_| {}).unwrap_err();
    }
    for place in (20..whole.len()).step_by(whole.len() / 50) {
        let mut changed = whole.clone();
        changed[place] ^= 0x10;
        fs::write(to.path("changed"), &changed).unwrap();
        // Bits that nothing depends on may be read as they were written.
        if let Ok(manifest) = inspect(&to.path("changed"), |_| {}) {
            assert_eq!(manifest, inspect(&file, |_| {}).unwrap());
        }
    }
    fs::write(to.path("other"), b"PK not a backup at all").unwrap();
    let refused = inspect(&to.path("other"), |_| {}).unwrap_err();
    assert!(matches!(refused, BackupError::NoBackup(_)), "{refused}");
}

#[tokio::test]
async fn a_backup_leads_out_of_its_folders_for_nobody() {
    let site = Site::new();
    let file = fs::File::create(site.path("evil.tar.gz")).unwrap();
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    let name = b"sounds/../../evil";
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_cksum();
    archive.append(&header, &b"x"[..]).unwrap();
    archive.into_inner().unwrap().finish().unwrap();
    let refused = inspect(&site.path("evil.tar.gz"), |_| {}).unwrap_err();
    assert!(matches!(refused, BackupError::Damaged { .. }), "{refused}");
}

#[tokio::test]
async fn a_backup_that_cannot_be_finished_leaves_no_file() {
    let (from, store) = Site::filled().await;
    store.close().await;
    let target = from.path("backup.tar.gz");
    write(&store, &from.places(), &target, 5, |_| {}).await.unwrap_err();
    assert!(!target.exists() && !from.path("backup.tar.gz.partial").exists());
}
