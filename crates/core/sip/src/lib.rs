//! SIP: messages, transactions, dialogs, INVITE sessions, registration and digest, without sockets or clocks.
//!
//! Must never know: sockets, clocks, calls, queues. Start reading at [`Endpoint`], or at [`Message`] for what is
//! on the wire.

mod address;
mod dialog;
pub mod digest;
pub mod endpoint;
pub mod flow;
mod locate;
mod login;
pub mod message;
pub mod notifier;
mod outgoing;
pub mod pager;
mod probe;
pub mod registrar;
pub mod registration;
mod replaces;
pub mod session;
pub mod stream;
pub mod transaction;
pub mod uri;

pub use endpoint::{
    Contact, Counters, Datagram, Diversion, Endpoint, EndpointConfig, Event, Failure, Invite, InviteError,
    IpPrefix, Limits, Listener, Login, Party, Peer, ProbeId, ReferTarget, Register, RegistrationId,
    SessionId, Side, Timer, Transmit, TrunkConfig, UserConfig,
};
pub use flow::{Flow, Transport};
pub use locate::{Destination, Located, Place, shuffle};
pub use message::{Builder, HeaderName, Message, Method, NameAddr};
pub use notifier::MessageSummary;
pub use pager::MessageId;
pub use replaces::Replaces;
pub use session::{Reason, ReliableProvisionals, SessionRules};
pub use stream::{Frame, Framer, FramingError};
pub use uri::SipUri;
