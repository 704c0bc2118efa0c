//! What flows let callers hear and say beside recorded prompts: spoken texts and services of sound. All of it runs beside the
//! loop; what it needs of the media plane is given to it.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotline_base::{CallId, LegId, Pii, PlayId};
use hotline_call::{Answer, Message, MessageSummary, Reply};
use hotline_ivr::{Digit, OpenStream, RecordExit, Recorded, RequestTag, StreamExit};
use hotline_media::PromptId;
use hotline_media_rt::{AddError, LegEnd, SendError, Ticket};
use hotline_messages::{Messages, Outcome, Recorder, Request as MessageRequest};
use hotline_speech::{Speech, Utterance};
use hotline_store::{Store, StoredMessage};
use hotline_stream::{Control, End, Event, Start, StreamRequest, Streams, Values};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tracing::{error, warn};

use crate::kept::Kept;
use crate::unlisted;

/// What services want of calls and has not been read.
const WISHES_MAX: usize = 1024;
/// How long a key for a service is said to be held, as nobody measures it there.
const KEY_MS: u32 = 100;

/// Gives a leg its line.
pub type Attach = dyn Fn(LegId, LegEnd) -> Result<(), SendError> + Send + Sync;
/// Makes a file a prompt. It reads the file, so it is called where one may wait.
pub type AddPrompt = dyn Fn(&str, &Path) -> Result<Ticket, AddError> + Send + Sync;

/// What spoken texts and services of sound need.
#[derive(Clone)]
pub struct SoundParts {
    /// Speaks.
    pub speech: Speech,
    /// Connects with services.
    pub streams: Streams,
    /// Gives a leg its line.
    pub attach: Arc<Attach>,
    /// Makes a file a prompt.
    pub add_prompt: Arc<AddPrompt>,
    /// Keeps what callers say.
    pub messages: Messages,
    /// The directory in which that is.
    pub recordings: PathBuf,
    /// Where it is listed.
    pub store: Store,
}

pub(crate) struct Sounds {
    parts: SoundParts,
    running: JoinSet<Done>,
    wish: mpsc::Sender<Reply>,
    wishes: mpsc::Receiver<Reply>,
    /// Keeps playable what was spoken and recorded.
    kept: Kept<Ticket>,
    open: BTreeMap<(CallId, RequestTag), Open>,
    /// Messages that are being recorded; one ends when it is taken out.
    recorders: BTreeMap<(CallId, RequestTag), Recorder>,
    /// What is to be told before the answer to it.
    ready: VecDeque<Reply>,
}

/// A stream that goes on.
struct Open {
    control: mpsc::Sender<Control>,
    task: AbortHandle,
}

/// What a task came to.
enum Done {
    Spoken {
        call: CallId,
        play: PlayId,
        tickets: Option<Vec<Ticket>>,
    },
    Recorded {
        call: CallId,
        tag: RequestTag,
        recorded: Recorded,
        left: Option<Reply>,
        ticket: Option<Ticket>,
    },
    Streamed {
        call: CallId,
        tag: RequestTag,
        exit: StreamExit,
        values: BTreeMap<String, Pii<String>>,
    },
}

impl Sounds {
    pub(crate) fn new(parts: SoundParts) -> Self {
        let (wish, wishes) = mpsc::channel(WISHES_MAX);
        let (running, kept, open) = (JoinSet::new(), Kept::new(), BTreeMap::new());
        let (recorders, ready) = (BTreeMap::new(), VecDeque::new());
        Self { parts, running, wish, wishes, kept, open, recorders, ready }
    }

    /// Keeps what the caller says.
    pub(crate) fn record(&mut self, call: CallId, tag: RequestTag, leg: LegId, message: Message) {
        let Message { id, longest, silence, shortest, .. } = message;
        let request = MessageRequest { id, rate: hotline_audio::Rate::Narrow, longest, silence, shortest };
        let (line, recorder, outcome) = self.parts.messages.record(request);
        if let Err(error) = (self.parts.attach)(leg, line) {
            error!(%call, %error, "a leg did not get its line");
        }
        self.recorders.insert((call, tag), recorder);
        self.kept.expect(call);
        let parts = self.parts.clone();
        self.running.spawn(async move {
            unlisted::note(&parts.recordings, call, &message).await;
            let (id, outcome) = (message.id, outcome.await.ok());
            let (done, is_lost) = keep(&parts, call, tag, message, outcome).await;
            if !is_lost {
                unlisted::forget(&parts.recordings, id).await;
            }
            done
        });
    }

    /// The message is complete.
    pub(crate) fn stop_record(&mut self, call: CallId, tag: RequestTag) {
        if let Some(recorder) = self.recorders.remove(&(call, tag)) {
            recorder.stop();
        }
    }

    /// A call is over: nothing of it need be playable any more.
    pub(crate) fn forget(&mut self, call: CallId) {
        self.kept.forget(call);
    }

    /// Has texts spoken, and made prompts.
    pub(crate) fn speak(&mut self, call: CallId, play: PlayId, language: String, texts: Vec<Pii<String>>) {
        self.kept.expect(call);
        let parts = self.parts.clone();
        self.running.spawn(async move {
            let tickets = spoken(&parts, &language, texts).await;
            Done::Spoken { call, play, tickets }
        });
    }

    /// Connects a leg with a service.
    pub(crate) fn open(
        &mut self,
        call: CallId,
        tag: RequestTag,
        leg: LegId,
        language: String,
        wanted: OpenStream,
    ) {
        let (flow, step) = &wanted.step;
        let parameters: Values = wanted
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), value.expose().as_str().into()))
            .collect();
        let mut stream = self.parts.streams.connect(StreamRequest {
            url: wanted.url.expose().clone(),
            headers: Vec::new(),
            start: Start {
                call: call.to_string(),
                flow: flow.to_string(),
                step: step.to_string(),
                language,
                rate: hotline_audio::Rate::Narrow,
                parameters: Pii::new(parameters),
            },
        });
        if let Some(line) = stream.leg.take()
            && let Err(error) = (self.parts.attach)(leg, line)
        {
            error!(%call, %error, "a leg did not get its line");
        }
        let (control, wish) = (stream.control.clone(), self.wish.clone());
        let task = self.running.spawn(async move {
            // All of it, not its events alone: what is left behind would end it.
            let stream = &mut stream;
            let mut connected = false;
            let end = loop {
                let next = stream.events.recv();
                let event = if connected {
                    next.await
                } else {
                    tokio::time::timeout(wanted.connect, next)
                        .await
                        .unwrap_or(Some(Event::Ended(End::Timeout)))
                };
                match event {
                    Some(Event::Started) => connected = true,
                    Some(Event::Dtmf(digits)) => {
                        // A call that is over needs no keys.
                        drop(wish.send(Reply::StreamDigits { call, digits }).await);
                    }
                    Some(Event::Ended(end)) => break end,
                    None => break End::Broken,
                }
            };
            let (exit, values) = ended(call, end, &wanted.wanted);
            Done::Streamed { call, tag, exit, values }
        });
        self.open.insert((call, tag), Open { control, task });
    }

    /// Tells a service that the caller pressed a key. One that does not listen misses it.
    pub(crate) fn digit(&self, call: CallId, tag: RequestTag, digit: Digit) {
        if let Some(open) = self.open.get(&(call, tag)) {
            let control = Control::Dtmf { digit: Pii::new(digit.key()), duration_ms: KEY_MS };
            if open.control.try_send(control).is_err() {
                warn!(%call, "a service of sound does not take keys");
            }
        }
    }

    /// The flow has enough of a stream.
    pub(crate) fn close(&mut self, call: CallId, tag: RequestTag) {
        if let Some(open) = self.open.remove(&(call, tag))
            && open.control.try_send(Control::Stop { reason: "timeout" }).is_err()
        {
            open.task.abort();
        }
    }

    /// A playback is over.
    pub(crate) fn played(&mut self, play: PlayId) {
        self.kept.played(play);
    }

    pub(crate) fn try_next(&mut self) -> Option<Reply> {
        if let Some(reply) = self.ready.pop_front() {
            return Some(reply);
        }
        if let Ok(wish) = self.wishes.try_recv() {
            return Some(wish);
        }
        loop {
            match self.running.try_join_next()? {
                Ok(done) => return Some(self.reply(done)),
                Err(error) if error.is_cancelled() => {}
                Err(error) => error!(%error, "a task for a caller's sound died"),
            }
        }
    }

    /// The next answer; waits for ever while nothing is under way.
    pub(crate) async fn next(&mut self) -> Reply {
        if let Some(reply) = self.ready.pop_front() {
            return reply;
        }
        loop {
            tokio::select! {
                Some(wish) = self.wishes.recv() => return wish,
                Some(done) = self.running.join_next() => match done {
                    Ok(done) => return self.reply(done),
                    Err(error) if error.is_cancelled() => {}
                    Err(error) => error!(%error, "a task for a caller's sound died"),
                },
            }
        }
    }

    fn reply(&mut self, done: Done) -> Reply {
        match done {
            Done::Spoken { call, play, tickets } => {
                let prompts = tickets.map(|tickets| {
                    let prompts: Vec<PromptId> = tickets.iter().map(|ticket| ticket.id().clone()).collect();
                    self.kept.keep_spoken(call, play, tickets);
                    prompts
                });
                Reply::Spoken { call, play, prompts }
            }
            Done::Recorded { call, tag, recorded, left, ticket } => {
                self.recorders.remove(&(call, tag));
                if let Some(ticket) = ticket {
                    self.kept.keep_recorded(call, ticket);
                }
                let answer = Reply::Answer { call, tag, answer: Answer::Recorded(recorded) };
                match left {
                    Some(left) => {
                        self.ready.push_back(answer);
                        left
                    }
                    None => answer,
                }
            }
            Done::Streamed { call, tag, exit, values } => {
                self.open.remove(&(call, tag));
                Reply::Answer { call, tag, answer: Answer::Streamed(exit, values) }
            }
        }
    }
}

/// The prompts of texts, in their order.
async fn spoken(parts: &SoundParts, language: &str, texts: Vec<Pii<String>>) -> Option<Vec<Ticket>> {
    let mut tickets = Vec::with_capacity(texts.len());
    for text in texts {
        // What failed is in the log of the engine.
        let file = parts.speech.speak(&Utterance::new(text.expose(), language)).await.ok()?;
        let add = Arc::clone(&parts.add_prompt);
        let added = tokio::task::spawn_blocking(move || add(file.name(), file.path())).await;
        match added {
            Ok(Ok(ticket)) => tickets.push(ticket),
            Ok(Err(error)) => {
                error!(%error, "a spoken text cannot be played");
                return None;
            }
            Err(error) => {
                error!(%error, "reading a spoken text");
                return None;
            }
        }
    }
    Some(tickets)
}

/// Lists a message once it is on the disk, and makes it a prompt if the flow keeps it for itself. True beside it if it is on the
/// disk and not on the list.
async fn keep(
    parts: &SoundParts,
    call: CallId,
    tag: RequestTag,
    message: Message,
    outcome: Option<Outcome>,
) -> (Done, bool) {
    let without = |exit| {
        let recorded = Recorded { exit, name: String::new() };
        Done::Recorded { call, tag, recorded, left: None, ticket: None }
    };
    let (path, duration) = match outcome {
        Some(Outcome::Recorded { path, duration }) => (path, duration),
        Some(Outcome::Nothing) => return (without(RecordExit::Nothing), false),
        Some(Outcome::Failed(_)) | None => return (without(RecordExit::Failed), false),
    };
    let Message { id, started_at, mailbox, caller, .. } = message;
    let stored = StoredMessage {
        id,
        call,
        mailbox: mailbox.clone(),
        caller,
        path: path.clone(),
        started_at,
        duration,
        heard: None,
    };
    if let Err(error) = parts.store.add_message(&stored).await {
        error!(%call, %error, path, "a message is on the disk and on no list before the next start");
        return (without(RecordExit::Failed), true);
    }
    let count = match &mailbox {
        Some(mailbox) => parts.store.count_messages_of(mailbox).await.ok(),
        None => None,
    };
    let count = count.map(|count| MessageSummary { new: count.unheard, old: count.heard });
    let ticket = match mailbox {
        Some(_) => None,
        None => {
            let (add, file) = (Arc::clone(&parts.add_prompt), parts.recordings.join(&path));
            let added = tokio::task::spawn_blocking(move || add(&id.to_string(), &file)).await;
            added.ok().and_then(|added| {
                added.inspect_err(|error| error!(%error, "a recording cannot be played")).ok()
            })
        }
    };
    let recorded = Recorded { exit: RecordExit::Recorded, name: id.to_string() };
    let left = Some(Reply::MessageLeft { call, message: id, mailbox, duration, count });
    (Done::Recorded { call, tag, recorded, left, ticket }, false)
}

/// What the end of a stream means to a flow.
fn ended(call: CallId, end: End, wanted: &[String]) -> (StreamExit, BTreeMap<String, Pii<String>>) {
    if end.is_failure() {
        warn!(%call, end = end.label(), "a service of sound");
        return (StreamExit::Failed, BTreeMap::new());
    }
    let End::Result(result) = end else { return (StreamExit::Done, BTreeMap::new()) };
    let values = wanted.iter().filter_map(|name| {
        let text = match result.expose().get(name)? {
            serde_json::Value::String(text) => text.clone(),
            value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => value.to_string(),
            serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                return None;
            }
        };
        Some((name.clone(), Pii::new(text)))
    });
    (StreamExit::Done, values.collect())
}
