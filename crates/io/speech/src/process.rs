//! One run of a program: text in, sound out, and an end in any case.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::Failure;
use crate::wav::SOUND_MAX;

/// Runs a program without a shell; gives what it wrote. What it complains of is not read: the text may be in it. Dropping the
/// future kills it and what it started.
pub(crate) async fn run(program: &Path, arguments: &[OsString], text: &str) -> Result<Vec<u8>, Failure> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| refused(&error))?;
    let group = Group::of(child.id());
    let mut input = child.stdin.take().expect("it was asked for");
    let mut output = child.stdout.take().expect("it was asked for");
    let write = async {
        // A program that does not read to the end may still have spoken: its status tells.
        if input.write_all(text.as_bytes()).await.is_ok() {
            drop(input.shutdown().await);
        }
        drop(input);
    };
    let ((), sound) = tokio::join!(write, read(&mut output));
    let sound = sound?;
    let status = child.wait().await?;
    group.release();
    if status.success() { Ok(sound) } else { Err(Failure::Failed(status.code())) }
}

/// Whose fault it is that a program cannot be started.
fn refused(error: &io::Error) -> Failure {
    match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        // The system has no process or memory to give.
        Some(rustix::io::Errno::AGAIN | rustix::io::Errno::NOMEM | rustix::io::Errno::MFILE) => Failure::Busy,
        Some(_) | None => Failure::NoProgram,
    }
}

/// Reads to the end, but not more than a sound may have.
pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, Failure> {
    let mut sound = Vec::new();
    from.take(SOUND_MAX as u64 + 1).read_to_end(&mut sound).await?;
    if sound.len() > SOUND_MAX { Err(Failure::TooLarge) } else { Ok(sound) }
}

/// A program and all that it started. Dropping it kills them.
struct Group(Option<Pid>);

impl Group {
    fn of(id: Option<u32>) -> Self {
        let id = id.and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// The program has ended and its number may belong to another one.
    fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(group) = self.0 else { return };
        if let Err(error) = kill_process_group(group, Signal::KILL) {
            tracing::debug!(%error, "a speech engine had ended before it was killed");
        }
    }
}
