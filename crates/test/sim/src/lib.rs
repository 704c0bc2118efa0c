//! Scripted phones on a simulated network with virtual time, around the real core.
//!
//! A [`World`] holds one real controller, phones that speak SIP to it through the same kind of endpoint, a network
//! that loses, repeats, delays and reorders, a media plane and a database that only pretend. Time jumps from one
//! happening to the next, so a day passes in moments, and everything follows from one number: the seed. After
//! every step the [`Watch`] checks what must hold at all times. Must never know: the inside of the core, only what
//! goes in and comes out. Start reading at [`World`]; tests are in `tests/`.

mod agenda;
mod center;
mod lamp;
mod media;
mod moment;
mod network;
mod phone;
mod restores;
mod seeds;
mod watch;
mod world;

pub use agenda::Agenda;
pub use center::{Blocks, Rules, WRAP_UP};
pub use lamp::{Lamp, LampId, Light};
pub use media::MediaPlane;
pub use moment::Moment;
pub use network::{Faults, Network};
pub use phone::{Act, Manners, Phone, PhoneId, PickUp, Talk};
pub use seeds::for_each_seed;
pub use watch::Watch;
pub use world::{Day, World};
