//! What the whole-process tests share: a running server in a directory of its own, phones, SIPp, the live stream,
//! recordings.
//!
//! Nothing here sleeps and no port is fixed: every server, carrier and phone has a loopback address of its own, and
//! every wait is for a condition and has a bound ([`PATIENCE`]). Must never know: the inside of the server. Start
//! reading at [`Center`], which describes a center and starts it.

mod addresses;
mod agent;
mod authority;
mod center;
mod certificate;
mod desk;
mod desk_phone;
mod hearing;
mod line;
mod record;
mod relay;
mod server;
mod sipp;
mod sounds;
mod wait;
mod watch;
mod wire;

pub use addresses::{Addresses, free_port, is_bound};
pub use agent::{rings, takes};
pub use authority::{Authority, Mood};
pub use center::{Center, Queue, root};
pub use certificate::Certificate;
pub use desk::{ADMIN, ADMIN_PASSWORD, DOMAIN, desk_password, sip_password};
pub use desk_phone::{DeskPhone, Wish};
pub use hearing::{Bursts, hears, level, loudness, onsets, tells, wait_until_heard, wait_until_told};
pub use line::Line;
pub use record::{Sound, listen, record_of, records};
pub use relay::TlsRelay;
pub use server::{Hotline, binary};
pub use sipp::{Sipp, SippRun};
pub use sounds::{copied_sounds, put_sound};
pub use wait::{PATIENCE, eventually, in_time, within};
pub use watch::Watch;
pub use wire::{Wire, field, status};
