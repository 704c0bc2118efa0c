//! Agents and the states they ask for.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::{Permission, mask};
use hotline_acd::{Device, NotReadyReason, REASON_BYTES_MAX};
use hotline_api_types as api;
use hotline_base::{AgentId, Pii};
use hotline_call::{Command, MESSAGE_BYTES_MAX};
use hotline_shard::Message;

use crate::app::App;
use crate::auth::Identity;
use crate::convert::{self, Sight};
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::viewer::Subject;

/// `GET /api/v1/agents/{id}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::Agent>, ApiError> {
    let agent = allowed(&who, Permission::AgentsSee, &id)?;
    present(&app, &who, &agent).await
}

/// `PUT /api/v1/agents/{id}/state`
pub(crate) async fn set_state(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::SetAgentState>,
) -> Result<axum::Json<api::Agent>, ApiError> {
    let agent = allowed(&who, Permission::AgentsSteer, &id)?;
    let command = match body.state {
        api::AskedState::Ready => Command::SetReady(agent.clone()),
        api::AskedState::NotReady => Command::SetNotReady(agent.clone(), reason(body.reason.as_deref())?),
        api::AskedState::SignedOut => Command::SignOut(agent.clone()),
    };
    app.ports.shard.command(command).await?;
    let detail = serde_json::json!({ "state": body.state, "reason": body.reason });
    app.audit(&who.user.name, "agent.state", &agent, detail).await?;
    present(&app, &who, &agent).await
}

/// `POST /api/v1/agents/{id}/messages`: a text to the agent's phones.
pub(crate) async fn send_message(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::SendMessage>,
) -> Result<axum::Json<api::MessageSent>, ApiError> {
    let to = allowed(&who, Permission::AgentsLead, &id)?;
    if body.text.trim().is_empty() || body.text.len() > MESSAGE_BYTES_MAX {
        let problem = format!("must have 1 to {MESSAGE_BYTES_MAX} bytes");
        return Err(ApiError::Fields(vec![api::FieldProblem { field: "text".to_owned(), problem }]));
    }
    let bytes = body.text.len();
    let message = Message { from: who.user.display_name.clone(), to: to.clone(), text: Pii::new(body.text) };
    let taken = app.ports.shard.message(message).await?;
    // What was written is between the two.
    let detail = serde_json::json!({ "bytes": bytes, "taken": taken });
    app.audit(&who.user.name, "agent.message", &to, detail).await?;
    Ok(axum::Json(api::MessageSent { taken }))
}

/// `GET /api/v1/agents/{id}/device`
pub(crate) async fn devices(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::Devices>, ApiError> {
    let agent = allowed(&who, Permission::AgentsSteer, &id)?;
    let view = app.ports.shard.agent(agent.clone()).await?.ok_or(ApiError::NotFound)?;
    let center = app.center();
    let numbers = center.outside_numbers.get(&agent).map(Vec::as_slice).unwrap_or_default();
    let sight = Sight::of_agent(&who.viewer, &agent);
    let outside_numbers = numbers.iter().map(|number| sight.number(number)).collect();
    Ok(axum::Json(api::Devices { device: convert::device(&view.device, sight), outside_numbers }))
}

/// `PUT /api/v1/agents/{id}/device`
pub(crate) async fn set_device(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::Device>,
) -> Result<axum::Json<api::Agent>, ApiError> {
    let agent = allowed(&who, Permission::AgentsSteer, &id)?;
    let (device, kind) = match body {
        api::Device::Phone {} => (Device::Phone, "phone"),
        api::Device::Outside { number } => {
            // Who reads it masked sends it masked.
            let center = app.center();
            let numbers = center.outside_numbers.get(&agent).into_iter().flatten();
            let meant = numbers.clone().find(|known| mask(known.expose()) == number.as_str());
            let meant = meant.filter(|_| Sight::of_agent(&who.viewer, &agent) == Sight::Masked).cloned();
            (Device::Outside(meant.unwrap_or_else(|| Pii::new(number.into_string()))), "outside")
        }
    };
    app.ports.shard.command(Command::SetDevice(agent.clone(), device)).await?;
    app.audit(&who.user.name, "agent.device", &agent, serde_json::json!({ "kind": kind })).await?;
    present(&app, &who, &agent).await
}

/// The agent of this id, if it may be done to it.
pub(super) fn allowed(who: &Identity, permission: Permission, id: &str) -> Result<AgentId, ApiError> {
    let agent = AgentId::from(id);
    who.may(permission, Subject::Agent(&agent))?;
    Ok(agent)
}

pub(super) async fn present(
    app: &App,
    who: &Identity,
    agent: &AgentId,
) -> Result<axum::Json<api::Agent>, ApiError> {
    let view = app.ports.shard.agent(agent.clone()).await?.ok_or(ApiError::NotFound)?;
    Ok(axum::Json(convert::agent(&view, Sight::of_agent(&who.viewer, agent))))
}

fn reason(text: Option<&str>) -> Result<NotReadyReason, ApiError> {
    let text = text.unwrap_or("not_ready").trim();
    if text.is_empty() || text.len() > REASON_BYTES_MAX || text.chars().any(char::is_control) {
        let problem = format!("must have 1 to {REASON_BYTES_MAX} bytes without control characters");
        return Err(ApiError::Fields(vec![api::FieldProblem { field: "reason".to_owned(), problem }]));
    }
    Ok(NotReadyReason::Chosen(text.into()))
}
