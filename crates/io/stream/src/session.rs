//! One stream from its connection to its end.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hotline_base::Pii;
use hotline_media_rt::ServiceEnd;
use hotline_telemetry::Metric;
use metrics::Counter;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::connect::{Socket, open};
use crate::limits::GOODBYE_TIMEOUT;
use crate::message::{FromService, ToService, VERSION};
use crate::playing::Playing;
use crate::streams::{Control, Event, Shared, StreamRequest};
use crate::{CONTROLS_MAX, EVENTS_MAX, End, HEARD_MAX, Limits, MARK_MAX, PARAMETERS_MAX, RESULT_MAX};

/// How often sound is taken from the line and given to it.
const BEAT: Duration = Duration::from_millis(20);
/// Keys of one message.
const DIGITS_MAX: usize = 64;

type WebSocket = WebSocketStream<Box<dyn Socket>>;

/// Connects, and serves the stream until it ends.
pub(crate) async fn run(
    shared: &Shared,
    request: &StreamRequest,
    line: ServiceEnd,
    mut controls: mpsc::Receiver<Control>,
    tell: &mpsc::Sender<Event>,
) -> End {
    let Ok(_place) = shared.places.try_acquire() else { return End::Busy };
    let parameters = request.start.parameters.expose();
    if serde_json::to_string(parameters).map_or(usize::MAX, |text| text.len()) > PARAMETERS_MAX {
        return End::BadRequest;
    }
    let socket = tokio::select! {
        opened = timeout(shared.limits.connect, open(&shared.tls, &shared.lookups, request)) => match opened {
            Ok(Ok(socket)) => socket,
            Ok(Err(end)) => return end,
            Err(_) => return End::Timeout,
        },
        () = told(&mut controls) => return End::Told,
    };
    let (sink, stream) = socket.split();
    let mut session = Session::new(shared.limits, line, sink, tell);
    session.tell_start(request);
    let end = session.serve(stream, &mut controls).await;
    session.say_goodbye(&end).await;
    end
}

/// Waits until it is enough; keys that are pressed before the service is there are lost on it.
async fn told(controls: &mut mpsc::Receiver<Control>) {
    while let Some(Control::Dtmf { .. }) = controls.recv().await {}
}

struct Session<'s> {
    limits: Limits,
    line: ServiceEnd,
    sink: SplitSink<WebSocket, Message>,
    tell: &'s mpsc::Sender<Event>,
    /// What waits to be written: messages before sound.
    messages: VecDeque<Message>,
    heard: Backlog,
    is_flushed: bool,
    /// When the service took something last, or nothing was there to take.
    written: Instant,
    /// When the service sent something last.
    alive: Instant,
    pinged: Instant,
    playing: Playing,
    counters: Counters,
}

/// What the caller said and the service did not take yet.
#[derive(Default)]
struct Backlog(VecDeque<Bytes>);

impl Backlog {
    /// Takes a frame in. True if the oldest had to go for it: who is behind hears what is said, not what was.
    fn push(&mut self, frame: Bytes) -> bool {
        let is_full = self.0.len() >= HEARD_MAX;
        if is_full {
            self.0.pop_front();
        }
        self.0.push_back(frame);
        is_full
    }
}

struct Counters {
    heard_dropped: Counter,
    said_dropped: Counter,
    /// How many of the line's were counted.
    line_dropped: u64,
}

impl<'s> Session<'s> {
    fn new(
        limits: Limits,
        line: ServiceEnd,
        sink: SplitSink<WebSocket, Message>,
        tell: &'s mpsc::Sender<Event>,
    ) -> Self {
        let now = Instant::now();
        let dropped = |direction| Metric::StreamFramesDropped.counter_for([direction]);
        let counters = Counters {
            heard_dropped: dropped("to_service"),
            said_dropped: dropped("to_caller"),
            line_dropped: 0,
        };
        Self {
            limits,
            line,
            sink,
            tell,
            messages: VecDeque::new(),
            heard: Backlog::default(),
            is_flushed: true,
            written: now,
            alive: now,
            pinged: now,
            playing: Playing::default(),
            counters,
        }
    }

    fn tell_start(&mut self, request: &StreamRequest) {
        let start = &request.start;
        let start = ToService::Start {
            version: VERSION,
            call: &start.call,
            flow: &start.flow,
            step: &start.step,
            language: &start.language,
            sample_rate: start.rate.hz(),
            parameters: start.parameters.expose(),
        };
        self.messages.push_back(Message::text(start.text()));
    }

    async fn serve(
        &mut self,
        mut stream: SplitStream<WebSocket>,
        controls: &mut mpsc::Receiver<Control>,
    ) -> End {
        if let Err(end) = self.report(Event::Started) {
            return end;
        }
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let is_waiting = !self.messages.is_empty() || !self.heard.0.is_empty();
            let is_idle = !is_waiting && self.is_flushed;
            let sink = &mut self.sink;
            let write = poll_fn(|cx| match is_waiting {
                true => sink.poll_ready_unpin(cx),
                false => sink.poll_flush_unpin(cx),
            });
            let step = tokio::select! {
                // In this order: whatever a service sends, time goes on, the caller can leave and is heard.
                biased;
                control = controls.recv() => self.handle_control(control),
                _ = beats.tick() => self.handle_beat(),
                written = write, if !is_idle => self.handle_written(written),
                message = stream.next() => self.handle_message(message),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    fn handle_control(&mut self, control: Option<Control>) -> Result<(), End> {
        match control {
            Some(Control::Dtmf { digit, duration_ms }) => {
                self.queue(&ToService::Dtmf { digit: *digit.expose(), duration_ms })
            }
            Some(Control::Stop { reason }) => {
                self.messages.push_back(Message::text(ToService::Stop { reason }.text()));
                Err(End::Told)
            }
            None => Err(End::Told),
        }
    }

    /// Takes what the caller said, gives what the caller hears, and looks at the clock.
    fn handle_beat(&mut self) -> Result<(), End> {
        let now = Instant::now();
        while let Some(frame) = self.line.heard() {
            let bytes = frame.samples().iter().copied().flat_map(i16::to_le_bytes).collect();
            self.counters.heard_dropped.increment(u64::from(self.heard.push(bytes)));
        }
        let dropped = self.line.dropped();
        self.counters.heard_dropped.increment(dropped - self.counters.line_dropped);
        self.counters.line_dropped = dropped;
        self.playing.feed(&mut self.line);
        while let Some(name) = self.playing.reached(&self.line) {
            self.queue(&ToService::Mark { name: &name })?;
        }
        if self.line.is_over() {
            self.messages.push_back(Message::text(ToService::Stop { reason: "hangup" }.text()));
            return Err(End::Told);
        }
        if now - self.pinged >= self.limits.ping {
            self.pinged = now;
            self.messages.push_back(Message::Ping(Bytes::new()));
        }
        if now - self.alive >= self.limits.idle {
            return Err(End::Idle);
        }
        if self.is_flushed && self.messages.is_empty() && self.heard.0.is_empty() {
            self.written = now;
        } else if now - self.written >= self.limits.write {
            return Err(End::Stalled);
        }
        Ok(())
    }

    /// The service took what was sent: the next goes out, if there is one.
    fn handle_written(&mut self, written: Result<(), Error>) -> Result<(), End> {
        let of = |error: Error| End::of(&error);
        written.map_err(of)?;
        let next = self.messages.pop_front().or_else(|| self.heard.0.pop_front().map(Message::Binary));
        self.is_flushed = next.is_none();
        self.written = Instant::now();
        next.map_or(Ok(()), |next| self.sink.start_send_unpin(next).map_err(of))
    }

    fn handle_message(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        self.alive = Instant::now();
        match message {
            None => Err(End::Broken),
            Some(Err(error)) => Err(End::of(&error)),
            Some(Ok(Message::Binary(sound))) => self.handle_sound(&sound),
            Some(Ok(Message::Text(text))) => self.handle_text(&text),
            Some(Ok(Message::Close(_))) => Err(End::Stopped),
            // Answered by the library.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
        }
    }

    fn handle_sound(&mut self, sound: &[u8]) -> Result<(), End> {
        if !sound.len().is_multiple_of(2) {
            return Err(End::Protocol("sound has half a sample: samples are 16 bits, little-endian"));
        }
        let dropped = self.playing.push(&self.line, sound);
        self.counters.said_dropped.increment(dropped);
        Ok(())
    }

    fn handle_text(&mut self, text: &str) -> Result<(), End> {
        let message = serde_json::from_str(text);
        match message.map_err(|_| End::Protocol("a text is not an object with `type` and its fields"))? {
            FromService::Mark { name } => {
                if name.len() > MARK_MAX {
                    return Err(End::Protocol("the name of a mark is longer than 128 bytes"));
                }
                let taken = self.playing.mark(&self.line, name);
                taken.then_some(()).ok_or(End::Protocol("more than 64 marks wait"))
            }
            FromService::Clear => {
                self.playing.clear(&mut self.line);
                Ok(())
            }
            FromService::Dtmf { digits } => {
                let is_key = |byte: u8| matches!(byte, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D');
                if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(is_key) {
                    return Err(End::Protocol("`digits` are 1 to 64 of 0-9, *, #, A-D"));
                }
                self.report(Event::Dtmf(digits.into()))
            }
            FromService::Result { .. } if text.len() > RESULT_MAX => {
                Err(End::Protocol("a result is longer than 16384 bytes"))
            }
            FromService::Result { values } => Err(End::Result(Pii::new(values))),
            FromService::Stop => Err(End::Stopped),
            FromService::Other => Ok(()),
        }
    }

    fn queue(&mut self, message: &ToService<'_>) -> Result<(), End> {
        if self.messages.len() >= CONTROLS_MAX {
            return Err(End::Stalled);
        }
        self.messages.push_back(Message::text(message.text()));
        Ok(())
    }

    /// Leaves the last place of the channel for the end.
    fn report(&self, event: Event) -> Result<(), End> {
        if self.tell.max_capacity() - self.tell.capacity() >= EVENTS_MAX {
            return Err(End::Overrun);
        }
        self.tell.try_send(event).map_err(|_| End::Told)
    }

    /// Sends what is left to say, and closes (RFC 6455 §7.4.1), as far as the service still listens.
    async fn say_goodbye(&mut self, end: &End) {
        let (code, reason) = match end {
            End::Protocol(what) => (CloseCode::Protocol, *what),
            End::Result(_) | End::Stopped | End::Told => (CloseCode::Normal, ""),
            End::Broken => return,
            End::BadRequest
            | End::Busy
            | End::Timeout
            | End::Refused
            | End::Tls
            | End::Rejected(_)
            | End::Idle
            | End::Stalled
            | End::Overrun => (CloseCode::Away, end.label()),
        };
        let messages = std::mem::take(&mut self.messages);
        let sink = &mut self.sink;
        let goodbye = async {
            for message in messages {
                sink.feed(message).await?;
            }
            let close = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            sink.send(Message::Close(Some(close))).await
        };
        match timeout(GOODBYE_TIMEOUT, goodbye).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a stream's service did not hear its end"),
            Err(_) => tracing::debug!("a stream's service had no time for its end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_service_loses_the_oldest_sound_and_gets_the_newest() {
        let mut backlog = Backlog::default();
        let dropped = (0..120_u8).filter(|number| backlog.push(Bytes::copy_from_slice(&[*number]))).count();
        assert_eq!(dropped, 120 - HEARD_MAX);
        assert!(backlog.0.iter().map(|frame| frame[0]).eq(70..120));
    }
}
