//! Texts with values in them: `Your balance is {{ balance }}`.

use hotline_yaml::{At, Place};
use minijinja::machinery::ast::Stmt;
use minijinja::machinery::parse;
use serde::{Deserialize, Serialize};

use crate::expression::{EvaluationError, Expression, MAX_TEXT, Misspelt, Scope, Types, Value};

/// A text and the expressions in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) place: Place,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Part {
    Text(String),
    Value(Expression),
}

impl Template {
    /// Reads a text; only `{{ … }}` of the grammar is allowed in it.
    pub(crate) fn parse(text: &At<String>, types: &Types) -> Result<Self, Misspelt> {
        let place = text.place;
        let misspelt = |offset: usize, problem: &str, remedy: &str| Misspelt {
            offset: u32::try_from(text.value.get(..offset).map_or(0, |before| before.chars().count()))
                .unwrap_or(0),
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
        };
        if text.value.chars().count() > MAX_TEXT {
            return Err(misspelt(0, "a text too long", "at most 2000 characters"));
        }
        let parsed = parse(&text.value, "text", Default::default()).map_err(|error| {
            let offset = error.range().map_or(0, |range| range.start);
            misspelt(
                offset,
                &format!("a text that cannot be read: {}", error.detail().unwrap_or("syntax")),
                "write values as `{{ name }}`",
            )
        })?;
        let Stmt::Template(template) = parsed else {
            return Err(misspelt(0, "a text that cannot be read", "write values as `{{ name }}`"));
        };
        let mut parts = Vec::new();
        for child in &template.children {
            if let Stmt::EmitRaw(raw) = child {
                parts.push(Part::Text(raw.raw.to_owned()));
            } else if let Stmt::EmitExpr(emit) = child {
                parts.push(Part::Value(Expression::from_parsed(&text.value, &emit.expr, types, place)?));
            } else {
                return Err(misspelt(0, "`{%` is not part of flows", "write values as `{{ name }}`"));
            }
        }
        Ok(Self { place, parts })
    }

    /// A value as it is.
    pub(crate) fn constant(value: Expression, place: Place) -> Self {
        Self { place, parts: vec![Part::Value(value)] }
    }

    /// The text if it holds no value.
    pub(crate) fn as_constant(&self) -> Option<&str> {
        match &self.parts[..] {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// What stands before the first value.
    pub(crate) fn beginning(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            Some(Part::Value(_)) | None => "",
        }
    }

    /// The value that it is if it is nothing but one, else its text.
    pub(crate) fn value(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        match &self.parts[..] {
            [Part::Value(expression)] => expression.evaluate(scope),
            _ => self.fill(scope, str::to_owned).map(Value::Text),
        }
    }

    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Value(expression) => Some(expression),
        })
    }

    /// The text with its values, each passed through `escape` first.
    pub(crate) fn fill(
        &self,
        scope: &dyn Scope,
        escape: fn(&str) -> String,
    ) -> Result<String, EvaluationError> {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Value(expression) => filled.push_str(&escape(&expression.evaluate(scope)?.written())),
            }
        }
        if filled.chars().count() > MAX_TEXT {
            return Err(EvaluationError::TextTooLong);
        }
        Ok(filled)
    }
}
