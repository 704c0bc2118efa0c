//! Fuzz bodies as plain functions, and the seeded mutator that drives them over a corpus on the stable toolchain.
//!
//! To add a target: write its body in [`body`], put some seeds into `fuzz/corpus/<name>/`, and add a line to
//! [`TARGETS`]; the test here runs it then. A body panics on what must not be; it must not know who calls it, so
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
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "sip_message",
        body: body::sip_message,
        corpora: &["corpus/sip_message", "../crates/core/sip/tests/data/rfc4475"],
        dictionary: SIP,
    },
    Target { name: "sip_uri", body: body::sip_uri, corpora: &["corpus/sip_uri"], dictionary: SIP },
    Target {
        name: "sip_digest",
        body: body::sip_digest,
        corpora: &["corpus/sip_digest"],
        dictionary: DIGEST,
    },
    Target { name: "sdp", body: body::sdp, corpora: &["corpus/sdp"], dictionary: SDP },
    Target { name: "ivr_flow", body: body::ivr_flow, corpora: &["corpus/ivr_flow"], dictionary: FLOW },
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

const FLOW: &[&str] = &[
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
