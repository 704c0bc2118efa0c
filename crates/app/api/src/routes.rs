//! Every route, in one table: who may use it, and what it is for, stands where it is declared. The description of the interface
//! (`openapi.rs`) is made from it.

mod agents;
mod audit;
mod blocked;
mod callbacks;
mod calls;
mod config;
mod credentials;
mod customer_fields;
mod customers;
mod directory;
mod doctor;
mod document;
mod erasure;
mod events;
mod export;
mod flows;
mod health;
mod holds;
mod hours;
mod imports;
mod messages;
mod pages;
mod people;
mod phone;
mod phone_socket;
mod prompts;
mod queues;
mod recording;
mod reports;
mod roles;
mod search;
mod session;
mod softphone;
mod staff;
mod tokens;
mod trace;
mod trunks;
mod webhooks;

pub use phone_socket::{Socket, TakePhone, Way};
pub use prompts::Prompts;
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
use self::table::{Table, either, may, routes};
use crate::app::App;
use crate::auth::authenticate;
use crate::envelope::envelope;
use crate::error::ApiError;
use crate::imports::sheet::SHEET_BYTES_MAX;
use crate::once::once;
use crate::openapi::{Entry, document};

/// The largest body of a request, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The largest file of a sound, in bytes: ten minutes of a compact disc.
pub(crate) const SOUND_BYTES_MAX: usize = 110 * 1024 * 1024;

/// The largest body of a request that holds the center's file and flows, in bytes.
pub(crate) const CONFIG_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The largest body of a request that holds a flow, in bytes: the longest flow in JSON, where a line's end takes two.
pub(crate) const FLOW_BODY_BYTES_MAX: usize = 2 * MAX_BYTES + BODY_BYTES_MAX;

/// Every route below `/api`, with what it needs.
#[must_use]
pub fn routes() -> Vec<Route> {
    let route = |Entry { method, path, permission, .. }| Route { method, path, permission };
    entries().into_iter().map(route).collect()
}

/// The description of the interface (OpenAPI 3.1) as it stands in `web/openapi.json`, where the pages are built from it.
#[must_use]
pub fn description() -> String {
    format!("{:#}", document(&entries()))
}

/// Every route below `/api`, with all that is known of it.
fn entries() -> Vec<Entry> {
    sounds(files(config(flows(without_flows())))).entries
}

fn without_flows() -> Table {
    center(agents(lines(softphone(calls(people(sign_in(Table::default())))))))
}

/// Files come in, which are larger than other requests.
fn files(table: Table) -> Table {
    routes! { table;
        /// Reads a CSV or XLSX file of customers and says what it would change; nothing is changed yet.
        POST "/v1/imports", may(P::CustomersEdit) => imports::create [409];
    }
}

/// The router of the whole server.
pub(crate) fn router(app: Arc<App>) -> Router {
    let flows = flows(Table::default()).router.layer(DefaultBodyLimit::max(FLOW_BODY_BYTES_MAX));
    let sounds = sounds(Table::default()).router.layer(DefaultBodyLimit::max(SOUND_BYTES_MAX));
    let config = config(Table::default()).router.layer(DefaultBodyLimit::max(CONFIG_BODY_BYTES_MAX));
    let files = files(Table::default()).router.layer(DefaultBodyLimit::max(SHEET_BYTES_MAX));
    let api = without_flows()
        .router
        .merge(flows)
        .merge(config)
        .merge(sounds)
        .merge(files)
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::Method)
        .layer(from_fn_with_state(Arc::clone(&app), once))
        .layer(from_fn_with_state(Arc::clone(&app), authenticate));
    Router::new()
        .nest("/api", api)
        // The one path below it that `nest` leaves out.
        .route("/api/", any(async || ApiError::NotFound))
        .route("/healthz", get(health::health))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/sip", get(phone_socket::open))
        .fallback(pages::page)
        .method_not_allowed_fallback(async || ApiError::Method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(&app), envelope))
        .with_state(app)
}

/// Sessions, tokens, one's own credentials.
fn sign_in(table: Table) -> Table {
    routes! { table;
        /// Signs in with a browser: gives the session and its cookie.
        POST "/v1/session", Nothing => session::create [401, 403, 429];
        /// Who is signed in, and what that allows.
        GET "/v1/session", Limited => session::show;
        /// Signs out: the session or token ends at once, with its open pages.
        DELETE "/v1/session", Limited => session::end;
        /// Changes the own password. Other sessions end, tokens stay; not by a token.
        PUT "/v1/session/password", Limited => credentials::change_password [429];
        /// Gives a secret for an authenticator app; it counts once a code has shown that the app has it.
        POST "/v1/session/totp", Limited => credentials::offer_totp [409, 429];
        /// Adds the second factor with the first code of the app; gives recovery codes, shown this once.
        PUT "/v1/session/totp", Limited => credentials::confirm_totp [409, 429];
        /// Removes the own second factor, with a code.
        DELETE "/v1/session/totp", SignedIn => credentials::remove_totp [404, 409, 429];
        /// One's own sessions and tokens.
        GET "/v1/sessions", SignedIn => session::list;
        /// Signs out everywhere; tokens stay. Not by a token.
        DELETE "/v1/sessions", SignedIn => session::end_all;
        /// Ends one of one's own sessions or tokens. Not by a token.
        DELETE "/v1/sessions/{id}", SignedIn => session::end_one;
        /// One's own tokens.
        GET "/v1/tokens", SignedIn => tokens::list;
        /// Makes a token for a program, shown this once. With a session, or with user and password.
        POST "/v1/tokens", Nothing => tokens::create [401, 403, 429];
        /// Ends the token that asks.
        DELETE "/v1/tokens/current", SignedIn => tokens::end [404];
    }
}

/// Users, roles, teams.
fn people(table: Table) -> Table {
    routes! { table;
        /// Users that the asking user may manage.
        GET "/v1/users", may(P::UsersManage) => people::list;
        /// Makes a user; the password for the first sign-in is shown this once.
        POST "/v1/users", may(P::UsersManage) => people::create [409];
        /// A user.
        GET "/v1/users/{name}", may(P::UsersManage) => people::show;
        /// Changes a user.
        PUT "/v1/users/{name}", may(P::UsersManage) => people::change [409];
        /// Deletes a user; sessions and tokens end.
        DELETE "/v1/users/{name}", may(P::UsersManage) => people::delete [409];
        /// Gives a password for the next sign-in, shown this once; sessions and tokens end.
        POST "/v1/users/{name}/password", may(P::UsersManage) => people::reset_password;
        /// Removes the second factor of a user whose app is lost.
        DELETE "/v1/users/{name}/second-factor", may(P::UsersManage) => people::remove_second_factor;
        /// Makes a token for a program that has no pages, shown this once. Not by a token.
        POST "/v1/users/{name}/tokens", may(P::UsersManage) => tokens::create_for [409];
        /// Lets a user sign in again who was locked after wrong passwords.
        POST "/v1/users/{name}/unlock", may(P::UsersManage) => people::unlock;
        /// Signs a user out everywhere; tokens end too.
        POST "/v1/users/{name}/sign-out", may(P::UsersManage) => people::sign_out;
        /// The sessions and tokens of a user.
        GET "/v1/users/{name}/sessions", may(P::UsersManage) => session::list_of_user;
        /// Ends one of them.
        DELETE "/v1/users/{name}/sessions/{id}", may(P::UsersManage) => session::end_of_user;
        /// All roles.
        GET "/v1/roles", may(P::UsersManage) => roles::list;
        /// Makes a role; nobody grants what they do not have.
        POST "/v1/roles", may(P::RolesManage) => roles::create [409];
        /// A role.
        GET "/v1/roles/{name}", may(P::UsersManage) => roles::show;
        /// Changes a role.
        PUT "/v1/roles/{name}", may(P::RolesManage) => roles::change [409];
        /// Deletes a role that nobody has.
        DELETE "/v1/roles/{name}", may(P::RolesManage) => roles::delete [409];
        /// Everything that a role can allow.
        GET "/v1/permissions", SignedIn => roles::permissions;
        /// Teams: all for those who manage users or see every agent, else those that one oversees.
        GET "/v1/teams", SignedIn => roles::teams;
    }
}

/// Living calls, records, recordings.
fn calls(table: Table) -> Table {
    routes! { table;
        /// The present state of agents, queues and calls, as far as one may see it.
        GET "/v1/live", SignedIn => events::live;
        /// The present state, then numbered events; goes on after a number where it can.
        GET "/v1/events", SignedIn => events::stream;
        /// Call records, the newest first, by anything that is known of them.
        GET "/v1/calls", may(P::RecordsSee) => calls::list [422];
        /// Call records as CSV, by the same query; `limit` counts rows, of which there are a million at most. The export is in the audit log.
        GET "/v1/calls.csv", may(P::RecordsExport) => export::csv [422];
        /// Call records as XLSX, by the same query; 50,000 rows at most.
        GET "/v1/calls.xlsx", may(P::RecordsExport) => export::xlsx [422];
        /// Calls the agent's own phone, then whom the agent wants.
        POST "/v1/calls", may(P::SoftphoneUse) => calls::create [409];
        /// The record of a call, living or over.
        GET "/v1/calls/{id}", may(P::RecordsSee) => calls::show;
        /// A recording of the call, also while it is being written.
        GET "/v1/calls/{id}/recording", may(P::RecordingsPlay) => recording::play;
        /// The loudest sample of each stretch of a recording, for a picture of it; also while it is being written.
        GET "/v1/calls/{id}/recording/peaks", may(P::RecordingsPlay) => recording::picture [422];
        /// Erases a recording; what happened in it stays to be read.
        DELETE "/v1/calls/{id}/recording", may(P::RecordingsErase) => holds::erase [409];
        /// The legal hold on a call.
        GET "/v1/calls/{id}/legal-hold", may(P::RecordingsErase) => holds::show;
        /// Puts a call under a legal hold: its recordings are erased by nobody and for no reason.
        PUT "/v1/calls/{id}/legal-hold", may(P::RecordingsErase) => holds::put;
        /// Ends the legal hold on a call.
        DELETE "/v1/calls/{id}/legal-hold", may(P::RecordingsErase) => holds::release;
        /// The agent who talks keeps what is said out of the recording.
        POST "/v1/calls/{id}/recording/pause", may(P::SoftphoneUse) => calls::pause_recording [409];
        /// The agent who talks has what is said recorded again.
        POST "/v1/calls/{id}/recording/resume", may(P::SoftphoneUse) => calls::resume_recording [409];
        /// Sends the caller on.
        POST "/v1/calls/{id}/transfer", either(P::SoftphoneUse, P::CallsControl) => calls::transfer [409];
        /// Says what became of a call, during it or later.
        PUT "/v1/calls/{id}/disposition", may(P::AgentsSteer) => staff::dispose [409];
        /// The SIP messages of a call as a ladder. In place of an id: `last`, or a SIP Call-ID.
        GET "/v1/calls/{id}/sip", may(P::TraceSee) => trace::ladder;
        /// The SIP messages of a call as a file for Wireshark.
        GET "/v1/calls/{id}/sip.pcap", may(P::TraceSee) => trace::pcap;
    }
}

/// What agents and supervisors do with calls.
fn softphone(table: Table) -> Table {
    routes! { table;
        /// Gives the phone in the agent's page a password for a minute, shown this once.
        POST "/v1/softphone/pass", may(P::SoftphoneUse) => phone::pass [404];
        /// What visitors of web pages may do.
        GET "/v1/guests", Nothing => phone::offer;
        /// Lets a visitor of a web page call one number of the center, once; what is given for it is shown this once.
        POST "/v1/guests", Nothing => phone::admit [403, 422, 429];
        /// A visitor of a web page wants to be called back.
        POST "/v1/guests/callbacks", Nothing => phone::call_back [403, 404, 422, 429];
        /// Whom a call can be sent to: colleagues as they are at this moment, and the center's numbers.
        GET "/v1/directory", may(P::SoftphoneUse) => directory::list;
        /// An agent leaves the own call; a supervisor ends it for all.
        POST "/v1/calls/{id}/hangup", either(P::SoftphoneUse, P::CallsControl) => softphone::hang_up [409];
        /// The agent holds the other side, who hears music.
        POST "/v1/calls/{id}/hold", may(P::SoftphoneUse) => softphone::hold [409];
        /// The agent takes the other side back from hold.
        POST "/v1/calls/{id}/retrieve", may(P::SoftphoneUse) => softphone::retrieve [409];
        /// Nobody hears the agent.
        POST "/v1/calls/{id}/mute", may(P::SoftphoneUse) => softphone::mute [409];
        /// The agent is heard again.
        POST "/v1/calls/{id}/unmute", may(P::SoftphoneUse) => softphone::unmute [409];
        /// Presses keys towards the other side (DTMF).
        POST "/v1/calls/{id}/dtmf", may(P::SoftphoneUse) => softphone::press [409];
        /// Answers the call that rings at the agent's phone, where the phone can.
        POST "/v1/calls/{id}/answer", may(P::SoftphoneUse) => softphone::answer [409];
        /// Takes a call that rings at a colleague's phone.
        POST "/v1/calls/{id}/pickup", may(P::SoftphoneUse) => softphone::pick_up [409];
        /// Asks somebody aside while the other side waits.
        POST "/v1/calls/{id}/consult", may(P::SoftphoneUse) => softphone::consult [409];
        /// Goes back to the other side.
        DELETE "/v1/calls/{id}/consult", may(P::SoftphoneUse) => softphone::end_consult [409];
        /// Changes between the two.
        POST "/v1/calls/{id}/swap", may(P::SoftphoneUse) => softphone::swap [409];
        /// Connects the two, and leaves.
        POST "/v1/calls/{id}/complete", may(P::SoftphoneUse) => softphone::complete [409];
        /// Talks with both at once.
        POST "/v1/calls/{id}/conference", may(P::SoftphoneUse) => softphone::conference [409];
        /// Takes one party out of the conference.
        DELETE "/v1/calls/{id}/parties/{leg}", may(P::SoftphoneUse) => softphone::drop_party [409];
        /// Calls the supervisor's own phone to take part in a call, or changes how it takes part.
        PUT "/v1/calls/{id}/monitor", may(P::CallsListen) => softphone::monitor [409];
        /// The supervisor leaves the call.
        DELETE "/v1/calls/{id}/monitor", may(P::CallsListen) => softphone::end_monitor [409];
        /// Records the talk, whatever the queue wishes.
        POST "/v1/calls/{id}/recording/start", may(P::CallsControl) => softphone::start_recording [409];
        /// Ends the recording; the talk goes on.
        POST "/v1/calls/{id}/recording/stop", may(P::CallsControl) => softphone::stop_recording [409];
        /// Puts a mark with a few words into the recording.
        POST "/v1/calls/{id}/recording/mark", may(P::CallsListen) => softphone::mark_recording [409];
    }
}

/// Callers in line, wishes to be called back, messages.
fn lines(table: Table) -> Table {
    routes! { table;
        /// Why a call was offered to whom, and why it waits.
        GET "/v1/calls/{id}/decisions", may(P::QueuesSee) => queues::decisions;
        /// What the queue's agents are to say: a text with marks and places, which the page fills.
        GET "/v1/queues/{id}/script", may(P::QueuesSee) => queues::script;
        /// Moves a caller to another queue, or to one agent.
        POST "/v1/calls/{id}/move", may(P::QueuesSteer) => queues::move_caller [409];
        /// Gives a caller in line a head start.
        POST "/v1/calls/{id}/priority", may(P::QueuesSteer) => queues::prioritise [409];
        /// Takes a caller out of the line; the flow goes on.
        POST "/v1/calls/{id}/withdraw", may(P::QueuesSteer) => queues::withdraw [409];
        /// Queues and groups whose staff serve one another for a while.
        GET "/v1/merges", may(P::QueuesSee) => queues::merges;
        /// Lets the staff of queues or groups serve one another until a time.
        PUT "/v1/merges/{name}", may(P::QueuesSteer) => queues::merge [409];
        /// Ends that.
        DELETE "/v1/merges/{name}", may(P::QueuesSteer) => queues::split [409];
        /// Callers who want to be called back, the oldest first.
        GET "/v1/callbacks", may(P::QueuesSee) => callbacks::list;
        /// Closes a wish to be called back.
        DELETE "/v1/callbacks/{id}", may(P::QueuesSteer) => callbacks::close [409];
        /// Messages that callers left, the newest first.
        GET "/v1/messages", may(P::MessagesSee) => messages::list;
        /// A message.
        GET "/v1/messages/{id}", may(P::MessagesSee) => messages::show;
        /// Counts a message as heard, or as new again.
        PUT "/v1/messages/{id}", may(P::MessagesSee) => messages::change;
        /// Deletes a message and its sound.
        DELETE "/v1/messages/{id}", may(P::MessagesErase) => messages::remove [409];
        /// The sound of a message; whoever listens to one of the own mailboxes has heard it.
        GET "/v1/messages/{id}/audio", may(P::MessagesSee) => messages::play;
    }
}

/// Agents and their work.
fn agents(table: Table) -> Table {
    routes! { table;
        /// An agent.
        GET "/v1/agents/{id}", may(P::AgentsSee) => agents::show;
        /// Ready, not ready, signed out.
        PUT "/v1/agents/{id}/state", may(P::AgentsSteer) => agents::set_state [409];
        /// Where an agent is reached, and may be.
        GET "/v1/agents/{id}/device", may(P::AgentsSteer) => agents::devices;
        /// Chooses where an agent is reached.
        PUT "/v1/agents/{id}/device", may(P::AgentsSteer) => agents::set_device [409];
        /// Sends a text to the agent's phones.
        POST "/v1/agents/{id}/messages", may(P::AgentsLead) => agents::send_message [409];
        /// The center's reasons for not being ready, and what is left of them.
        GET "/v1/reasons", SignedIn => staff::reasons;
        /// What can become of calls.
        GET "/v1/dispositions", SignedIn => staff::dispositions;
        /// Calls to which an agent wants to come back, the earliest first.
        GET "/v1/follow-ups", may(P::RecordsSee) => staff::follow_ups [422];
        /// The agent has come back to a call, or has not after all.
        PUT "/v1/calls/{id}/follow-up", may(P::AgentsSteer) => staff::set_follow_up;
        /// Asks for after-call work that does not begin by itself.
        POST "/v1/agents/{id}/wrap-up", may(P::AgentsSteer) => staff::ask_wrap_up [409];
        /// Ends after-call work early.
        DELETE "/v1/agents/{id}/wrap-up", may(P::AgentsSteer) => staff::end_wrap_up [409];
        /// Makes after-call work longer.
        POST "/v1/agents/{id}/wrap-up/extend", may(P::AgentsSteer) => staff::extend_wrap_up [409];
        /// The agent asks for help.
        POST "/v1/agents/{id}/help", may(P::AgentsSteer) => staff::ask_help [409];
        /// A leader helps.
        POST "/v1/agents/{id}/help/answer", may(P::AgentsLead) => staff::answer_help [409];
        /// Ends help.
        POST "/v1/agents/{id}/help/end", may(P::AgentsSteer) => staff::end_help [409];
        /// Where the time of an agent went.
        GET "/v1/agents/{id}/states", may(P::AgentsSee) => staff::times [422];
        /// A leader says that the system was at fault in a span of time.
        POST "/v1/agents/{id}/bookings", may(P::AgentsLead) => staff::book [409];
    }
}

/// Customers, opening hours, the system.
fn center(table: Table) -> Table {
    routes! { table;
        /// This description of the interface (OpenAPI 3.1).
        GET "/v1/openapi.json", Nothing => document::json;
        /// This description as a page for people.
        GET "/v1/docs", Nothing => document::html;
        /// Customers, found by number or by a part of the name.
        GET "/v1/customers", may(P::CustomersSee) => customers::list [422];
        /// Makes a customer.
        POST "/v1/customers", may(P::CustomersEdit) => customers::create;
        /// A customer.
        GET "/v1/customers/{id}", may(P::CustomersSee) => customers::show;
        /// Changes a customer.
        PUT "/v1/customers/{id}", may(P::CustomersEdit) => customers::change;
        /// The last calls of a customer, the newest first.
        GET "/v1/customers/{id}/contacts", may(P::CustomersSee) => customers::contacts;
        /// Other customers with one of the numbers or the e-mail address.
        GET "/v1/customers/{id}/duplicates", may(P::CustomersSee) => customers::duplicates;
        /// Makes another customer one with this one, who has its calls then. Doing it again changes nothing.
        POST "/v1/customers/{id}/merge", may(P::CustomersEdit) => customers::merge [412];
        /// What would be erased of the customer. Takes `customers.edit`, too, and both for the whole center.
        GET "/v1/customers/{id}/erasure", may(P::RecordingsErase) => erasure::preview;
        /// Erases everything that is kept of the customer; calls under a legal hold stay. Takes `customers.edit`, too, and both for the whole center.
        POST "/v1/customers/{id}/erase", may(P::RecordingsErase) => erasure::erase [409];
        /// All customers as a CSV file, as the user sees them.
        GET "/v1/customers.csv", may(P::CustomersExport) => imports::csv [409];
        /// The same as XLSX.
        GET "/v1/customers.xlsx", may(P::CustomersExport) => imports::xlsx [409];
        /// How far an import of one's own is.
        GET "/v1/imports/{id}", may(P::CustomersEdit) => imports::show;
        /// Says what the columns of the file are; the answer is what it would change then.
        PUT "/v1/imports/{id}", may(P::CustomersEdit) => imports::set_columns [409];
        /// Forgets an import.
        DELETE "/v1/imports/{id}", may(P::CustomersEdit) => imports::remove [409];
        /// Begins to write what the preview shows: all of it or nothing.
        POST "/v1/imports/{id}/commit", may(P::CustomersEdit) => imports::commit [409];
        /// The fields that the center has added to customers.
        GET "/v1/customer-fields", may(P::CustomersSee) => customer_fields::list;
        /// Adds a field to all customers.
        POST "/v1/customer-fields", may(P::ConfigEdit) => customer_fields::create [409];
        /// Changes a field of customers.
        PUT "/v1/customer-fields/{name}", may(P::ConfigEdit) => customer_fields::change;
        /// Removes a field of customers; what is in it is hidden from then on.
        DELETE "/v1/customer-fields/{name}", may(P::ConfigEdit) => customer_fields::remove;
        /// How opening hours stand.
        GET "/v1/hours", may(P::HoursSee) => hours::list;
        /// Opens or closes by hand.
        PUT "/v1/hours/{name}/override", may(P::HoursSet) => hours::decide;
        /// Lets the opening hours count again.
        DELETE "/v1/hours/{name}/override", may(P::HoursSet) => hours::take_back;
        /// What `hotline doctor` finds, and how long things are kept. It takes seconds, and one at a time asks.
        GET "/v1/system/doctor", may(P::SystemSee) => doctor::look [409];
        /// How trunks stand.
        GET "/v1/trunks", may(P::SystemSee) => trunks::list;
        /// Who is not heard by SIP for a while.
        GET "/v1/sip/blocked", may(P::SystemSee) => blocked::list;
        /// Lets somebody be heard again.
        DELETE "/v1/sip/blocked/{address}", may(P::SystemManage) => blocked::release [422];
        /// The audit log, the newest first.
        GET "/v1/audit", may(P::AuditSee) => audit::list;
        /// The audit log as CSV, by the same query; 50,000 entries at most. The export is in the log itself.
        GET "/v1/audit.csv", may(P::AuditSee) => audit::csv [409, 422];
        /// Reads all of the audit log, and says whether it is what was written.
        GET "/v1/audit/check", may(P::AuditSee) => audit::check [409];
        /// The figures of queues, each with its definition.
        GET "/v1/reports/queues", may(P::ReportsSee) => reports::queues [422];
        /// Where the time of agents went, and what became of the calls they were offered.
        GET "/v1/reports/agents", may(P::ReportsSee) => reports::agents [422];
        /// The same of groups: the figures of their agents together.
        GET "/v1/reports/groups", may(P::ReportsSee) => reports::groups [404, 422];
        /// How many calls began with each flow, and ended in flows.
        GET "/v1/reports/flows", may(P::ReportsSee) => reports::flows [422];
        /// What was found when days were counted anew from the journal.
        GET "/v1/reports/checks", may(P::ReportsSee) => reports::checks;
        /// How the receivers of events stand.
        GET "/v1/webhooks", may(P::SystemSee) => webhooks::list;
        /// Sends everything after an event again.
        POST "/v1/webhooks/{name}/replay", may(P::SystemManage) => webhooks::replay;
    }
}

/// The sounds that flows play.
fn sounds(table: Table) -> Table {
    routes! { table;
        /// The languages that there are prompts of, and `music`.
        GET "/v1/prompts", may(P::PromptsSee) => prompts::languages;
        /// Where flows and queues in force need a prompt: what would be wrong without it.
        GET "/v1/prompts/{language}/{name}/uses", may(P::PromptsSee) => prompts::uses;
        /// The prompts of a language, or the music (`music`), by name.
        GET "/v1/prompts/{language}", may(P::PromptsSee) => prompts::list;
        /// The sound of a prompt.
        GET "/v1/prompts/{language}/{name}", may(P::PromptsSee) => prompts::listen;
        /// Uploads a prompt: WAV, MP3 or OGG Vorbis, ten minutes at most. It can be played and named by flows when the answer comes.
        PUT "/v1/prompts/{language}/{name}", may(P::PromptsEdit) => prompts::save;
        /// Takes a prompt away that nothing plays.
        DELETE "/v1/prompts/{language}/{name}", may(P::PromptsEdit) => prompts::delete [422];
    }
}

/// The center's configuration.
fn config(table: Table) -> Table {
    routes! { table;
        /// The center's file, with what it says by section.
        GET "/v1/config", may(P::ConfigSee) => config::show;
        /// Puts another text of the file in force, with flows if there are any, or says what is wrong with it.
        PUT "/v1/config", may(P::ConfigEdit) => config::save [422];
        /// Checks a text and says what it would change; nothing is changed.
        POST "/v1/config/check", may(P::ConfigSee) => config::check;
        /// The JSON Schema of the center's file, or of one of its sections, for editors.
        GET "/v1/config/schema", may(P::ConfigSee) => config::schema [404];
        /// Configurations that were in force, the newest first.
        GET "/v1/config/versions", may(P::ConfigSee) => config::versions;
        /// A version with its text.
        GET "/v1/config/versions/{version}", may(P::ConfigSee) => config::version;
        /// What differs between a version and another, or the text in force.
        GET "/v1/config/diff", may(P::ConfigSee) => config::diff [404];
        /// Puts the text of a version in force as a new one.
        POST "/v1/config/rollback", may(P::ConfigEdit) => config::roll_back [404];
        /// A section.
        GET "/v1/config/{section}", may(P::ConfigSee) => config::section;
        /// Puts another section in force; what is the same stays as it is written.
        PUT "/v1/config/{section}", may(P::ConfigEdit) => config::save_section;
        /// Takes a section away.
        DELETE "/v1/config/{section}", may(P::ConfigEdit) => config::delete_section [422];
        /// An entry of a section.
        GET "/v1/config/{section}/{name}", may(P::ConfigSee) => config::entry;
        /// Puts an entry in force; what is the same stays as it is written.
        PUT "/v1/config/{section}/{name}", may(P::ConfigEdit) => config::save_entry;
        /// Takes an entry away.
        DELETE "/v1/config/{section}/{name}", may(P::ConfigEdit) => config::delete_entry [422];
    }
}

/// The flows.
fn flows(table: Table) -> Table {
    routes! { table;
        /// Flows, and what is wrong with files.
        GET "/v1/flows", may(P::FlowsSee) => flows::list;
        /// The JSON schema of a flow's file, for editors.
        GET "/v1/flow-schema", may(P::FlowsSee) => flows::schema;
        /// A flow with the text of its file.
        GET "/v1/flows/{name}", may(P::FlowsSee) => flows::show;
        /// Puts a text in force, or says what is wrong with it.
        PUT "/v1/flows/{name}", may(P::FlowsEdit) => flows::save [422];
        /// Takes a flow away.
        DELETE "/v1/flows/{name}", may(P::FlowsEdit) => flows::delete [422];
        /// Checks a text; nothing is changed.
        POST "/v1/flows/{name}/check", may(P::FlowsSee) => flows::check;
        /// The steps of a flow and the ways between them.
        GET "/v1/flows/{name}/graph", may(P::FlowsSee) => flows::graph [422];
        /// Runs the tests beside a flow; nothing is changed.
        POST "/v1/flows/{name}/test", may(P::FlowsSee) => flows::test;
        /// The versions of a flow, the newest first.
        GET "/v1/flows/{name}/versions", may(P::FlowsSee) => flows::versions;
        /// A version with its text.
        GET "/v1/flows/{name}/versions/{version}", may(P::FlowsSee) => flows::version;
        /// What differs between a version and another, or the file.
        GET "/v1/flows/{name}/diff", may(P::FlowsSee) => flows::diff;
        /// Puts the text of a version in force as a new one.
        POST "/v1/flows/{name}/rollback", may(P::FlowsEdit) => flows::roll_back;
        /// What became of calls in each step, by days.
        GET "/v1/flows/{name}/figures", may(P::FlowsSee) => flows::figures [422];
    }
}
