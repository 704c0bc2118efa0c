//! How many files the process may have open: each connection and each audio port is one.

use hotline_config::Server;
use rustix::process::{Resource, getrlimit, setrlimit};
use tracing::warn;

/// Files for everything that is neither a connection nor an audio port: database, recordings, pages.
const OTHERS: u64 = 2048;

/// Raises the limit as far as the system lets the process, which by default is far less than it may have. A server that
/// has fewer than it may come to need says so: at the limit it can take no calls.
pub(crate) fn allow(settings: &Server) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        warn!(%error, "the limit of open files stays as it is");
    }
    let needed = needed(settings);
    if let Some(allowed) = getrlimit(Resource::Nofile).current.filter(|allowed| *allowed < needed) {
        warn!(allowed, needed, "few files may be open; raise the limit (ulimit -n, LimitNOFILE=)");
    }
}

/// How many files a server with these settings may come to have open.
pub(crate) fn needed(settings: &Server) -> u64 {
    // One for the audio of a leg and one for its reports.
    let ports = settings.media.ports.len() as u64;
    settings.sip.limits.connections as u64 + ports + OTHERS
}
