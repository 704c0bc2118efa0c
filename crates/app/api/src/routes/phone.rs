//! Phones in web pages: what those of agents prove themselves by, and visitors who call without one, or want to be called back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use hotline_api_types as api;
use hotline_base::{CallId, Pii, WallTime};
use hotline_call::number::normalise;
use hotline_call::{Callback, CallbackPlace, Command, CommandError, Guest, VISITOR_CHARS_MAX, Visitor};
use hotline_shard::HandleError;
use hotline_store::{BookedCallback, CallbackBooking};
use hotline_telemetry::Metric;

use super::calls::{own_agent, wrong};
use crate::answer::Secret;
use crate::app::App;
use crate::auth::{Identity, Origin};
use crate::convert::time;
use crate::error::ApiError;
use crate::extract::Json;
use crate::guests::Wish;

/// For how long a phone of a page proves itself by one password.
const PHONE_PASS: Duration = Duration::from_secs(60);
/// For how long a visitor may begin the call.
const GUEST_PASS: Duration = Duration::from_secs(60);
/// The path of the WebSocket.
const SOCKET: &str = "/sip";
/// The longest name of a visitor, in characters.
const NAME_CHARS_MAX: usize = 100;
/// Digits of numbers with their country (E.164), and without.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// How far ahead somebody may want to be called.
const AHEAD_MAX: Duration = Duration::from_secs(7 * 86_400);

/// `POST /api/v1/softphone/pass`
pub(crate) async fn pass(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<Secret<axum::Json<api::PhonePass>>, ApiError> {
    let agent = own_agent(&who)?;
    let password = secret()?;
    let command = Command::AdmitPhone(agent.clone(), Pii::new(password.clone()), PHONE_PASS);
    app.ports.shard.command(command).await?;
    Metric::PhonePasses.increment(1);
    Ok(Secret(axum::Json(api::PhonePass {
        uri: format!("sip:{agent}@{}", app.center().control.domain),
        user: agent.to_string(),
        password,
        expires_at: time(app.now() + PHONE_PASS),
        socket: SOCKET.to_owned(),
        ice_servers: ice_servers(&app, agent.as_str()),
    })))
}

/// `GET /api/v1/guests`
pub(crate) async fn offer(State(app): State<Arc<App>>) -> axum::Json<api::WebOffer> {
    let center = app.center();
    let web = &center.control.web;
    let named = |number: &String| {
        let normal = normalise(number, &center.control.dial_plan);
        let known = normal.and_then(|normal| center.control.numbers.get(&normal));
        api::WebNumber { number: number.clone(), name: known.and_then(|known| known.name.clone()) }
    };
    axum::Json(api::WebOffer {
        numbers: web.numbers.iter().map(named).collect(),
        callback: web.callback.is_some(),
    })
}

/// `POST /api/v1/guests`
pub(crate) async fn admit(
    State(app): State<Arc<App>>,
    origin: Origin,
    Json(body): Json<api::NewGuest>,
) -> Result<Secret<axum::Json<api::Guest>>, ApiError> {
    let center = app.center();
    if !center.control.web.numbers.contains(&body.number) {
        refused(Wish::Call);
        return Err(wrong("number", "is none that visitors may call"));
    }
    let visitor = Visitor {
        name: told("name", body.name, NAME_CHARS_MAX)?,
        page: told("page", body.page, VISITOR_CHARS_MAX)?,
        question: told("question", body.question, VISITOR_CHARS_MAX)?,
    };
    take(&app, Wish::Call, origin)?;
    let (user, password) = (format!("guest-{}", secret()?), secret()?);
    let guest = Guest {
        user: user.clone(),
        password: Pii::new(password.clone()),
        called: body.number.clone(),
        visitor,
        valid: GUEST_PASS,
    };
    app.ports
        .shard
        .command(Command::AdmitGuest(Box::new(guest)))
        .await
        .inspect_err(|_| refused(Wish::Call))?;
    Metric::Guests.increment_for([Wish::Call.name(), "admitted"]);
    let domain = &center.control.domain;
    Ok(Secret(axum::Json(api::Guest {
        uri: format!("sip:{user}@{domain}"),
        ice_servers: ice_servers(&app, "guest"),
        user,
        password,
        target: format!("sip:{}@{domain}", body.number),
        expires_at: time(app.now() + GUEST_PASS),
        socket: SOCKET.to_owned(),
    })))
}

/// `POST /api/v1/guests/callbacks`
pub(crate) async fn call_back(
    State(app): State<Arc<App>>,
    origin: Origin,
    Json(body): Json<api::NewGuestCallback>,
) -> Result<axum::Json<api::GuestCallback>, ApiError> {
    let center = app.center();
    let control = &center.control;
    let Some(queue) = control.web.callback.clone() else {
        refused(Wish::Callback);
        return Err(ApiError::NotFound);
    };
    let normal = normalise(&body.phone, &control.dial_plan).filter(|number| is_callable(number));
    // Only where agents could call, too: else anybody could have the center call anywhere.
    let Some(number) = normal.filter(|number| control.route(number).is_some()) else {
        refused(Wish::Callback);
        return Err(wrong("phone", "is no number that is called from here"));
    };
    let now = app.now();
    let not_before = moment(&center, now, body.at.as_deref())?;
    let language = match body.language {
        Some(language) if is_language(&language) => language,
        Some(_) => return Err(wrong("language", "is a tag such as `en`")),
        None => control.language.clone(),
    };
    take(&app, Wish::Callback, origin)?;
    let id = app.with_rng(|rng| CallId::generate(now, rng));
    let callback = Callback {
        id,
        place: CallbackPlace::new(queue),
        number: Pii::new(number.clone()),
        language,
        requested_at: now,
        enqueued_at: not_before.unwrap_or(now),
        tries: 0,
        not_before,
    };
    let booked = BookedCallback { callback: callback.clone(), call: id };
    let is_new = match app.ports.store.book_callback(&booked).await? {
        CallbackBooking::New => true,
        CallbackBooking::Known => false,
        CallbackBooking::Full => {
            refused(Wish::Callback);
            return Err(ApiError::Busy);
        }
    };
    if is_new {
        match app.ports.shard.command(Command::CallBack(Box::new(callback))).await {
            Ok(()) | Err(HandleError::Refused(CommandError::CallbackThere)) => {}
            Err(error) => {
                // Nobody is promised what nobody will do.
                app.ports.store.close_callback(id, now).await?;
                return Err(error.into());
            }
        }
    }
    Metric::Guests.increment_for([Wish::Callback.name(), "admitted"]);
    Ok(axum::Json(api::GuestCallback { not_before: not_before.map(time), is_new }))
}

/// By whom the audio of a page goes that has no way to this server.
fn ice_servers(app: &App, name: &str) -> Vec<api::IceServer> {
    app.ports.turn.iter().map(|turn| turn.told(name, app.now())).collect()
}

/// Counts a wish from there.
fn take(app: &App, wish: Wish, origin: Origin) -> Result<(), ApiError> {
    let counted = app.with_visits(|visits| visits.take(wish, origin.address, Instant::now()));
    counted.map_err(|wait| {
        Metric::Guests.increment_for([wish.name(), "too_often"]);
        ApiError::Throttled { wait }
    })
}

fn refused(wish: Wish) {
    Metric::Guests.increment_for([wish.name(), "refused"]);
}

/// What a visitor says, without blanks around and line ends within; nothing if that is all.
fn told(field: &str, text: Option<String>, chars_max: usize) -> Result<Option<Pii<String>>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    if text.chars().count() > chars_max {
        return Err(wrong(field, &format!("has at most {chars_max} characters")));
    }
    let shown: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    let shown = shown.trim();
    Ok((!shown.is_empty()).then(|| Pii::from(shown)))
}

/// A number of the world, not an extension.
fn is_callable(number: &str) -> bool {
    let digits = number.trim_start_matches('+');
    NUMBER_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_language(text: &str) -> bool {
    (2..=35).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// When somebody wants to be called; `None`: as soon as somebody is free.
fn moment(center: &crate::Center, now: WallTime, at: Option<&str>) -> Result<Option<WallTime>, ApiError> {
    let at = at.unwrap_or("now");
    if at == "now" {
        return Ok(None);
    }
    let of_day = || {
        let (hour, minute) = at.split_once(':')?;
        let is_short = hour.len() <= 2 && minute.len() == 2;
        center.zone.next(now, hour.parse().ok()?, minute.parse().ok()?).filter(|_| is_short)
    };
    let of_calendar = || {
        let moment: api::Timestamp = at.parse().ok()?;
        Some(WallTime(moment.as_unix_millis().checked_mul(1000)?))
    };
    let moment = of_day().or_else(of_calendar);
    match moment.filter(|moment| *moment > now && *moment <= now + AHEAD_MAX) {
        Some(moment) => Ok(Some(moment)),
        None => Err(wrong("at", "is `now`, a time such as `15:00`, or a moment of the next seven days")),
    }
}

/// 128 bits that nobody can guess.
fn secret() -> Result<String, ApiError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| ApiError::Busy)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
