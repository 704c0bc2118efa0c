//! The phrases by which a value is said, from the interpreter itself, so that tests need not spell them.

use std::sync::Arc;

use hotline_base::{Now, Pii, QueueId};
use hotline_ivr::{
    Action, CustomerField, Facts, Flows, HoursExit, Input, Language, LocalTime, Prompt, QueueFact, Session,
    Surroundings, parse,
};

/// Nothing: the value is a constant.
struct Nowhere;

impl Surroundings for Nowhere {
    fn queue(&self, _: &QueueId, _: QueueFact) -> i64 {
        0
    }

    fn hours(&self, _: &str, _: Now) -> HoursExit {
        HoursExit::Closed
    }

    fn local_time(&self, _: Now) -> LocalTime {
        LocalTime::default()
    }

    fn customer(&self, _: &CustomerField) -> Option<Pii<String>> {
        None
    }
}

/// What a `say` step with this value plays.
///
/// # Errors
/// In words why it cannot be said.
pub(crate) fn phrases(
    language: &Language,
    kind: &str,
    expression: &str,
    currency: Option<&str>,
) -> Result<Vec<Prompt>, String> {
    let currency = currency.map(|currency| format!(", currency: {currency}")).unwrap_or_default();
    let text = format!(
        "flow: said\nlanguages: [{language}]\nstart: answer\nsteps:\n  answer: {{answer: {{then: say}}}}\n  \
         say: {{say: {{prompts: [{{{kind}: {}{currency}}}], then: end}}}}\n  end: {{hangup: {{cause: normal}}}}\n",
        quoted(expression)
    );
    let flow = parse("said.yaml", &text)
        .map_err(|mistakes| mistakes.first().map_or_else(String::new, |one| one.problem.clone()))?;
    let flows: Flows = [flow].into_iter().collect();
    let mut session = Session::new(Arc::new(flows), &"said".into(), Facts::default())
        .ok_or_else(|| format!("`{language}` is no language"))?;
    session.start(Now::default(), &Nowhere);
    session.handle_input(Now::default(), &Nowhere, Input::Answered);
    while let Some(action) = session.poll_action() {
        if let Action::Play { prompts, .. } = action
            && !prompts.is_empty()
        {
            return Ok(prompts);
        }
    }
    Err(format!("there is no way to say {expression} as {kind} in `{language}`"))
}

/// As a text of YAML in double quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
