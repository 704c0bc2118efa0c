//! Every route, in one table.

mod agents;
mod audit;
mod blocked;
mod callbacks;
mod calls;
mod customers;
mod events;
mod flows;
mod health;
mod hours;
mod messages;
mod pages;
mod queues;
mod recording;
mod session;
mod softphone;
mod staff;
mod tokens;
mod trace;
mod trunks;
mod webhooks;

pub use staff::Dispositions;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, delete, get, post, put};

use hotline_ivr::MAX_BYTES;

use crate::app::App;
use crate::auth::authenticate;
use crate::envelope::envelope;
use crate::error::ApiError;

/// The largest body of a request, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The largest body of a request that holds a flow, in bytes: the longest flow in JSON, where a line's end takes two.
const FLOW_BODY_BYTES_MAX: usize = 2 * MAX_BYTES + BODY_BYTES_MAX;

/// The router of the whole server.
pub(crate) fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route("/v1/session", post(session::create).get(session::show).delete(session::end))
        .route("/v1/tokens", post(tokens::create))
        .route("/v1/tokens/current", delete(tokens::end))
        .route("/v1/agents/{id}", get(agents::show))
        .route("/v1/agents/{id}/state", put(agents::set_state))
        .route("/v1/agents/{id}/device", get(agents::devices).put(agents::set_device))
        .route("/v1/agents/{id}/messages", post(agents::send_message))
        .merge(staff_routes())
        .merge(softphone_routes())
        .route("/v1/live", get(events::live))
        .route("/v1/events", get(events::stream))
        .route("/v1/calls", get(calls::list).post(calls::create))
        .route("/v1/calls/{id}", get(calls::show))
        .route("/v1/calls/{id}/recording", get(recording::play))
        .route("/v1/calls/{id}/recording/pause", post(calls::pause_recording))
        .route("/v1/calls/{id}/recording/resume", post(calls::resume_recording))
        .route("/v1/calls/{id}/decisions", get(queues::decisions))
        .route("/v1/calls/{id}/move", post(queues::move_caller))
        .route("/v1/calls/{id}/priority", post(queues::prioritise))
        .route("/v1/calls/{id}/withdraw", post(queues::withdraw))
        .route("/v1/merges", get(queues::merges))
        .route("/v1/merges/{name}", put(queues::merge).delete(queues::split))
        .route("/v1/calls/{id}/transfer", post(calls::transfer))
        .route("/v1/calls/{id}/sip", get(trace::ladder))
        .route("/v1/calls/{id}/sip.pcap", get(trace::pcap))
        .route("/v1/trunks", get(trunks::list))
        .route("/v1/sip/blocked", get(blocked::list))
        .route("/v1/sip/blocked/{address}", delete(blocked::release))
        .route("/v1/customers", get(customers::list).post(customers::create))
        .route("/v1/customers/{id}", get(customers::show).put(customers::change))
        .route("/v1/callbacks", get(callbacks::list))
        .route("/v1/callbacks/{id}", delete(callbacks::close))
        .route("/v1/hours", get(hours::list))
        .route("/v1/hours/{name}/override", put(hours::decide).delete(hours::take_back))
        .merge(flow_routes())
        .route("/v1/messages", get(messages::list))
        .route("/v1/messages/{id}", get(messages::show).put(messages::change).delete(messages::remove))
        .route("/v1/messages/{id}/audio", get(messages::play))
        .route("/v1/webhooks", get(webhooks::list))
        .route("/v1/webhooks/{name}/replay", post(webhooks::replay))
        .route("/v1/audit", get(audit::list))
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::Method)
        .layer(from_fn_with_state(Arc::clone(&app), authenticate));
    Router::new()
        .nest("/api", api)
        // The one path below it that `nest` leaves out.
        .route("/api/", any(async || ApiError::NotFound))
        .route("/healthz", get(health::health))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(pages::page)
        .method_not_allowed_fallback(async || ApiError::Method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(&app), envelope))
        .with_state(app)
}

fn softphone_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/calls/{id}/hangup", post(softphone::hang_up))
        .route("/v1/calls/{id}/hold", post(softphone::hold))
        .route("/v1/calls/{id}/retrieve", post(softphone::retrieve))
        .route("/v1/calls/{id}/mute", post(softphone::mute))
        .route("/v1/calls/{id}/unmute", post(softphone::unmute))
        .route("/v1/calls/{id}/dtmf", post(softphone::press))
        .route("/v1/calls/{id}/answer", post(softphone::answer))
        .route("/v1/calls/{id}/pickup", post(softphone::pick_up))
        .route("/v1/calls/{id}/consult", post(softphone::consult).delete(softphone::end_consult))
        .route("/v1/calls/{id}/swap", post(softphone::swap))
        .route("/v1/calls/{id}/complete", post(softphone::complete))
        .route("/v1/calls/{id}/conference", post(softphone::conference))
        .route("/v1/calls/{id}/parties/{leg}", delete(softphone::drop_party))
        .route("/v1/calls/{id}/monitor", put(softphone::monitor).delete(softphone::end_monitor))
        .route("/v1/calls/{id}/recording/start", post(softphone::start_recording))
        .route("/v1/calls/{id}/recording/stop", post(softphone::stop_recording))
        .route("/v1/calls/{id}/recording/mark", post(softphone::mark_recording))
}

fn staff_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/reasons", get(staff::reasons))
        .route("/v1/dispositions", get(staff::dispositions))
        .route("/v1/calls/{id}/disposition", put(staff::dispose))
        .route("/v1/agents/{id}/wrap-up", post(staff::ask_wrap_up).delete(staff::end_wrap_up))
        .route("/v1/agents/{id}/wrap-up/extend", post(staff::extend_wrap_up))
        .route("/v1/agents/{id}/help", post(staff::ask_help))
        .route("/v1/agents/{id}/help/answer", post(staff::answer_help))
        .route("/v1/agents/{id}/help/end", post(staff::end_help))
        .route("/v1/agents/{id}/states", get(staff::times))
        .route("/v1/agents/{id}/bookings", post(staff::book))
}

fn flow_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/flows", get(flows::list))
        .route("/v1/flows/{name}", get(flows::show).put(flows::save).delete(flows::delete))
        .route("/v1/flows/{name}/check", post(flows::check))
        .route("/v1/flows/{name}/graph", get(flows::graph))
        .route("/v1/flows/{name}/test", post(flows::test))
        .route("/v1/flows/{name}/versions", get(flows::versions))
        .route("/v1/flows/{name}/versions/{version}", get(flows::version))
        .route("/v1/flows/{name}/diff", get(flows::diff))
        .route("/v1/flows/{name}/rollback", post(flows::roll_back))
        .route("/v1/flows/{name}/figures", get(flows::figures))
        .layer(DefaultBodyLimit::max(FLOW_BODY_BYTES_MAX))
}
