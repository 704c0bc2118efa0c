//! The call-processing task: owns the core for its calls and carries out what the core decides.
//!
//! One task, one loop, one owner. Must never know: what a call is. Start reading at [`Shard::run`]; the rest of the server speaks to it through [`Handle`].

mod clock;
mod handle;
mod kept;
mod lookup;
mod outside;
mod remember;
mod request;
mod restart;
mod resume;
mod shard;
mod sound;
mod unlisted;

pub use clock::Clock;
pub use handle::{
    Ask, Asked, Handle, HandleError, LINES_MAX, LIVE_MAX, Live, Message, Originate, REQUESTS_MAX,
};
pub use lookup::{Locate, Locating};
pub use request::{current_request, for_request};
pub use restart::{RestartError, Restarted, close_interrupted};
pub use resume::resume;
pub use shard::{INCOMING_MAX, MEDIA_EVENTS_MAX, OVERLOAD, Parts, RELIEF, Shard, Stop};
pub use sound::{AddPrompt, Attach, SoundParts};
pub use unlisted::adopt_messages;
