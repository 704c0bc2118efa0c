//! `config/hotline.yaml`: the addresses and paths of this server.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use hotline_base::Pii;
use hotline_media::PARTIES_MAX;
use hotline_yaml::{Diagnostic, Fields, Node, Reader, Source, Value, read};

use crate::http::{Http, http};
use crate::recordings::{Recordings, recordings};
use crate::retention::{Retention, retention};
use crate::services::{Services, services};
use crate::sip::{Sip, sip};
use crate::telemetry::{Otlp, telemetry};
use crate::turn::{Turn, turn};
use crate::webhooks::{Webhook, webhooks};

/// Levels that speech can be brought to, in dBFS.
const PROMPT_DBFS: RangeInclusive<i8> = -60..=-3;

/// Parties of a conference: who talks with whom is two, and three is one.
const PARTIES: RangeInclusive<usize> = 3..=PARTIES_MAX;
const PARTIES_USUAL: usize = 8;

/// This server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// SIP.
    pub sip: Sip,
    /// Media.
    pub media: Media,
    /// Pages and API.
    pub http: Http,
    /// Files and database.
    pub storage: Storage,
    /// How talks are recorded.
    pub recordings: Recordings,
    /// How long things are kept.
    pub retention: Retention,
    /// Who speaks the texts of flows.
    pub tts: TextToSpeech,
    /// How web services are asked.
    pub services: Services,
    /// Whom events are sent to, by name.
    pub webhooks: Vec<Webhook>,
    /// Who gets traces, if anybody.
    pub otlp: Option<Otlp>,
    /// How logs are written.
    pub log: LogFormat,
}

/// Media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Where RTP is received.
    pub listen: IpAddr,
    /// The address that session descriptions name.
    pub external: IpAddr,
    /// Where browsers connect to that cannot use UDP, if they may.
    pub tcp: Option<MediaTcp>,
    /// TURN servers that pages are told of.
    pub turn: Option<Turn>,
    /// UDP ports for RTP, the even ones of this range.
    pub ports: RangeInclusive<u16>,
    /// Threads.
    pub threads: usize,
    /// How long a talking phone may be silent on the wire before the call is ended.
    pub timeout: Duration,
    /// The most parties of one conference.
    pub parties_max: usize,
}

/// Audio of browsers by TCP (RFC 6544).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaTcp {
    /// Where it is listened on.
    pub listen: SocketAddr,
    /// The address that browsers see; else that of `media.external` with the port that is listened on.
    pub external: Option<SocketAddr>,
}

/// Files and database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// `sqlite://path` or `postgres://…`.
    pub database: String,
    /// Where recordings are written.
    pub recordings: PathBuf,
    /// Where prompts are read.
    pub sounds: PathBuf,
    /// The level in dBFS to which the speech of prompts is brought; `None` leaves them as they are.
    pub normalize_dbfs: Option<i8>,
    /// Where flows are read.
    pub flows: PathBuf,
    /// The center's file.
    pub center: PathBuf,
}

/// Who speaks the texts of flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextToSpeech {
    /// The engine.
    pub engine: TtsEngine,
    /// Where spoken texts are kept.
    pub folder: PathBuf,
    /// How long they are kept; zero: not at all.
    pub age_max: Duration,
}

/// An engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TtsEngine {
    /// espeak-ng.
    Espeak {
        /// The program.
        program: PathBuf,
        /// Voices by language, in place of the usual.
        voices: BTreeMap<String, String>,
    },
    /// Another program, which gets the text by its standard input.
    Command {
        /// The program.
        program: PathBuf,
        /// Its arguments.
        arguments: Vec<String>,
    },
    /// A web service, which gets the text by POST.
    Web {
        /// Its address.
        url: String,
        /// Header fields, such as a key.
        headers: Vec<(String, Pii<String>)>,
    },
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// For machines, one object a line.
    Json,
}

pub(crate) fn parse(source: &Source) -> Result<Server, Vec<Diagnostic>> {
    let root = read(source).map_err(|mistake| vec![mistake])?;
    let mut reader = Reader::new(source);
    let server = server(&mut reader, &root);
    let mistakes = reader.into_diagnostics();
    match server {
        Some(server) if mistakes.is_empty() => Ok(server),
        Some(_) | None => Err(mistakes),
    }
}

fn server(reader: &mut Reader<'_>, root: &Node) -> Option<Server> {
    let fields = reader.fields(
        root,
        "the server",
        &[
            "sip",
            "media",
            "http",
            "storage",
            "recordings",
            "retention",
            "tts",
            "services",
            "webhooks",
            "telemetry",
            "log",
        ],
    )?;
    let sip = reader.required(&fields, "sip").and_then(|node| sip(reader, node));
    let media = section(
        reader,
        &fields,
        "media",
        "media",
        &["listen", "external", "tcp", "turn", "ports", "threads", "timeout_s", "parties_max"],
    )
    .and_then(|(fields, node)| media(reader, &fields, node));
    let http = http(reader, &fields);
    let storage = section(
        reader,
        &fields,
        "storage",
        "storage",
        &["database", "recordings", "sounds", "flows", "center"],
    )
    .and_then(|(fields, _)| storage(reader, &fields));
    let recordings = recordings(reader, fields.optional("recordings"));
    let retention = retention(reader, fields.optional("retention"));
    let tts = tts(reader, fields.optional("tts"));
    let services = services(reader, fields.optional("services"));
    let webhooks = webhooks(reader, fields.optional("webhooks"));
    let otlp = telemetry(reader, fields.optional("telemetry"));
    let log = log(reader, fields.optional("log"));
    Some(Server {
        sip: sip?,
        media: media?,
        http: http?,
        storage: storage?,
        recordings: recordings?,
        retention: retention?,
        tts: tts?,
        services: services?,
        webhooks: webhooks?,
        otlp: otlp?,
        log: log?,
    })
}

fn section<'n>(
    reader: &mut Reader<'_>,
    fields: &Fields<'n>,
    key: &str,
    what: &'static str,
    known: &[&'static str],
) -> Option<(Fields<'n>, &'n Node)> {
    let node = reader.required(fields, key)?;
    reader.fields(node, what, known).map(|fields| (fields, node))
}

fn media(reader: &mut Reader<'_>, fields: &Fields<'_>, section: &Node) -> Option<Media> {
    let listen = reader.required(fields, "listen")?;
    let listen: IpAddr = parsed(reader, listen, "an address such as `192.0.2.1`")?;
    let external = match fields.optional("external") {
        Some(node) => parsed(reader, node, "an address such as `203.0.113.7`")?,
        None => listen,
    };
    if external.is_unspecified() {
        reader.mistake(
            section.place,
            format!("phones cannot send to {external}"),
            "add `external: ADDRESS` to `media`",
        );
        return None;
    }
    let tcp = match fields.optional("tcp") {
        Some(node) => Some(media_tcp(reader, node)?),
        None => None,
    };
    let turn = match fields.optional("turn") {
        Some(node) => Some(turn(reader, node)?),
        None => None,
    };
    let ports = reader.required(fields, "ports")?;
    let ports = port_range(reader, ports)?;
    let threads = match fields.optional("threads") {
        Some(node) => reader.count(node, 1..=64)?,
        None => 1,
    };
    let timeout = match fields.optional("timeout_s") {
        Some(node) => reader.seconds(node, 5..=3600)?,
        None => Duration::from_secs(60),
    };
    let parties_max = match fields.optional("parties_max") {
        Some(node) => reader.count(node, PARTIES)?,
        None => PARTIES_USUAL,
    };
    Some(Media { listen, external, tcp, turn, ports, threads, timeout, parties_max })
}

fn media_tcp(reader: &mut Reader<'_>, node: &Node) -> Option<MediaTcp> {
    let fields = reader.fields(node, "tcp", &["listen", "external"])?;
    let listen = address(reader, &fields, "listen")?;
    let Some(node) = fields.optional("external") else { return Some(MediaTcp { listen, external: None }) };
    let external: SocketAddr = parsed(reader, node, "an address and port such as `203.0.113.7:443`")?;
    if external.ip().is_unspecified() || external.port() == 0 {
        reader.mistake(
            node.place,
            format!("browsers cannot connect to {external}"),
            "the address and port that they see, such as `203.0.113.7:443`",
        );
        return None;
    }
    Some(MediaTcp { listen, external: Some(external) })
}

fn port_range(reader: &mut Reader<'_>, node: &Node) -> Option<RangeInclusive<u16>> {
    let text = reader.text(node, "ports as `20000-29999`")?;
    let range = text.split_once('-').and_then(|(first, last)| {
        let (first, last) = (first.trim().parse::<u16>().ok()?, last.trim().parse::<u16>().ok()?);
        (first >= 1024 && last > first).then_some(first..=last)
    });
    if range.is_none() {
        reader.mistake(
            node.place,
            format!("`{text}` is no range of ports"),
            "`FIRST-LAST` from 1024 up, as `20000-29999`",
        );
    }
    range
}

fn storage(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Storage> {
    let database = reader.required(fields, "database").and_then(|node| {
        let url = reader.text(node, "a database URL")?;
        if url.starts_with("sqlite://") || url.starts_with("postgres://") || url.starts_with("postgresql://")
        {
            return Some(url.to_owned());
        }
        reader.mistake(
            node.place,
            "unknown kind of database",
            "`sqlite://data/hotline.db` or `postgres://user@host/name`",
        );
        None
    });
    let mut path = |key: &str| {
        let node = reader.required(fields, key)?;
        reader.text(node, "a path").map(PathBuf::from)
    };
    let (recordings, flows, center) = (path("recordings"), path("flows"), path("center"));
    let (sounds, normalize_dbfs) =
        reader.required(fields, "sounds").and_then(|node| sounds(reader, node)).unzip();
    Some(Storage {
        database: database?,
        recordings: recordings?,
        sounds: sounds?,
        normalize_dbfs: normalize_dbfs?,
        flows: flows?,
        center: center?,
    })
}

/// The folder of spoken texts unless another is named.
const TTS_FOLDER: &str = "data/tts";
/// Days that spoken texts are kept unless said otherwise.
const TTS_DAYS: usize = 30;

fn tts(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<TextToSpeech> {
    let espeak = || TtsEngine::Espeak { program: "espeak-ng".into(), voices: BTreeMap::new() };
    let days = |days: usize| Duration::from_secs(u64::try_from(days).unwrap_or(0) * 86_400);
    let Some(node) = node else {
        return Some(TextToSpeech { engine: espeak(), folder: TTS_FOLDER.into(), age_max: days(TTS_DAYS) });
    };
    let keys = ["espeak", "voices", "command", "url", "headers", "folder", "keep_days"];
    let fields = reader.fields(node, "tts", &keys)?;
    let mut text = |key: &str, what: &str| match fields.optional(key) {
        Some(node) => reader.text(node, what).map(|text| Some(text.to_owned())),
        None => Some(None),
    };
    let (espeak_program, url) = (text("espeak", "a program")?, text("url", "an address")?);
    let folder = text("folder", "a path")?;
    let command = match fields.optional("command") {
        Some(node) => Some(words(reader, node)?),
        None => None,
    };
    let voices = pairs(reader, fields.optional("voices"), "voices")?;
    let headers = pairs(reader, fields.optional("headers"), "headers")?;
    let age_max = match fields.optional("keep_days") {
        Some(node) => days(reader.count(node, 0..=3650)?),
        None => days(TTS_DAYS),
    };
    let engine = match (command, url, espeak_program) {
        (None, None, program) => TtsEngine::Espeak {
            program: program.unwrap_or_else(|| "espeak-ng".to_owned()).into(),
            voices: voices.into_iter().collect(),
        },
        (Some(mut words), None, None) => {
            let program = words.remove(0).into();
            TtsEngine::Command { program, arguments: words }
        }
        (None, Some(url), None) => {
            let headers = headers.into_iter().map(|(name, value)| (name, Pii::new(value)));
            TtsEngine::Web { url, headers: headers.collect() }
        }
        _ => {
            reader.mistake(node.place, "more than one engine", "one of `espeak`, `command` and `url`");
            return None;
        }
    };
    Some(TextToSpeech { engine, folder: folder.map_or_else(|| TTS_FOLDER.into(), PathBuf::from), age_max })
}

/// A program and its arguments.
fn words(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<String>> {
    const WORDS_MAX: usize = 32;
    let words = reader.list(node, "a program and its arguments", WORDS_MAX)?;
    words.iter().map(|word| reader.text(word, "a word").map(str::to_owned)).collect()
}

/// Names and a text each.
fn pairs(reader: &mut Reader<'_>, node: Option<&Node>, what: &'static str) -> Option<Vec<(String, String)>> {
    let Some(node) = node else { return Some(Vec::new()) };
    let entries = reader.entries(node, what)?;
    entries
        .into_iter()
        .map(|(key, value)| Some((key.text.clone(), reader.text(value, "a text")?.to_owned())))
        .collect()
}

/// One of two words.
pub(crate) fn choice<T>(
    reader: &mut Reader<'_>,
    node: &Node,
    name: &str,
    value: T,
    (other_name, other): (&str, T),
) -> Option<T> {
    let known = format!("`{name}` or `{other_name}`");
    match reader.text(node, &known)? {
        text if text == name => Some(value),
        text if text == other_name => Some(other),
        text => {
            reader.mistake(node.place, format!("`{text}` is not known here"), known);
            None
        }
    }
}

/// A folder, or `{folder: PATH, normalize_dbfs: LEVEL}`.
fn sounds(reader: &mut Reader<'_>, node: &Node) -> Option<(PathBuf, Option<i8>)> {
    if !matches!(node.value, Value::Map(_)) {
        return reader.text(node, "a path").map(|path| (PathBuf::from(path), None));
    }
    let fields = reader.fields(node, "sounds", &["folder", "normalize_dbfs"])?;
    let folder = reader.required(&fields, "folder").and_then(|node| reader.text(node, "a path"));
    let level = match fields.optional("normalize_dbfs") {
        Some(node) => Some(prompt_level(reader, node)?),
        None => None,
    };
    Some((PathBuf::from(folder?), level))
}

fn prompt_level(reader: &mut Reader<'_>, node: &Node) -> Option<i8> {
    if let Value::Integer(level) = node.value
        && let Some(level) = i8::try_from(level).ok().filter(|level| PROMPT_DBFS.contains(level))
    {
        return Some(level);
    }
    let remedy =
        format!("a whole number from {} to {}; −20 is usual", PROMPT_DBFS.start(), PROMPT_DBFS.end());
    reader.mistake(node.place, "prompts cannot be brought to that level", remedy);
    None
}

fn log(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<LogFormat> {
    let Some(node) = node else { return Some(LogFormat::Human) };
    match reader.text(node, "`human` or `json`")? {
        "human" => Some(LogFormat::Human),
        "json" => Some(LogFormat::Json),
        other => {
            reader.mistake(node.place, format!("unknown log format `{other}`"), "`human` or `json`");
            None
        }
    }
}

pub(crate) fn address(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) -> Option<SocketAddr> {
    let node = reader.required(fields, key)?;
    parsed(reader, node, "an address and port such as `127.0.0.1:5060`")
}

pub(crate) fn parsed<T: std::str::FromStr>(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<T> {
    let text = reader.text(node, what)?;
    let value = text.parse().ok();
    if value.is_none() {
        reader.mistake(node.place, format!("`{text}` cannot be used"), format!("expected {what}"));
    }
    value
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const GOOD: &str = "sip: {listen: 127.0.0.1:5060}\nmedia: {listen: 127.0.0.1, ports: 20000-20100}\n\
        http: {listen: 127.0.0.1:8080}\n\
        storage: {database: sqlite://d, recordings: r, sounds: s, flows: f, center: c}\n";

    fn mistakes(text: &str) -> Vec<String> {
        parse(&Source::new("hotline.yaml", text)).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_short_file_is_enough() {
        let server = parse(&Source::new("hotline.yaml", GOOD)).unwrap();
        assert_eq!(server.sip, Sip::at("127.0.0.1:5060".parse().unwrap()));
        assert_eq!((server.media.threads, server.media.timeout), (1, Duration::from_secs(60)));
        assert_eq!((server.media.parties_max, server.media.tcp), (8, None));
    }

    #[test]
    fn a_conference_has_three_to_thirty_two_parties() {
        let media =
            |parties: &str| GOOD.replace("20000-20100}", &format!("20000-20100, parties_max: {parties}}}"));
        for parties in [3, 32] {
            let server = parse(&Source::new("hotline.yaml", &media(&parties.to_string()))).unwrap();
            assert_eq!(server.media.parties_max, parties);
        }
        for parties in ["2", "33", "many"] {
            assert!(mistakes(&media(parties))[0].contains("3 to 32"), "{:?}", mistakes(&media(parties)));
        }
    }

    #[test]
    fn sounds_are_a_folder_or_one_with_a_level() {
        let storage = |sounds: &str| {
            let text = GOOD.replace("sounds: s", &format!("sounds: {sounds}"));
            parse(&Source::new("hotline.yaml", &text)).unwrap().storage
        };
        let (plain, level) = (storage("s"), storage("{folder: s, normalize_dbfs: -20}"));
        assert_eq!((plain.sounds, plain.normalize_dbfs), (PathBuf::from("s"), None));
        assert_eq!((level.sounds, level.normalize_dbfs), (PathBuf::from("s"), Some(-20)));
        assert_eq!(storage("{folder: s}").normalize_dbfs, None);
        for loud in ["0", "-61", "-20.5", "loud"] {
            let sounds = format!("sounds: {{folder: s, normalize_dbfs: {loud}}}");
            let found = mistakes(&GOOD.replace("sounds: s", &sounds));
            assert!(found[0].contains("a whole number from -60 to -3"), "{found:?}");
        }
    }

    #[test]
    fn all_mistakes_come_at_once_with_their_places() {
        let text =
            GOOD.replace("20000-20100", "9-8").replace("sqlite://d", "mysql://d").replace("http:", "htpp:");
        let found = mistakes(&text);
        assert!(
            found.iter().any(|m| m.starts_with("hotline.yaml:2:") && m.contains("no range of ports")),
            "{found:?}"
        );
        assert!(
            found.iter().any(|m| m.starts_with("hotline.yaml:4:") && m.contains("database")),
            "{found:?}"
        );
        assert!(
            found.iter().any(|m| m.starts_with("hotline.yaml:3:1") && m.contains("did you mean `http`?")),
            "{found:?}"
        );
    }

    #[test]
    fn browsers_may_connect_by_tcp_where_they_are_told() {
        let media = |tcp: &str| {
            let found = format!("media: {{listen: 127.0.0.1, tcp: {tcp}, ports: 20000-20100}}");
            GOOD.replace("media: {listen: 127.0.0.1, ports: 20000-20100}", &found)
        };
        let read = |tcp: &str| parse(&Source::new("hotline.yaml", &media(tcp))).unwrap().media.tcp.unwrap();
        let listen = "127.0.0.1:8453".parse().unwrap();
        assert_eq!(read("{listen: \"127.0.0.1:8453\"}"), MediaTcp { listen, external: None });
        let external = Some("203.0.113.7:443".parse().unwrap());
        let told = read("{listen: \"127.0.0.1:8453\", external: \"203.0.113.7:443\"}");
        assert_eq!(told, MediaTcp { listen, external });
        for (tcp, said) in [
            ("{external: \"203.0.113.7:443\"}", "`listen`"),
            ("{listen: 8453}", "8453"),
            (
                "{listen: \"127.0.0.1:8453\", external: \"0.0.0.0:443\"}",
                "browsers cannot connect to 0.0.0.0:443",
            ),
            ("{listen: \"127.0.0.1:8453\", external: \"203.0.113.7:0\"}", "browsers cannot connect"),
            ("{listen: \"127.0.0.1:8453\", port: 1}", "port"),
        ] {
            assert!(mistakes(&media(tcp))[0].contains(said), "{tcp}: {:?}", mistakes(&media(tcp)));
        }
    }
}
