//! A small client of the HTTP API, for the demonstration and the tests: one connection a request, JSON in and out.
//!
//! Must never know: calls, phones. Start reading at [`Client`].

mod events;

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, IF_MATCH, IF_NONE_MATCH};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

pub use events::{Events, LiveEvent};

/// The largest answer that is read: a recording of an hour.
const BODY_MAX: usize = 256 * 1024 * 1024;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("{address} cannot be reached: {source}")]
    Unreachable {
        /// The server.
        address: SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The connection broke, or what came was not HTTP.
    #[error("talking to the server: {0}")]
    Protocol(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server refused.
    #[error("{method} {path}: {status} {body}")]
    Refused {
        /// The request.
        method: Method,
        /// The request.
        path: String,
        /// The answer.
        status: StatusCode,
        /// The problem, as the server words it.
        body: String,
    },
    /// The answer is not JSON.
    #[error("the server's answer is not JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// A client, signed in or not.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    token: Option<String>,
    /// The key of the request, if it is to be done once.
    key: Option<String>,
    /// The version that the request is about.
    tag: Option<String>,
}

impl Client {
    /// A client that is not signed in.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, token: None, key: None, tag: None }
    }

    /// A client that has a token.
    #[must_use]
    pub const fn with_token(address: SocketAddr, token: String) -> Self {
        Self { address, token: Some(token), key: None, tag: None }
    }

    /// Signs in for an hour.
    ///
    /// # Errors
    /// [`ClientError::Refused`] for a wrong password.
    pub async fn sign_in(address: SocketAddr, user: &str, password: &str) -> Result<Self, ClientError> {
        let body = json!({"user": user, "password": password, "name": "api-client", "expires_in_s": 3600});
        let answer = Self::new(address).post("/api/v1/tokens", &body).await?;
        Ok(Self { token: answer["token"].as_str().map(str::to_owned), ..Self::new(address) })
    }

    /// Gives the token back: it is of no use to anyone afterwards.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn sign_out(self) -> Result<(), ClientError> {
        self.delete("/api/v1/tokens/current").await
    }

    /// The server.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// GET, JSON.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        Ok(serde_json::from_slice(&self.get_bytes(path).await?)?)
    }

    /// GET, JSON, with the version of what is shown (`ETag`, with its quotes; empty without one).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_tagged(&self, path: &str) -> Result<(Value, String), ClientError> {
        let response = self.send(Method::GET, path, None).await?;
        let tag =
            response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default().to_owned();
        let bytes = self.accept(Method::GET, path, response).await?;
        Ok((serde_json::from_slice(&bytes)?, tag))
    }

    /// PUT of a change to this version; `*`: to what is not there yet.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn put_if(&self, path: &str, body: &Value, tag: &str) -> Result<Value, ClientError> {
        let tagged = Self { tag: Some(tag.to_owned()), ..self.clone() };
        tagged.write(Method::PUT, path, body).await
    }

    /// PUT of a file of this media type; `tag` as for [`Client::put_if`].
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn put_file(
        &self,
        path: &str,
        file: Vec<u8>,
        kind: &str,
        tag: &str,
    ) -> Result<Value, ClientError> {
        let tagged = Self { tag: Some(tag.to_owned()), ..self.clone() };
        let response = tagged.send_as(Method::PUT, path, Some(Bytes::from(file)), kind).await?;
        Ok(serde_json::from_slice(&self.accept(Method::PUT, path, response).await?)?)
    }

    /// POST of a change to this version.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post_if(&self, path: &str, body: &Value, tag: &str) -> Result<Value, ClientError> {
        let tagged = Self { tag: Some(tag.to_owned()), ..self.clone() };
        tagged.write(Method::POST, path, body).await
    }

    /// DELETE of this version.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete_if(&self, path: &str, tag: &str) -> Result<(), ClientError> {
        let tagged = Self { tag: Some(tag.to_owned()), ..self.clone() };
        tagged.delete(path).await
    }

    /// GET, whatever it is.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_bytes(&self, path: &str) -> Result<Bytes, ClientError> {
        let response = self.send(Method::GET, path, None).await?;
        self.accept(Method::GET, path, response).await
    }

    /// POST.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.write(Method::POST, path, body).await
    }

    /// POST with an `Idempotency-Key`: the same again does nothing more, and gives the same answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post_once(&self, path: &str, body: &Value, key: &str) -> Result<Value, ClientError> {
        let keyed = Self { key: Some(key.to_owned()), ..self.clone() };
        keyed.write(Method::POST, path, body).await
    }

    /// PUT.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.write(Method::PUT, path, body).await
    }

    /// DELETE.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete(&self, path: &str) -> Result<(), ClientError> {
        let response = self.send(Method::DELETE, path, None).await?;
        self.accept(Method::DELETE, path, response).await.map(drop)
    }

    /// The live stream, from a snapshot on.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn events(&self) -> Result<Events, ClientError> {
        let path = "/api/v1/events";
        let response = self.send(Method::GET, path, None).await?;
        if response.status().is_success() {
            return Ok(Events::new(response.into_body()));
        }
        self.accept(Method::GET, path, response).await.and_then(|_| {
            let error = std::io::Error::other("the server answered the stream with something else");
            Err(protocol(error))
        })
    }

    async fn write(&self, method: Method, path: &str, body: &Value) -> Result<Value, ClientError> {
        let response = self.send(method.clone(), path, Some(Bytes::from(body.to_string()))).await?;
        let bytes = self.accept(method, path, response).await?;
        if bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&bytes)?) }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Response<Incoming>, ClientError> {
        self.send_as(method, path, body, "application/json").await
    }

    async fn send_as(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        kind: &str,
    ) -> Result<Response<Incoming>, ClientError> {
        let address = self.address;
        let stream = TcpStream::connect(address)
            .await
            .map_err(|source| ClientError::Unreachable { address, source })?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(protocol)?;
        // Ends with the connection; an error shows in the answer.
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header(HOST, address.to_string());
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", format!("\"{key}\""));
        }
        if let Some(tag) = &self.tag {
            let field = if tag == "*" { IF_NONE_MATCH } else { IF_MATCH };
            request = request.header(field, tag);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, kind);
        }
        let request = request.body(Full::new(body.unwrap_or_default())).map_err(protocol)?;
        sender.send_request(request).await.map_err(protocol)
    }

    async fn accept(
        &self,
        method: Method,
        path: &str,
        response: Response<Incoming>,
    ) -> Result<Bytes, ClientError> {
        let status = response.status();
        let bytes =
            Limited::new(response.into_body(), BODY_MAX).collect().await.map_err(ClientError::Protocol)?;
        let bytes = bytes.to_bytes();
        if status.is_success() {
            return Ok(bytes);
        }
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Err(ClientError::Refused { method, path: path.to_owned(), status, body })
    }
}

fn protocol(error: impl std::error::Error + Send + Sync + 'static) -> ClientError {
    ClientError::Protocol(Box::new(error))
}
