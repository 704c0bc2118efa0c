//! What call records are searched for: the query, and what of it the asking user may ask.

use std::collections::BTreeSet;

use hotline_access::{Permission, Scope};
use hotline_api_types as api;
use hotline_base::{AgentId, CustomerId, Pii, QueueId, WallTime};
use hotline_call::EndKind;
use hotline_call::number::{DIGITS_MAX, DialPlan, normalise};
use hotline_store::{
    Among, CallDirection, CallFilter, CallSearch, NUMBER_PART_MIN, NumberPart, NumberSearch, TextSearch,
    Within,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::calls::wrong;
use crate::error::ApiError;
use crate::viewer::{Subject, Viewer};

/// The longest text of a query, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// The query of a list of calls. All that is given must be so.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallQuery {
    /// At most so many on a page: 1 to 200, 50 if absent; of a file rows.
    pub(super) limit: Option<usize>,
    /// `next` of the page before.
    pub(super) cursor: Option<String>,
    /// Those that this agent had or was offered.
    agent: Option<String>,
    /// Those that were in this queue.
    queue: Option<String>,
    /// With this number, in any usual spelling: of the caller, of whom an agent called, an extension.
    number: Option<String>,
    /// With the number of somebody outside that begins so; at least 4 digits.
    number_begins: Option<String>,
    /// With the number of somebody outside that ends so; at least 4 digits.
    number_ends: Option<String>,
    /// To this configured number.
    dialled: Option<String>,
    /// To a number with this flow.
    flow: Option<String>,
    /// Over this trunk.
    trunk: Option<String>,
    /// Who called whom.
    direction: Option<api::Direction>,
    /// That ended so.
    cause: Option<api::EndKind>,
    /// Of which an agent said this code.
    disposition: Option<String>,
    /// Of this customer, an id.
    customer: Option<String>,
    /// That waited in queues at least so many seconds, all stays together.
    waited_min_s: Option<u32>,
    /// That waited at most so many seconds.
    waited_max_s: Option<u32>,
    /// In which the two talked at least so many seconds.
    talked_min_s: Option<u32>,
    /// In which they talked at most so many seconds.
    talked_max_s: Option<u32>,
    /// With a recording, or without.
    recorded: Option<bool>,
    /// That began at this time or later.
    from: Option<api::Timestamp>,
    /// That began before this time.
    until: Option<api::Timestamp>,
    /// With all these words in the notes of agents, or of a customer in whose name, company or e-mail address the text is. Of Chinese
    /// any two characters that stand together.
    text: Option<String>,
}

/// What is searched for, limited to the calls to which `permission` reaches.
pub(super) fn read(
    query: &CallQuery,
    viewer: &Viewer,
    permission: Permission,
    plan: &DialPlan,
) -> Result<CallSearch, ApiError> {
    query.check()?;
    let wall = |at: api::Timestamp| WallTime(at.as_unix_millis().saturating_mul(1000));
    let mut search = CallSearch {
        filter: CallFilter {
            agent: query.agent.as_deref().map(AgentId::from),
            queue: query.queue.as_deref().map(QueueId::from),
            customer: customer(query.customer.as_deref())?,
            since: query.from.map(wall),
            until: query.until.map(wall),
            among: None,
        },
        number: number(query, plan)?,
        dialled: query.dialled.clone(),
        flow: query.flow.clone(),
        trunk: query.trunk.clone(),
        direction: query.direction.map(direction),
        cause: query.cause.map(cause),
        disposition: query.disposition.clone(),
        recorded: query.recorded,
        waited_s: Within { min: query.waited_min_s, max: query.waited_max_s },
        talked_s: Within { min: query.talked_min_s, max: query.talked_max_s },
        text: text(query, viewer)?,
        outside_of: BTreeSet::new(),
    };
    limit(viewer, permission, &mut search.filter)?;
    if search.number.is_some() && !viewer.sees_all(Permission::NumbersSee) {
        // Whoever may not read a number could find it out digit by digit.
        limit(viewer, Permission::NumbersSee, &mut search.filter)?;
        search.outside_of = viewer.masked_queues().clone();
    }
    Ok(search)
}

/// Leaves the calls to which a permission reaches.
fn limit(viewer: &Viewer, permission: Permission, filter: &mut CallFilter) -> Result<(), ApiError> {
    if let Some(agent) = &filter.agent {
        let may = viewer.may(permission, Subject::Agent(agent));
        return if may { Ok(()) } else { Err(ApiError::Forbidden) };
    }
    match viewer.grants.scope(permission) {
        None => return Err(ApiError::Forbidden),
        Some(Scope::All) => {}
        Some(Scope::Own) => filter.agent = Some(viewer.agent.clone().ok_or(ApiError::Forbidden)?),
        Some(Scope::Team) => {
            let teams = viewer.teams();
            let agents = teams.iter().flat_map(|team| &team.agents).chain(&viewer.agent).cloned();
            let queues = teams.iter().flat_map(|team| &team.queues).cloned();
            filter.among = Some(Among { agents: agents.collect(), queues: queues.collect() });
        }
    }
    Ok(())
}

impl CallQuery {
    fn check(&self) -> Result<(), ApiError> {
        let texts = [
            ("agent", &self.agent),
            ("queue", &self.queue),
            ("number", &self.number),
            ("number_begins", &self.number_begins),
            ("number_ends", &self.number_ends),
            ("dialled", &self.dialled),
            ("flow", &self.flow),
            ("trunk", &self.trunk),
            ("disposition", &self.disposition),
            ("customer", &self.customer),
            ("text", &self.text),
        ];
        for (field, text) in texts {
            if text.as_ref().is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX || text.contains('\0'))
            {
                return Err(wrong(field, "is too long or holds a NUL character"));
            }
        }
        if matches!((self.from, self.until), (Some(from), Some(until)) if from.as_unix_millis() >= until.as_unix_millis())
        {
            return Err(wrong("until", "must be after `from`"));
        }
        Ok(())
    }
}

fn customer(id: Option<&str>) -> Result<Option<CustomerId>, ApiError> {
    let parse = |id| CustomerId::parse(id).ok_or_else(|| wrong("customer", "must be the id of a customer"));
    id.map(parse).transpose()
}

fn text(query: &CallQuery, viewer: &Viewer) -> Result<Option<TextSearch>, ApiError> {
    let Some(text) = query.text.as_deref().map(str::trim) else { return Ok(None) };
    // The address book is looked through with its numbers, too.
    let has_digits = text.chars().any(char::is_numeric);
    let customers = viewer.may(Permission::CustomersSee, Subject::Center)
        && (!has_digits || viewer.sees_all(Permission::NumbersSee));
    let search = TextSearch { text: Pii::from(text), customers };
    if !search.has_words() {
        return Err(wrong("text", "must hold a word"));
    }
    Ok(Some(search))
}

fn number(query: &CallQuery, plan: &DialPlan) -> Result<Option<NumberSearch>, ApiError> {
    let given = [
        ("number", NumberPart::Whole, &query.number),
        ("number_begins", NumberPart::Beginning, &query.number_begins),
        ("number_ends", NumberPart::End, &query.number_ends),
    ];
    let mut given = given.into_iter().filter_map(|(field, part, text)| Some((field, part, text.as_deref()?)));
    let Some((field, part, text)) = given.next() else { return Ok(None) };
    if let Some((other, ..)) = given.next() {
        return Err(wrong(other, "can only be alone: one of `number`, `number_begins` and `number_ends`"));
    }
    let forms = match part {
        NumberPart::Whole => normalise(text, plan).map(|number| forms(&number, plan)),
        NumberPart::Beginning => beginnings(text, plan),
        NumberPart::End => digits(text).map(|digits| vec![digits]),
    };
    let least = if part == NumberPart::Whole { 1 } else { NUMBER_PART_MIN };
    let forms = forms.unwrap_or_default().into_iter().filter(|form| form.len() >= least);
    let forms: Vec<Pii<String>> = forms.map(Pii::new).collect();
    if forms.is_empty() {
        let problem = match part {
            NumberPart::Whole => "must be a telephone number",
            NumberPart::Beginning | NumberPart::End => "must be at least 4 digits of a telephone number",
        };
        return Err(wrong(field, problem));
    }
    Ok(Some(NumberSearch { part, forms }))
}

/// The digits in which a number may have been sent, whoever sent it.
fn forms(number: &str, plan: &DialPlan) -> Vec<String> {
    let Some(digits) = number.strip_prefix('+') else { return vec![number.to_owned()] };
    let mut forms = BTreeSet::from([digits.to_owned(), format!("{}{digits}", plan.international_prefix)]);
    if let Some(national) = digits.strip_prefix(&plan.country).filter(|national| !national.is_empty()) {
        forms.insert(format!("{}{national}", plan.national_prefix));
    }
    forms.into_iter().collect()
}

/// The same of a number of which the end is not known.
fn beginnings(text: &str, plan: &DialPlan) -> Option<Vec<String>> {
    let text = text.trim();
    let written = digits(text)?;
    let strip = |prefix: &str| written.strip_prefix(prefix).filter(|_| !prefix.is_empty());
    let number = if text.starts_with('+') {
        format!("+{written}")
    } else if let Some(abroad) = strip(&plan.international_prefix) {
        format!("+{abroad}")
    } else if let Some(national) = strip(&plan.national_prefix) {
        format!("+{}{national}", plan.country)
    } else if plan.national_digits.is_some() && !written.starts_with(&plan.country) {
        format!("+{}{written}", plan.country)
    } else {
        written.clone()
    };
    let length = number.trim_start_matches('+').len();
    (length >= NUMBER_PART_MIN).then(|| forms(&number, plan))
}

/// The digits of what is written as numbers are.
fn digits(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text).replace("(0)", "");
    let is_fine = |one: char| one.is_ascii_digit() || " -.()/\u{a0}".contains(one);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (text.chars().all(is_fine) && (1..=DIGITS_MAX).contains(&digits.len())).then_some(digits)
}

const fn direction(direction: api::Direction) -> CallDirection {
    match direction {
        api::Direction::In => CallDirection::In,
        api::Direction::Out => CallDirection::Out,
        api::Direction::Internal => CallDirection::Internal,
    }
}

const fn cause(kind: api::EndKind) -> EndKind {
    match kind {
        api::EndKind::Completed => EndKind::Completed,
        api::EndKind::Transferred => EndKind::Transferred,
        api::EndKind::Abandoned => EndKind::Abandoned,
        api::EndKind::HungUpEarly => EndKind::HungUpEarly,
        api::EndKind::FlowEnded => EndKind::FlowEnded,
        api::EndKind::NotAnswered => EndKind::NotAnswered,
        api::EndKind::Refused => EndKind::Refused,
        api::EndKind::Blocked => EndKind::Blocked,
        api::EndKind::NoTrunk => EndKind::NoTrunk,
        api::EndKind::Unreachable => EndKind::Unreachable,
        api::EndKind::MediaLost => EndKind::MediaLost,
        api::EndKind::SessionExpired => EndKind::SessionExpired,
        api::EndKind::Shutdown => EndKind::Shutdown,
        api::EndKind::ServerRestart => EndKind::ServerRestart,
        api::EndKind::InternalError => EndKind::InternalError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn germany() -> DialPlan {
        DialPlan {
            country: "49".into(),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
            national_digits: None,
        }
    }

    #[test]
    fn a_number_is_looked_for_as_it_may_have_been_sent() {
        let expected = ["004930901820", "030901820", "4930901820"];
        for text in ["+49 30 901820", "030/901820", "0049 30 901820"] {
            let number = normalise(text, &germany()).unwrap();
            assert_eq!(forms(&number, &germany()), expected, "{text}");
        }
        assert_eq!(forms("1001", &germany()), ["1001"]);
        for text in ["+49 30", "030", "00 49 30"] {
            assert_eq!(beginnings(text, &germany()).unwrap(), ["004930", "030", "4930"], "{text}");
        }
        assert_eq!(beginnings("555 01", &DialPlan::default()).unwrap(), ["011155501", "155501", "55501"]);
        assert_eq!(
            (beginnings("a", &germany()), digits("82-0 "), digits("")),
            (None, Some("820".into()), None)
        );
    }
}
