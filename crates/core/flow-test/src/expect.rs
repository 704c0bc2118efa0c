//! Compares what happened with what a test expects, and says both in words.

use core::time::Duration;

use hotline_ivr::{Enqueue, HttpRequest, Prompt, Request, Target};

use crate::call::{Noticed, Open, Stuck};
use crate::model::{End, Expected, Heard, Question, QueueEntry, Whom};

/// What happened, for people.
pub(crate) fn in_words(what: &Noticed) -> String {
    match what {
        Noticed::Heard(Prompt::Name(name)) => format!("the caller hears {name}"),
        Noticed::Heard(Prompt::Speech(text)) => format!("the caller hears \"{}\"", text.expose()),
        Noticed::Heard(Prompt::Recording(_)) => "the caller hears the own recording".to_owned(),
        Noticed::Heard(Prompt::Beep) => "the caller hears a beep".to_owned(),
        Noticed::Queued(entry) => entry_in_words(entry),
        Noticed::Transferred(to, ring) => {
            let (whom, number) = target(to);
            let ring = ring.map(|ring| format!(", ring_s: {}", ring.as_secs_f64())).unwrap_or_default();
            format!("the call is transferred to {{{}: \"{number}\"{ring}}}", whom.name())
        }
        Noticed::Asked(request) => format!("the flow asks {}", request_in_words(request)),
        Noticed::Records(Some(mailbox)) => format!("the flow records a message for {mailbox}"),
        Noticed::Records(None) => "the flow records the caller".to_owned(),
        Noticed::Stream(stream) => format!("the flow opens a stream to {}", stream.url.expose()),
        Noticed::Sends(keys) => format!("the flow sends keys {keys}"),
    }
}

/// The same as a code and what that is about.
pub(crate) fn as_code(what: &Noticed) -> (&'static str, String) {
    match what {
        Noticed::Heard(Prompt::Name(name)) => ("hears", name.to_string()),
        Noticed::Heard(Prompt::Speech(text)) => ("hears_text", text.expose().clone()),
        Noticed::Heard(Prompt::Recording(_)) => ("hears_own", String::new()),
        Noticed::Heard(Prompt::Beep) => ("beep", String::new()),
        Noticed::Queued(entry) => ("queued", entry.queue.to_string()),
        Noticed::Transferred(to, _) => ("transferred", target(to).1.to_owned()),
        Noticed::Asked(Request::Customer { number, .. }) => ("asks_customer", number.expose().clone()),
        Noticed::Asked(Request::Http { request, .. }) => ("asks", http_in_words(request)),
        Noticed::Asked(Request::Webhook(request)) => ("webhook", http_in_words(request)),
        Noticed::Asked(Request::Callback { queue, number }) => {
            ("asks_callback", format!("{queue}, {}", number.expose()))
        }
        Noticed::Records(Some(mailbox)) => ("records_message", mailbox.clone()),
        Noticed::Records(None) => ("records", String::new()),
        Noticed::Stream(stream) => ("streams", stream.url.expose().clone()),
        Noticed::Sends(keys) => ("sends", keys.clone()),
    }
}

fn entry_in_words(entry: &Enqueue) -> String {
    let mut words = format!("the call waits in queue {}", entry.queue);
    if !entry.skills.is_empty() {
        let skills: Vec<String> =
            entry.skills.iter().map(|(skill, level)| format!("{skill}: {level}")).collect();
        words.push_str(&format!(", skills: {{{}}}", skills.join(", ")));
    }
    if !entry.priority_credit.is_zero() {
        words.push_str(&format!(", credit_s: {}", entry.priority_credit.as_secs()));
    }
    if let Some((agent, wait)) = &entry.agent {
        words.push_str(&format!(", agent: {agent}, agent_wait_s: {}", wait.as_secs_f64()));
    }
    words
}

fn request_in_words(request: &Request) -> String {
    match request {
        Request::Customer { number, .. } => format!("for the customer with number {}", number.expose()),
        Request::Http { request, .. } => http_in_words(request),
        Request::Webhook(request) => format!("a webhook: {}", http_in_words(request)),
        Request::Callback { queue, number } => {
            format!("for a call back by queue {queue} to {}", number.expose())
        }
    }
}

fn http_in_words(request: &HttpRequest) -> String {
    let body: Vec<String> =
        request.body.iter().map(|(member, value)| format!("{member}: {}", value.written())).collect();
    let body = if body.is_empty() { String::new() } else { format!(" with {{{}}}", body.join(", ")) };
    format!("{} {}{body}", request.method.name(), request.url.expose())
}

/// What the call waits for, and how a test gives it.
pub(crate) fn open_in_words(open: &Open) -> String {
    match open {
        Open::Request(_, request) => format!(
            "the flow waits for an answer, having asked {}; give it with {}",
            request_in_words(request),
            crate::reply::fitting(request)
        ),
        Open::Recording(_) => {
            "the flow records; end it with `recording: recorded`, `nothing` or `failed`".to_owned()
        }
        Open::Stream(_) => "the stream is open; end it with `stream_ends: …`".to_owned(),
    }
}

pub(crate) fn end_in_words(end: End) -> String {
    match end {
        End::Hangup(cause) => format!("the flow hung up with `{cause}`"),
        End::Connected => "somebody has the call and the flow is over".to_owned(),
        End::HungUp => "the caller hung up".to_owned(),
    }
}

pub(crate) fn stuck_in_words(stuck: &Stuck, step: &str) -> String {
    match stuck {
        Stuck::Over(end) => format!("nothing more: {}", end_in_words(*end)),
        Stuck::Open(what) => what.clone(),
        Stuck::Outside => format!(
            "nothing more by itself: in step `{step}` the call waits for a queue or for somebody; say what they do with \
             `queue: …`, `transfer: …`, `connected` or `agent_left`"
        ),
        Stuck::Turns => format!("the call did not end after {} turns", crate::call::MAX_TURNS),
    }
}

fn target(to: &Target) -> (Whom, &str) {
    match to {
        Target::Extension(extension) => (Whom::Extension, extension.expose()),
        Target::Agent(agent) => (Whom::Agent, agent),
        Target::Number(number) => (Whom::Number, number.expose()),
    }
}

/// What is expected, for people.
pub(crate) fn expected_in_words(expected: &Expected) -> String {
    match expected {
        Expected::Hears(items) => {
            let items: Vec<String> = items.iter().map(|item| heard_in_words(&item.value)).collect();
            format!("the caller hears {}", items.join(", "))
        }
        Expected::Queued(entry) => queue_entry_in_words(entry),
        Expected::Transferred { to, number, ring } => {
            let ring = ring.map(|ring| format!(", ring_s: {}", ring.as_secs_f64())).unwrap_or_default();
            format!("the call is transferred to {{{}: \"{number}\"{ring}}}", to.name())
        }
        Expected::Asks(Question::Http { method, url, .. }) => format!("the flow asks {method} {url}"),
        Expected::Asks(Question::Customer(number)) => {
            format!("the flow asks for the customer with number {number}")
        }
        Expected::Asks(Question::Callback { queue, number }) => {
            let number = number.as_ref().map(|number| format!(" to {number}")).unwrap_or_default();
            format!("the flow asks for a call back by queue {queue}{number}")
        }
        Expected::Records { mailbox: Some(mailbox) } => format!("the flow records a message for {mailbox}"),
        Expected::Records { mailbox: None } => "the flow records the caller".to_owned(),
        Expected::Stream { url, .. } => format!("the flow opens a stream to {url}"),
        Expected::Sends(keys) => format!("the flow sends keys {keys}"),
    }
}

pub(crate) fn heard_in_words(heard: &Heard) -> String {
    match heard {
        Heard::Prompt(name) => name.clone(),
        Heard::Speech(text) => format!("\"{text}\""),
        Heard::Beep => "a beep".to_owned(),
        Heard::Recorded => "the own recording".to_owned(),
        Heard::Value { kind, expression, .. } => format!("{{{kind}: {expression}}}"),
    }
}

fn queue_entry_in_words(entry: &QueueEntry) -> String {
    let mut words = format!("the call waits in queue {}", entry.queue);
    if let Some(skills) = &entry.skills {
        let skills: Vec<String> = skills.iter().map(|(skill, level)| format!("{skill}: {level}")).collect();
        words.push_str(&format!(", skills: {{{}}}", skills.join(", ")));
    }
    if let Some(credit) = entry.credit {
        words.push_str(&format!(", credit_s: {}", credit.as_secs_f64()));
    }
    if let Some(agent) = &entry.agent {
        words.push_str(&format!(", agent: {agent}"));
    }
    if let Some(wait) = entry.agent_wait {
        words.push_str(&format!(", agent_wait_s: {}", wait.as_secs_f64()));
    }
    words
}

/// Whether what happened is what is expected. What is heard is compared elsewhere, one after the other.
pub(crate) fn fits(expected: &Expected, what: &Noticed) -> bool {
    match (expected, what) {
        (Expected::Queued(wanted), Noticed::Queued(entry)) => queued(wanted, entry),
        (Expected::Transferred { to, number, ring }, Noticed::Transferred(target_of, rings)) => {
            target(target_of) == (*to, number.as_str()) && ring.is_none_or(|ring| *rings == Some(ring))
        }
        (Expected::Asks(question), Noticed::Asked(request)) => asked(question, request),
        (Expected::Records { mailbox }, Noticed::Records(to)) => mailbox == to,
        (Expected::Stream { url, parameters }, Noticed::Stream(stream)) => {
            let same = parameters.as_ref().is_none_or(|wanted| {
                wanted.len() == stream.parameters.len()
                    && stream.parameters.iter().all(|(name, value)| wanted.get(name) == Some(value.expose()))
            });
            same && url == stream.url.expose()
        }
        (Expected::Sends(wanted), Noticed::Sends(keys)) => wanted == keys,
        (
            Expected::Hears(_)
            | Expected::Queued(_)
            | Expected::Transferred { .. }
            | Expected::Asks(_)
            | Expected::Records { .. }
            | Expected::Stream { .. }
            | Expected::Sends(_),
            Noticed::Heard(_)
            | Noticed::Queued(_)
            | Noticed::Transferred(..)
            | Noticed::Asked(_)
            | Noticed::Records(_)
            | Noticed::Stream(_)
            | Noticed::Sends(_),
        ) => false,
    }
}

fn queued(wanted: &QueueEntry, entry: &Enqueue) -> bool {
    let agent = entry.agent.as_ref();
    wanted.queue == entry.queue
        && wanted.skills.as_ref().is_none_or(|skills| *skills == entry.skills)
        && wanted.credit.is_none_or(|credit| credit == entry.priority_credit)
        && wanted.agent.as_ref().is_none_or(|wanted| agent.is_some_and(|(agent, _)| agent == wanted))
        && wanted.agent_wait.is_none_or(|wanted: Duration| agent.is_some_and(|(_, wait)| *wait == wanted))
}

fn asked(question: &Question, request: &Request) -> bool {
    match (question, request) {
        (
            Question::Http { method, url, headers, body },
            Request::Http { request, .. } | Request::Webhook(request),
        ) => {
            let given = |name: &str| {
                request
                    .headers
                    .iter()
                    .find(|(header, _)| header.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value)
            };
            method == request.method.name()
                && url == request.url.expose()
                && headers
                    .iter()
                    .all(|(name, value)| given(name).is_some_and(|given| given.expose() == value))
                && body.as_ref().is_none_or(|body| {
                    body.len() == request.body.len()
                        && request
                            .body
                            .iter()
                            .all(|(member, value)| body.get(member).is_some_and(|wanted| same(wanted, value)))
                })
        }
        (Question::Customer(wanted), Request::Customer { number, .. }) => wanted == number.expose(),
        (Question::Callback { queue, number }, Request::Callback { queue: by, number: to }) => {
            queue == by && number.as_ref().is_none_or(|number| number == to.expose())
        }
        (
            Question::Http { .. } | Question::Customer(_) | Question::Callback { .. },
            Request::Http { .. } | Request::Webhook(_) | Request::Customer { .. } | Request::Callback { .. },
        ) => false,
    }
}

/// A whole number is a decimal too.
pub(crate) fn same(wanted: &hotline_ivr::Value, value: &hotline_ivr::Value) -> bool {
    wanted.clone().widened(value.value_type()).as_ref() == Some(value)
}

/// Whether one thing that was heard is this prompt.
pub(crate) fn same_prompt(wanted: &Prompt, heard: &Prompt) -> bool {
    match (wanted, heard) {
        (Prompt::Name(wanted), Prompt::Name(heard)) => wanted == heard,
        (Prompt::Speech(wanted), Prompt::Speech(heard)) => wanted.expose().trim() == heard.expose().trim(),
        (Prompt::Recording(_), Prompt::Recording(_)) | (Prompt::Beep, Prompt::Beep) => true,
        (
            Prompt::Name(_) | Prompt::Speech(_) | Prompt::Recording(_) | Prompt::Beep,
            Prompt::Name(_) | Prompt::Speech(_) | Prompt::Recording(_) | Prompt::Beep,
        ) => false,
    }
}
