//! Phones in web pages: of agents, and of visitors who call without one.

use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// By what the phone in an agent's page registers, for a short while. It asks again before that is over, and before it calls.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhonePass {
    /// The SIP address, such as `sip:1001@hotline.local`.
    pub uri: String,
    /// The user name of the digest.
    pub user: String,
    /// Its password.
    pub password: String,
    /// Until when it proves anything.
    pub expires_at: Timestamp,
    /// The path of the WebSocket (RFC 7118), at the address of the page.
    pub socket: String,
    /// By whom audio goes where a network lets none through to the server itself.
    pub ice_servers: Vec<IceServer>,
}

/// A TURN server (RFC 8656), as browsers take it for a connection, and what opens it for some hours.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IceServer {
    /// Its addresses, such as `turn:turn.example:3478`.
    pub urls: Vec<String>,
    /// The user name.
    pub username: String,
    /// The password.
    pub credential: String,
}

impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).finish_non_exhaustive()
    }
}

impl fmt::Debug for PhonePass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhonePass").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What visitors of web pages may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebOffer {
    /// Numbers of the center that they may call.
    pub numbers: Vec<WebNumber>,
    /// Whether they may leave a number to be called back.
    pub callback: bool,
}

/// A number that visitors may call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebNumber {
    /// As it is dialled.
    pub number: String,
    /// What people call it.
    pub name: Option<String>,
}

/// A visitor wants to call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGuest {
    /// One of those that visitors may call.
    pub number: String,
    /// As whom the visitor wants to be known; 100 characters at most.
    #[serde(default)]
    pub name: Option<String>,
    /// The page that is open; 500 characters at most.
    #[serde(default)]
    pub page: Option<String>,
    /// What it is about; 500 characters at most.
    #[serde(default)]
    pub question: Option<String>,
}

/// By what a visitor calls, once, and nothing but this number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Guest {
    /// The SIP address of the visitor.
    pub uri: String,
    /// The user name of the digest.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The SIP address that may be called.
    pub target: String,
    /// Until when the call must have begun.
    pub expires_at: Timestamp,
    /// The path of the WebSocket (RFC 7118), at the address of this server.
    pub socket: String,
    /// By whom audio goes where a network lets none through to the server itself.
    pub ice_servers: Vec<IceServer>,
}

/// A visitor wants to be called back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGuestCallback {
    /// The visitor's number, in any form in which it is dialled here.
    pub phone: String,
    /// When: `now` or nothing, a time of the center's day such as `15:00` (the next one), or a moment of the next seven days.
    #[serde(default)]
    pub at: Option<String>,
    /// BCP 47 language of the visitor.
    #[serde(default)]
    pub language: Option<String>,
}

/// A visitor is to be called back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuestCallback {
    /// Not before; `null` for as soon as somebody is free.
    pub not_before: Option<Timestamp>,
    /// False if the number waited already, and keeps its place.
    pub is_new: bool,
}

/// Neither names nor numbers are for logs.
macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

hidden!(NewGuest, Guest, NewGuestCallback);
