//! The description of the interface (OpenAPI 3.1), made from the code: paths, permissions and summaries from the table of
//! routes, requests from what handlers take, responses from what they give. Nothing is written down twice, so nothing can
//! become untrue.
//!
//! A handler takes only what implements [`Input`] and gives only what implements [`Output`]; what is neither described nor
//! declared does not compile.

mod document;
mod inputs;
mod outputs;
mod reader;
mod schemas;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use axum::handler::Handler;
use serde_json::{Map, Value, json};

pub(crate) use self::document::{Doc, Entry, document};
pub(crate) use self::reader::page;
pub(crate) use self::schemas::Schemas;
use crate::app::App;

/// One operation while it is described.
pub(crate) struct Operation<'a> {
    /// The shapes that have a name.
    pub(crate) schemas: &'a mut Schemas,
    /// The variable parts of its path, in their order.
    path: Vec<&'static str>,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: BTreeMap<u16, Value>,
    problems: BTreeSet<u16>,
    /// Whether the answer holds a secret.
    shown_once: bool,
}

impl Operation<'_> {
    /// A parameter outside the path. `place` is `query` or `header`.
    pub(crate) fn parameter(&mut self, place: &str, name: &str, required: bool, schema: Value) {
        let described = schema.get("description").cloned();
        let mut parameter = json!({ "name": name, "in": place, "required": required, "schema": schema });
        if let (Some(fields), Some(text)) = (parameter.as_object_mut(), described) {
            fields.insert("description".to_owned(), text);
        }
        self.parameters.push(parameter);
    }

    /// An answer that is as wished.
    pub(crate) fn response(&mut self, status: u16, about: &str, content: Option<(&str, Value)>) {
        let mut response = json!({ "description": about, "headers": {} });
        if let Some((kind, schema)) = content {
            response["content"] = json!({ kind: { "schema": schema } });
        }
        self.responses.insert(status, response);
    }

    /// A header field of the answers with this status.
    pub(crate) fn header(&mut self, status: u16, name: &str, about: &str) {
        if let Some(response) = self.responses.get_mut(&status) {
            response["headers"][name] =
                json!({ "description": about, "required": true, "schema": { "type": "string" } });
        }
    }

    /// It may be refused with these.
    pub(crate) fn problems(&mut self, statuses: &[u16]) {
        self.problems.extend(statuses);
    }

    fn into_value(self) -> Map<String, Value> {
        let mut described = Map::new();
        if !self.parameters.is_empty() {
            described.insert("parameters".to_owned(), self.parameters.into());
        }
        if let Some(body) = self.body {
            described.insert("requestBody".to_owned(), body);
        }
        let good = self.responses.into_iter().map(|(status, response)| (status.to_string(), response));
        let bad = self.problems.into_iter().map(|status| {
            (status.to_string(), json!({ "$ref": format!("#/components/responses/Problem{status}") }))
        });
        let responses: Map<String, Value> = good.chain(bad).collect();
        described.insert("responses".to_owned(), responses.into());
        described
    }
}

/// Something that handlers take.
pub(crate) trait Input {
    /// Says what of the request it is.
    fn describe(operation: &mut Operation<'_>);
}

/// Something that handlers give.
pub(crate) trait Output {
    /// Says what the answer is like.
    fn describe(operation: &mut Operation<'_>);
}

/// A handler of which everything is known.
pub(crate) trait Described<T>: Handler<T, Arc<App>> {
    /// Says what goes in and out.
    fn describe(operation: &mut Operation<'_>);
}

macro_rules! described {
    ($($part:ident)*) => {
        impl<Run, Answer, Mode, $($part),*> Described<(Mode, $($part,)*)> for Run
        where
            Run: Handler<(Mode, $($part,)*), Arc<App>> + FnOnce($($part),*) -> Answer,
            Answer: Future<Output: Output>,
            $($part: Input,)*
        {
            fn describe(operation: &mut Operation<'_>) {
                $($part::describe(operation);)*
                <Answer::Output as Output>::describe(operation);
            }
        }
    };
}

impl<Run, Answer> Described<((),)> for Run
where
    Run: Handler<((),), Arc<App>> + FnOnce() -> Answer,
    Answer: Future<Output: Output>,
{
    fn describe(operation: &mut Operation<'_>) {
        <Answer::Output as Output>::describe(operation);
    }
}

described!(A);
described!(A B);
described!(A B C);
described!(A B C D);
described!(A B C D E);
described!(A B C D E F);
