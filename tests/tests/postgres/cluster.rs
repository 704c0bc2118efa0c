//! A real PostgreSQL in a temporary directory, reachable by a Unix socket there and by nothing else. It refuses to
//! run as root, so root runs it as `postgres`.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use hotline_tests::within;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

/// A cluster with its server; stopped and deleted when dropped.
pub(crate) struct Cluster {
    directory: TempDir,
    /// Absent while it is stopped.
    process: Option<Child>,
}

impl Cluster {
    /// Makes a cluster and starts its server.
    pub(crate) async fn start() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("hotline-postgres-").tempdir()?;
        if is_root()? {
            let (user, group) = postgres_ids()?;
            chown(directory.path(), Some(user), Some(group))?;
        }
        let mut cluster = Self { directory, process: None };
        let made = cluster
            .command("initdb")?
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .output()
            .await?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        cluster.run().await?;
        Ok(cluster)
    }

    /// What the server's configuration names as its database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.directory.path().display())
    }

    /// Starts the stopped server, and waits until it takes connections.
    pub(crate) async fn run(&mut self) -> Result<()> {
        let mut process = self
            .command("postgres")?
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "lc_messages=C"])
            .args(["-c", "unix_socket_permissions=0777", "-c"])
            .arg(format!("unix_socket_directories={}", self.directory.path().display()))
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(process.stderr.take().context("stderr is a pipe")?).lines();
        within("PostgreSQL to start", until_ready(&mut lines)).await?;
        // The pipe must be emptied, or the server would stop at a full one.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        self.process = Some(process);
        Ok(())
    }

    /// Stops the server at once, as a crash would.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let stopped = self.command("pg_ctl")?.args(["stop", "--mode=immediate", "--silent"]).status().await?;
        ensure!(stopped.success(), "pg_ctl stop: {stopped}");
        let mut process = self.process.take().context("PostgreSQL runs")?;
        within("PostgreSQL to stop", async { Ok(process.wait().await?) }).await?;
        Ok(())
    }

    /// A program of PostgreSQL on this cluster, under a user that it accepts. It gets SIGQUIT when the thread that
    /// started it ends, so that a killed test leaves no server behind.
    fn command(&self, program: &str) -> Result<Command> {
        let mut command = Command::new("setpriv");
        if is_root()? {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        command.args(["--pdeathsig", "QUIT"]).arg(binaries()?.join(program));
        command.env("PGDATA", self.directory.path().join("data")).current_dir(self.directory.path());
        Ok(command)
    }
}

async fn until_ready(lines: &mut Lines<BufReader<ChildStderr>>) -> Result<()> {
    let mut seen = String::new();
    while let Some(line) = lines.next_line().await? {
        if line.contains("ready to accept connections") {
            return Ok(());
        }
        seen += &format!("{line}\n");
    }
    bail!("PostgreSQL ended:\n{seen}")
}

fn is_root() -> Result<bool> {
    Ok(std::fs::metadata("/proc/self")?.uid() == 0)
}

fn postgres_ids() -> Result<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd")?;
    let user = users.lines().find(|line| line.starts_with("postgres:"));
    let fields: Vec<&str> =
        user.context("there is no user postgres: install postgresql")?.split(':').collect();
    Ok((fields[2].parse()?, fields[3].parse()?))
}

/// Debian keeps the server's programs out of PATH, by major version.
fn binaries() -> Result<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut directories: Vec<PathBuf> =
        debian.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    directories.sort();
    directories.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        directories.into_iter().chain(std::env::split_paths(&path)).find(|directory| is_complete(directory));
    found.context("PostgreSQL is not installed (apt-get install postgresql)")
}

fn is_complete(directory: &Path) -> bool {
    ["initdb", "postgres", "pg_ctl"].iter().all(|program| directory.join(program).is_file())
}
