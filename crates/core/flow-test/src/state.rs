//! What must be so at a moment of a call.

use std::collections::BTreeMap;

use hotline_ivr::{Value, Variable};
use hotline_yaml::{At, Place};

use crate::call::Call;
use crate::expect::same;
use crate::model::State;
use crate::outcome::Wrong;

/// The step that the call is in, for people.
pub(crate) fn current_step(call: &Call<'_>) -> String {
    call.session.step().map_or_else(|| "none".to_owned(), ToString::to_string)
}

/// Whether it is so now.
pub(crate) fn check(call: &Call<'_>, state: &State, place: Place) -> Result<(), Wrong> {
    let (is_so, expected, happened) = match state {
        State::Variables(wanted) => return variables(call, wanted),
        State::Language(language) => {
            let spoken = call.session.language();
            (spoken == language, format!("language `{language}`"), format!("it is `{spoken}`"))
        }
        State::InStep(step) => {
            let now = current_step(call);
            (now == *step, format!("the call is in step `{step}`"), format!("it is in step `{now}`"))
        }
        State::Answered(wanted) => truth("answered", *wanted, call.answered),
        State::Ringing(wanted) => truth("ringing", *wanted, call.rang && !call.answered),
        State::Survey(wanted) => (call.survey == *wanted, answers(wanted), answers(&call.survey)),
    };
    if is_so { Ok(()) } else { Err(Wrong { place, expected, happened }) }
}

fn truth(name: &str, wanted: bool, is: bool) -> (bool, String, String) {
    (wanted == is, format!("{name}: {wanted}"), format!("{name}: {is}"))
}

fn answers(answers: &BTreeMap<String, u8>) -> String {
    let list: Vec<String> = answers.iter().map(|(name, answer)| format!("{name}: {answer}")).collect();
    format!("answers {{{}}}", list.join(", "))
}

fn variables(call: &Call<'_>, wanted: &[(At<Variable>, Option<Value>)]) -> Result<(), Wrong> {
    for (variable, wanted) in wanted {
        let name = &variable.value;
        let value = call.session.variable(name.as_str());
        let fits = match (wanted, value) {
            (Some(wanted), Some(value)) => same(wanted, value),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !fits {
            let words = |value: Option<&Value>| match value {
                Some(value) => format!("`{name}` is {} `{}`", value.value_type(), value.written()),
                None => format!("`{name}` has no value"),
            };
            let (expected, happened) = (words(wanted.as_ref()), words(value));
            return Err(Wrong { place: variable.place, expected, happened });
        }
    }
    Ok(())
}
