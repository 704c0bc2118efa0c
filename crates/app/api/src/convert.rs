//! From the core's types to the JSON shapes, and which of it a viewer may see.

mod alarm;
mod config;
mod customer;
mod decision;
mod event;
mod flow;
mod message;
mod people;
mod record;
mod report;
mod sight;
mod trace;
mod trunk;

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_access::{Permission, Scope};
use hotline_acd::{AgentState, AgentView, CallerView, Device, Disposition, Help, Presence, QueueView};
use hotline_api_types as api;
use hotline_base::{AgentId, CallId, Pii, WallTime};
use hotline_call::{Attendee, CallState, CallView, OfferOutcome, POP_STEPS_MAX, ScreenPop, Snapshot, Who};

use crate::concern::{Course, agents_of};
use crate::fields::FieldSet;
use crate::viewer::{Subject, Ties, Viewer};

use alarm::alarm;
pub(crate) use alarm::alarm_kind;
pub(crate) use config::{config_version, from_json, json_at, section_of, to_json};
pub(crate) use customer::{Lens, asset, contact, customer, pop};
pub(crate) use decision::decision;
pub(crate) use event::event;
pub(crate) use flow::{flow, flow_figures, flow_graph, flow_test_run, flow_version, flows, mistakes};
pub(crate) use message::{message, message_page};
pub(crate) use people::{explained, permissions, role, team, user};
pub(crate) use record::{line, millis, part, record};
pub(crate) use report::{agent_report_row, queue_report_row};
pub(crate) use sight::Sight;
pub(crate) use trace::ladder;
pub(crate) use trunk::trunk;

/// To the millisecond.
pub(crate) fn time(at: WallTime) -> api::Timestamp {
    api::Timestamp::from_unix_millis(at.as_unix_millis())
}

fn text(value: Option<&Pii<String>>) -> Option<String> {
    value.map(|value| value.expose().clone())
}

/// What `viewer` may see of a snapshot. `lookup_done` tells whether the address book has answered for a call.
pub(crate) fn live(
    snapshot: &Snapshot,
    viewer: &Viewer,
    fields: &FieldSet,
    lookup_done: impl Fn(CallId) -> bool,
) -> api::Live {
    let seen = |view: &&CallView| viewer.sees_live(&Ties::of_view(view), &Ties::of_record(&view.record));
    let sight = |view: &CallView| Sight::of(viewer, Subject::Call(&Ties::of_record(&view.record)));
    let of_agent = |view: &AgentView| agent(view, Sight::of_agent(viewer, &view.id));
    let system = viewer.sees_all(Permission::SystemSee);
    let pop = snapshot.calls.iter().find_map(|view| {
        own_pop(view, viewer, &lookup_done).map(|shown| pop(&shown, Lens::of(viewer, sight(view), fields)))
    });
    api::Live {
        seq: snapshot.seq,
        at: time(snapshot.at),
        agents: snapshot
            .agents
            .iter()
            .filter(|view| viewer.may(Permission::AgentsSee, Subject::Agent(&view.id)))
            .map(of_agent)
            .collect(),
        queues: snapshot.queues.iter().filter_map(|view| queue(view, viewer)).collect(),
        calls: snapshot
            .calls
            .iter()
            .filter(|view| view.is_listed)
            .filter(seen)
            .map(|view| call(view, sight(view), viewer))
            .collect(),
        pop,
        alarms: snapshot.alarms.iter().filter(|_| system).map(alarm).collect(),
        counters: snapshot
            .counters
            .iter()
            .filter(|_| system)
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect(),
    }
}

/// An agent.
pub(crate) fn agent(view: &AgentView, sight: Sight) -> api::Agent {
    let standing = Standing {
        help: view.help.as_ref(),
        state: &view.state,
        since: view.since,
        pending: view.pending.as_ref(),
        device: device(&view.device, sight),
        registered: view.registered,
    };
    agent_object(&view.id, Some(&Profile::of(view)), standing)
}

/// What the configuration says about an agent.
pub(crate) struct Profile {
    name: Pii<String>,
    skills: BTreeMap<String, u8>,
    groups: Vec<String>,
    queues: Vec<String>,
    daily_cap: Option<u32>,
}

impl Profile {
    pub(crate) fn of(view: &AgentView) -> Self {
        Self {
            name: view.name.clone(),
            skills: view.skills.iter().map(|(skill, level)| (skill.to_string(), *level)).collect(),
            groups: view.groups.iter().map(ToString::to_string).collect(),
            queues: view.queues.iter().map(ToString::to_string).collect(),
            daily_cap: view.daily_cap,
        }
    }
}

/// What changes about an agent.
struct Standing<'a> {
    state: &'a AgentState,
    since: WallTime,
    pending: Option<&'a Presence>,
    device: api::Device,
    registered: bool,
    help: Option<&'a Help>,
}

/// An agent without a profile is shown by its id.
fn agent_object(agent: &AgentId, profile: Option<&Profile>, standing: Standing<'_>) -> api::Agent {
    let Standing { state, since, pending, device, registered, help } = standing;
    let (word, reason, call, until) = match state {
        AgentState::LoggedOut => (api::AgentState::LoggedOut, None, None, None),
        AgentState::NotReady { reason } => (api::AgentState::NotReady, Some(reason), None, None),
        AgentState::Ready => (api::AgentState::Ready, None, None, None),
        AgentState::OfflineGrace => (api::AgentState::OfflineGrace, None, None, None),
        AgentState::Reserved { call } => (api::AgentState::Reserved, None, Some(*call), None),
        AgentState::Ringing { call } => (api::AgentState::Ringing, None, Some(*call), None),
        AgentState::Talking { call, direction: _ } => (api::AgentState::Talking, None, *call, None),
        AgentState::Hold { call } => (api::AgentState::Hold, None, Some(*call), None),
        AgentState::WrapUp { call, until, .. } => (api::AgentState::WrapUp, None, Some(*call), *until),
    };
    api::Agent {
        id: agent.to_string(),
        name: profile.map_or(agent.as_str(), |profile| profile.name.expose()).to_owned(),
        state: word,
        reason: reason.map(|reason| reason.as_str().to_owned()),
        since: time(since),
        until: until.map(time),
        pending: pending.map(asked),
        device,
        registered,
        call: call.map(|call| call.to_string()),
        wrap_up: wrap_up(state),
        help: help.map(self::help),
        skills: profile.map(|profile| profile.skills.clone()).unwrap_or_default(),
        groups: profile.map(|profile| profile.groups.clone()).unwrap_or_default(),
        queues: profile.map(|profile| profile.queues.clone()).unwrap_or_default(),
        daily_cap: profile.and_then(|profile| profile.daily_cap),
    }
}

fn wrap_up(state: &AgentState) -> Option<api::WrapUp> {
    let AgentState::WrapUp { until, disposition, extensions_left, .. } = state else { return None };
    let disposition = match disposition {
        Disposition::Settled => api::WrapUpDisposition::Settled,
        Disposition::Awaited => api::WrapUpDisposition::Awaited,
        Disposition::Missing => api::WrapUpDisposition::Missing,
    };
    Some(api::WrapUp { until: until.map(time), disposition, extensions_left: *extensions_left })
}

fn help(help: &Help) -> api::Help {
    let answered = help.answered.as_ref();
    api::Help {
        asked_at: time(help.asked),
        call: help.call.map(|call| call.to_string()),
        answered_at: answered.map(|answer| time(answer.at)),
        answered_by: answered.map(|answer| answer.by.to_string()),
    }
}

/// Where an agent is reached.
pub(crate) fn device(device: &Device, sight: Sight) -> api::Device {
    match device {
        Device::Phone => api::Device::Phone {},
        Device::Outside(number) => api::Device::Outside { number: sight.number(number) },
    }
}

fn asked(pending: &Presence) -> api::Pending {
    match pending {
        Presence::Ready => api::Pending { state: api::AskedState::Ready, reason: None },
        Presence::NotReady { reason } => {
            api::Pending { state: api::AskedState::NotReady, reason: Some(reason.as_str().to_owned()) }
        }
        Presence::LoggedOut => api::Pending { state: api::AskedState::SignedOut, reason: None },
    }
}

/// How many wait is for everybody who may see queues at all; who waits is not for those who may see their own.
fn queue(view: &QueueView, viewer: &Viewer) -> Option<api::Queue> {
    let scope = viewer.grants.scope(Permission::QueuesSee)?;
    let lists = scope > Scope::Own && viewer.may(Permission::QueuesSee, Subject::Queue(&view.id));
    let waiting =
        |caller: &CallerView| api::Waiting { call: caller.call.to_string(), since: time(caller.since) };
    Some(api::Queue {
        id: view.id.to_string(),
        name: view.name.clone(),
        length: view.on_the_line().count(),
        longest_since: view.longest_since.map(time),
        waiting: lists.then(|| view.on_the_line().map(waiting).collect()),
        agents: lists.then(|| viewer.agents_of(&view.id).map(ToString::to_string).collect()),
        callbacks: view.callbacks_waiting,
    })
}

fn call(view: &CallView, sight: Sight, viewer: &Viewer) -> api::Call {
    // Who listens in secret is known to who does so, and to those who oversee the agent.
    let oversees = viewer.grants.scope(Permission::CallsSee) > Some(Scope::Own);
    let told =
        |one: &&Attendee| one.told || oversees || matches!(&one.who, Who::Agent(agent) if viewer.is(agent));
    let record = &view.record;
    let state = crate::concern::state(&view.state);
    let position = if let CallState::Queued { position, .. } = &view.state { Some(*position) } else { None };
    let agents: Vec<String> = agents_of(view).into_iter().map(ToString::to_string).collect();
    api::Call {
        id: record.call.to_string(),
        state,
        caller: sight.number(&record.caller),
        caller_name: sight.text(record.caller_name.as_ref()),
        called: record::called(&record.called, &record.entry, sight),
        direction: record::direction(&record.source, &record.entry),
        queue: record.queues.last().map(|visit| visit.queue.to_string()),
        position,
        agent: agents.first().cloned(),
        offered_to: if state == api::CallState::Offered { agents } else { Vec::new() },
        started_at: time(record.started_at),
        answered_at: record.answered_at.map(time),
        connected_at: record.connected_at.map(time),
        language: record.language.clone(),
        customer: record.customer.map(|customer| customer.to_string()),
        attendees: view.attendees.iter().filter(told).map(|one| attendee(one, sight)).collect(),
        consulting: view.is_consulting,
        customer_left: record.customer_left_at.is_some(),
        held: view.is_held,
        muted: view.is_muted,
    }
}

fn attendee(of: &Attendee, sight: Sight) -> api::Attendee {
    record::attendee(of.leg, &of.who, of.part, sight)
}

/// A living call as the stream has followed it.
pub(crate) fn shown(course: &Course, sight: Sight) -> api::Call {
    let agents: Vec<String> = course.agents.iter().map(ToString::to_string).collect();
    let talker = course.talker.as_ref().filter(|_| course.state == api::CallState::Connected);
    api::Call {
        id: course.call.to_string(),
        state: course.state,
        caller: sight.number(&course.caller),
        caller_name: sight.text(course.caller_name.as_ref()),
        called: record::called(&course.called, &course.entry, sight),
        direction: record::direction(&course.source, &course.entry),
        queue: course.queue.as_ref().map(ToString::to_string),
        position: None,
        agent: talker.map(ToString::to_string).or_else(|| agents.first().cloned()),
        offered_to: if course.state == api::CallState::Offered { agents } else { Vec::new() },
        started_at: time(course.started_at),
        answered_at: course.answered_at.map(time),
        connected_at: course.connected_at.map(time),
        language: course.language.clone(),
        customer: course.customer.clone(),
        attendees: course.attendees.iter().map(|one| attendee(one, sight)).collect(),
        consulting: course.consulting,
        customer_left: course.customer_left,
        held: course.held,
        muted: course.muted,
    }
}

/// The screen pop of a call that is offered to the viewer or was taken by it.
fn own_pop(view: &CallView, viewer: &Viewer, lookup_done: impl Fn(CallId) -> bool) -> Option<ScreenPop> {
    let record = &view.record;
    let agent = agents_of(view).into_iter().find(|agent| viewer.is_popped(agent))?;
    let offer = record.offers.iter().rev().find(|offer| offer.agent == *agent)?;
    match offer.outcome {
        OfferOutcome::Pending | OfferOutcome::Answered => {}
        OfferOutcome::Failed { .. } => return None,
    }
    let visit = record.queues.last();
    Some(ScreenPop {
        call: record.call,
        offer: offer.leg,
        agent: agent.clone(),
        caller: record.caller.clone(),
        caller_name: record.caller_name.clone(),
        called: record.called.clone(),
        queue: visit.map(|visit| visit.queue.clone()),
        queued_at: visit.map(|visit| visit.entered_at),
        diversion: record.diversion.clone(),
        language: record.language.clone(),
        found: view.found.clone(),
        path: record.last_steps(POP_STEPS_MAX).to_vec(),
        collected: Arc::clone(&view.collected),
        crm: view.crm.clone(),
        lookup_done: view.found.is_some() || lookup_done(record.call),
    })
}
