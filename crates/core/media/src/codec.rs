//! The codecs a leg can have.

use serde::{Deserialize, Serialize};

/// An audio codec. Both known ones are G.711: 8000 samples a second, one byte each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Codec {
    /// G.711 μ-law, static payload type 0 (RFC 3551 §4.5.14).
    Pcmu,
    /// G.711 A-law, static payload type 8.
    Pcma,
}
