//! The document: operations, names of shapes, refusals, ways to show who one is.

use hotline_access::Permission;
use hotline_api_types::Problem;
use serde_json::{Map, Value, json};

use super::{Operation, Schemas};
use crate::auth::COOKIE;

/// What the table of routes says about one: its doc comment and the statuses that do not follow from what its handler takes.
#[derive(Clone, Copy)]
pub(crate) struct Doc {
    /// The lines of the comment; the first one is the summary.
    pub(crate) lines: &'static [&'static str],
    /// Refusals.
    pub(crate) refusals: &'static [u16],
}

/// A route, as far as the document needs it.
pub(crate) struct Entry {
    pub(crate) method: &'static str,
    /// Below `/api`.
    pub(crate) path: &'static str,
    pub(crate) permission: Option<Permission>,
    /// The permission that will do in its place.
    pub(crate) or: Option<Permission>,
    /// Whether one must be signed in.
    pub(crate) guarded: bool,
    pub(crate) doc: Doc,
    pub(crate) describe: fn(&mut Operation<'_>),
}

/// Every refusal that there is, and when it comes.
const REFUSALS: [(u16, &str, &str); 15] = [
    (400, "Bad Request", "The body is no JSON, or the query makes no sense."),
    (401, "Unauthorized", "Nobody is signed in; or user, password or one-time code are wrong or missing."),
    (
        403,
        "Forbidden",
        "This user may not, or must do something else first (`type`), or a page of another site asked.",
    ),
    (404, "Not Found", "There is nothing of this name, or nothing that this user may know of."),
    (405, "Method Not Allowed", "Not with this method; `Allow` lists those that there are."),
    (409, "Conflict", "Not in this state; `detail` says why."),
    (412, "Precondition Failed", "Somebody else has changed it since it was read."),
    (413, "Content Too Large", "The body is too large."),
    (415, "Unsupported Media Type", "The body is not `application/json`."),
    (416, "Range Not Satisfiable", "The range lies outside; `Content-Range` has the length."),
    (422, "Unprocessable Content", "Fields are wrong: all of them, in `errors`."),
    (428, "Precondition Required", "`If-Match` is missing."),
    (429, "Too Many Requests", "Too many failed sign-ins; `Retry-After` says how long to wait, in seconds."),
    (500, "Internal Server Error", "A defect; the log has more under `x-request-id`."),
    (
        503,
        "Service Unavailable",
        "Busy, stopping, or without its database; try again after `Retry-After` seconds.",
    ),
];

/// OpenAPI 3.1 of these routes.
pub(crate) fn document(entries: &[Entry]) -> Value {
    let mut schemas = Schemas::default();
    let mut paths = Map::new();
    for entry in entries {
        let operation = describe(entry, &mut schemas);
        let path = paths.entry(format!("/api{}", entry.path)).or_insert_with(|| json!({}));
        path[entry.method.to_ascii_lowercase()] = operation;
    }
    let problem = schemas.written::<Problem>();
    let mut paths = Value::Object(paths);
    let schemas = schemas.finish(&mut paths);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Hotline",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The HTTP interface of a call center. How it is used is told in docs/api.md.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": refusals(&problem),
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A browser's." },
                "token": { "type": "http", "scheme": "bearer", "description": "A program's." }
            }
        }
    })
}

fn describe(entry: &Entry, schemas: &mut Schemas) -> Value {
    let path = entry.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    let mut operation = Operation {
        schemas,
        path,
        parameters: Vec::new(),
        body: None,
        responses: Default::default(),
        problems: Default::default(),
        shown_once: false,
    };
    (entry.describe)(&mut operation);
    // Every request can meet a server that stops, waits for its database or has a defect.
    operation.problems(&[500, 503]);
    if entry.guarded {
        operation.problems(&[401, 403]);
    }
    operation.problems(entry.doc.refusals);
    if entry.method == "POST" && entry.guarded {
        describe_key(&mut operation);
    }
    let mut described = operation.into_value();
    let lines: Vec<&str> = entry.doc.lines.iter().map(|line| line.trim()).collect();
    let (summary, more) =
        lines.split_first().map_or(("", Vec::new()), |(first, rest)| (*first, rest.to_vec()));
    let needs = match (entry.permission, entry.guarded) {
        (Some(permission), _) => {
            let or = entry.or.map(|or| format!(", or `{}` for what is others'", or.as_str()));
            format!("Needs the permission `{}`{}.", permission.as_str(), or.unwrap_or_default())
        }
        (None, true) => "For everybody who is signed in.".to_owned(),
        (None, false) => "Nobody needs to be signed in.".to_owned(),
    };
    let description = more.into_iter().map(str::to_owned).chain([needs]).collect::<Vec<_>>().join(" ");
    described.insert("operationId".to_owned(), operation_id(entry).into());
    described.insert("tags".to_owned(), json!([entry.path.split('/').nth(2).unwrap_or_default()]));
    described.insert("summary".to_owned(), summary.trim_end_matches('.').into());
    described.insert("description".to_owned(), description.into());
    if let Some(permission) = entry.permission {
        described.insert("x-permission".to_owned(), permission.as_str().into());
    }
    let security = if entry.guarded { json!([{ "session": [] }, { "token": [] }]) } else { json!([]) };
    described.insert("security".to_owned(), security);
    described.into()
}

/// What [`crate::once`] does with each of them.
fn describe_key(operation: &mut Operation<'_>) {
    let again = if operation.shown_once {
        "409 of type `idempotency_shown_once`, for the answer holds a secret that is not kept"
    } else {
        "the same answer with `Idempotency-Replayed: true`"
    };
    let about = format!(
        "1 to 255 characters of the client's choice, in quotes or not. It is done once: the same request with the same key \
         gets {again}, for 24 hours; another request with this key gets 422."
    );
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255, "description": about });
    operation.parameter("header", "Idempotency-Key", false, schema);
    operation.problems(&[400, 409, 413, 422]);
}

/// `get_calls_id_recording`
fn operation_id(entry: &Entry) -> String {
    let plain = |one: char| if one.is_ascii_alphanumeric() { one } else { '_' };
    let words = entry.path.trim_start_matches("/v1/").replace(['{', '}'], "");
    format!("{}_{}", entry.method.to_ascii_lowercase(), words.chars().map(plain).collect::<String>())
}

fn refusals(problem: &Value) -> Map<String, Value> {
    let refusal = |(status, title, about): (u16, &str, &str)| {
        let mut refusal = json!({
            "description": format!("{title}: {about}"),
            "content": { "application/problem+json": { "schema": problem } }
        });
        let field = match status {
            416 => Some("Content-Range"),
            429 | 503 => Some("Retry-After"),
            _ => None,
        };
        if let Some(field) = field {
            refusal["headers"] = json!({ field: { "required": true, "schema": { "type": "string" } } });
        }
        (format!("Problem{status}"), refusal)
    };
    REFUSALS.into_iter().map(refusal).collect()
}
