//! A real PostgreSQL server in a temporary directory, reachable by a Unix socket there and by nothing else.
//!
//! A missing PostgreSQL fails the test. The server refuses to run as root, so root runs it as `postgres`.

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Mutex;
use std::thread;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

/// A running server; stopped and deleted when dropped, killed when the test is.
pub(crate) struct Server {
    binaries: PathBuf,
    directory: TempDir,
    /// Absent while stopped. Shared by the cases of one thread; the lock is for `Sync` only.
    process: Mutex<Option<Child>>,
}

impl Server {
    /// Makes a cluster and starts its server.
    pub(crate) fn start() -> Self {
        let directory = TempDir::new().unwrap();
        if is_root() {
            let (user, group) = postgres_ids();
            chown(directory.path(), Some(user), Some(group)).unwrap();
        }
        let server = Self { binaries: find_binaries(), directory, process: Mutex::new(None) };
        let output = server
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .output()
            .expect("initdb starts");
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        server.run();
        server
    }

    /// Starts the server and returns when it takes connections.
    pub(crate) fn run(&self) {
        let mut process = self
            .command("postgres")
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "lc_messages=C"])
            .args(["-c", "unix_socket_permissions=0777", "-c"])
            .arg(format!("unix_socket_directories={}", self.directory.path().display()))
            .stderr(Stdio::piped())
            .spawn()
            .expect("postgres starts");
        wait_until_ready(process.stderr.take().unwrap());
        *self.process.lock().unwrap() = Some(process);
    }

    /// Stops the server at once, as a crash would.
    pub(crate) fn stop(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            let stopped = self.command("pg_ctl").args(["stop", "--mode=immediate", "--silent"]).status();
            assert!(stopped.expect("pg_ctl starts").success(), "pg_ctl stop");
            process.wait().unwrap();
        }
    }

    /// Makes an empty database and gives its URL.
    pub(crate) async fn create_database(&self, name: &str) -> String {
        // PostgreSQL cuts names at 63 bytes; the number keeps cut ones apart.
        thread_local!(static NUMBER: Cell<u32> = const { Cell::new(0) });
        let number = NUMBER.replace(NUMBER.get() + 1);
        let name = format!("d{number}_{}", name.chars().take(40).collect::<String>());
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        let statement = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        self.url(&name)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.directory.path().display())
    }

    /// A PostgreSQL program on this cluster, under a user it accepts. It gets SIGQUIT when the thread that
    /// started it ends, so that a killed test leaves no server behind.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        if is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        command.args(["--pdeathsig", "QUIT"]).arg(self.binaries.join(program));
        command.env("PGDATA", self.directory.path().join("data")).current_dir(self.directory.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn wait_until_ready(stderr: ChildStderr) {
    let mut lines = BufReader::new(stderr).lines();
    let mut seen = String::new();
    loop {
        let Some(Ok(line)) = lines.next() else { panic!("postgres ended:\n{seen}") };
        if line.contains("ready to accept connections") {
            break;
        }
        seen += &format!("{line}\n");
    }
    // The pipe must be emptied, or the server would stop at a full one.
    thread::spawn(move || lines.for_each(drop));
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn postgres_ids() -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let user = users.lines().find(|line| line.starts_with("postgres:"));
    let fields: Vec<&str> = user.expect("there is no user postgres: install postgresql").split(':').collect();
    (fields[2].parse().unwrap(), fields[3].parse().unwrap())
}

/// Debian keeps the server's programs out of PATH, by major version.
fn find_binaries() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<PathBuf> = debian.map(|entry| entry.unwrap().path().join("bin")).collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&path))
        .find(|directory| is_complete(directory))
        .expect("PostgreSQL is not installed (apt-get install postgresql)")
}

fn is_complete(directory: &Path) -> bool {
    ["initdb", "postgres", "pg_ctl"].iter().all(|program| directory.join(program).is_file())
}
