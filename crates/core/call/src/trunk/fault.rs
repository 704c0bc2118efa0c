//! What is wrong with a trunk or one of its servers.

use std::fmt;

use hotline_sip::Destination;
use serde::{Deserialize, Serialize};

/// What keeps calls from going out by a trunk, or a server from being tried in its turn. Prints as an English sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrunkFault {
    /// DNS says that there is no such name, or that it has no address.
    NameUnknown(Destination),
    /// DNS does not answer, or not in a way that can be used.
    NameUnanswered {
        /// Whose address was asked for.
        server: Destination,
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

impl fmt::Display for TrunkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameUnknown(server) => write!(f, "{server}: DNS knows no address of it"),
            Self::NameUnanswered { server, said } => write!(f, "{server}: DNS does not answer: {said}"),
            Self::OptionsUnanswered => f.write_str("it does not answer OPTIONS"),
            Self::CallUnanswered => f.write_str("it left a call unanswered"),
            Self::NoServerAnswers => f.write_str("no server of the trunk answers"),
            Self::RegistrationUnanswered => f.write_str("nobody answers our registration"),
            Self::RegistrationRefused { status } => {
                write!(f, "the provider refuses our registration with {status}")
            }
        }
    }
}
