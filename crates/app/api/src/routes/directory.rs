//! Whom an agent can send a call to, and who can be asked.

use std::sync::Arc;

use axum::extract::State;
use hotline_acd::{AgentView, QueueView};
use hotline_api_types as api;

use crate::app::App;
use crate::auth::Identity;
use crate::center::Center;
use crate::convert::{self, Sight};
use crate::error::ApiError;
use crate::viewer::Subject;

/// `GET /api/v1/directory`: names and states alone, so it is for everybody who has a softphone.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::Directory>, ApiError> {
    let snapshot = app.ports.shard.snapshot().await?;
    let others = snapshot.agents.iter().filter(|view| !who.viewer.is(&view.id));
    let center = app.center();
    let agents = others.map(|view| colleague(&who, view, &center)).collect();
    let numbers = center.numbers.clone();
    let queues = snapshot.queues.iter().map(queue).collect();
    Ok(axum::Json(api::Directory { agents, numbers, queues }))
}

fn queue(view: &QueueView) -> api::QueueTarget {
    let waiting = u32::try_from(view.on_the_line().count()).unwrap_or(u32::MAX);
    api::QueueTarget { id: view.id.to_string(), name: view.name.clone(), waiting, ready: view.offerable }
}

fn colleague(who: &Identity, view: &AgentView, center: &Center) -> api::Colleague {
    let agent = convert::agent(view, Sight::of(&who.viewer, Subject::Agent(&view.id)));
    let may_take = who.viewer.agent.as_ref().is_some_and(|own| center.control.may_pick_up(own, &view.id));
    let rings = matches!(agent.state, api::AgentState::Ringing) && may_take;
    api::Colleague {
        id: agent.id,
        name: agent.name,
        state: agent.state,
        since: agent.since,
        registered: agent.registered,
        ringing: agent.call.filter(|_| rings),
    }
}
