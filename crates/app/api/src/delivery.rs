//! A connection that knows when what was put into it has left for the client.
//!
//! An agent's phone must not ring before its page has the screen pop, so somebody has to know when an event was
//! *written*, not merely produced. The way of an event is: the body's stream yields a frame; hyper encodes it into
//! its write buffer; hyper writes that buffer to the connection until it is empty; hyper flushes the connection.
//! hyper calls `poll_flush` only with an empty buffer (`proto/h1/io.rs`, `Buffered::poll_flush`), and it takes a
//! frame and encodes it in one go, so **the first completed flush after a frame was yielded proves that all its
//! bytes were given to the kernel**. [`Outbox::on_written`] is called by the stream as it yields; [`Wire`] carries
//! out what waits there when a flush completes. A client that does not read fills the kernel's buffer, the write
//! stays pending, no flush completes, and nothing is claimed.
//!
//! Must not know: HTTP, events, pops.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long a client may take no bytes at all while there are some for it; then the connection is closed.
pub(crate) const STALL_MAX: Duration = Duration::from_secs(60);

type Receipt = Box<dyn FnOnce() + Send>;

/// What is to be done when the frames yielded so far are with the kernel. One per connection. The lock is there
/// because the response's body and the connection are separate values; one task polls both, so nobody ever waits.
#[derive(Clone, Default)]
pub(crate) struct Outbox(Arc<Mutex<Vec<Receipt>>>);

impl Outbox {
    /// To be called directly before yielding the frame. `receipt` must be quick: it runs in the connection's task.
    pub(crate) fn on_written(&self, receipt: impl FnOnce() + Send + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(receipt));
    }

    fn written(&self) {
        let receipts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for receipt in receipts {
            receipt();
        }
    }
}

/// The server's end of a connection.
pub(crate) struct Wire<S> {
    stream: S,
    outbox: Outbox,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Wire<S> {
    pub(crate) fn new(stream: S, outbox: Outbox) -> Self {
        Self { stream, outbox, stalled: None }
    }

    /// Lets a write wait for at most [`STALL_MAX`].
    fn watch(&mut self, cx: &mut Context<'_>, write: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if write.is_ready() {
            self.stalled = None;
            return write;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALL_MAX)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch(cx, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.outbox.written();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::body::Body;
    use bytes::Bytes;
    use futures_util::stream;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const FRAME: usize = 1000;
    /// With a paused clock this passes only when every task has nothing left to do.
    const QUIET: Duration = Duration::from_secs(1);

    /// A client of a server that answers any request with one frame and then stays silent, over a connection that
    /// holds `room` bytes which the client has not read; and whether the frame counts as written.
    async fn connect(room: usize) -> (DuplexStream, Arc<AtomicBool>) {
        let (mut client, server) = duplex(room);
        let written = Arc::new(AtomicBool::new(false));
        let outbox = Outbox::default();
        let (wire, seen) = (Wire::new(server, outbox.clone()), Arc::clone(&written));
        let service = service_fn(move |_| {
            let (outbox, seen) = (outbox.clone(), Arc::clone(&seen));
            let frames = stream::unfold(false, move |sent| {
                let (outbox, seen) = (outbox.clone(), Arc::clone(&seen));
                async move {
                    if sent {
                        std::future::pending::<()>().await;
                    }
                    outbox.on_written(move || seen.store(true, Ordering::SeqCst));
                    Some((Ok::<_, Infallible>(Bytes::from(vec![b'x'; FRAME])), true))
                }
            });
            async { Ok::<_, Infallible>(http::Response::new(Body::from_stream(frames))) }
        });
        tokio::spawn(
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(wire), service),
        );
        client.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
        tokio::time::sleep(QUIET).await;
        (client, written)
    }

    async fn read_frame(client: &mut DuplexStream) {
        let (mut seen, mut buffer) = (0, [0; 64]);
        while seen < FRAME {
            let count = client.read(&mut buffer).await.unwrap();
            assert_ne!(count, 0);
            seen += buffer[..count].iter().filter(|byte| **byte == b'x').count();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_that_fits_is_written_before_the_client_reads() {
        let (mut client, written) = connect(8 * FRAME).await;
        assert!(written.load(Ordering::SeqCst));
        read_frame(&mut client).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_has_no_frame() {
        let (mut client, written) = connect(FRAME / 2).await;
        assert!(!written.load(Ordering::SeqCst));
        read_frame(&mut client).await;
        tokio::time::sleep(QUIET).await;
        assert!(written.load(Ordering::SeqCst));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_reads_is_cut_off() {
        let (mut client, written) = connect(FRAME / 2).await;
        tokio::time::sleep(STALL_MAX).await;
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert!(rest.len() <= FRAME / 2, "{}", rest.len());
        assert!(!written.load(Ordering::SeqCst));
    }
}
