//! Picks one value out of a JSON answer: the singular queries of RFC 9535 §2.3.5.1, such as `$.customer.phones[0].number`.
//!
//! A variable of a flow takes one value, and these are the queries that can give no more than one, whatever the answer is. The
//! work is bounded by the length of the path. Must never know: where an answer comes from, flows. Start reading at [`Path`].

mod parse;

use core::fmt;

use serde_json::Value;

pub use parse::{PathError, Problem};

/// Bytes of a path. A longer one is refused.
pub const PATH_MAX: usize = 512;
/// Steps of a path. One with more is refused.
pub const STEPS_MAX: usize = 32;

/// A path that can be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// RFC 9535 §2.3.1.
    Name(String),
    /// RFC 9535 §2.3.3: from the end if negative.
    Index(i64),
}

/// A value that fits a variable.
#[derive(Clone, Copy, PartialEq)]
pub enum Scalar<'v> {
    /// A string.
    Text(&'v str),
    /// A number without a fraction that fits.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
}

/// Why a path gives no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoValue {
    /// There is nothing at that place.
    Missing,
    /// There is `null`.
    Null,
    /// There is an object or an array.
    NotScalar,
}

/// Whether a path can be followed: a checker of flows calls this.
///
/// # Errors
/// Where it is wrong, and what would be right.
pub fn validate(path: &str) -> Result<(), PathError> {
    Path::parse(path).map(drop)
}

/// The value at a path. `None` if the path is wrong, or there is nothing, `null`, an object or an array.
#[must_use]
pub fn select<'v>(answer: &'v Value, path: &str) -> Option<Scalar<'v>> {
    Path::parse(path).ok()?.pick(answer).ok()
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// Where it is wrong, and what would be right.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        parse::steps(path).map(|steps| Self { steps })
    }

    /// The value at this place of an answer.
    ///
    /// # Errors
    /// Why there is none.
    pub fn pick<'v>(&self, answer: &'v Value) -> Result<Scalar<'v>, NoValue> {
        let found = self.steps.iter().try_fold(answer, |value, step| step.follow(value));
        match found.ok_or(NoValue::Missing)? {
            Value::Null => Err(NoValue::Null),
            Value::Bool(value) => Ok(Scalar::Bool(*value)),
            Value::String(value) => Ok(Scalar::Text(value)),
            Value::Number(value) => match (value.as_i64(), value.as_f64()) {
                (Some(whole), _) => Ok(Scalar::Integer(whole)),
                (None, Some(number)) => Ok(Scalar::Number(number)),
                (None, None) => Err(NoValue::NotScalar),
            },
            Value::Array(_) | Value::Object(_) => Err(NoValue::NotScalar),
        }
    }
}

impl Step {
    fn follow<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Name(name) => value.as_object()?.get(name),
            Self::Index(index) => {
                let array = value.as_array()?;
                let back = usize::try_from(index.unsigned_abs()).ok()?;
                array.get(if *index < 0 { array.len().checked_sub(back)? } else { back })
            }
        }
    }
}

/// As the caller's data may be in it, the kind only.
impl fmt::Debug for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(***)",
            Self::Integer(_) => "Integer(***)",
            Self::Number(_) => "Number(***)",
            Self::Bool(_) => "Bool(***)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    #[test]
    fn a_value_is_picked_by_names_and_indices() {
        let answer = json!({
            "customer": {"name": "Mara", "vip": true, "balance": -12.5, "orders": 3, "note": null},
            "phones": [{"number": "+49"}, {"number": "+86"}],
            "a.b": "dotted", "it's": 1, "": 2, "姓名": "李", "big": u64::MAX,
        });
        let pick = |path: &str| Path::parse(path).unwrap().pick(&answer);
        assert_eq!(pick("$.customer.name"), Ok(Scalar::Text("Mara")));
        assert_eq!(pick("$.customer.vip"), Ok(Scalar::Bool(true)));
        assert_eq!(pick("$['customer'][\"balance\"]"), Ok(Scalar::Number(-12.5)));
        assert_eq!(pick("$.customer.orders"), Ok(Scalar::Integer(3)));
        assert_eq!(pick("$.phones[1].number"), Ok(Scalar::Text("+86")));
        assert_eq!(pick("$.phones[-2].number"), Ok(Scalar::Text("+49")));
        assert_eq!(pick("$['a.b']"), Ok(Scalar::Text("dotted")));
        assert_eq!(pick("$['it\\'s']"), Ok(Scalar::Integer(1)));
        assert_eq!(pick("$['']"), Ok(Scalar::Integer(2)));
        assert_eq!(pick("$.姓名"), Ok(Scalar::Text("李")));
        assert_eq!(pick("$.big"), Ok(Scalar::Number(u64::MAX as f64)));
        assert_eq!(pick("$['\\u59d3\\u540d']"), Ok(Scalar::Text("李")));
        assert_eq!(pick("$['\\ud83d\\uDE00']"), Err(NoValue::Missing));
        assert_eq!(pick("$.customer.note"), Err(NoValue::Null));
        assert_eq!(pick("$.phones"), Err(NoValue::NotScalar));
        assert_eq!(pick("$"), Err(NoValue::NotScalar));
        for missing in ["$.nobody", "$.customer.name.first", "$.phones[2]", "$.phones[-3]", "$.customer[0]"] {
            assert_eq!(pick(missing), Err(NoValue::Missing), "{missing}");
        }
        assert_eq!(select(&answer, "$.customer.orders"), Some(Scalar::Integer(3)));
        assert_eq!(select(&answer, "customer"), None);
    }

    #[test]
    fn a_value_does_not_show() {
        assert_eq!(format!("{:?}", Scalar::Text("Mara")), "Text(***)");
    }
}
