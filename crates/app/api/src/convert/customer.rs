//! Customers, and the screen pop that shows them.

use std::collections::{BTreeMap, BTreeSet};

use hotline_api_types as api;
use hotline_call::{Asset, Contact, ContactOutcome, CrmPage, Customer, ScreenPop};
use hotline_ivr::{Value, Variable};

use super::{Sight, record, text, time};
use crate::fields::FieldSet;
use crate::viewer::Viewer;

/// What somebody may read of customers: of their numbers, and of the fields that the center has added.
#[derive(Clone, Copy)]
pub(crate) struct Lens<'a> {
    sight: Sight,
    fields: &'a FieldSet,
    roles: &'a BTreeSet<String>,
}

impl<'a> Lens<'a> {
    /// What this viewer reads with that sight of numbers.
    pub(crate) fn of(viewer: &'a Viewer, sight: Sight, fields: &'a FieldSet) -> Self {
        Self { sight, fields, roles: &viewer.roles }
    }
}

/// A screen pop, for the agent concerned only.
pub(crate) fn pop(pop: &ScreenPop, lens: Lens<'_>) -> api::Pop {
    let sight = lens.sight;
    let found = pop.found.as_deref();
    let all = found.into_iter().flat_map(|found| [&found.customer].into_iter().chain(&found.others));
    let several = found.is_some_and(|found| !found.others.is_empty());
    api::Pop {
        call: pop.call.to_string(),
        offer: pop.offer.0,
        agent: pop.agent.to_string(),
        caller: sight.number(&pop.caller),
        caller_name: sight.text(pop.caller_name.as_ref()),
        called: sight.number(&pop.called),
        queue: pop.queue.as_ref().map(ToString::to_string),
        queued_at: pop.queued_at.map(time),
        diversion: pop.diversion.as_ref().map(|one| record::diversion(one, sight)),
        language: pop.language.clone(),
        customer: found.map(|found| customer(&found.customer, lens)),
        matches: all.filter(|_| several).map(|one| customer(one, lens)).collect(),
        history: found.into_iter().flat_map(|found| &found.history).map(contact).collect(),
        path: pop.path.iter().map(|one| record::step(one, sight)).collect(),
        collected: collected(&pop.collected, sight),
        crm_url: pop.crm.as_ref().and_then(|page| crm_url(page, sight)),
        lookup_done: pop.lookup_done,
    }
}

/// A customer.
pub(crate) fn customer(customer: &Customer, lens: Lens<'_>) -> api::Customer {
    api::Customer {
        id: customer.id.to_string(),
        name: customer.name.expose().clone(),
        company: text(customer.company.as_ref()),
        email: text(customer.email.as_ref()),
        numbers: customer.numbers.iter().map(|number| lens.sight.number(number)).collect(),
        note: text(customer.note.as_ref()),
        class: customer.class.clone(),
        language: customer.language.clone(),
        vip: customer.vip,
        blocked: customer.blocked,
        tags: customer.tags.clone(),
        agent: customer.agent.as_ref().map(ToString::to_string),
        fields: lens.fields.shown(&customer.fields, lens.roles),
        assets: customer.assets.iter().map(asset).collect(),
        changed_at: time(customer.changed_at),
    }
}

/// A call of a customer that is over.
pub(crate) fn contact(contact: &Contact) -> api::Contact {
    api::Contact {
        call: contact.call.to_string(),
        started_at: time(contact.started_at),
        direction: if contact.is_outgoing { api::Direction::Out } else { api::Direction::In },
        outcome: match contact.outcome {
            ContactOutcome::Talked => api::ContactOutcome::Talked,
            ContactOutcome::MessageLeft => api::ContactOutcome::MessageLeft,
            ContactOutcome::Abandoned => api::ContactOutcome::Abandoned,
            ContactOutcome::NoTalk => api::ContactOutcome::NoTalk,
        },
        agent: contact.agent.as_ref().map(ToString::to_string),
        queue: contact.queue.as_ref().map(ToString::to_string),
        disposition: contact.disposition.clone(),
        note: text(contact.note.as_ref()),
    }
}

/// Something that a customer has bought.
pub(crate) fn asset(asset: &Asset) -> api::Asset {
    api::Asset {
        product: asset.product.clone(),
        serial: text(asset.serial.as_ref()),
        contract: text(asset.contract.as_ref()),
        warranty_end: asset.warranty_end.clone(),
    }
}

/// Flows keep callers' numbers, too.
fn collected(values: &[(Variable, Value)], sight: Sight) -> BTreeMap<String, api::FieldValue> {
    let shown = |value: &Value| {
        Some(match value {
            Value::Text(text) => {
                let shown = sight.json(serde_json::Value::from(text.as_str()));
                api::FieldValue::Text(shown.as_str()?.to_owned())
            }
            Value::Integer(number) => api::FieldValue::Number((*number).into()),
            Value::Decimal(number) => api::FieldValue::Number(serde_json::Number::from_f64(*number)?),
            Value::Boolean(value) => api::FieldValue::Boolean(*value),
        })
    };
    values.iter().filter_map(|(name, value)| Some((name.to_string(), shown(value)?))).collect()
}

/// Whoever must not read numbers does not read them in an address either.
fn crm_url(page: &CrmPage, sight: Sight) -> Option<String> {
    let hidden = page.tells_number && sight == Sight::Masked;
    (!hidden).then(|| page.url.expose().clone())
}
