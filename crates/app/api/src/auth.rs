//! Who sends a request: a session's cookie or a token, looked up in the database each time, so that a sign-out
//! holds at once. While the database is away its last word holds, see `known.rs`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use hotline_access::Permission;
use hotline_store::{Session, SessionKind, SignedIn, Standing, StoreError, TokenHash, User};
use hotline_telemetry::Metric;
use http::request::Parts;
use http::{HeaderMap, Method, header};

use crate::app::App;
use crate::error::ApiError;
use crate::guests;
use crate::viewer::{Subject, Viewer};

/// The session's cookie.
pub(crate) const COOKIE: &str = "hotline_session";
/// The same over HTTPS: a name that browsers take from nobody else and never give away (RFC 6265bis §4.1.3.2). Another one, because a
/// browser does not let plain HTTP replace a cookie of HTTPS.
pub(crate) const SECURE_COOKIE: &str = "__Host-hotline_session";
/// Paths below `/api` some of whose routes may be asked without being signed in: they take a password, or tell what anybody can
/// read in the source. The other routes there are guarded as all are, in the table.
const OPEN: [&str; 4] = ["/v1/session", "/v1/tokens", "/v1/openapi.json", "/v1/docs"];

/// The user who sent the request.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) session: Session,
    pub(crate) user: User,
    pub(crate) standing: Standing,
    pub(crate) viewer: Viewer,
    /// What must be done before anything else.
    pub(crate) duty: Option<Duty>,
}

impl Identity {
    /// Only who may do this to that goes on.
    pub(crate) fn may(&self, permission: Permission, subject: Subject<'_>) -> Result<(), ApiError> {
        if self.viewer.may(permission, subject) { Ok(()) } else { Err(ApiError::Forbidden) }
    }

    /// Who must do something first goes no further.
    pub(crate) fn is_free(&self) -> Result<(), ApiError> {
        match self.duty {
            None => Ok(()),
            Some(Duty::Password) => Err(ApiError::PasswordFirst),
            Some(Duty::SecondFactor) => Err(ApiError::SecondFactorFirst),
        }
    }
}

/// What somebody must do before a session may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Change the password.
    Password,
    /// Add a second factor.
    SecondFactor,
}

/// Looks the sender up. Everything but [`OPEN`] needs one; what needs none may still have one.
pub(crate) async fn authenticate(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if guests::is_for_visitors(&request) {
        return guests::across(&app, request, next).await;
    }
    let secret = Secret::of(request.headers());
    // A browser adds the cookie to every request, also to those that a page of another site makes it send. It
    // never adds a token.
    if secret.as_ref().is_none_or(|secret| secret.kind == SessionKind::Session) {
        refuse_cross_site(request.method(), request.headers())?;
    }
    let identity = match secret {
        Some(secret) => identify(&app, &secret).await?,
        None => None,
    };
    match identity {
        Some(identity) => {
            request.extensions_mut().insert(identity);
        }
        None => {
            if !OPEN.contains(&request.uri().path()) {
                return Err(ApiError::SignInFirst);
            }
        }
    }
    Ok(next.run(request).await)
}

/// Whether whoever sent this may do that in the whole center; for routes outside `/api`.
pub(crate) async fn may(app: &App, headers: &HeaderMap, permission: Permission) -> Result<bool, ApiError> {
    let Some(secret) = Secret::of(headers) else { return Ok(false) };
    let identity = identify(app, &secret).await?.filter(|identity| identity.duty.is_none());
    Ok(identity.is_some_and(|identity| identity.viewer.may(permission, Subject::Center)))
}

struct Secret<'a> {
    kind: SessionKind,
    text: &'a str,
}

impl<'a> Secret<'a> {
    /// The header field `Authorization` wins over the cookie.
    fn of(headers: &'a HeaderMap) -> Option<Self> {
        if let Some(field) = headers.get(header::AUTHORIZATION) {
            let (scheme, text) = field.to_str().ok()?.split_once(' ')?;
            return scheme
                .eq_ignore_ascii_case("bearer")
                .then_some(Self { kind: SessionKind::Token, text: text.trim() });
        }
        let pairs = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
        let pairs = pairs.flat_map(|field| field.split(';'));
        let all: Vec<(&str, &str)> = pairs.filter_map(|pair| pair.trim().split_once('=')).collect();
        let named = |wanted: &str| all.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let text = named(SECURE_COOKIE).or_else(|| named(COOKIE))?;
        Some(Self { kind: SessionKind::Session, text })
    }
}

async fn identify(app: &App, secret: &Secret<'_>) -> Result<Option<Identity>, ApiError> {
    let now = app.now();
    let token = TokenHash::of(secret.text);
    let found = match app.ports.store.find_session(&token, now).await {
        Err(error @ StoreError::Unavailable(_)) => {
            let known = app.with_known(|known| known.recall(&token, secret.kind, now));
            return known.map(Some).ok_or_else(|| error.into());
        }
        found => found?,
    };
    let Some(found) = found.filter(|found| found.session.kind == secret.kind) else {
        app.with_known(|known| known.forget(&token));
        return Ok(None);
    };
    let identity = identity(app, found);
    let session = &identity.session;
    if let Err(error) = app.ports.store.touch_session(session, now).await {
        // Only the time of the last use is lost.
        tracing::debug!(%error, "the use of a session was not noted");
    }
    app.with_known(|known| known.confirm(&identity, now));
    Ok(Some(identity))
}

/// Who is signed in, with what that allows.
pub(crate) fn identity(app: &App, found: SignedIn) -> Identity {
    let SignedIn { session, user, standing } = found;
    let (agent, center) = (user.agent.clone(), Arc::clone(&app.center().teams));
    let viewer =
        Viewer::new(agent, standing.grants.clone(), &standing.teams, center).with_roles(&standing.roles);
    let duty = if session.limited { duty(app, &user, &standing) } else { None };
    Identity { session, user, standing, viewer, duty }
}

/// What this user must do before a session may be used.
pub(crate) fn duty(app: &App, user: &User, standing: &Standing) -> Option<Duty> {
    let age_max = app.ports.passwords.age_max;
    let expired = age_max.is_some_and(|most| app.now().since(user.password_changed_at) >= most);
    if user.password_temporary || expired {
        return Some(Duty::Password);
    }
    (standing.second_factor && !user.second_factor).then_some(Duty::SecondFactor)
}

/// Fetch metadata where the browser sends it (all current ones), else the Origin. A request with neither is no
/// browser's.
fn refuse_cross_site(method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    if method.is_safe() {
        return Ok(());
    }
    let field = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let same = match (field("sec-fetch-site"), field("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == field("host")
        }
        (None, None) => true,
    };
    if same {
        return Ok(());
    }
    Metric::ApiCrossSiteRefused.increment(1);
    Err(ApiError::CrossSite)
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::SignInFirst)
    }
}

/// Where a connection comes from: the client, or a proxy before this server.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) address: IpAddr,
    /// Over HTTPS.
    pub(crate) is_secure: bool,
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Every connection has one; a router without connections is a defect.
        parts.extensions.get::<Self>().copied().ok_or(ApiError::Panicked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_write_from_another_site_is_refused() {
        let cases: [(&[(&str, &str)], bool); 7] = [
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("origin", "https://center.example"), ("host", "center.example")], true),
            (&[("origin", "https://evil.example"), ("host", "center.example")], false),
            (&[("origin", "null"), ("host", "center.example")], false),
            (&[("host", "center.example")], true),
        ];
        for (fields, good) in cases {
            assert_eq!(refuse_cross_site(&Method::PUT, &headers(fields)).is_ok(), good, "{fields:?}");
            assert!(refuse_cross_site(&Method::GET, &headers(fields)).is_ok());
        }
    }

    #[test]
    fn the_secret_is_found_among_other_cookies_and_the_token_wins() {
        let both = headers(&[("cookie", "a=1; hotline_session=two; b=3"), ("authorization", "bearer one")]);
        let secret = Secret::of(&both).unwrap();
        assert_eq!((secret.text, secret.kind), ("one", SessionKind::Token));
        let cookie = headers(&[("cookie", "xhotline_session=no; hotline_session=two")]);
        assert_eq!(Secret::of(&cookie).unwrap().text, "two");
        assert!(Secret::of(&headers(&[("authorization", "Basic YTpi")])).is_none());
    }
}
