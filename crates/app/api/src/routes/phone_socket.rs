//! SIP over a WebSocket (RFC 7118) at the address of the pages: a phone in the browser needs no other port and no other certificate.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use hotline_sip_net::agree_to_websocket;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::app::App;
use crate::error::ApiError;

/// A connection that speaks WebSocket from here on.
pub trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// Takes phones that come over a WebSocket.
pub type TakePhone = Arc<dyn Fn(Box<dyn Socket>, Way) + Send + Sync>;

/// The way that a connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Over HTTPS.
    pub is_secure: bool,
    /// The socket that it came to.
    pub local: SocketAddr,
    /// Who is there, or the proxy before.
    pub remote: SocketAddr,
}

/// `GET /sip`. Any Origin will do: whoever it is, SIP asks for a password.
pub(crate) async fn open(State(app): State<Arc<App>>, mut request: Request) -> Result<Response, ApiError> {
    let way = *request.extensions().get::<Way>().ok_or(ApiError::Panicked)?;
    let mut asked = http::Request::new(());
    *asked.method_mut() = request.method().clone();
    *asked.version_mut() = request.version();
    *asked.headers_mut() = request.headers().clone();
    let agreed = match agree_to_websocket(&asked) {
        Ok(agreed) => agreed,
        Err(refusal) => {
            return Ok((http::StatusCode::BAD_REQUEST, format!("{refusal}\n")).into_response());
        }
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        // One that goes away in between is nobody's loss.
        if let Ok(upgraded) = upgrade.await {
            (app.ports.phones)(Box::new(TokioIo::new(upgraded)), way);
        }
    });
    Ok(agreed.map(|()| Body::empty()))
}
