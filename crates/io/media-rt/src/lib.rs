//! Media threads: sockets, ports, prompts and the 20 ms clock around the media core.
//!
//! Each thread owns one [`hotline_media::Engine`] and the sockets of its legs, and waits in `epoll` for packets,
//! commands and the next beat. Nothing is decided here. Must never know: SIP, flows, queues, the database, tokio.
//! Start reading at [`MediaRuntime`].

mod browser;
mod browser_end;
mod clock;
mod connection;
mod desk;
mod doorman;
mod entrance;
mod framing;
mod guard;
mod handshake;
mod ice;
mod identity;
mod lateness;
mod line;
mod lines;
mod load;
mod names;
mod ports;
mod routes;
mod runtime;
mod shelf;
mod sockets;
mod thread;
mod wav;

#[doc(hidden)]
pub use browser_end::{BrowserEnd, Meeting};
pub use connection::TcpCounters;
pub use desk::HandshakeCounters;
#[doc(hidden)]
pub use entrance::{Entrance, Passed};
#[doc(hidden)]
pub use handshake::Terms;
pub use identity::{Identity, IdentityError};
pub use lateness::{BeatsByLateness, LATENESS_BOUNDS};
pub use line::{Frame, LINE_FRAMES_MAX, LegEnd, ServiceEnd, line};
pub use load::{LoadConfig, LoadError, PromptError, load_prompts};
pub use runtime::{MediaConfig, MediaCounters, MediaHandle, MediaRuntime, SendError, StartError};
pub use shelf::{ADDED_BYTES_MAX, ADDED_FOLDER, ADDED_MAX, AddError, RENEWED_BYTES_MAX, Ticket};
