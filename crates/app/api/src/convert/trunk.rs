//! Trunks.

use hotline_api_types as api;
use hotline_call::{RegistrationView, ServerView, TrunkView};

/// How a trunk stands.
pub(crate) fn trunk(view: &TrunkView) -> api::TrunkStatus {
    api::TrunkStatus {
        id: view.id.to_string(),
        calls: view.calls,
        problem: view.problem.clone(),
        servers: view.servers.iter().map(server).collect(),
        registration: view.registration.as_ref().map(registration),
        calls_in: view.counters.calls,
        calls_out: view.counters.calls_out,
    }
}

fn server(view: &ServerView) -> api::TrunkServer {
    api::TrunkServer {
        name: view.name.clone(),
        transport: view.place.map(|(transport, _)| transport.param().to_owned()),
        address: view.place.map(|(_, address)| address.to_string()),
        usable: view.usable,
        problem: view.problem.clone(),
    }
}

fn registration(view: &RegistrationView) -> api::TrunkRegistration {
    api::TrunkRegistration {
        registered: view.registered,
        address: view.at.map(|address| address.to_string()),
        sip_status: view.status,
    }
}
