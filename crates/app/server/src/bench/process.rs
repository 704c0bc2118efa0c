//! What the kernel says of processes and of the machine: `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Ticks of `/proc/PID/stat` in a second: what user space sees as USER_HZ, which is 100 on Linux.
const TICKS_PER_S: f64 = 100.0;

/// Processor time and memory at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    server_ticks: u64,
    recording_ticks: u64,
    own_ticks: u64,
    machine: Machine,
    rss_kib: u64,
    threads: u64,
    files: u64,
}

/// What all processors did, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Machine {
    busy: u64,
    idle: u64,
    /// Taken by the hypervisor for other guests.
    stolen: u64,
}

/// What was used between two moments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    /// User and system time of the server.
    pub(super) server: Duration,
    /// Of it, that of the threads that write recordings.
    pub(super) recording: Duration,
    /// Cores that this process kept busy.
    pub(super) own_cores: f64,
    /// Cores that everything else kept busy.
    pub(super) other_cores: f64,
    /// Resident memory of the server at the end, in kibibytes.
    pub(super) rss_kib: u64,
    /// Threads of the server at the end.
    pub(super) threads: u64,
    /// Its open files and sockets at the end.
    pub(super) files: u64,
    /// What the hypervisor took for other guests, of all that the processors could have done: 0 to 1.
    pub(super) steal: f64,
    /// For how long.
    pub(super) elapsed: Duration,
}

impl Usage {
    /// Resident memory, in kibibytes.
    pub(super) const fn rss_kib(&self) -> u64 {
        self.rss_kib
    }

    pub(super) const fn threads(&self) -> u64 {
        self.threads
    }

    /// Of a living process, and of this one.
    pub(super) fn of(pid: u32) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        Ok(Self {
            server_ticks: ticks(&fs::read_to_string(format!("/proc/{pid}/stat"))?)?,
            recording_ticks: thread_ticks(pid, "record")?,
            own_ticks: ticks(&fs::read_to_string("/proc/self/stat")?)?,
            machine: Machine::read(&fs::read_to_string("/proc/stat")?)?,
            rss_kib: field(&status, "VmRSS:").context("VmRSS")?,
            threads: field(&status, "Threads:").context("Threads")?,
            files: fs::read_dir(format!("/proc/{pid}/fd"))?.count() as u64,
        })
    }

    /// What was used since `before`, which is `elapsed` ago.
    pub(super) fn since(&self, before: Self, elapsed: Duration) -> Used {
        let server = self.server_ticks.saturating_sub(before.server_ticks);
        let own = self.own_ticks.saturating_sub(before.own_ticks);
        let busy = self.machine.busy.saturating_sub(before.machine.busy);
        let idle = self.machine.idle.saturating_sub(before.machine.idle);
        let stolen = self.machine.stolen.saturating_sub(before.machine.stolen);
        let recording = self.recording_ticks.saturating_sub(before.recording_ticks);
        let time = |ticks: u64| Duration::from_secs_f64(ticks as f64 / TICKS_PER_S);
        let cores = |ticks: u64| ticks as f64 / TICKS_PER_S / elapsed.as_secs_f64();
        Used {
            server: time(server),
            recording: time(recording),
            own_cores: cores(own),
            other_cores: cores(busy.saturating_sub(server + own)),
            rss_kib: self.rss_kib,
            threads: self.threads,
            files: self.files,
            steal: stolen as f64 / (busy + idle + stolen).max(1) as f64,
            elapsed,
        }
    }
}

/// utime and stime of `/proc/PID/stat`. The name of the program, in parentheses, may hold anything.
fn ticks(stat: &str) -> Result<u64> {
    let (_, rest) = stat.rsplit_once(") ").context("/proc/PID/stat")?;
    // The state is field 3; utime and stime are 14 and 15.
    let mut fields = rest.split(' ').skip(11);
    let mut next = || fields.next().context("/proc/PID/stat")?.parse::<u64>().context("/proc/PID/stat");
    Ok(next()? + next()?)
}

/// The processor time of the threads whose names begin so.
fn thread_ticks(pid: u32, name: &str) -> Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // One that ends meanwhile is not there any more.
        let Ok(stat) = fs::read_to_string(thread?.path().join("stat")) else { continue };
        let own = stat.split_once('(').is_some_and(|(_, rest)| rest.starts_with(name));
        sum += if own { ticks(&stat)? } else { 0 };
    }
    Ok(sum)
}

impl Machine {
    /// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal.
    fn read(stat: &str) -> Result<Self> {
        let line = stat.lines().next().and_then(|line| line.strip_prefix("cpu ")).context("/proc/stat")?;
        let fields: Vec<u64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        let sum = |places: &[usize]| places.iter().filter_map(|place| fields.get(*place)).sum();
        Ok(Self { busy: sum(&[0, 1, 2, 5, 6]), idle: sum(&[3, 4]), stolen: sum(&[7]) })
    }
}

/// Datagrams that the machine threw away since it started because whoever was to receive them was too slow
/// (`RcvbufErrors` of `/proc/net/snmp`).
pub(super) fn datagrams_dropped() -> Result<u64> {
    dropped(&fs::read_to_string("/proc/net/snmp")?).context("/proc/net/snmp")
}

fn dropped(snmp: &str) -> Option<u64> {
    let mut lines = snmp.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let place = lines.next()?.split(' ').position(|name| name == "RcvbufErrors")?;
    lines.next()?.split(' ').nth(place)?.parse().ok()
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The machine in a line: processors, their model, memory, the kernel.
pub(super) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model.trim());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // The kernel sees this flag only where it is a guest.
    let mut flags = info.lines().find_map(|line| line.strip_prefix("flags")?.split_once(": ")).into_iter();
    let virtual_machine = flags.any(|(_, flags)| flags.split(' ').any(|flag| flag == "hypervisor"));
    let guest = if virtual_machine { " (virtual)" } else { "" };
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let gibibytes = field(&memory, "MemTotal:").unwrap_or(0) as f64 / 1024.0 / 1024.0;
    format!("{cores} cores of {model}{guest}, {gibibytes:.0} GiB, Linux {}", kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_past_the_name_of_the_program() {
        let stat = "42 (hot) line) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 1000 1 1";
        assert_eq!(ticks(stat).unwrap(), 300);
        assert!(ticks("42 (hotline) S 1").is_err());
        let machine = Machine { busy: 21, idle: 1007, stolen: 9 };
        assert_eq!(Machine::read("cpu  10 1 5 1000 7 2 3 9 0 0\ncpu0 1 1 1 1\n").unwrap(), machine);
    }

    #[test]
    fn dropped_datagrams_are_found_by_the_name_of_their_column() {
        let snmp = "Tcp: A RcvbufErrors\nTcp: 1 2\nUdp: InDatagrams RcvbufErrors Others\nUdp: 5 7 9\n";
        assert_eq!(dropped(snmp), Some(7));
        assert_eq!(dropped("Udp: InDatagrams\nUdp: 5\n"), None);
    }

    #[test]
    fn this_process_uses_something() {
        let before = Usage::of(std::process::id()).unwrap();
        assert!(
            before.rss_kib > 0 && before.threads > 0 && before.files > 0 && before.machine.busy > 0,
            "{before:?}"
        );
    }
}
