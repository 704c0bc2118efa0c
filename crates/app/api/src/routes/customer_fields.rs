//! The fields that a center adds to its customers.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_store::{CustomerField, CustomerFieldKind, StoreError};
use serde_json::json;

use super::calls::wrong;
use crate::answer::{Created, NoContent, Versioned};
use crate::app::App;
use crate::auth::Identity;
use crate::convert;
use crate::error::ApiError;
use crate::extract::{IfMatch, Json, Path};
use crate::viewer::Subject;

/// The longest name of a field, in characters.
const FIELD_NAME_MAX: usize = 32;
/// The longest label and the longest choice, in characters.
const LABEL_CHARS_MAX: usize = 100;
/// Choices of one field.
const CHOICES_MAX: usize = 100;
/// Roles of one field.
const ROLES_MAX: usize = 50;

/// `GET /api/v1/customer-fields`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
) -> Result<axum::Json<api::CustomerFieldList>, ApiError> {
    who.may(Permission::CustomersSee, Subject::Center)?;
    let fields = app.fields().await?;
    let shown = if who.viewer.may(Permission::ConfigEdit, Subject::Center) {
        fields.0.iter().map(field).collect()
    } else {
        fields.seen_by(&who.viewer.roles).map(field).collect()
    };
    Ok(axum::Json(api::CustomerFieldList { fields: shown }))
}

/// `POST /api/v1/customer-fields`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Identity,
    Json(body): Json<api::NewCustomerField>,
) -> Result<Created<api::CustomerField>, ApiError> {
    who.may(Permission::ConfigEdit, Subject::Center)?;
    let letters = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_';
    if body.name.is_empty() || body.name.len() > FIELD_NAME_MAX || !body.name.chars().all(letters) {
        return Err(wrong("name", "must be 1 to 32 of a to z, 0 to 9 and _"));
    }
    let (name, kind) = (body.name, body.kind);
    let change = api::CustomerFieldChange {
        label_en: body.label_en,
        label_zh: body.label_zh,
        choices: body.choices,
        required: body.required,
        visible_to: body.visible_to,
    };
    let new = CustomerField { changed_at: app.now(), ..read(name, kind, change)? };
    let made = app.ports.store.create_customer_field(&new).await;
    made.map_err(|error| {
        if matches!(error, StoreError::Invalid { .. }) {
            return ApiError::Kept("there are as many fields as customers can have");
        }
        ApiError::on_conflict(error, wrong("name", "is taken"))
    })?;
    changed(&app, &who, "customer_field.create", &new).await?;
    let Versioned { tag, body } = answer(&new);
    Ok(Created { place: format!("/api/v1/customer-fields/{}", new.name), tag, body })
}

/// `PUT /api/v1/customer-fields/{name}`
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    base: IfMatch,
    Json(body): Json<api::CustomerFieldChange>,
) -> Result<Versioned<api::CustomerField>, ApiError> {
    who.may(Permission::ConfigEdit, Subject::Center)?;
    let fields = app.fields().await?;
    let before = fields.0.iter().find(|field| field.name == name).ok_or(ApiError::NotFound)?;
    let wanted = read(name, kind(&before.kind), body)?;
    if base.0 != answer(before).tag {
        return Err(ApiError::Stale);
    }
    let wanted = CustomerField { changed_at: before.changed_at, ..wanted };
    // The version is written to the millisecond.
    let now = app.now().max(before.changed_at + super::customers::VERSION_STEP);
    let after = app.ports.store.update_customer_field(&wanted, now).await;
    let after =
        after.map_err(
            |error| {
                if matches!(error, StoreError::Conflict) { ApiError::Stale } else { error.into() }
            },
        )?;
    changed(&app, &who, "customer_field.change", &after).await?;
    Ok(answer(&after))
}

/// `DELETE /api/v1/customer-fields/{name}`
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<NoContent, ApiError> {
    who.may(Permission::ConfigEdit, Subject::Center)?;
    let fields = app.fields().await?;
    let before = fields.0.iter().find(|field| field.name == name).ok_or(ApiError::NotFound)?;
    app.ports.store.delete_customer_field(&name).await?;
    changed(&app, &who, "customer_field.delete", before).await?;
    Ok(NoContent)
}

async fn changed(app: &App, who: &Identity, action: &str, field: &CustomerField) -> Result<(), ApiError> {
    app.fields().await?;
    let detail = json!({ "required": field.required, "visible_to": field.visible_to });
    app.audit(&who.user.name, action, &field.name, detail).await
}

fn read(
    name: String,
    kind: api::CustomerFieldKind,
    change: api::CustomerFieldChange,
) -> Result<CustomerField, ApiError> {
    let short = |field: &str, text: &str| {
        let length = text.trim().chars().count();
        if length == 0 || length > LABEL_CHARS_MAX || text.contains('\0') {
            return Err(wrong(field, "must have 1 to 100 characters and no NUL"));
        }
        Ok(text.trim().to_owned())
    };
    let all = |field: &str, texts: Vec<String>, most: usize| {
        if texts.len() > most {
            return Err(wrong(field, "has too many entries"));
        }
        texts.iter().map(|text| short(field, text)).collect::<Result<Vec<_>, _>>()
    };
    let (label_en, label_zh) = (short("label_en", &change.label_en)?, short("label_zh", &change.label_zh)?);
    let choices = all("choices", change.choices, CHOICES_MAX)?;
    let kind = match kind {
        api::CustomerFieldKind::Choice if choices.is_empty() => {
            return Err(wrong("choices", "must not be empty"));
        }
        api::CustomerFieldKind::Choice => CustomerFieldKind::Choice(choices),
        _ if !choices.is_empty() => return Err(wrong("choices", "are for fields of the kind choice alone")),
        api::CustomerFieldKind::Text => CustomerFieldKind::Text,
        api::CustomerFieldKind::Number => CustomerFieldKind::Number,
        api::CustomerFieldKind::Date => CustomerFieldKind::Date,
        api::CustomerFieldKind::Boolean => CustomerFieldKind::Boolean,
    };
    let visible_to = all("visible_to", change.visible_to, ROLES_MAX)?;
    let changed_at = hotline_base::WallTime(0);
    Ok(CustomerField { name, label_en, label_zh, kind, required: change.required, visible_to, changed_at })
}

const fn kind(of: &CustomerFieldKind) -> api::CustomerFieldKind {
    match of {
        CustomerFieldKind::Text => api::CustomerFieldKind::Text,
        CustomerFieldKind::Number => api::CustomerFieldKind::Number,
        CustomerFieldKind::Date => api::CustomerFieldKind::Date,
        CustomerFieldKind::Boolean => api::CustomerFieldKind::Boolean,
        CustomerFieldKind::Choice(_) => api::CustomerFieldKind::Choice,
    }
}

fn field(of: &CustomerField) -> api::CustomerField {
    api::CustomerField {
        name: of.name.clone(),
        label_en: of.label_en.clone(),
        label_zh: of.label_zh.clone(),
        kind: kind(&of.kind),
        choices: match &of.kind {
            CustomerFieldKind::Choice(choices) => choices.clone(),
            CustomerFieldKind::Text
            | CustomerFieldKind::Number
            | CustomerFieldKind::Date
            | CustomerFieldKind::Boolean => Vec::new(),
        },
        required: of.required,
        visible_to: of.visible_to.clone(),
        changed_at: convert::time(of.changed_at),
    }
}

fn answer(of: &CustomerField) -> Versioned<api::CustomerField> {
    let body = field(of);
    Versioned { tag: format!("\"{}\"", body.changed_at), body }
}
