//! The life of a connection, whoever opened it: messages in, messages out, and the end that is told.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use hotline_sip::stream::PONG;
use hotline_sip::{Flow, Frame, Framer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tracing::{debug, error};

use crate::counters;
use crate::ending::Ending;
use crate::limits::{BATCH_MAX, GOODBYE_TIMEOUT};
use crate::network::{Incoming, Shared};
use crate::patience::{Patience, Sign};
use crate::table::{Farewell, Seat};
use crate::websocket;

/// Bytes that are read at once. There is one such buffer for each connection.
const PIECE: usize = 4096;

/// A connection that is open.
pub(crate) struct Opened {
    pub(crate) wire: Wire,
    pub(crate) patience: Patience,
}

/// What messages are read from and written to.
pub(crate) enum Wire {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Ws(Box<WebSocketStream<TcpStream>>),
    Wss(Box<WebSocketStream<TlsStream<TcpStream>>>),
    /// A WebSocket that somebody else has accepted.
    Adopted(Box<WebSocketStream<Adopted>>),
}

/// A connection that somebody else has accepted.
pub(crate) type Adopted = Box<dyn ByteStream>;

/// A stream of bytes both ways.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

impl Shared {
    /// Opens a connection and runs it to its end, then tells the end: whatever is sent on the flow until its entry is gone
    /// is followed by [`Incoming::Disconnected`].
    pub(crate) async fn live(
        self: &Arc<Self>,
        mut seat: Seat,
        opening: impl Future<Output = Result<Opened, Ending>>,
    ) {
        let running = AssertUnwindSafe(self.run(&mut seat, opening)).catch_unwind().await;
        let ending = running.unwrap_or_else(|_| {
            error!("a defect ended a SIP connection");
            Ending::Defect
        });
        counters::closed(seat.flow.transport, ending);
        debug!(transport = %seat.flow.transport, ending = ending.label(), "a SIP connection has ended");
        seat.outbox.close();
        let unsent: Vec<Bytes> = std::iter::from_fn(|| seat.outbox.try_recv().ok()).collect();
        let has_flow = self.table().ending(&seat);
        if !has_flow {
            // Another connection has it, and writes what this one could not.
            unsent.into_iter().for_each(|bytes| self.send(seat.flow, bytes));
            return;
        }
        self.counters.unsent.increment(unsent.len() as u64);
        loop {
            if self.incoming.send(Incoming::Disconnected(seat.flow)).await.is_err() {
                return;
            }
            let farewell = self.table().forget(&seat);
            match farewell {
                Farewell::Gone => return,
                Farewell::Missed => {}
            }
        }
    }

    async fn run(&self, seat: &mut Seat, opening: impl Future<Output = Result<Opened, Ending>>) -> Ending {
        let opened = tokio::select! {
            opened = opening => opened,
            why = stopped(&mut seat.stop) => Err(why),
            () = self.incoming.closed() => Err(Ending::Shutdown),
        };
        let Opened { wire, patience } = match opened {
            Ok(opened) => opened,
            Err(ending) => return ending,
        };
        let _open = self.counters.open(seat.flow.transport);
        match wire {
            Wire::Tcp(stream) => self.serve(stream, seat, patience).await,
            Wire::Tls(stream) => self.serve(*stream, seat, patience).await,
            Wire::Ws(stream) => websocket::serve(self, *stream, seat, patience).await,
            Wire::Wss(stream) => websocket::serve(self, *stream, seat, patience).await,
            Wire::Adopted(stream) => websocket::serve(self, *stream, seat, patience).await,
        }
    }

    /// Serves a byte stream.
    async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite,
        seat: &mut Seat,
        mut patience: Patience,
    ) -> Ending {
        let (mut reader, mut writer) = split(stream);
        let Seat { flow, outbox, own, stop, .. } = seat;
        let ending = tokio::select! {
            ending = self.write(&mut writer, outbox) => ending,
            ending = self.read(&mut reader, *flow, own, &mut patience) => ending,
            why = stopped(stop) => why,
        };
        // TLS says goodbye; a peer that does not listen any more is not waited for.
        drop(timeout(GOODBYE_TIMEOUT, writer.shutdown()).await);
        ending
    }

    /// Writes what is in the outbox, what waits together in one go. At the server's end what waits is still written.
    async fn write(
        &self,
        writer: &mut (impl AsyncWrite + Unpin),
        outbox: &mut mpsc::Receiver<Bytes>,
    ) -> Ending {
        let (mut waiting, mut batch) = (Vec::with_capacity(BATCH_MAX), BytesMut::new());
        loop {
            tokio::select! {
                biased;
                _ = outbox.recv_many(&mut waiting, BATCH_MAX) => {}
                () = self.incoming.closed() => return Ending::Shutdown,
            }
            batch.clear();
            waiting.drain(..).for_each(|bytes| batch.extend_from_slice(&bytes));
            let writing = async {
                writer.write_all(&batch).await?;
                writer.flush().await
            };
            if let Err(ending) = written(self.limits.write, writing).await {
                return ending;
            }
        }
    }

    async fn read(
        &self,
        reader: &mut (impl AsyncRead + Unpin),
        flow: Flow,
        own: &mpsc::Sender<Bytes>,
        patience: &mut Patience,
    ) -> Ending {
        let (mut framer, mut piece) = (Framer::default(), vec![0; PIECE]);
        loop {
            let length = match timeout_at(patience.until(), reader.read(&mut piece)).await {
                Err(_) => return patience.ending(),
                Ok(Ok(0)) => return Ending::Closed,
                Ok(Ok(length)) => length,
                Ok(Err(error)) => return ending_of(&error),
            };
            framer.handle_bytes(&piece[..length]);
            let mut is_whole = false;
            while let Some(frame) = framer.poll_frame() {
                match frame {
                    Ok(Frame::Message(bytes)) => {
                        is_whole = true;
                        self.pass_on(flow, bytes).await;
                    }
                    // RFC 5626 §3.5.1. A peer that pings and does not read is let go.
                    Ok(Frame::Ping) if own.try_send(Bytes::from_static(PONG)).is_ok() => {}
                    Ok(Frame::Ping) => return Ending::Overrun,
                    Err(error) => {
                        debug!(%error, transport = %flow.transport, "a SIP connection is closed");
                        return Ending::Garbage;
                    }
                }
            }
            let sign = match (is_whole, framer.is_between()) {
                (true, true) => Sign::Whole,
                (true, false) => Sign::WholeAndPart,
                (false, true) => Sign::Alive,
                (false, false) => Sign::Part,
            };
            patience.handle_sign(Instant::now(), sign);
        }
    }

    /// Waits for room: a peer that sends faster than its messages are worked off is not read meanwhile.
    pub(crate) async fn pass_on(&self, flow: Flow, bytes: Bytes) {
        if self.incoming.send(Incoming::Message { flow, bytes }).await.is_err() {
            // The server ends; the writer sees it too and ends the connection when all is written.
            std::future::pending().await
        }
    }
}

/// Until the table wants the connection to end. One whose flow another has taken over is never told to.
pub(crate) async fn stopped(stop: &mut oneshot::Receiver<Ending>) -> Ending {
    match stop.await {
        Ok(why) => why,
        Err(_) => std::future::pending().await,
    }
}

/// What comes of a write that may take so long.
pub(crate) async fn written<E>(
    limit: Duration,
    writing: impl Future<Output = Result<(), E>>,
) -> Result<(), Ending> {
    match timeout(limit, writing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Ending::Broken),
        Err(_) => Err(Ending::Stuck),
    }
}

/// Many clients of TLS close without its goodbye.
pub(crate) fn ending_of(error: &io::Error) -> Ending {
    if error.kind() == io::ErrorKind::UnexpectedEof { Ending::Closed } else { Ending::Broken }
}
