//! One measurement: some calls are brought up, and what they cost is looked at over a window.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use hotline_base::Rng;
use hotline_config::Configuration;
use hotline_phone::Browser;

use super::beats::Beats;
use super::forwarder::Forwarder;
use super::pin::pin_process;
use super::scene::Scene;
use super::seconds::Heard;
use super::voices::{Spoken, Voices};
use crate::bench::crowd::{Crowd, Losses};
use crate::bench::load::{End, Load, Plan, Progress, Voice};
use crate::bench::message::Sound;
use crate::bench::process::{Usage, Used, datagrams_dropped};
use crate::bench::socket::{AudioSocket, Stamp};
use crate::bench::stage::{Addresses, Cast, Line, Stage};
use crate::bench::tally::Tally;
use crate::bench::tell_again;

/// More agents than calls, so that nobody waits for one.
const SPARE_AGENTS: u32 = 20;
/// The calls last so much longer than the window.
const MARGIN: Duration = Duration::from_secs(3);
/// What a server that was just started still does is over after this.
const REST: Duration = Duration::from_secs(1);
const CALM_MAX: Duration = Duration::from_secs(60);
/// How often it is looked whether a second is over.
const LOOK: Duration = Duration::from_millis(5);
/// Packets of each end in a second.
const PACKETS_A_SECOND: f64 = 50.0;
/// Packets that may be more or fewer than planned, of all.
const PACKETS_OFF_MAX: f64 = 0.005;
/// The median of the seconds' 99th percentiles beyond which a run is not clean, in milliseconds.
const DELAY_P99_MAX_MS: f64 = 20.0;
/// So much the load may be behind its plan.
const LATE_MAX_MS: f64 = 200.0;
/// Where the server is kept, and where the load, if they are to be apart.
const SERVER_CORE: usize = 0;
const LOAD_CORE: usize = 1;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    pub(super) scene: Scene,
    pub(super) calls: u32,
    /// The window.
    pub(super) seconds: u32,
    /// From the last call's begin to the window's.
    pub(super) settle: Duration,
    /// Server and load are kept on processors of their own.
    pub(super) is_pinned: bool,
}

/// What was found.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) trial: Trial,
    pub(super) heard: Heard,
    pub(super) used: Used,
    /// Before the first call.
    pub(super) rss_before_kib: u64,
    pub(super) threads_before: u64,
    /// Of the calls, if there were any.
    pub(super) tally: Option<Tally>,
    pub(super) losses: Losses,
    pub(super) beats: Beats,
    /// Datagrams that waited too long for anybody on this machine.
    pub(super) dropped: u64,
}

impl Trial {
    pub(super) async fn run(self, configuration: &Configuration) -> Result<Measured> {
        let title = self.scene.title();
        tell_again(&format!("{title}, {} calls", self.calls));
        let measured = match self.scene.line() {
            Some(line) => self.serve(configuration, line).await,
            None => self.forward().await,
        };
        tell_again("");
        measured.with_context(|| format!("{title}, {} calls", self.calls))
    }

    /// A server that was never called before, so that its memory tells what calls take.
    async fn serve(self, configuration: &Configuration, line: Line) -> Result<Measured> {
        let agents = if line.is_answered() { self.calls + SPARE_AGENTS } else { 1 };
        let cast = Cast::new(agents, 0);
        let mut stage = Stage::start(configuration, &cast).await?;
        let measured = self.call(&stage, &cast, line).await;
        let ended = stage.stop().await;
        let measured = measured.map_err(|error| stage.explain(error))?;
        ended?;
        Ok(measured)
    }

    async fn call(self, stage: &Stage, cast: &Cast, line: Line) -> Result<Measured> {
        let mut crowd = Crowd::gather(stage, cast).await?;
        if self.is_pinned {
            pin_process(stage.pid(), SERVER_CORE)?;
        }
        tokio::time::sleep(REST).await;
        let (before, losses) = (Usage::of(stage.pid())?, crowd.losses().await?);
        let sockets = [AudioSocket::open(stage.carrier())?, AudioSocket::open(stage.phones())?];
        let speech = self.scene.speech();
        let sounds = self.sounds(&sockets)?;
        let (speak, told) = channel();
        let voices = Voices::start(sockets, speech, told, self.is_pinned.then_some(LOAD_CORE))?;
        let plan = self.plan(line);
        let (progress, lent) = (Arc::new(Progress::default()), crowd.take_sockets()?);
        let load = Load::new(lent, stage.sip, plan, sounds, progress).with_voices(speak);
        let running = tokio::task::spawn_blocking(move || load.run());
        tokio::time::sleep(plan.due(plan.calls) + self.settle).await;
        let beats = Beats::read(&crowd.metrics().await?);
        let window = Window::watch(self, stage.pid(), &voices).await?;
        let beats = Beats::read(&crowd.metrics().await?).since(&beats);
        let (sockets, tally) = running.await.context("the load generator")??;
        let heard = window.heard(voices)?;
        crowd.give_sockets(sockets);
        crowd.is_calm_within(CALM_MAX).await?;
        Ok(Measured {
            trial: self,
            heard,
            used: window.used,
            rss_before_kib: before.rss_kib(),
            threads_before: before.threads(),
            tally: Some(tally),
            losses: crowd.losses().await?.since(losses),
            beats,
            dropped: window.dropped,
        })
    }

    fn sounds(self, [callers, phones]: &[AudioSocket; 2]) -> Result<[Sound; 2]> {
        let [of_callers, of_phones] = self.scene.speech().codecs;
        let at = callers.local();
        let callers = if self.scene.is_of_browsers() {
            let browser = Browser::generate(at.ip(), &mut Rng::from_number(u64::from(at.port())))?;
            Sound::of_browser(at, of_callers, browser)
        } else {
            Sound::plain(at, of_callers)
        };
        Ok([callers, Sound::plain(phones.local(), of_phones)])
    }

    async fn forward(self) -> Result<Measured> {
        let addresses = Addresses::of_this_process();
        let sockets = [AudioSocket::open(addresses.nth(2))?, AudioSocket::open(addresses.nth(3))?];
        let phones = (self.scene.ends() == 2).then(|| sockets[1].local());
        let forwarder = Forwarder::start(self.calls, sockets[0].local(), phones).await?;
        if self.is_pinned {
            pin_process(forwarder.pid, SERVER_CORE)?;
        }
        let before = Usage::of(forwarder.pid)?;
        let (speak, told) = channel();
        for (number, server) in (0..).zip(&forwarder.sockets) {
            let end = if number % self.scene.ends() == 0 { End::Caller } else { End::Phone };
            let call = number / self.scene.ends();
            let voice = Voice::Begins { call, end, server: *server, met: None, invited: Stamp::now() };
            speak.send(voice).map_err(|_| anyhow!("the voices are over"))?;
        }
        let core = self.is_pinned.then_some(LOAD_CORE);
        let voices = Voices::start(sockets, self.scene.speech(), told, core)?;
        tokio::time::sleep(self.settle).await;
        let window = Window::watch(self, forwarder.pid, &voices).await?;
        Ok(Measured {
            trial: self,
            heard: window.heard(voices)?,
            used: window.used,
            rss_before_kib: before.rss_kib(),
            threads_before: before.threads(),
            tally: None,
            losses: Losses::default(),
            beats: Beats::default(),
            dropped: window.dropped,
        })
    }

    /// All calls are up in the window.
    fn plan(self, line: Line) -> Plan {
        let window = Duration::from_secs(self.seconds.into());
        let mut plan = Plan {
            line,
            a_minute: self.scene.ramp() * 60,
            calls: self.calls.into(),
            talk: Duration::ZERO,
            first: 0,
        };
        // A window begins with a whole second.
        plan.talk = plan.due(plan.calls) + self.settle + Duration::from_secs(1) + window + MARGIN;
        plan
    }
}

/// Some whole seconds of the voices, and what the measured process used meanwhile.
struct Window {
    seconds: std::ops::Range<usize>,
    used: Used,
    dropped: u64,
}

impl Window {
    async fn watch(trial: Trial, pid: u32, voices: &Voices) -> Result<Self> {
        let first = voices.seconds() + 1;
        let seconds = first..first + trial.seconds as usize;
        until(voices, seconds.start).await;
        let (began, before, dropped) = (Instant::now(), Usage::of(pid)?, datagrams_dropped()?);
        until(voices, seconds.end).await;
        let used = Usage::of(pid)?.since(before, began.elapsed());
        Ok(Self { seconds, used, dropped: datagrams_dropped()?.saturating_sub(dropped) })
    }

    fn heard(&self, voices: Voices) -> Result<Heard> {
        let Spoken { seconds, firsts } = voices.stop()?;
        Ok(Heard::of(seconds.get(self.seconds.clone()).unwrap_or_default(), &firsts))
    }
}

/// Until the voices have spoken for so many seconds. If they fail, they say why when they are stopped.
async fn until(voices: &Voices, seconds: usize) {
    while voices.seconds() < seconds && !voices.is_over() {
        tokio::time::sleep(LOOK).await;
    }
}

impl Measured {
    /// Processor time for each second of each call, in milliseconds.
    pub(super) fn cpu_ms(&self) -> f64 {
        self.per_call_second(self.used.server)
    }

    /// Of it, that of the threads that write recordings.
    pub(super) fn recording_ms(&self) -> f64 {
        self.per_call_second(self.used.recording)
    }

    fn per_call_second(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1000.0 / self.used.elapsed.as_secs_f64() / f64::from(self.trial.calls)
    }

    /// Resident memory that each call added, in thousands of bytes.
    pub(super) fn memory_kb(&self) -> f64 {
        let added = self.used.rss_kib as f64 - self.rss_before_kib as f64;
        added * 1.024 / f64::from(self.trial.calls)
    }

    /// Threads that were there with the calls and not before.
    pub(super) fn threads_added(&self) -> u64 {
        self.used.threads.saturating_sub(self.threads_before)
    }

    /// What was not as it should be; nothing if the run was clean.
    pub(super) fn faults(&self) -> Vec<String> {
        let Self { trial, heard, .. } = self;
        let counts = heard.counts;
        let mut faults = Vec::new();
        for (why, count) in self.tally.iter().flat_map(|tally| &tally.failures) {
            faults.push(format!("{count} calls: {why}"));
        }
        let Losses { journal, recordings } = self.losses;
        for (count, what) in [
            (counts.lost, "packets lost"),
            (counts.wrong, "packets with other contents than were sent"),
            (counts.unsent, "packets that could not be sent"),
            (journal, "journal entries lost"),
            (recordings, "recordings failed"),
        ] {
            if count > 0 {
                faults.push(format!("{count} {what}"));
            }
        }
        let planned = f64::from(trial.calls * trial.scene.ends() * trial.seconds) * PACKETS_A_SECOND;
        let (sent, arrived) = (counts.sent as f64 / planned, counts.heard as f64 / planned);
        if (sent - 1.0).abs() > PACKETS_OFF_MAX {
            faults.push(format!("{:.1} % of the packets were sent", sent * 100.0));
        }
        // More come where some of before the window were on their way when it began.
        if arrived < 1.0 - PACKETS_OFF_MAX {
            faults.push(format!("{:.1} % of the packets were heard", arrived * 100.0));
        }
        if heard.p99_ms > DELAY_P99_MAX_MS {
            faults.push(format!("1 % of the packets took longer than {:.0} ms", heard.p99_ms));
        }
        if heard.late_ms >= LATE_MAX_MS {
            faults.push(format!("the load was up to {:.0} ms behind its plan", heard.late_ms));
        }
        faults
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::bench::media::seconds::Counts;

    /// A clean run of a second in which each call cost `cpu_us`.
    pub(in crate::bench::media) fn measured(scene: Scene, calls: u32, cpu_us: u64) -> Measured {
        let settle = Duration::ZERO;
        let packets = u64::from(calls * scene.ends()) * 50;
        let server = Duration::from_micros(cpu_us * u64::from(calls));
        let elapsed = Duration::from_secs(1);
        Measured {
            trial: Trial { scene, calls, seconds: 1, settle, is_pinned: false },
            heard: Heard {
                counts: Counts { sent: packets, heard: packets, ..Counts::default() },
                p50_ms: 0.1,
                p99_ms: 0.5,
                p99_worst_ms: 0.5,
                late_ms: 1.0,
                first_p50_ms: 20.0,
                first_p99_ms: 40.0,
            },
            used: Used { server, elapsed, rss_kib: 50_000, threads: 12, ..Used::default() },
            rss_before_kib: 50_000 - 40 * u64::from(calls),
            threads_before: 10,
            tally: scene.line().map(|_| Tally::default()),
            losses: Losses::default(),
            beats: Beats::default(),
            dropped: 0,
        }
    }

    #[test]
    fn what_a_call_costs_is_told_for_each_of_its_seconds() {
        let mut run = measured(Scene::Recorded, 100, 700);
        run.used.recording = Duration::from_millis(20);
        run.used.server *= 2;
        run.used.elapsed *= 2;
        let rounded = |value: f64| (value * 1000.0).round();
        assert_eq!((rounded(run.cpu_ms()), rounded(run.recording_ms())), (700.0, 100.0));
        assert_eq!((rounded(run.memory_kb()), run.threads_added()), (40_960.0, 2));
    }

    #[test]
    fn every_reason_why_a_run_is_not_clean_is_named() {
        let clean = measured(Scene::Relay, 10, 700);
        assert!(clean.faults().is_empty());
        let faults = |change: &dyn Fn(&mut Measured)| {
            let mut run = clean.clone();
            change(&mut run);
            run.faults().join(", ")
        };
        assert_eq!(faults(&|run| run.heard.counts.lost = 1), "1 packets lost");
        assert_eq!(faults(&|run| run.heard.counts.heard = 990), "99.0 % of the packets were heard");
        assert_eq!(faults(&|run| run.heard.counts.heard = 1010), "");
        assert_eq!(faults(&|run| run.heard.counts.sent = 1010), "101.0 % of the packets were sent");
        assert_eq!(faults(&|run| run.heard.counts.sent = 996), "");
        assert_eq!(faults(&|run| run.heard.p99_ms = 21.0), "1 % of the packets took longer than 21 ms");
        assert_eq!(faults(&|run| run.heard.late_ms = 200.0), "the load was up to 200 ms behind its plan");
        assert_eq!(faults(&|run| run.losses.recordings = 2), "2 recordings failed");
        assert_eq!(
            faults(&|run| run.tally.iter_mut().for_each(|tally| tally.fail("no agent"))),
            "1 calls: no agent"
        );
    }
}
