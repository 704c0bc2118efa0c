//! What people and the shell ask of the core, what the core asks of the database, and the answers.

use std::net::IpAddr;

use hotline_acd::{AgentError, Device, NotReadyReason};
use hotline_base::{AgentId, CallId, CustomerId, LegId, Pii, WallTime};
use hotline_sip::registrar::SavedContacts;
use hotline_sip::{Destination, Located};
use serde::{Deserialize, Serialize};

use crate::record::{CallRecord, Correction};

/// Asked through the API or by the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The agent takes calls from here on (or after the present one). Signs in an agent who was not.
    SetReady(AgentId),
    /// The agent takes no calls from here on (or after the present one). Signs in an agent who was not.
    SetNotReady(AgentId, NotReadyReason),
    /// The agent is reached there from the next call on.
    SetDevice(AgentId, Device),
    /// The agent leaves (or will after the present call).
    SignOut(AgentId),
    /// The screen pop of this offer reached the agent's page (`true`), or no page is connected (`false`).
    PopWritten {
        /// The offer.
        offer: LegId,
        /// Whether a page has it.
        written: bool,
    },
    /// The agent who talks in this call sends the caller on.
    Transfer {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentId,
        /// An extension or a number of the center.
        to: Pii<String>,
    },
    /// The agent who talks in this call keeps what is said out of its recording for a while.
    PauseRecording {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentId,
        /// Why, in the agent's words; kept in the recording.
        why: Option<String>,
    },
    /// The agent who talks in this call has what is said recorded again.
    ResumeRecording {
        /// The call.
        call: CallId,
        /// The agent.
        by: AgentId,
    },
    /// A customer was created or changed; calls of that number show the new record.
    CustomerChanged(Box<Customer>),
    /// The database answers again.
    StoreAvailable,
    /// The database does not answer; the cause in one line.
    StoreUnavailable(String),
    /// The files of the SIP certificate can be used again.
    CertificateUsable,
    /// The files of the SIP certificate have changed and cannot be used; those before stay in use. What is wrong, in one
    /// line.
    CertificateUnusable(String),
    /// Hear this address, and every user there, by SIP again.
    Release(IpAddr),
    /// More comes by SIP than is worked off (`true`), or all is done in time again: new calls are refused before the
    /// running ones suffer.
    Overloaded(bool),
    /// No new calls; the running ones go on.
    Drain,
    /// End every call now.
    HangUpAll,
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The agent's machine refused.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The offer is over.
    #[error("the offer is over")]
    OfferOver,
    /// The agent does not talk in that call.
    #[error("the agent does not talk in that call")]
    NotTalking,
    /// Nothing of the call is recorded.
    #[error("the call is not recorded")]
    NotRecorded,
    /// There is no such extension or number, and no route for it.
    #[error("there is no such extension or number")]
    UnknownTarget,
    /// The agent may not be reached at this number: it is not among those of the configuration, or there is no route for
    /// it.
    #[error("the agent may not be reached at this number")]
    ForbiddenDevice,
    /// Nobody at this address is kept from being heard.
    #[error("nobody there is kept from being heard")]
    NotBlocked,
    /// No phone of the agent is registered.
    #[error("no phone of the agent is registered")]
    NoPhone,
    /// The agent has a call.
    #[error("the agent has a call")]
    Busy,
    /// The number that is to be shown is none of the center's.
    #[error("the number that is to be shown is none of the center's")]
    UnknownCallerId,
    /// As many messages are on their way as may.
    #[error("too many messages are on their way")]
    TooManyMessages,
    /// The text is too long for a phone.
    #[error("the text is too long")]
    TextTooLong,
    /// No new calls are taken: the server stops, or has as many as it may.
    #[error("no new calls are taken")]
    NoNewCalls,
}

/// Asked of the database, or of DNS, by the core. Each is answered by one [`Reply`] or never; the core does not wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Who has this number?
    FindCustomer {
        /// For which call.
        call: CallId,
        /// Normalised number, see [`crate::number::normalise`].
        number: Pii<String>,
    },
    /// The call is over and its recording closed: write the record with its recordings, once, in one
    /// transaction.
    SaveRecord(Box<CallRecord>),
    /// A recording that had failed is complete, and the record of its call was asked to be written before.
    CorrectRecording(Box<Correction>),
    /// Where this SIP user is reached has changed: keep it in place of what was kept before, so that the next start
    /// can take it over.
    SaveContacts(SavedContacts),
    /// Where is this server of a trunk? Asked of DNS.
    Locate(Destination),
}

/// Answers from the database and from DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To [`Request::FindCustomer`].
    Customer {
        /// For which call.
        call: CallId,
        /// The customer, if the number is known.
        customer: Option<Box<Customer>>,
    },
    /// To [`Request::Locate`].
    Located {
        /// The server.
        destination: Destination,
        /// Where it is, or why that is not known.
        answer: Result<Located, String>,
    },
}

/// A customer as the agent's screen shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The customer.
    pub id: CustomerId,
    /// Name of the person.
    pub name: Pii<String>,
    /// Company, if any.
    pub company: Option<Pii<String>>,
    /// E-mail address, if any.
    pub email: Option<Pii<String>>,
    /// Normalised numbers.
    pub numbers: Vec<Pii<String>>,
    /// Free text for the agents.
    pub note: Option<Pii<String>>,
    /// Last change, also the version for edits.
    pub changed_at: WallTime,
}
