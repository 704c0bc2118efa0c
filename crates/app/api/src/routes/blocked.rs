//! Who is not heard by SIP for a while; they can be let be heard again.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_call::{Blocked, Command, Culprit, Offence};

use super::calls::wrong;
use crate::answer::NoContent;
use crate::app::App;
use crate::auth::Identity;
use crate::convert::time;
use crate::error::ApiError;
use crate::extract::Path;
use crate::viewer::Subject;

/// `GET /api/v1/sip/blocked`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::BlockedList>, ApiError> {
    who.may(Permission::SystemSee, Subject::Center)?;
    let blocked = app.ports.shard.blocked().await?;
    Ok(axum::Json(api::BlockedList { blocked: blocked.iter().map(shape).collect() }))
}

/// `DELETE /api/v1/sip/blocked/{address}`
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(address): Path<String>,
) -> Result<NoContent, ApiError> {
    who.may(Permission::SystemManage, Subject::Center)?;
    let source: IpAddr = address.parse().map_err(|_| wrong("address", "must be an IPv4 or IPv6 address"))?;
    app.ports.shard.command(Command::Release(source)).await?;
    app.audit(&who.user.name, "sip.release", source, serde_json::json!({})).await?;
    Ok(NoContent)
}

fn shape(blocked: &Blocked) -> api::BlockedSource {
    let (address, user) = match &blocked.who {
        Culprit::Source(source) => (source, None),
        Culprit::Identity { source, user } => (source, Some(user.expose().clone())),
    };
    api::BlockedSource {
        address: address.to_string(),
        user,
        reason: match blocked.why {
            Offence::Guessing => api::BlockReason::Guessing,
            Offence::Scanning => api::BlockReason::Scanning,
            Offence::Scanner => api::BlockReason::Scanner,
        },
        since: time(blocked.since),
        until: time(blocked.until),
        dropped: blocked.dropped,
    }
}
