//! The address book.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use hotline_access::{Permission, mask};
use hotline_api_types as api;
use hotline_base::{CustomerId, Pii};
use hotline_call::number::normalise;
use hotline_call::{Command, Customer};
use hotline_store::{CUSTOMER_SEARCH_MAX, NAME_CHARS_MAX, StoreError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::calls::wrong;
use crate::answer::{Created, Versioned};
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{self, Sight};
use crate::cursor;
use crate::draft;
use crate::error::ApiError;
use crate::extract::{IfMatch, Json, Path, Query};
use crate::viewer::Subject;

/// What a version is told apart by: its ETag is written to the millisecond.
const VERSION_STEP: Duration = Duration::from_millis(1);

/// The query of the list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// A telephone number in any usual spelling.
    number: Option<String>,
    /// A part of a name, a company, an e-mail address or a number.
    q: Option<String>,
    /// At most so many on a page: 1 to 100, 100 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// `GET /api/v1/customers`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(search): Query<Search>,
) -> Result<axum::Json<api::CustomerList>, ApiError> {
    who.may(Permission::CustomersSee, Subject::Center)?;
    let store = &app.ports.store;
    let size = search.limit.unwrap_or(CUSTOMER_SEARCH_MAX).clamp(1, CUSTOMER_SEARCH_MAX);
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
            let after = match cursor::read::<String>(search.cursor.as_deref())? {
                Some(id) => Some(find(&app, &id).await.map_err(|_| ApiError::Cursor)?.id),
                None => None,
            };
            store.search_customers(&Pii::new(text), after, size + 1).await?
        }
    };
    let (found, next) = cursor::page(found, size, |customer| customer.id.to_string());
    let customers = found.iter().map(|one| convert::customer(one, sight(&who))).collect();
    Ok(axum::Json(api::CustomerList { customers, next }))
}

/// `GET /api/v1/customers/{id}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<Versioned<api::Customer>, ApiError> {
    who.may(Permission::CustomersSee, Subject::Center)?;
    Ok(answer(&find(&app, &id).await?, sight(&who)))
}

/// `POST /api/v1/customers`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Identity,
    Json(draft): Json<api::CustomerDraft>,
) -> Result<Created<api::Customer>, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    let checked = draft::check(draft, &app.ports.dial_plan).map_err(ApiError::Fields)?;
    let now = app.now();
    let customer = checked.into_customer(app.with_rng(|rng| CustomerId::generate(now, rng)), now);
    app.ports.store.create_customer(&customer).await?;
    changed(&app, &who, "customer.create", &customer).await?;
    let Versioned { tag, body } = answer(&customer, sight(&who));
    Ok(Created { place: format!("/api/v1/customers/{}", customer.id), tag, body })
}

/// `PUT /api/v1/customers/{id}`
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    base: IfMatch,
    Json(mut draft): Json<api::CustomerDraft>,
) -> Result<Versioned<api::Customer>, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    let version = read_version(&base);
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
    Ok(answer(&after, sight(&who)))
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

/// `None` for a version that is none of ours, which matches nothing.
fn read_version(base: &IfMatch) -> Option<api::Timestamp> {
    base.0.trim_matches('"').parse().ok()
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

fn answer(customer: &Customer, sight: Sight) -> Versioned<api::Customer> {
    let tag = format!("\"{}\"", convert::time(customer.changed_at));
    Versioned { tag, body: convert::customer(customer, sight) }
}
