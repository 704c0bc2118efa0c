//! The address book.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use hotline_access::{Permission, mask};
use hotline_api_types as api;
use hotline_base::{CustomerId, Pii};
use hotline_call::number::normalise;
use hotline_call::{Command, Customer};
use hotline_store::{
    CUSTOMER_ASSETS_MAX, CUSTOMER_NUMBERS_MAX, CUSTOMER_SEARCH_MAX, CUSTOMER_TAGS_MAX, NAME_CHARS_MAX,
    NOTE_CHARS_MAX, StoreError,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::calls::wrong;
use crate::answer::{Created, Versioned};
use crate::app::App;
use crate::auth::Identity;
use crate::convert::{self, Lens, Sight};
use crate::cursor;
use crate::draft::{self, Around};
use crate::error::ApiError;
use crate::extract::{IfMatch, Json, Path, Query};
use crate::fields::FieldSet;
use crate::viewer::Subject;

/// What a version is told apart by: its ETag is written to the millisecond.
pub(super) const VERSION_STEP: Duration = Duration::from_millis(1);

/// The query of the list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// A telephone number in any usual spelling.
    number: Option<String>,
    /// A part of a name, a company, an e-mail address or a number.
    q: Option<String>,
    /// Only those whom the center does not want to hear from.
    #[serde(default)]
    blocked: bool,
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
        Some(number) => match normalise(&number, &app.center().dial_plan) {
            Some(number) => match store.find_caller(&Pii::new(number)).await? {
                Some(found) => [found.customer].into_iter().chain(found.others).take(size).collect(),
                None => Vec::new(),
            },
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
            store.search_customers(&Pii::new(text), search.blocked, after, size + 1).await?
        }
    };
    let (found, next) = cursor::page(found, size, |customer| customer.id.to_string());
    let fields = app.fields().await?;
    let customers = found.iter().map(|one| convert::customer(one, lens(&who, &fields))).collect();
    Ok(axum::Json(api::CustomerList { customers, next }))
}

/// `GET /api/v1/customers/{id}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<Versioned<api::Customer>, ApiError> {
    who.may(Permission::CustomersSee, Subject::Center)?;
    let fields = app.fields().await?;
    Ok(answer(&find(&app, &id).await?, lens(&who, &fields)))
}

/// `POST /api/v1/customers`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Identity,
    Json(draft): Json<api::CustomerDraft>,
) -> Result<Created<api::Customer>, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    let fields = app.fields().await?;
    let center = app.center();
    let around = Around { plan: &center.dial_plan, fields: &fields, viewer: &who.viewer, before: None };
    let now = app.now();
    let id = app.with_rng(|rng| CustomerId::generate(now, rng));
    let customer = draft::check(draft, (id, now), &around).map_err(ApiError::Fields)?;
    app.ports.store.create_customer(&customer).await?;
    changed(&app, &who, "customer.create", &customer).await?;
    let Versioned { tag, body } = answer(&customer, lens(&who, &fields));
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
    let fields = app.fields().await?;
    let center = app.center();
    let around =
        Around { plan: &center.dial_plan, fields: &fields, viewer: &who.viewer, before: Some(&before) };
    let wanted = draft::check(draft, (before.id, before.changed_at), &around).map_err(ApiError::Fields)?;
    if version != Some(convert::time(before.changed_at)) {
        return Err(ApiError::Stale);
    }
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
    Ok(answer(&after, lens(&who, &fields)))
}

/// `GET /api/v1/customers/{id}/contacts`
pub(crate) async fn contacts(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::ContactList>, ApiError> {
    who.may(Permission::CustomersSee, Subject::Center)?;
    let customer = find(&app, &id).await?;
    let contacts = app.ports.store.contacts_of(customer.id).await?;
    Ok(axum::Json(api::ContactList { contacts: contacts.iter().map(convert::contact).collect() }))
}

/// `GET /api/v1/customers/{id}/duplicates`
pub(crate) async fn duplicates(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<axum::Json<api::DuplicateList>, ApiError> {
    who.may(Permission::CustomersSee, Subject::Center)?;
    let customer = find(&app, &id).await?;
    let found = app.ports.store.find_duplicates(customer.id).await?;
    let fields = app.fields().await?;
    let customers = found.iter().map(|one| convert::customer(one, lens(&who, &fields))).collect();
    Ok(axum::Json(api::DuplicateList { customers }))
}

/// `POST /api/v1/customers/{id}/merge`: what was done already is done.
pub(crate) async fn merge(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Json(body): Json<api::MergeCustomers>,
) -> Result<Versioned<api::Customer>, ApiError> {
    who.may(Permission::CustomersEdit, Subject::Center)?;
    let (store, fields) = (&app.ports.store, app.fields().await?);
    let kept = find(&app, &id).await?;
    let unknown = || wrong("other", "is no customer");
    let other = CustomerId::parse(&body.other).ok_or_else(unknown)?;
    if other == kept.id {
        return Err(wrong("other", "is the same customer"));
    }
    let Some(other) = store.get_customer(other).await? else {
        return match store.merged_into(other).await? {
            Some(into) if into == kept.id => Ok(answer(&kept, lens(&who, &fields))),
            Some(_) | None => Err(unknown()),
        };
    };
    let both =
        join(kept, &other).map_err(|field| wrong(field, "would have more than a customer can have"))?;
    let after = store.merge_customers(&both, &other, app.now().max(both.changed_at + VERSION_STEP)).await;
    let after =
        after.map_err(
            |error| if matches!(error, StoreError::Conflict) { ApiError::Stale } else { error.into() },
        )?;
    tell(&app, &after).await;
    let detail = serde_json::json!({ "other": other.id.to_string() });
    app.audit(&who.user.name, "customer.merge", after.id, detail).await?;
    Ok(answer(&after, lens(&who, &fields)))
}

/// What is known of either: where both say something, the one that is kept is right. Or the list that would be too long.
fn join(mut kept: Customer, other: &Customer) -> Result<Customer, &'static str> {
    kept.numbers.extend(
        other.numbers.iter().filter(|number| !kept.numbers.contains(number)).cloned().collect::<Vec<_>>(),
    );
    kept.tags.extend(other.tags.iter().filter(|tag| !kept.tags.contains(tag)).cloned().collect::<Vec<_>>());
    kept.assets.extend(
        other.assets.iter().filter(|asset| !kept.assets.contains(asset)).cloned().collect::<Vec<_>>(),
    );
    for (name, value) in &other.fields {
        kept.fields.entry(name.clone()).or_insert_with(|| value.clone());
    }
    kept.company = kept.company.or_else(|| other.company.clone());
    kept.email = kept.email.or_else(|| other.email.clone());
    kept.class = kept.class.or_else(|| other.class.clone());
    kept.language = kept.language.or_else(|| other.language.clone());
    kept.agent = kept.agent.or_else(|| other.agent.clone());
    kept.vip |= other.vip;
    kept.blocked |= other.blocked;
    kept.note = match (kept.note, &other.note) {
        (Some(one), Some(two)) if one != *two => {
            Some(Pii::new(format!("{}\n\n{}", one.expose(), two.expose())))
        }
        (one, two) => one.or_else(|| two.clone()),
    };
    let note = kept.note.as_ref().map_or(0, |note| note.expose().chars().count());
    for (field, length, most) in [
        ("numbers", kept.numbers.len(), CUSTOMER_NUMBERS_MAX),
        ("tags", kept.tags.len(), CUSTOMER_TAGS_MAX),
        ("assets", kept.assets.len(), CUSTOMER_ASSETS_MAX),
        ("note", note, NOTE_CHARS_MAX),
    ] {
        if length > most {
            return Err(field);
        }
    }
    Ok(kept)
}

pub(super) async fn find(app: &App, id: &str) -> Result<Customer, ApiError> {
    let id = CustomerId::parse(id).ok_or(ApiError::NotFound)?;
    app.ports.store.get_customer(id).await?.ok_or(ApiError::NotFound)
}

/// Audits, and lets the calls that are up know.
async fn changed(app: &App, who: &Identity, action: &str, customer: &Customer) -> Result<(), ApiError> {
    tell(app, customer).await;
    app.audit(&who.user.name, action, customer.id, serde_json::Value::Null).await
}

/// Lets the calls that are up know.
pub(super) async fn tell(app: &App, customer: &Customer) {
    if let Err(error) = app.ports.shard.command(Command::CustomerChanged(Box::new(customer.clone()))).await {
        // The next call reads it from the database.
        tracing::warn!(%error, "calls that are up were not told of a changed customer");
    }
}

/// `None` for a version that is none of ours, which matches nothing.
fn read_version(base: &IfMatch) -> Option<api::Timestamp> {
    base.0.trim_matches('"').parse().ok()
}

/// Customers belong to nobody: whoever may read numbers at all reads theirs.
pub(super) fn sight(who: &Identity) -> Sight {
    Sight::of(&who.viewer, Subject::Anything)
}

pub(super) fn lens<'a>(who: &'a Identity, fields: &'a FieldSet) -> Lens<'a> {
    Lens::of(&who.viewer, sight(who), fields)
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

fn answer(customer: &Customer, lens: Lens<'_>) -> Versioned<api::Customer> {
    let tag = format!("\"{}\"", convert::time(customer.changed_at));
    Versioned { tag, body: convert::customer(customer, lens) }
}
