//! Certificates from an authority that speaks ACME (RFC 8555): asked for, kept as files, and renewed before they end.
//!
//! [`Renewal`] writes one file with certificate and key; whoever uses it follows the file (`hotline-tls`). It gives the answers that the
//! authority looks for to [`hotline_tls::Challenges`], and never shows them itself. Must never know: HTTP servers, SIP, calls.
//! Start reading at `renewal.rs`, then `plan.rs` for when something is asked.

mod files;
mod order;
mod plan;
mod renewal;
mod settings;
mod transport;

pub use files::{Standing, certificate_in};
pub use order::AcmeError;
pub use plan::{ATTEMPTS_PER_HOUR_MAX, CERTIFICATES_MAX, History};
pub use renewal::Renewal;
pub use settings::{Binding, Challenge, LETS_ENCRYPT, Settings};
