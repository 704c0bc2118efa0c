//! What the server finds when it looks at itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Answer to `GET /api/v1/system/doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checkup {
    /// What was looked at, in order.
    pub findings: Vec<Finding>,
    /// How long things are kept.
    pub retention: Retention,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What was looked at, in English.
    pub subject: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, as an English sentence.
    pub says: String,
    /// What to do, in English.
    pub advice: Option<String>,
    /// What was looked at, for programs and for pages in other languages.
    pub about: Looked,
    /// What was found, likewise. Where `advice` is not `null`, the advice is that of this code.
    pub found: Found,
}

/// What the doctor looked at: `code`, and the fields of that code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Looked {
    /// Whether a server runs.
    Server,
    /// An address at which SIP is listened for.
    SipListener {
        /// `UDP`, `TCP`, `TLS`, `WS` or `WSS`.
        transport: String,
        /// Address and port.
        address: String,
    },
    /// The address of pages and API.
    Pages {
        /// Address and port.
        address: String,
    },
    /// The address for audio of browsers by TCP.
    BrowserAudio {
        /// Address and port.
        address: String,
    },
    /// The ports for audio.
    RtpPorts {
        /// The first.
        first: u16,
        /// The last.
        last: u16,
    },
    /// The ports that the system gives to any program.
    SystemPorts,
    /// The machine's clock.
    Clock,
    /// The folder of recordings.
    Recordings {
        /// Where it is.
        folder: String,
    },
    /// The folder of an SQLite database.
    DatabaseFolder {
        /// Where it is.
        folder: String,
    },
    /// The file with the passwords of phones and trunks.
    Passwords {
        /// Where it is.
        file: String,
    },
    /// How many files may be open.
    OpenFiles,
    /// The program that speaks.
    Speech {
        /// Its name or place.
        program: String,
    },
    /// A certificate.
    Certificate {
        /// Its file.
        file: String,
    },
    /// An authority that gives certificates.
    Authority {
        /// Its directory (RFC 8555 §7.1.1).
        directory: String,
    },
    /// The database.
    Database,
    /// The database's files and settings.
    DatabaseFiles,
    /// The phones of the center.
    Phones,
    /// A server of a trunk.
    TrunkServer {
        /// The trunk.
        trunk: String,
        /// The server, as it is configured.
        server: String,
    },
}

/// Why the system did not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SystemReason {
    /// The user of the server may not.
    PermissionDenied,
    /// There is no such file.
    NotFound,
    /// Nobody listens there.
    ConnectionRefused,
    /// It took too long.
    TimedOut,
    /// No way leads there.
    Unreachable,
    /// The disk is full.
    NoSpace,
    /// The file system can only be read.
    ReadOnly,
    /// Another one; `said` names it.
    Other,
}

/// What the doctor found: `code`, and the fields of that code. `said` is what the system, a library or a server of others said,
/// in its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is the figure, name or address that its code is about")]
pub enum Found {
    /// No server runs; what follows is about starting one.
    NotRunning { address: String },
    /// The server runs and is well.
    Well { address: String },
    /// The server runs, with these alarms.
    Unwell { address: String, alarms: Vec<String> },
    /// The port is free.
    PortFree,
    /// Another program has the port.
    PortTaken { port: u16 },
    /// The address is not one of this machine.
    AddressNotHere { ip: String },
    /// The port cannot be listened on for another reason.
    PortRefused { reason: SystemReason, said: String },
    /// The server answers OPTIONS with this status.
    Answers { status: u16 },
    /// Somebody takes connections.
    TakesConnections,
    /// No answer came.
    Silent,
    /// Something answers that is not SIP.
    NotSip,
    /// No connection came about.
    Unconnected { reason: SystemReason, said: String },
    /// All ports for audio are free, for so many legs.
    PortsFree { legs: usize },
    /// No port for audio can be used at this address.
    PortsUnusable { ip: String },
    /// Some ports for audio are taken.
    PortsTaken { count: usize, of: usize, first: u16 },
    /// The system's ports are apart from those of calls, or those are reserved.
    PortsApart { first: u16, last: u16 },
    /// The system's ports overlap those of calls, which are `reserve`.
    PortsOverlap { first: u16, last: u16, reserve: String },
    /// The network sets the clock.
    ClockSet,
    /// The network does not set the clock.
    ClockUnset,
    /// Nothing says whether the network sets the clock.
    ClockUnknown,
    /// The folder is not there yet.
    FolderMissing,
    /// The folder cannot be written.
    FolderReadOnly { reason: SystemReason, said: String },
    /// How much room there is cannot be told.
    RoomUnknown { said: String },
    /// There is little room.
    RoomLittle { hours: u64, gigabytes: u64 },
    /// There is room, and the disk is slow to keep 4 kB.
    DiskSlow { hours: u64, gigabytes: u64, keeps_us: u64 },
    /// There is room, and the disk keeps 4 kB in this time.
    RoomEnough { hours: u64, gigabytes: u64, keeps_us: u64 },
    /// Everybody on the machine can read the file.
    ReadByAll { file: String },
    /// Only the file's owner and group can read it.
    ReadByOwner,
    /// The file cannot be read.
    Unreadable { reason: SystemReason, said: String },
    /// Fewer files may be open than may be needed.
    FilesFew { allowed: u64, needed: u64 },
    /// Enough files may be open.
    FilesEnough { needed: u64 },
    /// The program is there.
    ProgramThere,
    /// The program is not there.
    ProgramMissing,
    /// Certificate and key cannot be used.
    CertificateUnusable { said: String },
    /// The certificate's file cannot be read.
    CertificateUnreadable { said: String },
    /// The certificate has ended.
    CertificateEnded { name: String, days: i64 },
    /// The certificate ends soon.
    CertificateEnds { name: String, days: i64 },
    /// The certificate is good.
    CertificateGood { name: String, days: i64 },
    /// The authority has given a certificate.
    AuthorityGave { names: String },
    /// The authority was not asked yet.
    AuthorityUnasked { names: String },
    /// The authority gives none; it is asked again in so many minutes.
    AuthorityFails { names: String, failures: u64, minutes: i64, port: u16, challenge: String, said: String },
    /// The database's file is not there yet.
    DatabaseMissing { file: String },
    /// The database has the tables of an earlier version, or none; the server brings them up to date.
    DatabaseEarlier { database: String },
    /// The database was written by a later version.
    DatabaseLater { database: String },
    /// The database cannot be opened.
    DatabaseShut { said: String },
    /// The database answers.
    DatabaseAnswers { took_us: u64 },
    /// The database fails.
    DatabaseFails { said: String },
    /// The database is whole.
    DatabaseWhole,
    /// A setting of PostgreSQL is off, by which a power cut loses calls.
    SettingOff { setting: String },
    /// The database's file is damaged.
    DatabaseDamaged { said: String },
    /// The database could not be looked through.
    DatabaseUnseen { said: String },
    /// So many phones may register; who did is not known.
    PhonesUnknown { allowed: usize },
    /// All phones are registered.
    PhonesAll { count: usize },
    /// None is.
    PhonesNone { of: usize },
    /// Some are; of those that are not, some are named.
    PhonesSome { registered: usize, of: usize, away: Vec<String>, more: usize },
    /// DNS knows no address of the server.
    NameUnknown,
    /// DNS does not answer.
    NameUnanswered { said: String },
    /// The server was found there.
    ServerFound { address: String },
    /// The server answers OPTIONS with this status.
    ServerAnswers { address: String, status: u16 },
    /// The server does not answer OPTIONS.
    ServerSilent { address: String },
    /// Something answers there that is not SIP.
    ServerNotSip { address: String },
    /// The server cannot be reached.
    ServerUnreachable { address: String, reason: SystemReason, said: String },
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It may be wanted so.
    Doubtful,
    /// The center cannot serve so, or will not for long.
    Bad,
}

/// After how many days things are erased; `null` for what is kept for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retention {
    /// Messages that callers left.
    pub messages_days: Option<u32>,
    /// Recordings.
    pub recordings_days: Option<u32>,
    /// Records of calls; their recordings go with them at the latest.
    pub calls_days: Option<u32>,
    /// How often steps of flows were run.
    pub flow_figures_days: Option<u32>,
    /// Of queues that say something themselves, by queue.
    pub queues: BTreeMap<String, QueueRetention>,
}

/// After how many days things of one queue are erased; `null` for what is kept like those of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueueRetention {
    /// Messages in its mailbox.
    pub messages_days: Option<u32>,
    /// Recordings of calls that waited here last.
    pub recordings_days: Option<u32>,
    /// Records of calls that waited here last.
    pub calls_days: Option<u32>,
}
