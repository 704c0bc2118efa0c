//! Where RTCP goes: the next port, the port of `a=rtcp` (RFC 3605), or the RTP port itself (RFC 5761).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::local::Local;
use crate::peer::reaches_many;
use crate::session::Media;

/// The value of `a=rtcp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RtcpPort {
    /// The port.
    pub port: u16,
    /// The address, if it is not that of RTP.
    pub address: Option<IpAddr>,
}

/// "Nowhere" for RTCP.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Says in our line where we receive RTCP: on the RTP port if `mux`, and at a port of its own if that is not the
/// next one.
pub(crate) fn announce(media: &mut Media, local: &Local<'_>, mux: bool) {
    media.rtcp_mux = mux;
    let is_next = local.port.checked_add(1) == Some(local.rtcp_port);
    media.rtcp = (!is_next).then_some(RtcpPort { port: local.rtcp_port, address: None });
}

/// Where the peer receives RTCP, if its RTP goes to `rtp`. Who has no address for RTP gets no RTCP either
/// (RFC 3264 §8.4).
pub(crate) fn destination(theirs: &Media, rtp: SocketAddr, mux: bool) -> SocketAddr {
    if rtp.ip().is_unspecified() {
        return NOWHERE;
    }
    if mux {
        return rtp;
    }
    let address = theirs
        .rtcp
        .and_then(|rtcp| rtcp.address)
        .map(|address| address.to_canonical())
        .filter(|&address| !reaches_many(address))
        .unwrap_or(rtp.ip());
    let port = match theirs.rtcp {
        Some(rtcp) => Some(rtcp.port).filter(|&port| port != 0),
        None => rtp.port().checked_add(1),
    };
    match port {
        Some(port) if !address.is_unspecified() => SocketAddr::new(address, port),
        Some(_) | None => NOWHERE,
    }
}
