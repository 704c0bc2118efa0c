//! What can be typed after `hotline`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A call center in one program: SIP trunk, IVR, queues, agents, recordings, pages.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    /// The server's settings; they name every other file.
    #[arg(long, short, global = true, default_value = "config/hotline.yaml", env = "HOTLINE_CONFIG")]
    pub(crate) config: PathBuf,

    /// How much is logged, as `info` or `info,hotline_api=debug`.
    #[arg(long, global = true, default_value = "info", env = "HOTLINE_LOG")]
    pub(crate) log: String,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server (this is also what happens without a command).
    Run,
    /// Check the configuration and every flow, and say all mistakes at once; exit code 2 if there are any.
    ///
    /// If there are none, it says for each flow how long a caller may be under way before a person can answer.
    Check(Check),
    /// Print the JSON Schema of flows or of the center's file, for editors, or the description of the HTTP interface.
    Schema(Schema),
    /// Run the tests beside the flows (docs/flow-tests.md); exit code 1 if one fails.
    Test(FlowTests),
    /// Show a whole call: two scripted phones call each other through a server, with ladder, record and recording.
    Demo(Demo),
    /// Simulate a day of the center in seconds: callers and agents by chance, the real core, figures by queue and interval.
    ///
    /// Without a scenario, the day that is shipped (docs/examples/simulate.yaml). What a scenario can say, what is real and what
    /// is not is in docs/simulate.md. Nothing is called, and the database is at most read.
    Simulate(Simulate),
    /// Measure what a server on this machine can bear.
    Bench(Bench),
    /// Show the SIP messages of a call that the running server keeps, as a ladder or as a file for Wireshark.
    Trace(Trace),
    /// Write the configuration of the running server into files for git: center and flows.
    Export(Export),
    /// Put a directory in force on the running server, as a whole, without a restart. Doing it again changes nothing.
    Apply(Apply),
    /// Look whether all recordings are whole, mend what a crash left, or change the key that seals them.
    Recordings(Recordings),
    /// Look at ports, clock, disk, certificates, database, phones and trunks, and say what to do; exit code 1 if something is wrong.
    Doctor(Doctor),
    /// Write the whole center into one file: database, configuration, flows, sounds, recordings. The server may run.
    Backup(Backup),
    /// Bring back what a backup holds, into SQLite or PostgreSQL. The server must not run.
    Restore(Restore),
    /// Count calls anew from the journal, and say where reports were made of something else.
    Reports(Reports),
    /// Look whether the audit log is what was written.
    Audit(Audit),
    /// Add a person who can sign in, or give one a new password, which is read from standard input.
    User(User),
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline check                what is configured
  hotline check drafts         flows of another folder, with everything else as configured")]
pub(crate) struct Check {
    /// The folder of flows; that of the configuration unless given.
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Schema {
    /// What is described.
    #[arg(value_enum)]
    pub(crate) of: Described,
}

/// What has a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Described {
    /// Flows: the files of ivr-flows/.
    Ivr,
    /// The center's file.
    Config,
    /// The HTTP interface, as OpenAPI; the pages are built from it.
    Api,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline test                              all tests of the configured flows
  hotline test --coverage                   and which steps and exits none of them reaches
  hotline test --filter \"main the sales\"   those in whose flow and name this stands
  hotline test drafts --junit result.xml    another folder, with a file for a CI server")]
pub(crate) struct FlowTests {
    /// The folder of flows and tests; that of the configuration unless given.
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Only tests in whose flow and name this text stands.
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// List the steps and exits that no test reaches.
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Fail unless the tests reach so much of all steps and exits, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) min_coverage: Option<u8>,
    /// Write the results into this file, as JUnit XML.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// The number that the caller dials; the first configured one unless given.
    #[arg(long)]
    pub(crate) number: Option<String>,
    /// The key that the caller presses in the menu.
    #[arg(long, default_value_t = '1')]
    pub(crate) key: char,
    /// How long the two talk, in seconds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(3..=60))]
    pub(crate) talk_s: u64,
    /// Always start a server of its own, even if one runs.
    #[arg(long)]
    pub(crate) alone: bool,
}

/// What `--from-records` stands for without a day.
pub(crate) const YESTERDAY: &str = "yesterday";

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline simulate                                      the shipped day on the configured center
  hotline simulate monday.yaml --seed 7                 another Monday
  hotline simulate monday.yaml --with config/other.yaml the same callers under two configurations
  hotline simulate monday.yaml --from-records           the callers of yesterday, the agents of the scenario
  hotline simulate monday.yaml --level acd              routing alone, ten times as fast")]
pub(crate) struct Simulate {
    /// The day: who calls when, and who works when.
    #[arg(value_name = "SCENARIO.yaml")]
    pub(crate) scenario: Option<PathBuf>,
    /// How much of the core takes part.
    #[arg(long, value_enum, default_value_t = SimulationLevel::Sip)]
    pub(crate) level: SimulationLevel,
    /// Everything by chance follows from this number; that of the scenario unless given. The same one gives the same
    /// journal, byte for byte.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Where the journal is written: all events, one JSON object a line.
    #[arg(long, value_name = "FILE", default_value = "data/simulation.jsonl")]
    pub(crate) journal: PathBuf,
    /// Another server's file: the same callers are simulated under it too, and both are compared.
    #[arg(long, value_name = "CONFIG.yaml")]
    pub(crate) with: Option<PathBuf>,
    /// Take the callers from the call records of a day in place of the scenario's: when they came, how long they waited and
    /// talked.
    #[arg(long, value_name = "YYYY-MM-DD", num_args = 0..=1, default_missing_value = YESTERDAY)]
    pub(crate) from_records: Option<String>,
}

/// How much of the core takes part in a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimulationLevel {
    /// All of it, with SIP messages and flows; sockets and audio are simulated.
    Sip,
    /// Routing alone.
    Acd,
}

#[derive(Args, Debug)]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) what: Measurement,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Measurement {
    /// How many calls a second are set up, and what each costs.
    ///
    /// Starts a server of its own, with files and loopback addresses of its own that are removed afterwards, and calls it over
    /// UDP at one rate after the other: from a trunk through a number and a queue to an agent's phone, which answers at once.
    /// Calls are journalled and recorded as in production; no media is sent.
    Sip(BenchSip),
    /// What bridged, recorded, translated and waiting calls cost, beside what the kernel alone takes.
    ///
    /// For each row starts a server of its own, with files and loopback addresses of its own that are removed afterwards, brings up
    /// calls from a trunk through a number and a queue to agents' phones, and sends audio on all legs, which it checks, counts and
    /// times at the far side. Beside each number of calls it measures a process that does nothing but receive and send the same
    /// packets. Then it looks for the greatest number of recorded calls that is clean, and how punctual the beats are with half of
    /// it. With all parts it takes about a quarter of an hour.
    Media(BenchMedia),
    /// What open pages cost, and how soon they know what has happened.
    ///
    /// Starts a server of its own and calls it twice at the same rate, without any page and with many that see everything.
    Pages(BenchPages),
    /// How long the routing takes to find the agent for a caller.
    ///
    /// In virtual time and without a server: a center whose agents end calls and whose callers join, with every strategy, tiers,
    /// plans and skills among its queues. What is printed is the processor time of one input.
    Acd(BenchAcd),
    /// How long searches for calls take among millions.
    ///
    /// Fills a database of its own, which is removed afterwards, with the calls of years, as a server writes them, and searches for
    /// them. Ten millions take about 30 GB.
    Records(BenchRecords),
    /// The bare forwarder that `media` compares with; it starts this itself.
    #[command(hide = true)]
    Forward(Forward),
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline bench pages             500 pages at 4 calls a second, for a minute each way
  hotline bench pages --require   exit code 1 unless they cost less than a tenth of a core and know within 50 ms")]
pub(crate) struct BenchPages {
    /// Pages.
    #[arg(long, default_value_t = 500, value_parser = readers)]
    pub(crate) pages: usize,
    /// Calls a minute.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub(crate) rate: u32,
    /// How long calls are offered, without and with pages, in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(5..=600))]
    pub(crate) seconds: u32,
    /// Print the result as JSON and nothing else to standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail unless the figures that are required of 500 pages at 200 calls a minute are met.
    #[arg(long)]
    pub(crate) require: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline bench sip                              the usual rates, ten seconds each
  hotline bench sip --rate 400 --require         exit code 1 unless the required figures are met
  hotline bench sip --rate 50 --pages 20 --json  with pages that are written before the phone rings")]
pub(crate) struct BenchSip {
    /// Calls a second, one run for each number.
    #[arg(long, value_name = "CALLS", value_delimiter = ',', default_values_t = [100, 200, 400, 600, 800, 1000],
          value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub(crate) rate: Vec<u32>,
    /// How long calls are offered at each rate, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) seconds: u32,
    /// Agents who are ready, each for one call at a time.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2000))]
    pub(crate) agents: u32,
    /// How long caller and agent talk, in milliseconds.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub(crate) talk_ms: u64,
    /// How many of the agents have their page open: each is written who calls before the phone rings.
    #[arg(long, default_value_t = 0, value_parser = pages)]
    pub(crate) pages: usize,
    /// Print the result as JSON and nothing else to standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail unless the figures that are required at 400 calls a second are met.
    #[arg(long)]
    pub(crate) require: bool,
}

/// Each page is a person whose password is hashed when the server starts, which takes its time.
const PAGES_MAX: usize = 200;

/// The server takes some more, and other pages may be open.
const READERS_MAX: usize = 1000;

fn readers(text: &str) -> Result<usize, String> {
    let readers = text.parse().ok().filter(|readers| (1..=READERS_MAX).contains(readers));
    readers.ok_or_else(|| format!("1 to {READERS_MAX}"))
}

fn pages(text: &str) -> Result<usize, String> {
    let pages = text.parse().ok().filter(|pages| *pages <= PAGES_MAX);
    pages.ok_or_else(|| format!("0 to {PAGES_MAX}"))
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline bench media                                      all parts, with 100 and with 400 calls
  hotline bench media --calls 200 --only relay,recorded    what recording costs
  hotline bench media --repeats 3 --write docs/benchmarks.md
                                                           writes what was found into the page, between its two marks
  hotline bench media --require                            exit code 1 unless the required figures are met")]
pub(crate) struct BenchMedia {
    /// Calls at once, a row of each part for each number.
    #[arg(long, value_name = "CALLS", value_delimiter = ',', default_values_t = [100, 400],
          value_parser = clap::value_parser!(u32).range(1..=2400))]
    pub(crate) calls: Vec<u32>,
    /// How long is measured once all calls are up, in seconds.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) seconds: u32,
    /// How long all calls are up before that, in seconds.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(0..=60))]
    pub(crate) settle: u32,
    /// How often each row is measured; the run with the middle processor time counts.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) repeats: u32,
    /// The parts that are measured; all unless given.
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',', default_values_t = MediaPart::ALL)]
    pub(crate) only: Vec<MediaPart>,
    /// Write the result into this file, between the two lines that mark its place.
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// Print the result as JSON and nothing else to standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail unless all figures that are required at 400 calls are met.
    #[arg(long)]
    pub(crate) require: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline bench acd                        the size that is promised
  hotline bench acd --require              exit code 1 unless the required figures are met")]
pub(crate) struct BenchAcd {
    /// Agents who are signed in.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    pub(crate) agents: u32,
    /// Queues. Each agent serves five.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(12..=20_000))]
    pub(crate) queues: u32,
    /// Callers who join before it begins.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(0..=500_000))]
    pub(crate) callers: u32,
    /// Offers in a second of the center's time.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// How often an agent ends a call and somebody joins.
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub(crate) turns: u32,
    /// Print the result as JSON and nothing else to standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail unless the figures that are required are met.
    #[arg(long)]
    pub(crate) require: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline bench records --rows 200000 --require       quick; exit code 1 unless the required figures are met
  hotline bench records --database postgres://…/empty in PostgreSQL; what is written there stays")]
pub(crate) struct BenchRecords {
    /// Calls.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1000..=100_000_000))]
    pub(crate) rows: u64,
    /// How often each search is made.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) turns: u64,
    /// An empty database; an SQLite file in the directory for temporary files unless given.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Print the result as JSON and nothing else to standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail unless the figures that are required are met.
    #[arg(long)]
    pub(crate) require: bool,
}

/// A part of `hotline bench media`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MediaPart {
    /// Bridged calls, G.711 on both legs, from a queue that is not recorded.
    Relay,
    /// Bridged calls, recorded.
    Recorded,
    /// Bridged calls with G.722 on the agent's leg.
    Transcoded,
    /// Bridged calls with Opus on the agent's leg, at most 100 of them.
    Opus,
    /// Bridged calls whose callers are browsers: with G.711, and with Opus, at most 100 of the latter.
    Browsers,
    /// Callers who wait with music.
    Music,
    /// The greatest number of recorded calls that is clean.
    Limit,
    /// How late the beats of the media threads are, with half of that number and the load on a processor of its own.
    Beats,
}

impl MediaPart {
    pub(crate) const ALL: [Self; 8] = [
        Self::Relay,
        Self::Recorded,
        Self::Transcoded,
        Self::Opus,
        Self::Browsers,
        Self::Music,
        Self::Limit,
        Self::Beats,
    ];
}

#[derive(Args, Debug)]
pub(crate) struct Forward {
    #[arg(long)]
    pub(crate) calls: u32,
    /// The address of its sockets.
    #[arg(long)]
    pub(crate) at: IpAddr,
    /// Where all callers are.
    #[arg(long)]
    pub(crate) callers: SocketAddr,
    /// Where all phones are; if nowhere, callers are sent something on a beat.
    #[arg(long)]
    pub(crate) phones: Option<SocketAddr>,
}

/// Asks the running server, which keeps the messages of living and finished calls in memory for a while (`sip.trace` in
/// the configuration). Answers to digest challenges and pressed keys are masked; each reading is in the audit log.
///
/// Only those with the permission `trace.see` may look. Who you are is told by a token (--token or HOTLINE_TOKEN, from POST /api/v1/tokens),
/// or by --user with the password on standard input. With a demonstration center neither is needed.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline trace last                          the call that began last
  hotline trace last --follow                 and go on while it lives
  hotline trace 8f3c…@carrier --full          a dialog by its Call-ID, with whole messages
  hotline trace last --pcap call.pcap         for Wireshark
  hotline trace last --pcap - | tshark -r -   without a file")]
pub(crate) struct Trace {
    /// The id of a call, the Call-ID of one of its SIP dialogs (or of a registration), or `last`.
    pub(crate) call: String,
    /// Go on until the call is over, or until Ctrl-C if it is no call.
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Show whole messages, not only their first lines.
    #[arg(long)]
    pub(crate) full: bool,
    /// Hide numbers, users and names, for a trace that leaves the house.
    #[arg(long)]
    pub(crate) redact: bool,
    /// Write a pcap file and print nothing; `-` writes it to standard output.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["follow", "full"])]
    pub(crate) pcap: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) visitor: Visitor,
}

/// Who visits the running server, and where it is.
#[derive(Args, Debug)]
pub(crate) struct Visitor {
    /// Where the server's pages and API are; `http.listen` of the configuration unless given.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) server: Option<SocketAddr>,
    /// A token of somebody who may do this.
    #[arg(long, env = "HOTLINE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Somebody who may do this, whose password is read from standard input.
    #[arg(long, value_name = "NAME", conflicts_with = "token")]
    pub(crate) user: Option<String>,
}

impl Visitor {
    /// Whether something of it stands in the configuration only.
    pub(crate) const fn needs_configuration(&self) -> bool {
        self.server.is_none() || (self.token.is_none() && self.user.is_none())
    }
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline export --out center                   center/center.yaml and center/flows/, with masked passwords
  hotline export --out center && git -C center diff
                                                what has been changed on the server's pages")]
pub(crate) struct Export {
    /// Where to; it is made if it is not there.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// With the passwords of phones and trunks; takes the permission `config.secrets`.
    #[arg(long)]
    pub(crate) secrets: bool,
    #[command(flatten)]
    pub(crate) visitor: Visitor,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline apply center --dry-run    what would change; exit code 3 if something would
  hotline apply center              puts it in force, all of it or nothing; exit code 2 if it has mistakes
  hotline apply center --prune      and takes flows away that are not in the directory")]
pub(crate) struct Apply {
    /// A directory as `hotline export` writes it: center.yaml, and flows/ if flows are to change with it.
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take flows away that the directory does not have.
    #[arg(long)]
    pub(crate) prune: bool,
    #[command(flatten)]
    pub(crate) visitor: Visitor,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline recordings verify    exit code 1 if one is cut off, altered or cannot be read; the server may run
  hotline recordings repair    what the next start would do, without starting, and all others that are cut
                               off; the server must not run
  hotline recordings new-key /etc/hotline/recordings.key
  hotline recordings rekey     after another key was put first in the configuration; the server may run
  hotline recordings export 2026/01/31/081500-….wav.sealed call.wav")]
pub(crate) struct Recordings {
    #[command(subcommand)]
    pub(crate) what: RecordingsTask,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordingsTask {
    /// Read every recording and compare it with the checksum that was taken while it was recorded.
    Verify,
    /// Make recordings that a crash cut off playable, and close the records of their calls.
    Repair,
    /// Write a key for `recordings.encryption` to a new file.
    NewKey {
        /// The file to be written; it must not be there.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Let the current key of `recordings.encryption` open all sealed recordings, and no other.
    Rekey,
    /// Write one recording as a WAV file that anybody can play.
    Export {
        /// The recording, as its call's record names it, below `storage.recordings`.
        #[arg(value_name = "RECORDING")]
        recording: PathBuf,
        /// The file to be written; it must not be there.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline reports recount                               yesterday; the server may run, and does so every night
  hotline reports recount --from 2026-01-01 --days 31   a month, also to count calls of earlier versions")]
pub(crate) struct Reports {
    #[command(subcommand)]
    pub(crate) what: ReportsTask,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportsTask {
    /// Fold the events of every call of a day, compare with what is stored, mend the counts; exit code 1 if any differed.
    Recount(Recount),
}

#[derive(Args, Debug)]
pub(crate) struct Recount {
    /// The first day, in UTC, such as 2026-01-31; yesterday unless given.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// How many days.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=4000))]
    pub(crate) days: u16,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline doctor             before the first start, or when something is odd; the server may run
  hotline doctor --json      for programs
  hotline doctor --health    quick: is the server well? For containers and monitors")]
pub(crate) struct Doctor {
    /// Print the findings as JSON.
    #[arg(long, conflicts_with = "health")]
    pub(crate) json: bool,
    /// Only ask the running server whether it is well.
    #[arg(long)]
    pub(crate) health: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline backup /backups/2026-01-31.tar.gz
  hotline backup night.tar.gz --without-recordings    a center in a few megabytes")]
pub(crate) struct Backup {
    /// The file to be written; it must not be there.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Leave out recordings and messages, which are most of it; they are files and can be copied by other means.
    #[arg(long)]
    pub(crate) without_recordings: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline restore night.tar.gz --check                        only look whether it is whole
  hotline restore night.tar.gz                                on a new machine
  hotline restore night.tar.gz --replace                      in the place of what is there
  hotline -c config/postgres.yaml restore night.tar.gz        into another database

The settings of this machine (config/hotline.yaml) stay as they are if there are any. The former SQLite file is kept, with
`.before-restore` behind its name.")]
pub(crate) struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only look whether the backup is whole.
    #[arg(long, conflicts_with_all = ["replace", "without_recordings"])]
    pub(crate) check: bool,
    /// Put it in the place of the database and the files that are there.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Leave the recordings of the backup out.
    #[arg(long)]
    pub(crate) without_recordings: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline audit verify    exit code 1 if a row is missing or was changed; the server may run")]
pub(crate) struct Audit {
    #[command(subcommand)]
    pub(crate) what: AuditTask,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditTask {
    /// Compute the chain of all rows anew, and say how many there are or which is the first that is not what was written.
    Verify,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  hotline user root --admin                      may do everything
  hotline user carla --role team_leader --team early --agent 1004
  hotline user dora --role agent --agent 1005 --temporary")]
pub(crate) struct User {
    /// The name to sign in with.
    pub(crate) user: String,
    /// The name that others see.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The agent this person is; with no role named, of the role `agent`.
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// May do everything: the role `admin`.
    #[arg(long)]
    pub(crate) admin: bool,
    /// A role (docs/permissions.md); can be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Vec<String>,
    /// A team that this person oversees: a group of agents; can be given several times.
    #[arg(long, value_name = "GROUP")]
    pub(crate) team: Vec<String>,
    /// The password must be changed at the first sign-in.
    #[arg(long)]
    pub(crate) temporary: bool,
}
