//! Answering a digest challenge as a client (RFC 3261 §22.2, RFC 7616).

use hotline_base::Rng;

use crate::digest;
use crate::endpoint::Login;
use crate::outgoing::Outgoing;
use crate::{HeaderName, Message};

/// Hexadecimal digits of our client nonce.
const CNONCE_LENGTH: usize = 16;

/// `request` again, with the answer to the challenge in `response`. `None` if it is no challenge that can be
/// answered, or if it refuses an answer of ours that was not merely stale.
pub(crate) fn authorise(
    rng: &mut Rng,
    request: &Outgoing,
    response: &Message,
    login: &Login,
) -> Option<Outgoing> {
    let (asks, answers) = match response.status()? {
        401 => (HeaderName::WwwAuthenticate, HeaderName::Authorization),
        407 => (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization),
        _ => return None,
    };
    let challenge = digest::choose(response.headers(asks))?;
    let answered = request.headers.iter().any(|(name, _)| *name == answers);
    if answered && !challenge.stale {
        return None;
    }
    let (username, password) = (login.username.expose(), login.password.expose());
    let (method, uri, cnonce) = (request.method.as_str(), request.uri.to_string(), rng.hex(CNONCE_LENGTH));
    let credentials = challenge.answer(username, password, method, &uri, &cnonce, 1);
    Some(request.again(rng, answers, credentials.to_string()))
}
