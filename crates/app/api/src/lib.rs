//! The HTTP side: sign-in, REST, the live stream of events, and the built pages.
//!
//! It decides who may see and do what, and nothing about calls: it asks the shard and the database, and turns
//! their types into those of `hotline-api-types`. Must never know: SIP, media, what a flow says, SQL. The JSON it speaks is
//! described for people in `docs/api.md`.
//!
//! Start reading at [`serve()`], then `routes.rs` for the table of routes, `hub.rs` for the live stream and
//! `delivery.rs` for how the screen pop is proved to be written before the phone rings.

mod answer;
mod app;
mod auth;
mod center;
mod concern;
mod convert;
mod cursor;
mod delivery;
mod diff;
mod draft;
mod envelope;
mod error;
mod exports;
mod extract;
mod fields;
mod frame;
mod guests;
mod hours;
mod hub;
mod imports;
mod known;
mod lines;
mod listening;
mod once;
mod openapi;
mod page;
mod pages;
mod password;
mod range;
mod refusal;
mod ring;
mod routes;
mod sections;
mod secure;
mod serve;
mod sign_in;
mod sound;
mod teams;
#[cfg(test)]
mod testing;
mod throttle;
mod turn;
mod viewer;
mod webhooks;

pub use app::{Doctor, Ports};
pub use center::Center;
pub use hours::HoursByHand;
pub use page::KEEP_ALIVE;
pub use password::{PasswordError, hash_password, one_time_password};
pub use ring::RING_MAX;
pub use routes::{BODY_BYTES_MAX, Dispositions, Prompts, Route, Socket, TakePhone, Way, description, routes};
pub use serve::{DRAIN_MAX, Secured, ServeError, serve};
pub use teams::Teams;
pub use throttle::FAILURES_MAX;
pub use turn::{Turn, TurnAccess};
pub use webhooks::{Webhook, Webhooks};
