//! Keeps threads on one processor.

use std::fs;

use anyhow::{Context, Result};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

pub(super) fn pin_this_thread(core: usize) -> Result<()> {
    sched_setaffinity(None, &only(core)).with_context(|| format!("staying on processor {core}"))
}

/// All threads of a process, and those that they will start.
pub(super) fn pin_process(pid: u32, core: usize) -> Result<()> {
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let name = thread?.file_name();
        let thread = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        match sched_setaffinity(Some(thread.context("a thread's id")?), &only(core)) {
            // It has ended meanwhile.
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(error).with_context(|| format!("staying on processor {core}")),
        }
    }
    Ok(())
}

fn only(core: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(core);
    set
}
