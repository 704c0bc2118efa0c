//! How the trunks stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Answer to `GET /api/v1/trunks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrunkList {
    /// By id.
    pub trunks: Vec<TrunkStatus>,
}

/// One trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrunkStatus {
    /// Its id.
    pub id: String,
    /// Calls of both directions at this moment.
    pub calls: u64,
    /// What keeps calls from going out by it, as an English sentence; `null` if nothing does.
    pub problem: Option<String>,
    /// The same for programs, and for pages in other languages.
    pub fault: Option<TrunkFault>,
    /// Its servers as they were found; empty for a trunk by which calls only come in.
    pub servers: Vec<TrunkServer>,
    /// How our registration stands; `null` if none is to be kept.
    pub registration: Option<TrunkRegistration>,
    /// Calls that came in since the start, those included that were refused at once.
    pub calls_in: u64,
    /// Calls that were sent out since the start, each try counted.
    pub calls_out: u64,
}

/// One address of one server of a trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrunkServer {
    /// As it is configured.
    pub name: String,
    /// `udp`, `tcp` or `tls`; `null` while it is not found.
    pub transport: Option<String>,
    /// Address and port; `null` while it is not found.
    pub address: Option<String>,
    /// Whether it is tried in its turn; others are tried last.
    pub usable: bool,
    /// What is wrong, as an English sentence.
    pub problem: Option<String>,
    /// The same for programs, and for pages in other languages.
    pub fault: Option<TrunkFault>,
}

/// What is wrong with a trunk or one of its servers: `code`, and the fields of that code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum TrunkFault {
    /// DNS says that there is no such name, or that it has no address.
    NameUnknown {
        /// Whose address was asked for, as it is configured.
        server: String,
    },
    /// DNS does not answer, or not in a way that can be used.
    NameUnanswered {
        /// Whose address was asked for, as it is configured.
        server: String,
        /// What the resolver said.
        said: String,
    },
    /// The server leaves OPTIONS unanswered.
    OptionsUnanswered,
    /// The server left a call unanswered lately.
    CallUnanswered,
    /// None of the trunk's servers is there.
    NoServerAnswers,
    /// Nobody answers our REGISTER.
    RegistrationUnanswered,
    /// The provider refuses our REGISTER.
    RegistrationRefused {
        /// The SIP status of its answer.
        status: u16,
    },
}

/// How a registration of ours stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrunkRegistration {
    /// Whether it is in force.
    pub registered: bool,
    /// The server at which it is, or that is being asked.
    pub address: Option<String>,
    /// The last final SIP status that refused it; 408 if nobody answered.
    pub sip_status: Option<u16>,
}
