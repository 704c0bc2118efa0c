//! Every route, in one table: who may use it stands where it is declared.

mod agents;
mod audit;
mod blocked;
mod callbacks;
mod calls;
mod credentials;
mod customers;
mod events;
mod flows;
mod health;
mod hours;
mod messages;
mod pages;
mod people;
mod queues;
mod recording;
mod roles;
mod session;
mod softphone;
mod staff;
mod tokens;
mod trace;
mod trunks;
mod webhooks;

pub use staff::Dispositions;
pub use table::Route;

mod table;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use hotline_access::Permission as P;
use hotline_ivr::MAX_BYTES;

use self::table::Need::{Limited, Nothing, SignedIn};
use self::table::{Table, may};
use crate::app::App;
use crate::auth::authenticate;
use crate::envelope::envelope;
use crate::error::ApiError;

/// The largest body of a request, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The largest body of a request that holds a flow, in bytes: the longest flow in JSON, where a line's end takes two.
const FLOW_BODY_BYTES_MAX: usize = 2 * MAX_BYTES + BODY_BYTES_MAX;

/// Every route below `/api`, with what it needs.
#[must_use]
pub fn routes() -> Vec<Route> {
    let table = sign_in(calls(agents(center(flows(Table::default())))));
    table.rows
}

/// The router of the whole server.
pub(crate) fn router(app: Arc<App>) -> Router {
    let flows = flows(Table::default()).router.layer(DefaultBodyLimit::max(FLOW_BODY_BYTES_MAX));
    let api = sign_in(calls(agents(center(Table::default()))))
        .router
        .merge(flows)
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

/// Sessions, tokens, users, roles.
fn sign_in(table: Table) -> Table {
    table
        .post("/v1/session", Nothing, session::create)
        .get("/v1/session", Limited, session::show)
        .delete("/v1/session", Limited, session::end)
        .put("/v1/session/password", Limited, credentials::change_password)
        .post("/v1/session/totp", Limited, credentials::offer_totp)
        .put("/v1/session/totp", Limited, credentials::confirm_totp)
        .delete("/v1/session/totp", SignedIn, credentials::remove_totp)
        .get("/v1/sessions", SignedIn, session::list)
        .delete("/v1/sessions", SignedIn, session::end_all)
        .delete("/v1/sessions/{id}", SignedIn, session::end_one)
        .get("/v1/tokens", SignedIn, tokens::list)
        .post("/v1/tokens", Nothing, tokens::create)
        .delete("/v1/tokens/current", SignedIn, tokens::end)
        .get("/v1/users", may(P::UsersManage), people::list)
        .post("/v1/users", may(P::UsersManage), people::create)
        .get("/v1/users/{name}", may(P::UsersManage), people::show)
        .put("/v1/users/{name}", may(P::UsersManage), people::change)
        .delete("/v1/users/{name}", may(P::UsersManage), people::delete)
        .post("/v1/users/{name}/password", may(P::UsersManage), people::reset_password)
        .delete("/v1/users/{name}/second-factor", may(P::UsersManage), people::remove_second_factor)
        .post("/v1/users/{name}/tokens", may(P::UsersManage), tokens::create_for)
        .post("/v1/users/{name}/unlock", may(P::UsersManage), people::unlock)
        .post("/v1/users/{name}/sign-out", may(P::UsersManage), people::sign_out)
        .get("/v1/roles", may(P::UsersManage), roles::list)
        .post("/v1/roles", may(P::RolesManage), roles::create)
        .get("/v1/roles/{name}", may(P::UsersManage), roles::show)
        .put("/v1/roles/{name}", may(P::RolesManage), roles::change)
        .delete("/v1/roles/{name}", may(P::RolesManage), roles::delete)
        .get("/v1/permissions", SignedIn, roles::permissions)
        .get("/v1/teams", SignedIn, roles::teams)
}

/// Living calls, records, callers in line.
fn calls(table: Table) -> Table {
    table
        .get("/v1/live", SignedIn, events::live)
        .get("/v1/events", SignedIn, events::stream)
        .get("/v1/calls", may(P::RecordsSee), calls::list)
        .post("/v1/calls", may(P::SoftphoneUse), calls::create)
        .get("/v1/calls/{id}", may(P::RecordsSee), calls::show)
        .get("/v1/calls/{id}/recording", may(P::RecordingsPlay), recording::play)
        .post("/v1/calls/{id}/recording/pause", may(P::SoftphoneUse), calls::pause_recording)
        .post("/v1/calls/{id}/recording/resume", may(P::SoftphoneUse), calls::resume_recording)
        .post("/v1/calls/{id}/transfer", may(P::SoftphoneUse), calls::transfer)
        .put("/v1/calls/{id}/disposition", may(P::AgentsSteer), staff::dispose)
        .get("/v1/calls/{id}/decisions", may(P::QueuesSee), queues::decisions)
        .post("/v1/calls/{id}/move", may(P::QueuesSteer), queues::move_caller)
        .post("/v1/calls/{id}/priority", may(P::QueuesSteer), queues::prioritise)
        .post("/v1/calls/{id}/withdraw", may(P::QueuesSteer), queues::withdraw)
        .get("/v1/merges", may(P::QueuesSee), queues::merges)
        .put("/v1/merges/{name}", may(P::QueuesSteer), queues::merge)
        .delete("/v1/merges/{name}", may(P::QueuesSteer), queues::split)
        .get("/v1/callbacks", may(P::QueuesSee), callbacks::list)
        .delete("/v1/callbacks/{id}", may(P::QueuesSteer), callbacks::close)
        .get("/v1/messages", may(P::MessagesSee), messages::list)
        .get("/v1/messages/{id}", may(P::MessagesSee), messages::show)
        .put("/v1/messages/{id}", may(P::MessagesSee), messages::change)
        .delete("/v1/messages/{id}", may(P::MessagesErase), messages::remove)
        .get("/v1/messages/{id}/audio", may(P::MessagesSee), messages::play)
        .post("/v1/calls/{id}/hangup", may(P::SoftphoneUse), softphone::hang_up)
        .post("/v1/calls/{id}/hold", may(P::SoftphoneUse), softphone::hold)
        .post("/v1/calls/{id}/retrieve", may(P::SoftphoneUse), softphone::retrieve)
        .post("/v1/calls/{id}/mute", may(P::SoftphoneUse), softphone::mute)
        .post("/v1/calls/{id}/unmute", may(P::SoftphoneUse), softphone::unmute)
        .post("/v1/calls/{id}/dtmf", may(P::SoftphoneUse), softphone::press)
        .post("/v1/calls/{id}/answer", may(P::SoftphoneUse), softphone::answer)
        .post("/v1/calls/{id}/pickup", may(P::SoftphoneUse), softphone::pick_up)
        .post("/v1/calls/{id}/consult", may(P::SoftphoneUse), softphone::consult)
        .delete("/v1/calls/{id}/consult", may(P::SoftphoneUse), softphone::end_consult)
        .post("/v1/calls/{id}/swap", may(P::SoftphoneUse), softphone::swap)
        .post("/v1/calls/{id}/complete", may(P::SoftphoneUse), softphone::complete)
        .post("/v1/calls/{id}/conference", may(P::SoftphoneUse), softphone::conference)
        .delete("/v1/calls/{id}/parties/{leg}", may(P::SoftphoneUse), softphone::drop_party)
        .put("/v1/calls/{id}/monitor", may(P::CallsListen), softphone::monitor)
        .delete("/v1/calls/{id}/monitor", may(P::CallsListen), softphone::end_monitor)
        .post("/v1/calls/{id}/recording/start", may(P::CallsControl), softphone::start_recording)
        .post("/v1/calls/{id}/recording/stop", may(P::CallsControl), softphone::stop_recording)
        .post("/v1/calls/{id}/recording/mark", may(P::CallsListen), softphone::mark_recording)
        .get("/v1/calls/{id}/sip", may(P::TraceSee), trace::ladder)
        .get("/v1/calls/{id}/sip.pcap", may(P::TraceSee), trace::pcap)
}

/// Agents and their work.
fn agents(table: Table) -> Table {
    table
        .get("/v1/agents/{id}", may(P::AgentsSee), agents::show)
        .put("/v1/agents/{id}/state", may(P::AgentsSteer), agents::set_state)
        .get("/v1/agents/{id}/device", may(P::AgentsSteer), agents::devices)
        .put("/v1/agents/{id}/device", may(P::AgentsSteer), agents::set_device)
        .post("/v1/agents/{id}/messages", may(P::AgentsLead), agents::send_message)
        .get("/v1/reasons", SignedIn, staff::reasons)
        .get("/v1/dispositions", SignedIn, staff::dispositions)
        .post("/v1/agents/{id}/wrap-up", may(P::AgentsSteer), staff::ask_wrap_up)
        .delete("/v1/agents/{id}/wrap-up", may(P::AgentsSteer), staff::end_wrap_up)
        .post("/v1/agents/{id}/wrap-up/extend", may(P::AgentsSteer), staff::extend_wrap_up)
        .post("/v1/agents/{id}/help", may(P::AgentsSteer), staff::ask_help)
        .post("/v1/agents/{id}/help/answer", may(P::AgentsLead), staff::answer_help)
        .post("/v1/agents/{id}/help/end", may(P::AgentsSteer), staff::end_help)
        .get("/v1/agents/{id}/states", may(P::AgentsSee), staff::times)
        .post("/v1/agents/{id}/bookings", may(P::AgentsLead), staff::book)
}

/// Customers, opening hours, the system.
fn center(table: Table) -> Table {
    table
        .get("/v1/customers", may(P::CustomersSee), customers::list)
        .post("/v1/customers", may(P::CustomersEdit), customers::create)
        .get("/v1/customers/{id}", may(P::CustomersSee), customers::show)
        .put("/v1/customers/{id}", may(P::CustomersEdit), customers::change)
        .get("/v1/hours", may(P::HoursSee), hours::list)
        .put("/v1/hours/{name}/override", may(P::HoursSet), hours::decide)
        .delete("/v1/hours/{name}/override", may(P::HoursSet), hours::take_back)
        .get("/v1/trunks", may(P::SystemSee), trunks::list)
        .get("/v1/sip/blocked", may(P::SystemSee), blocked::list)
        .delete("/v1/sip/blocked/{address}", may(P::SystemManage), blocked::release)
        .get("/v1/audit", may(P::AuditSee), audit::list)
        .get("/v1/webhooks", may(P::SystemSee), webhooks::list)
        .post("/v1/webhooks/{name}/replay", may(P::SystemManage), webhooks::replay)
}

fn flows(table: Table) -> Table {
    table
        .get("/v1/flows", may(P::FlowsSee), flows::list)
        .get("/v1/flows/{name}", may(P::FlowsSee), flows::show)
        .put("/v1/flows/{name}", may(P::FlowsEdit), flows::save)
        .delete("/v1/flows/{name}", may(P::FlowsEdit), flows::delete)
        .post("/v1/flows/{name}/check", may(P::FlowsSee), flows::check)
        .get("/v1/flows/{name}/graph", may(P::FlowsSee), flows::graph)
        .post("/v1/flows/{name}/test", may(P::FlowsSee), flows::test)
        .get("/v1/flows/{name}/versions", may(P::FlowsSee), flows::versions)
        .get("/v1/flows/{name}/versions/{version}", may(P::FlowsSee), flows::version)
        .get("/v1/flows/{name}/diff", may(P::FlowsSee), flows::diff)
        .post("/v1/flows/{name}/rollback", may(P::FlowsEdit), flows::roll_back)
        .get("/v1/flows/{name}/figures", may(P::FlowsSee), flows::figures)
}
