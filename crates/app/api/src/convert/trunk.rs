//! Trunks.

use hotline_api_types as api;
use hotline_call::{RegistrationView, ServerView, TrunkFault, TrunkView};

/// How a trunk stands.
pub(crate) fn trunk(view: &TrunkView) -> api::TrunkStatus {
    api::TrunkStatus {
        id: view.id.to_string(),
        calls: view.calls,
        problem: view.fault.as_ref().map(ToString::to_string),
        fault: view.fault.as_ref().map(fault),
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
        problem: view.fault.as_ref().map(ToString::to_string),
        fault: view.fault.as_ref().map(fault),
    }
}

pub(super) fn fault(fault: &TrunkFault) -> api::TrunkFault {
    use api::TrunkFault as Told;
    match fault {
        TrunkFault::NameUnknown(server) => Told::NameUnknown { server: server.to_string() },
        TrunkFault::NameUnanswered { server, said } => {
            Told::NameUnanswered { server: server.to_string(), said: said.clone() }
        }
        TrunkFault::OptionsUnanswered => Told::OptionsUnanswered,
        TrunkFault::CallUnanswered => Told::CallUnanswered,
        TrunkFault::NoServerAnswers => Told::NoServerAnswers,
        TrunkFault::RegistrationUnanswered => Told::RegistrationUnanswered,
        TrunkFault::RegistrationRefused { status } => Told::RegistrationRefused { status: *status },
    }
}

fn registration(view: &RegistrationView) -> api::TrunkRegistration {
    api::TrunkRegistration {
        registered: view.registered,
        address: view.at.map(|address| address.to_string()),
        sip_status: view.status,
    }
}
