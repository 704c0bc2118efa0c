//! Answering digest challenges as a client (RFC 3261 §22.2 and §22.3, RFC 7616).

use core::fmt;

use hotline_base::Rng;
use serde::{Deserialize, Serialize};

use crate::digest::{self, Challenge};
use crate::endpoint::Login;
use crate::outgoing::Outgoing;
use crate::{HeaderName, Message};

/// Hexadecimal digits of our client nonce.
const CNONCE_LENGTH: usize = 16;
/// Servers on the way that one request answers, each known by its realm. A further one is not answered.
const MAX_REALMS: usize = 4;

/// What a request answers to one server on its way. `Debug` hides the proof.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Authorization or Proxy-Authorization.
    pub(crate) name: HeaderName,
    realm: String,
    /// The credentials, as on the wire.
    pub(crate) value: String,
    /// Whether it took the place of one whose nonce was stale: that is done once.
    renewed: bool,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("name", &self.name).field("realm", &self.realm).finish_non_exhaustive()
    }
}

/// `request` again, with the answers to the challenges in `response`, one for each realm. `None` if there is none
/// that can be answered, or an answer of ours is refused: it was wrong, or stale for the second time.
pub(crate) fn authorise(
    rng: &mut Rng,
    request: &Outgoing,
    response: &Message,
    login: &Login,
) -> Option<Outgoing> {
    let (asks, name) = match response.status()? {
        401 => (HeaderName::WwwAuthenticate, HeaderName::Authorization),
        407 => (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization),
        _ => return None,
    };
    let challenges = digest::choose(response.headers(asks));
    if challenges.is_empty() {
        return None;
    }
    let mut again = request.again(rng);
    for challenge in challenges {
        let place =
            again.answers.iter().position(|known| known.name == name && *known.realm == *challenge.realm);
        let renewed = match place.map(|place| again.answers.remove(place)) {
            None if again.answers.len() >= MAX_REALMS => return None,
            None => false,
            Some(refused) if refused.renewed || !challenge.stale => return None,
            Some(_) => true,
        };
        let value = answer(rng, request, &challenge, login);
        again.answers.push(Answer { name, realm: challenge.realm.into(), value, renewed });
    }
    Some(again)
}

fn answer(rng: &mut Rng, request: &Outgoing, challenge: &Challenge, login: &Login) -> String {
    let (username, password) = (login.username.expose(), login.password.expose());
    let (method, uri, cnonce) = (request.method.as_str(), request.uri.to_string(), rng.hex(CNONCE_LENGTH));
    challenge.answer(username, password, method, &uri, &cnonce, 1).to_string()
}
