//! Messages that callers left: one's own are those of the own mailbox and of the queues that one serves.

use std::io;
use std::sync::Arc;

use axum::extract::State;
use hotline_access::{Permission, Scope};
use hotline_api_types as api;
use hotline_base::{AgentId, QueueId, VoiceMessageId};
use hotline_call::{Command, MessageSummary};
use hotline_shard::HandleError;
use hotline_store::{Heard, Mailboxes, MessageCount, StoredMessage};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::NoContent;
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{self, Sight};
use crate::cursor;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query, RangeFields};
use crate::sound::{Sound, locate};
use crate::viewer::Subject;

/// Messages on a page unless asked otherwise.
const PAGE_DEFAULT: usize = 50;

/// The query of the list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// At most so many on a page; 50 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// An agent or a queue; all that one may hear if absent.
    mailbox: Option<String>,
}

/// `GET /api/v1/messages`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(query): Query<Filter>,
) -> Result<axum::Json<api::MessagePage>, ApiError> {
    let before: Option<String> = cursor::read(query.cursor.as_deref())?;
    let before = before.map(|id| VoiceMessageId::parse(&id).ok_or(ApiError::Cursor)).transpose()?;
    let seen = seen(&app, &who, Permission::MessagesSee).await?;
    let one = query.mailbox.map(|mailbox| [mailbox]);
    let which = match (&one, &seen) {
        (Some([mailbox]), Some(seen)) if !seen.contains(mailbox) => return Err(ApiError::Forbidden),
        (Some(mailbox), _) => Mailboxes::Of(mailbox),
        (None, None) => Mailboxes::All,
        (None, Some(seen)) => Mailboxes::Of(seen),
    };
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let page = app.ports.store.list_messages(which, before, limit).await?;
    Ok(axum::Json(convert::message_page(&page, |message| sight(&who, message))))
}

/// `GET /api/v1/messages/{id}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::Message>, ApiError> {
    let (message, _) = find(&app, &who, Permission::MessagesSee, &id).await?;
    Ok(axum::Json(convert::message(&message, sight(&who, &message))))
}

/// `GET /api/v1/messages/{id}/audio`: whoever listens to a message of the own mailboxes has heard it.
pub(crate) async fn play(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    fields: RangeFields,
) -> Result<Sound, ApiError> {
    let (message, whose) = find(&app, &who, Permission::MessagesSee, &id).await?;
    let sound =
        Sound::open((&*app.ports.recordings, &app.ports.recording_keys), &message.path, &fields).await?;
    let detail = serde_json::json!({
        "call": message.call.to_string(), "first_byte": sound.range().first, "bytes": sound.range().length
    });
    app.audit(&who.user.name, "message.listen", message.id, detail).await?;
    if whose == Whose::Own {
        mark(&app, &who, &message, true).await?;
    }
    Ok(sound)
}

/// `PUT /api/v1/messages/{id}`: counts as heard, or as new again.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::SetMessage>,
) -> Result<axum::Json<api::Message>, ApiError> {
    let (message, _) = find(&app, &who, Permission::MessagesSee, &id).await?;
    if mark(&app, &who, &message, body.heard).await? {
        let detail = serde_json::json!({ "heard": body.heard });
        app.audit(&who.user.name, "message.mark", message.id, detail).await?;
    }
    let after = app.ports.store.get_message(message.id).await?.ok_or(ApiError::NotFound)?;
    Ok(axum::Json(convert::message(&after, sight(&who, &after))))
}

/// `DELETE /api/v1/messages/{id}`
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let (message, _) = find(&app, &who, Permission::MessagesErase, &id).await?;
    if app.ports.store.get_hold(message.call).await?.is_some() {
        return Err(ApiError::Kept("the call is under a legal hold"));
    }
    if !delete(&app, &message).await? {
        return Err(ApiError::NotFound);
    }
    let detail = serde_json::json!({ "call": message.call.to_string(), "mailbox": message.mailbox });
    app.audit(&who.user.name, "message.delete", message.id, detail).await?;
    Ok(NoContent)
}

/// Deletes a message and its file, and lets phones know. False if there is no such message.
pub(super) async fn delete(app: &App, message: &StoredMessage) -> Result<bool, ApiError> {
    // The file first: if it cannot be deleted, the message is still there to try again.
    match locate(&app.ports.recordings, &message.path).await {
        Ok(file) => match tokio::fs::remove_file(file).await {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(ApiError::RecordingUndeletable(error)),
        },
        Err(ApiError::NotFound) => {}
        Err(error) => return Err(error),
    }
    let is_gone = app.ports.store.delete_message(message.id).await?;
    if is_gone {
        tell_phones(app, message).await?;
    }
    Ok(is_gone)
}

/// Whose mailbox it is in says whose caller it was.
fn sight(who: &Identity, message: &StoredMessage) -> Sight {
    let Some(mailbox) = &message.mailbox else { return Sight::of(&who.viewer, Subject::Center) };
    let agent = AgentId::from(mailbox.as_str());
    if who.viewer.knows(&agent) {
        return Sight::of(&who.viewer, Subject::Agent(&agent));
    }
    Sight::of(&who.viewer, Subject::Queue(&QueueId::from(mailbox.as_str())))
}

/// Why somebody may have a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// It is in one of the own mailboxes.
    Own,
    /// The scope reaches beyond.
    Another,
}

/// The mailboxes that are one's own.
async fn mailboxes(app: &App, who: &Identity) -> Result<Vec<String>, ApiError> {
    let Some(agent) = &who.viewer.agent else { return Ok(Vec::new()) };
    let view = app.ports.shard.agent(agent.clone()).await?;
    let queues = view.into_iter().flat_map(|view| view.queues);
    Ok([agent.to_string()].into_iter().chain(queues.map(|queue| queue.to_string())).collect())
}

/// The mailboxes that the scope reaches; `None` for all.
async fn seen(app: &App, who: &Identity, permission: Permission) -> Result<Option<Vec<String>>, ApiError> {
    let scope = who.viewer.grants.scope(permission).ok_or(ApiError::Forbidden)?;
    if scope == Scope::All {
        return Ok(None);
    }
    let mut seen = mailboxes(app, who).await?;
    if scope == Scope::Team {
        for team in who.viewer.teams() {
            seen.extend(team.agents.iter().map(ToString::to_string));
            seen.extend(team.queues.iter().map(ToString::to_string));
        }
    }
    Ok(Some(seen))
}

/// One that is of no concern to somebody is as one that is not there.
async fn find(
    app: &App,
    who: &Identity,
    permission: Permission,
    id: &str,
) -> Result<(StoredMessage, Whose), ApiError> {
    let id = VoiceMessageId::parse(id).ok_or(ApiError::NotFound)?;
    let message = app.ports.store.get_message(id).await?.ok_or(ApiError::NotFound)?;
    let own = mailboxes(app, who).await?;
    if message.mailbox.as_ref().is_some_and(|mailbox| own.contains(mailbox)) {
        return Ok((message, Whose::Own));
    }
    let reached = match (seen(app, who, permission).await?, &message.mailbox) {
        (None, _) => true,
        (Some(seen), Some(mailbox)) => seen.contains(mailbox),
        (Some(_), None) => false,
    };
    if reached { Ok((message, Whose::Another)) } else { Err(ApiError::NotFound) }
}

/// False if it is so already.
async fn mark(app: &App, who: &Identity, message: &StoredMessage, heard: bool) -> Result<bool, ApiError> {
    let heard = heard.then(|| Heard { at: app.now(), by: who.user.name.clone() });
    let is_changed = app.ports.store.mark_message(message.id, heard.as_ref()).await?;
    if is_changed {
        tell_phones(app, message).await?;
    }
    Ok(is_changed)
}

/// Lets the lamps of the agent's phones follow.
async fn tell_phones(app: &App, message: &StoredMessage) -> Result<(), ApiError> {
    let Some(mailbox) = &message.mailbox else { return Ok(()) };
    let MessageCount { unheard, heard } = app.ports.store.count_messages_of(mailbox).await?;
    let summary = MessageSummary { new: unheard, old: heard };
    let told = app.ports.shard.command(Command::SetMailbox(AgentId::from(mailbox.as_str()), summary)).await;
    match told {
        // Refused is the mailbox of a queue, which no phone watches.
        Ok(()) | Err(HandleError::Refused(_)) => {}
        Err(error) => tracing::warn!(%error, "the lamps of phones were not told of a mailbox"),
    }
    Ok(())
}
