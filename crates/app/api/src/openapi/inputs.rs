//! What handlers take, as a client sees it.

use std::sync::Arc;

use axum::extract::{Extension, State};
use hotline_config::SECTIONS;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::{Input, Operation, Schemas};
use crate::answer::XLSX;
use crate::app::App;
use crate::auth::{Identity, Origin};
use crate::delivery::Outbox;
use crate::error::ApiError;
use crate::extract::{
    Browser, FlowBase, IfMatch, Json, LastEvent, Path, Query, RangeFields, SOUNDS, SoundFile, Upload,
};
use crate::imports::sheet::CSV;
use crate::sections::{Part, Section};

/// The variable parts of a path, one after the other.
pub(crate) trait Parts {
    /// What each may be.
    fn schemas(schemas: &mut Schemas) -> Vec<Value>;
}

impl Parts for String {
    fn schemas(_: &mut Schemas) -> Vec<Value> {
        vec![json!({ "type": "string", "minLength": 1 })]
    }
}

impl Parts for (String, u64) {
    fn schemas(schemas: &mut Schemas) -> Vec<Value> {
        vec![json!({ "type": "string", "minLength": 1 }), schemas.read::<u64>()]
    }
}

impl Parts for (String, String) {
    fn schemas(schemas: &mut Schemas) -> Vec<Value> {
        [String::schemas(schemas), String::schemas(schemas)].concat()
    }
}

impl Parts for u64 {
    fn schemas(schemas: &mut Schemas) -> Vec<Value> {
        vec![schemas.read::<Self>()]
    }
}

impl Parts for Section {
    fn schemas(_: &mut Schemas) -> Vec<Value> {
        vec![json!({ "type": "string", "enum": SECTIONS })]
    }
}

impl Parts for Part {
    fn schemas(schemas: &mut Schemas) -> Vec<Value> {
        [Section::schemas(schemas), String::schemas(schemas)].concat()
    }
}

impl<T: Parts> Input for Path<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schemas = T::schemas(operation.schemas);
        for (name, schema) in operation.path.clone().into_iter().zip(schemas) {
            operation.parameter("path", name, true, schema);
        }
        operation.problems(&[404]);
    }
}

impl<T: JsonSchema> Input for Query<T> {
    fn describe(operation: &mut Operation<'_>) {
        for (name, required, schema) in operation.schemas.fields::<T>() {
            operation.parameter("query", &name, required, schema);
        }
        operation.problems(&[400]);
    }
}

impl<T: JsonSchema> Input for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schemas.read::<T>();
        let content = json!({ "application/json": { "schema": schema } });
        operation.body = Some(json!({ "required": true, "content": content }));
        operation.problems(&[400, 413, 415, 422]);
    }
}

impl Input for Upload {
    fn describe(operation: &mut Operation<'_>) {
        // Any text is a table, be it one of a single cell: nothing that is sent violates it.
        let workbook = json!({ "type": "string", "format": "binary" });
        let content = json!({ CSV: { "schema": {} }, XLSX: { "schema": workbook } });
        operation.body = Some(json!({ "required": true, "content": content }));
        operation.problems(&[400, 413, 415, 422]);
    }
}

impl Input for SoundFile {
    fn describe(operation: &mut Operation<'_>) {
        // Whatever its name is: what it is tells the file itself.
        let schema = json!({ "type": "string", "format": "binary" });
        let content: serde_json::Map<String, Value> =
            SOUNDS.iter().map(|sound| ((*sound).to_owned(), json!({ "schema": schema }))).collect();
        operation.body = Some(json!({ "required": true, "content": content }));
        operation.problems(&[400, 413, 415, 422]);
    }
}

impl Input for IfMatch {
    fn describe(operation: &mut Operation<'_>) {
        let about = "The `ETag` of what was read: nothing is changed if somebody else was faster.";
        operation.parameter("header", "If-Match", true, json!({ "type": "string", "description": about }));
        operation.problems(&[412, 428]);
    }
}

impl Input for FlowBase {
    fn describe(operation: &mut Operation<'_>) {
        let about = "The `ETag` of what was read; without it `If-None-Match` must be there.";
        operation.parameter("header", "If-Match", false, json!({ "type": "string", "description": about }));
        let about = "`*`: there must be none yet.";
        let schema = json!({ "type": "string", "const": "*", "description": about });
        operation.parameter("header", "If-None-Match", false, schema);
        operation.problems(&[400, 412, 428]);
    }
}

impl Input for RangeFields {
    fn describe(operation: &mut Operation<'_>) {
        let about = "A part: `bytes=0-1023`. Of several ranges, and of what is no range, everything is sent.";
        operation.parameter("header", "Range", false, json!({ "type": "string", "description": about }));
        let about =
            "Everything is sent, whatever `Range` says: of a file that grows no later request can be sure.";
        operation.parameter("header", "If-Range", false, json!({ "type": "string", "description": about }));
        operation.problems(&[416]);
    }
}

impl Input for LastEvent {
    fn describe(operation: &mut Operation<'_>) {
        let about = "The number of the last event that the client has; wins over `after`.";
        operation.parameter(
            "header",
            "Last-Event-ID",
            false,
            json!({ "type": "string", "description": about }),
        );
    }
}

macro_rules! nothing_of_the_client {
    ($($taken:ty),+ $(,)?) => {
        $(impl Input for $taken {
            fn describe(_: &mut Operation<'_>) {}
        })+
    };
}

nothing_of_the_client!(
    State<Arc<App>>,
    Identity,
    Result<Identity, ApiError>,
    Origin,
    Browser,
    Extension<Outbox>,
);
