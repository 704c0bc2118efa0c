//! The media part of `docs/benchmarks.md`, written from what was measured.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use time::OffsetDateTime;

use super::goals::{CALLS_REQUIRED, CLEAN_AIM, Goal};
use super::report::{Report, UNOPTIMISED, cell, met};
use super::scene::Scene;
use super::seconds::median;

const BEGIN: &str =
    "<!-- hotline bench media: begin; what stands here is written by `hotline bench media --write` -->\n";
const END: &str = "<!-- hotline bench media: end -->";

/// What others cost, on another machine: title, calls, CPU ms for a second of a call, delay p50 and p99, memory.
const OTHERS: [(&str, &str, f64, &str, &str); 9] = [
    ("bare forwarder of that machine", "500", 0.497, "", ""),
    ("Asterisk 22.10.1, bridged (its local RTP bridge)", "400", 2.41, "0.5 / 0.9 to 8", "350 kB, 2 threads"),
    (
        "Asterisk, bridged, recorded (MixMonitor, mono WAV)",
        "200",
        6.59,
        "0.6 / 1.3 to 4",
        "430 kB, 3 threads",
    ),
    ("Asterisk, G.722 ↔ G.711", "100", 9.01, "", "430 kB"),
    ("rtpengine 10.5.3.5 in user space, relay only (no SIP)", "500", 1.26, "0.4 / 0.8 to 4", "45 kB"),
    ("rtpengine, recording packets to pcap", "500", 1.41, "0.35 to 0.7 / 0.9 to 26", "55 kB"),
    ("rustpbx 0.5.0-rc.1, dialled without a queue", "400", 2.42, "1.3 to 3.6 / 25 to 33", "600 kB"),
    ("rustpbx, the same", "200", 2.73, "0.4 / 0.8", ""),
    ("rustpbx, the same, recorded (stereo μ-law WAV)", "200", 3.24, "0.4 / 0.85 to 3.5", "620 kB"),
];

/// Whether the page has a place for what will be measured.
pub(super) fn check(page: &str) -> Result<()> {
    parts(page).map(|_| ())
}

/// The page, with what stands between its two marks replaced.
pub(super) fn replace(page: &str, report: &Report) -> Result<String> {
    let (before, after) = parts(page)?;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", text(report)?.trim_end()))
}

fn parts(page: &str) -> Result<(&str, &str)> {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some(parts) = parts else {
        bail!("the file has no place for the result: these two lines are missing\n{BEGIN}{END}");
    };
    Ok(parts)
}

fn text(report: &Report) -> Result<String> {
    let mut text = String::from("## What a bridged call costs\n\n");
    machine(&mut text, report)?;
    figures(&mut text, report)?;
    required(&mut text, report)?;
    others(&mut text)?;
    Ok(text)
}

fn machine(text: &mut String, report: &Report) -> Result<()> {
    let Report { machine, seconds, .. } = report;
    let date = OffsetDateTime::now_utc().date();
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        text,
        "Written by `hotline bench media --write`, version {version}, on {date}. {machine}, loopback only; server and load \
         share it. {seconds} s for each row after all calls are up, the middle one of repeated runs by processor time."
    )?;
    let other = median(report.all_runs().map(|run| run.used.other_cores));
    let other_max = report.all_runs().map(|run| run.used.other_cores).fold(0.0, f64::max);
    let steal = median(report.all_runs().map(|run| run.used.steal * 100.0));
    let steal_max = report.all_runs().map(|run| run.used.steal * 100.0).fold(0.0, f64::max);
    writeln!(
        text,
        "Meanwhile everything else on it took {} cores (median of all runs; at most {other_max:.2}), and the hypervisor took {} % for \
         others (at most {steal_max:.1} %).",
        cell(other, 2),
        cell(steal, 1)
    )?;
    if cfg!(debug_assertions) {
        writeln!(text, "**{UNOPTIMISED}**")?;
    }
    Ok(())
}

fn figures(text: &mut String, report: &Report) -> Result<()> {
    text.push_str(
        "\n| | calls | CPU ms for a second of a call | of it recording | times bare | calls a core | delay p50 / p99, ms | lost | \
         memory a call, kB | threads | beats late p99.9, ms |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (calls, scene) in report.rows() {
        let Some(run) = report.median(scene, calls) else { continue };
        let served = scene.line().is_some();
        let delay = match run.heard.p50_ms.is_nan() {
            true => "–".to_owned(),
            false => format!("{:.2} / {:.2}", run.heard.p50_ms, run.heard.p99_ms),
        };
        let only = |value: f64, places| cell(if served { value } else { f64::NAN }, places);
        writeln!(
            text,
            "| {} | {calls} | {:.2} | {} | {} | {:.0} | {delay} | {} | {} | {} | {} |",
            scene.title(),
            run.cpu_ms(),
            only(run.recording_ms(), 2),
            cell(report.ratio(scene, calls).unwrap_or(f64::NAN), 2),
            1000.0 / run.cpu_ms(),
            run.heard.counts.lost,
            only(run.memory_kb(), 0),
            run.used.threads,
            only(run.beats.quantile_ms(0.999), 1),
        )?;
    }
    let unclean: Vec<String> = report
        .runs
        .iter()
        .filter(|run| !run.faults().is_empty())
        .map(|run| {
            format!("{} of {} calls: {}", run.trial.scene.title(), run.trial.calls, run.faults().join(", "))
        })
        .collect();
    if !unclean.is_empty() {
        writeln!(text, "\nNot clean were: {}.", unclean.join("; "))?;
    }
    text.push_str(READING);
    Ok(())
}

/// What the columns mean.
const READING: &str = "
- **CPU ms for a second of a call**: user and system time of the server's process (`/proc/PID/stat`) over the window, over its
  seconds and the calls. 1000 divided by it is the number of calls a core carries. A call is 100 packets in and 100 out a second.
- **bare forwarder**: a process that does one receive and one send for each of the same packets (`epoll`, a socket for each leg), from
  the same load, in the same run: what the kernel alone costs. **bare sender**: the same for music, one send each 20 ms and one receive.
- **recorded**: stereo WAV, written and put on the disk as in production. Its price is that of the threads that write.
- **delay**: from the send to the kernel's stamp at the far side, the median over the window of each second's percentiles. The payload
  says whose packet it is, its number and when it was sent; it must arrive bit for bit. What codecs make anew is told by bursts of another tone, one a second: from the
  send of the packet that begins with one to the arrival of the sample where ten calls hear it, so what encoders look ahead and filters take is in it. Music is counted only. The load speaks for a twentieth of
  the legs each millisecond, as the one that others were measured with, so a packet waits for those of its turn before it: the bare
  forwarder's delay is what that alone takes.
- **browser**: the caller is found by ICE, shows a certificate in a DTLS handshake and sends SRTP, all on one port, as browsers do; INVITEs come over UDP,
  since only the audio is looked at. Its Opus is of full band at 32 kbit/s. The load pays for its own encryption.
- **memory a call**: resident memory in the window less that before the first call of a server that was just started, over the
  calls; what is there once for all of them (the ring to the recorder, the database's) is in it.
- **beats late**: prompts, music and silence go out on a beat of 20 ms; how long after it was due it began, rounded up to one of the
  bounds of `hotline_media_beat_lateness_seconds`.
- No packet makes the server ask for memory: `crates/core/media/tests/allocation.rs` proves that.
- Clean is a run whose calls are all set up and ended, without a gap in any sequence, with a p99 of at most 20 ms, in which the load
  sent within 0.5 % of what it was to send and was never 200 ms late, and nothing of journal and recordings was lost.
";

fn required(text: &mut String, report: &Report) -> Result<()> {
    writeln!(
        text,
        "\n**Required**, where the number of calls matters with {CALLS_REQUIRED} of them:\n\n| | required | measured | |\n|---|---|---|---|"
    )?;
    for verdict in report.verdicts() {
        let Goal { title, unit, bound, is_least, .. } = verdict.goal;
        let sign = if is_least { "≥" } else { "≤" };
        let figure = cell(verdict.figure, if is_least { 0 } else { 2 });
        let required = format!("{sign} {bound} {unit}");
        writeln!(text, "| {title} | {} | {figure} | {} |", required.trim_end(), met(&verdict))?;
    }
    for scene in [Scene::Browser, Scene::BrowserOpus] {
        for (calls, _) in report.rows().into_iter().filter(|row| row.1 == scene) {
            let Some(heard) = report.median(scene, calls).map(|run| run.heard) else { continue };
            let (p50, p99) = (cell(heard.first_p50_ms, 0), cell(heard.first_p99_ms, 0));
            let title = scene.title();
            writeln!(
                text,
                "\n{title}, {calls} calls, 25 begun in a second: {p50} ms from the INVITE to the first audio (p99 {p99} ms)."
            )?;
        }
    }
    if let Some(alone) = report.libopus_ms {
        writeln!(
            text,
            "\nlibopus alone takes {alone:.2} ms for each second of a call, both ways, 16 kHz, complexity 3."
        )?;
    }
    if let Some(tried) = &report.limit {
        let runs: Vec<String> = tried
            .runs
            .iter()
            .map(|run| {
                let faults = run.faults();
                let what = if faults.is_empty() { "clean".to_owned() } else { faults.join(", ") };
                format!("{} ({what})", run.trial.calls)
            })
            .collect();
        writeln!(text, "\nRecorded calls tried: {}. Aimed at are {CLEAN_AIM}.", runs.join("; "))?;
    }
    if let Some(apart) = &report.apart {
        writeln!(
            text,
            "\nThe beats were looked at with {} recorded calls: {} of them, {:.1} % taken by the hypervisor meanwhile.",
            apart.trial.calls,
            apart.beats.count(),
            apart.used.steal * 100.0
        )?;
    }
    Ok(())
}

fn others(text: &mut String) -> Result<()> {
    let floor = OTHERS[0].2;
    text.push_str(
        "\n**Others**, measured in the same way on another machine (2 cores of an AMX-capable Intel Xeon, KVM, Linux 6.18), so that only \
         what is in the column *times bare* can be compared with ours. How: \
         [perf-kit](../crates/test/bench/perf-kit/README.md).\n\n| | calls | CPU ms for a second of a call | times bare | \
         delay p50 / p99, ms | a call takes |\n|---|---|---|---|---|---|\n",
    );
    for (title, calls, cpu_ms, delay, memory) in OTHERS {
        writeln!(text, "| {title} | {calls} | {cpu_ms:.2} | {:.1} | {delay} | {memory} |", cpu_ms / floor)?;
    }
    text.push_str(
        "\nClean calls at once on its two cores, shared with the load: Asterisk 400 to 500, recorded 200 to 250; rustpbx 200 to 400, with \
         and without recording; rtpengine 1000, more were not tried.\n",
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::trial::tests::measured;
    use super::*;

    fn report() -> Report {
        let mut report = Report::new(12);
        report.machine = "2 cores of a processor".to_owned();
        for scene in Scene::ALL {
            report.add(measured(scene, CALLS_REQUIRED, 700));
        }
        report
    }

    #[test]
    fn only_what_stands_between_the_marks_is_replaced_and_can_be_replaced_again() {
        let page = format!("# Before\n\n{BEGIN}superseded\n{END}\n\n# After\n");
        let once = replace(&page, &report()).unwrap();
        assert!(once.starts_with("# Before\n\n<!--") && once.ends_with("-->\n\n# After\n"), "{once}");
        assert!(!once.contains("superseded") && once.contains("2 cores of a processor"), "{once}");
        assert!(
            once.contains("| bridged | 400 | 0.70 | 0.00 | 1.00 | 1429 | 0.10 / 0.50 | 0 | 41 | 12 | – |"),
            "{once}"
        );
        assert!(once.contains("| bridged: times the bare forwarder | ≤ 1.4 | 1.00 | met |"), "{once}");
        assert_eq!(replace(&once, &report()).unwrap(), once);
    }

    #[test]
    fn a_page_without_the_marks_is_named_before_anything_is_measured() {
        assert!(check(&format!("{BEGIN}{END}")).is_ok());
        for page in ["", BEGIN, &format!("{END}{BEGIN}")] {
            assert!(check(page).unwrap_err().to_string().contains("bench media: begin"), "{page}");
        }
    }

    #[test]
    fn the_shipped_page_has_a_place_for_the_result() {
        check(include_str!("../../../../../../docs/benchmarks.md")).unwrap();
    }
}
