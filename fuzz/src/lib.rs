//! Fuzz bodies as plain functions, and the seeded mutator that drives them over a corpus on the stable toolchain.
//!
//! To add a target: write its body in [`body`], put some seeds into `fuzz/corpus/<name>/`, and add a line to
//! [`TARGETS`], to `tests/targets.rs` and a program to `cargo-fuzz/`; the tests say what is missing. A body panics on what must not be; it must not know who calls it, so
//! that a coverage-guided fuzzer can drive the same functions.

pub mod body;
mod mutate;
mod run;

pub use run::{Failure, corpus, run};

/// One parser or machine under attack.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// What is done with an input.
    pub body: fn(&[u8]),
    /// Folders with seeds, relative to this package.
    pub corpora: &'static [&'static str],
    /// What inputs of this kind are made of.
    pub dictionary: &'static [&'static str],
    /// How many inputs the tests try: what an unoptimised build does in about three seconds.
    pub inputs: u64,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "sip_message",
        body: body::sip_message,
        corpora: &["corpus/sip_message", "../crates/core/sip/tests/data/rfc4475"],
        dictionary: SIP,
        inputs: 12_000,
    },
    Target {
        name: "sip_endpoint",
        body: body::sip_endpoint,
        corpora: &["corpus/sip_endpoint"],
        dictionary: DIALOG,
        inputs: 12_000,
    },
    Target { name: "rtp", body: body::rtp, corpora: &["corpus/rtp"], dictionary: &[], inputs: 50_000 },
    Target {
        name: "media_engine",
        body: body::media_engine,
        corpora: &["corpus/media_engine", "corpus/rtp"],
        dictionary: &[],
        inputs: 20_000,
    },
    Target {
        name: "sip_uri",
        body: body::sip_uri,
        corpora: &["corpus/sip_uri"],
        dictionary: SIP,
        inputs: 50_000,
    },
    Target {
        name: "sip_digest",
        body: body::sip_digest,
        corpora: &["corpus/sip_digest"],
        dictionary: DIGEST,
        inputs: 50_000,
    },
    Target { name: "sdp", body: body::sdp, corpora: &["corpus/sdp"], dictionary: SDP, inputs: 20_000 },
    Target {
        name: "yaml",
        body: body::yaml,
        corpora: &["corpus/yaml", "corpus/ivr_flow"],
        dictionary: YAML,
        inputs: 6_000,
    },
    Target {
        name: "ivr_flow",
        body: body::ivr_flow,
        corpora: &["corpus/ivr_flow"],
        dictionary: YAML,
        inputs: 6_000,
    },
];

const SIP: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\r\n ",
    "\r\n\r\n",
    "SIP/2.0",
    "SIP/2.0/UDP ",
    "sip:",
    "sips:",
    "tel:",
    "[2001:db8::1]",
    ":5060",
    ":65536",
    ";tag=",
    ";branch=z9hG4bK",
    ";rport",
    ";received=",
    ";lr",
    "?",
    "@",
    "<",
    ">",
    "\"",
    "\\",
    ",",
    ";",
    "%00",
    "%",
    "*",
    "Via: ",
    "v:",
    "Content-Length: ",
    "l:0\r\n",
    "Contact: ",
    "To: ",
    "4294967296",
    "2147483648",
    "-1",
    "\0",
    "\u{fc}",
];

/// Pieces of a row of datagrams: who sends the next one, methods and answers, and what a peer repeats.
const DIALOG: &[&str] = &[
    "\r\n",
    "\x1et0",
    "\x1ep4",
    "\x1es0",
    "INVITE",
    "ACK",
    "CANCEL",
    "BYE",
    "INFO",
    "OPTIONS",
    "UPDATE",
    "REGISTER",
    "SIP/2.0 100 ",
    "SIP/2.0 180 ",
    "SIP/2.0 200 OK",
    "SIP/2.0 401 ",
    "SIP/2.0 487 ",
    "SIP/2.0 491 ",
    "SIP/2.0 503 ",
    "{via}",
    "{from}",
    "{tag}",
    "{call-id}",
    "{cseq}",
    "{auth}",
    ";tag=",
    "CSeq: 1 INVITE",
    "CSeq: 4294967295 BYE",
    "Contact: *",
    "Expires: 0",
    "Record-Route: <sip:192.0.2.2;lr>\r\n",
    "Require: 100rel\r\n",
    "Max-Forwards: 0",
    "Content-Length: 0\r\n\r\n",
];

const DIGEST: &[&str] = &[
    "Digest ",
    "realm=",
    "nonce=",
    "qop=",
    "auth",
    "auth-int",
    "algorithm=SHA-256",
    "MD5",
    "stale=true",
    "opaque=",
    "nc=00000001",
    "cnonce=",
    "response=",
    "username=",
    "uri=",
    "\"",
    "\\",
    ",",
    "=",
    " ",
    "\u{fc}",
];

const SDP: &[&str] = &[
    "\r\n",
    "v=0",
    "m=audio ",
    "m=video ",
    " RTP/AVP ",
    " RTP/SAVP ",
    "c=IN IP4 0.0.0.0",
    "c=IN IP6 ::1",
    "t=0 0",
    "a=rtpmap:",
    "PCMU/8000",
    "telephone-event/8000",
    "a=sendonly",
    "a=inactive",
    "a=ptime:",
    "a=rtcp:",
    "65536",
    "-1",
    "/",
    " ",
    "\0",
    "\u{fc}",
];

const YAML: &[&str] = &[
    "\n",
    "  ",
    "\t",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "#",
    "&a ",
    "*a",
    "<<: ",
    "!!binary ",
    "? ",
    "| ",
    "---\n",
    "%YAML 1.2\n",
    "then: menu",
    "goto: ask",
    "prompts: ",
    "retries: ",
    "1e999",
    ".nan",
    "-1",
    "\0",
    "\u{fc}",
];
