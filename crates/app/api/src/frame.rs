//! Events and snapshots as the text of an event stream (WHATWG HTML §9.2.6).

use std::collections::BTreeMap;

use bytes::Bytes;
use hotline_api_types::What;
use hotline_base::AgentId;
use hotline_call::{LineQuality, ScreenPop};
use hotline_shard::Live;
use serde::Serialize;

use crate::concern::Noted;
use crate::convert::{self, Lens, Profile, Sight};
use crate::lines::Share;

/// How an event is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// With the reasons of decisions, which name the other agents.
    Whole,
    /// To an agent concerned: without reasons, and with the call when it may be new to that one.
    Own,
    /// To those who see the call by their team: without reasons, and with the call when it may be new to them.
    Team,
    /// To everybody else, as far as they share it.
    Shared,
}

/// One event as text, once for all who get it in this form.
pub(crate) fn event(
    (live, noted, share): (&Live, &Noted, Option<&Share>),
    (form, sight): (Form, Sight),
    agents: &BTreeMap<AgentId, Profile>,
) -> Bytes {
    let mut event = convert::event(&live.event, agents, sight);
    match form {
        Form::Whole => {}
        Form::Own => {
            take_reasons(&mut event.what);
            event.shown = own(noted, sight);
        }
        Form::Team => {
            take_reasons(&mut event.what);
            event.shown = noted.shown.as_ref().map(|course| Box::new(convert::shown(course, sight)));
        }
        Form::Shared => {
            event.call = None;
            if let Some(Share::Length(change)) = share {
                event.what = What::QueueChanged {
                    queue: change.queue.to_string(),
                    length: change.length,
                    longest_since: change.longest_since.map(convert::time),
                };
            }
        }
    }
    frame("event", live.event.seq, &event)
}

/// An event with the screen pop that goes with it, for the agent whose pop it is.
pub(crate) fn popped(
    (live, noted, shown): (&Live, &Noted, &ScreenPop),
    sight: Sight,
    lens: Lens<'_>,
    agents: &BTreeMap<AgentId, Profile>,
) -> Bytes {
    let mut event = convert::event(&live.event, agents, sight);
    take_reasons(&mut event.what);
    event.shown = own(noted, sight);
    if let What::CallOffered { pop, .. } | What::CallConnected { pop, .. } = &mut event.what {
        *pop = Some(Box::new(convert::pop(shown, lens)));
    }
    frame("event", live.event.seq, &event)
}

/// The call, for an agent whom it begins to concern: without those who listen unheard.
fn own(noted: &Noted, sight: Sight) -> Option<Box<hotline_api_types::Call>> {
    let mut course = noted.shown.as_deref()?.clone();
    course.attendees.retain(|one| one.told);
    Some(Box::new(convert::shown(&course, sight)))
}

fn take_reasons(what: &mut What) {
    if let What::CallOffered { because, .. }
    | What::CallNotOffered { because }
    | What::CallCallingBack { because, .. } = what
    {
        *because = None;
    }
}

/// A snapshot at `seq`.
pub(crate) fn snapshot(seq: u64, live: &hotline_api_types::Live) -> Bytes {
    frame("snapshot", seq, live)
}

/// How the line of an agent sounds. It has no number: a page that comes back is told anew.
pub(crate) fn line(of: &LineQuality) -> Bytes {
    let data =
        serde_json::to_string(&convert::line(of)).expect("API shapes have text keys and finite numbers only");
    format!("event: line\ndata: {data}\n\n").into()
}

/// A sign of life. It carries the number that the page has got to, for a page that is sent little: an id alone
/// dispatches nothing, but it is where a reconnecting page goes on.
pub(crate) fn keep_alive(seq: u64) -> Bytes {
    format!(": here\nid: {seq}\n\n").into()
}

fn frame(event: &str, seq: u64, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_string(data).expect("API shapes have text keys and finite numbers only");
    format!("id: {seq}\nevent: {event}\ndata: {data}\n\n").into()
}
