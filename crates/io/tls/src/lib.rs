//! Certificates of this server: PEM files that are watched, made for a trial in a local network, or got from an authority (ACME).
//!
//! Whoever makes one writes it into files, and whoever uses one reads files and follows their changes: so SIP and HTTPS can share one,
//! and what an authority gives is in force without a restart. Must never know: SIP, HTTP. Start reading at `files.rs`.

mod challenges;
mod facts;
mod files;
mod self_signed;

pub use challenges::{ACME_PATH, ACME_TLS, Challenges};
pub use facts::Facts;
pub use files::{ClientAuth, Identity, RELOAD_INTERVAL, Tls, TlsConfig, TlsError, check};
pub use self_signed::{MakeError, VALID_DAYS, identity_in, local_names, made, made_in_one, write};
