//! WebSocket as RFC 7118 has it: the sub-protocol `sip`, one message in each frame of text or bytes.

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hotline_sip::Flow;
use hotline_sip::message::MAX_MESSAGE_SIZE;
use hotline_sip::stream::{PING, PONG};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout, timeout_at};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response, create_response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};
use tracing::debug;

use crate::connection::{ending_of, stopped, written};
use crate::ending::Ending;
use crate::limits::GOODBYE_TIMEOUT;
use crate::network::Shared;
use crate::patience::{Patience, Sign};
use crate::table::Seat;

/// RFC 7118 §8.
const SUB_PROTOCOL: &str = "sip";
/// Bytes that are read at once. There is one such buffer for each connection.
const PIECE: usize = 4096;

/// The server's side of the handshake. Any path and any Origin will do: whoever it is, SIP asks for a password.
pub(crate) async fn accept<S>(stream: S) -> Result<WebSocketStream<S>, Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    accept_hdr_async_with_config(stream, agree, Some(config())).await.map_err(|error| {
        debug!(%error, "a WebSocket handshake failed");
        Ending::Handshake
    })
}

/// The server's side of a WebSocket that is open.
pub(crate) async fn adopt<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> WebSocketStream<S> {
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config())).await
}

/// The answer that opens a WebSocket for SIP, for whoever speaks HTTP with the client.
///
/// # Errors
/// What is wrong with the request, for a person who looks at it.
pub fn agree_to_websocket(request: &Request) -> Result<Response, String> {
    let response = create_response(request).map_err(|error| error.to_string())?;
    agree(request, response).map_err(|refusal| refusal.into_body().unwrap_or_default().trim_end().to_owned())
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_SIZE))
        .max_frame_size(Some(MAX_MESSAGE_SIZE))
        .read_buffer_size(PIECE)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_MESSAGE_SIZE)
}

#[expect(clippy::result_large_err, reason = "the library wants it so, once for a connection")]
fn agree(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let offers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered = offers.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    if offered.any(|protocol| protocol.trim() == SUB_PROTOCOL) {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUB_PROTOCOL));
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some("The sub-protocol `sip` is needed (RFC 7118).\n".to_owned()));
    *refusal.status_mut() = StatusCode::BAD_REQUEST;
    Err(refusal)
}

/// Serves an open WebSocket.
pub(crate) async fn serve<S>(
    shared: &Shared,
    stream: WebSocketStream<S>,
    seat: &mut Seat,
    mut patience: Patience,
) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sink, mut stream) = stream.split();
    let Seat { flow, outbox, own, stop, .. } = seat;
    let ending = tokio::select! {
        ending = write(shared, &mut sink, outbox) => ending,
        ending = read(shared, &mut stream, *flow, own, &mut patience) => ending,
        why = stopped(stop) => why,
    };
    // RFC 6455 §7.1.1: both sides say that they close, if the peer still listens.
    let goodbye = async {
        if sink.close().await.is_ok() {
            while let Some(Ok(_)) = stream.next().await {}
        }
    };
    drop(timeout(GOODBYE_TIMEOUT, goodbye).await);
    ending
}

/// Writes what is in the outbox, and pings. At the server's end what waits is still written.
async fn write<S>(
    shared: &Shared,
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    outbox: &mut mpsc::Receiver<Bytes>,
) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let every = shared.limits.ping;
    let mut pings = interval_at(Instant::now() + every, every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            biased;
            Some(bytes) = outbox.recv() => frame_of(bytes),
            _ = pings.tick() => Message::Ping(Bytes::new()),
            () = shared.incoming.closed() => return Ending::Shutdown,
        };
        if let Err(ending) = written(shared.limits.write, sink.send(message)).await {
            return ending;
        }
    }
}

async fn read<S>(
    shared: &Shared,
    stream: &mut SplitStream<WebSocketStream<S>>,
    flow: Flow,
    own: &mpsc::Sender<Bytes>,
    patience: &mut Patience,
) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let message = match timeout_at(patience.until(), stream.next()).await {
            Err(_) => return patience.ending(),
            Ok(None) => return Ending::Closed,
            Ok(Some(Err(error))) => return ending(&error),
            Ok(Some(Ok(message))) => message,
        };
        let bytes = match message {
            Message::Text(text) => Bytes::from(text),
            Message::Binary(bytes) => bytes,
            // Answered by the library.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {
                patience.handle_sign(Instant::now(), Sign::Alive);
                continue;
            }
        };
        let is_blank = bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        patience.handle_sign(Instant::now(), if is_blank { Sign::Alive } else { Sign::Whole });
        if !is_blank {
            shared.pass_on(flow, bytes).await;
        } else if bytes == PING && own.try_send(Bytes::from_static(PONG)).is_err() {
            // RFC 7118 §6 lets clients that cannot ping use RFC 5626 §3.5.1. One that does not read is let go.
            return Ending::Overrun;
        }
    }
}

/// Text if it can be: browsers show it to people who look for a fault.
fn frame_of(bytes: Bytes) -> Message {
    match bytes.clone().try_into() {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(bytes),
    }
}

fn ending(error: &Error) -> Ending {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Ending::Closed,
        Error::Io(error) => ending_of(error),
        Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_) | Error::AttackAttempt => Ending::Garbage,
        Error::Tls(_) | Error::WriteBufferFull(_) | Error::Url(_) | Error::Http(_) | Error::HttpFormat(_) => {
            Ending::Broken
        }
    }
}
