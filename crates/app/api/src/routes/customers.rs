//! The address book.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use hotline_access::{Permission, mask};
use hotline_api_types as api;
use hotline_base::{CustomerId, Pii};
use hotline_call::number::normalise;
use hotline_call::{Command, Customer};
use hotline_store::{CUSTOMER_SEARCH_MAX, NAME_CHARS_MAX, StoreError};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::calls::wrong;
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{self, Sight};
use crate::draft;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::viewer::Subject;

/// What a version is told apart by: its ETag is written to the millisecond.
const VERSION_STEP: Duration = Duration::from_millis(1);

/// The query of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    number: Option<String>,
    q: Option<String>,
}

/// `GET /api/v1/customers`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(search): Query<Search>,
) -> Result<axum::Json<api::CustomerList>, ApiError> {
    who.may(Permission::CustomersSee, Subject::Center)?;
    let store = &app.ports.store;
    let found = match search.number {
        Some(number) => match normalise(&number, &app.ports.dial_plan) {
            Some(number) => store.find_customer(&Pii::new(number)).await?.into_iter().collect(),
            None => Vec::new(),
        },
        None => {
            let text = search.q.unwrap_or_default();
            if text.chars().count() > NAME_CHARS_MAX || text.contains('\0') {
                return Err(wrong("q", "is too long or holds a NUL character"));
            }
            store.search_customers(&Pii::new(text), CUSTOMER_SEARCH_MAX).await?
        }
    };
    Ok(axum::Json(api::CustomerList {
        customers: found.iter().map(|one| convert::customer(one, sight(&who))).collect(),
    }))
}

/// `GET /api/v1/customers/{id}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    who.may(Permission::CustomersSee, Subject::Center)?;
    Ok(answer(StatusCode::OK, &find(&app, &id).await?, sight(&who)))
}

/// `POST /api/v1/customers`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Identity,
    Json(draft): Json<api::CustomerDraft>,
) -> Result<Response, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    let checked = draft::check(draft, &app.ports.dial_plan).map_err(ApiError::Fields)?;
    let now = app.now();
    let customer = checked.into_customer(app.with_rng(|rng| CustomerId::generate(now, rng)), now);
    app.ports.store.create_customer(&customer).await?;
    changed(&app, &who, "customer.create", &customer).await?;
    let mut response = answer(StatusCode::CREATED, &customer, sight(&who));
    if let Ok(place) = format!("/api/v1/customers/{}", customer.id).parse() {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// `PUT /api/v1/customers/{id}`
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(mut draft): Json<api::CustomerDraft>,
) -> Result<Response, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    let version = read_version(&headers)?;
    let before = find(&app, &id).await?;
    if sight(&who) == Sight::Masked {
        unmask(&mut draft, &before);
    }
    let checked = draft::check(draft, &app.ports.dial_plan).map_err(ApiError::Fields)?;
    if version != Some(convert::time(before.changed_at)) {
        return Err(ApiError::Stale);
    }
    let wanted = checked.into_customer(before.id, before.changed_at);
    let now = app.now().max(before.changed_at + VERSION_STEP);
    let after = app.ports.store.update_customer(&wanted, now).await.map_err(|error| match error {
        StoreError::Conflict => ApiError::Stale,
        StoreError::NotFound => ApiError::NotFound,
        StoreError::Unavailable(_)
        | StoreError::Invalid { .. }
        | StoreError::Refused(_)
        | StoreError::Encode(_)
        | StoreError::Corrupt { .. }
        | StoreError::Internal(_)
        | StoreError::Spool { .. } => error.into(),
    })?;
    changed(&app, &who, "customer.change", &after).await?;
    Ok(answer(StatusCode::OK, &after, sight(&who)))
}

async fn find(app: &App, id: &str) -> Result<Customer, ApiError> {
    let id = CustomerId::parse(id).ok_or(ApiError::NotFound)?;
    app.ports.store.get_customer(id).await?.ok_or(ApiError::NotFound)
}

/// Audits, and lets the calls that are up know.
async fn changed(app: &App, who: &Identity, action: &str, customer: &Customer) -> Result<(), ApiError> {
    if let Err(error) = app.ports.shard.command(Command::CustomerChanged(Box::new(customer.clone()))).await {
        // The next call reads it from the database.
        tracing::warn!(%error, "calls that are up were not told of a changed customer");
    }
    app.audit(&who.user.name, action, customer.id, serde_json::Value::Null).await
}

/// The version in `If-Match`: `None` for one that is none of ours, which matches nothing.
fn read_version(headers: &HeaderMap) -> Result<Option<api::Timestamp>, ApiError> {
    let field = headers.get(header::IF_MATCH).ok_or(ApiError::NoVersion)?;
    Ok(field.to_str().ok().and_then(|text| text.trim().trim_matches('"').parse().ok()))
}

/// Customers belong to nobody: whoever may read numbers at all reads theirs.
fn sight(who: &Identity) -> Sight {
    Sight::of(&who.viewer, Subject::Anything)
}

/// Numbers that came back as they were shown are those that were shown.
fn unmask(draft: &mut api::CustomerDraft, before: &Customer) {
    for number in &mut draft.numbers {
        let shown = before.numbers.iter().find(|known| mask(known.expose()) == *number);
        if let Some(shown) = shown {
            number.clone_from(shown.expose());
        }
    }
}

fn answer(status: StatusCode, customer: &Customer, sight: Sight) -> Response {
    let tag = format!("\"{}\"", convert::time(customer.changed_at));
    (status, [(header::ETAG, tag)], axum::Json(convert::customer(customer, sight))).into_response()
}
