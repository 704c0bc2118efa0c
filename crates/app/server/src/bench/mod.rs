//! `hotline bench`: what a server on this machine can bear. A server of its own in a child process, a carrier that calls, a
//! crowd of agents who answer, over real UDP.
//!
//! `sip` counts calls that are set up, `media` what bridged calls cost. Start reading at `sip/mod.rs` or `media/mod.rs`.
//! `acd` needs neither: it times the routing alone, in virtual time. `records` times searches in a database of its own.

mod acd;
mod crowd;
mod load;
mod media;
mod message;
mod pages;
mod process;
mod records;
mod sip;
mod socket;
mod stage;
mod tally;

use std::io::IsTerminal;

pub(crate) use acd::acd;
pub(crate) use media::{forward, media};
pub(crate) use pages::pages;
pub(crate) use records::records;
pub(crate) use sip::sip;

/// To whoever waits, beside the result on standard output.
#[expect(clippy::print_stderr, reason = "progress for the person at the terminal")]
fn tell(text: &str) {
    eprintln!("{text}");
}

/// The same line again, where there is somebody who looks at it.
#[expect(clippy::print_stderr, reason = "progress for the person at the terminal")]
fn tell_again(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{text}");
    }
}

/// To a thousandth; null for what was not measured.
fn rounded(value: f64) -> serde_json::Value {
    if value.is_finite() {
        serde_json::json!((value * 1000.0).round() / 1000.0)
    } else {
        serde_json::Value::Null
    }
}
