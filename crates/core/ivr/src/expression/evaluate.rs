//! What an expression gives. It walks the tree once: the time is bounded by the tree, the memory by the tree and the
//! longest text.

use core::cmp::Ordering;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::value::MAX_TEXT;
use super::{Calculation, Comparison, Fact, Function, Operator, Tree, Value};
use crate::name::Variable;

/// What an expression reads.
pub(crate) trait Scope {
    /// The value of a variable; `None` if it was not set.
    fn variable(&self, name: &Variable) -> Option<Value>;
    /// The value of a fact at this moment, of the type that the fact has.
    fn fact(&self, fact: &Fact) -> Value;
}

/// Why an expression gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EvaluationError {
    /// A number that does not fit.
    Overflow,
    /// A division by nothing.
    DividedByZero,
    /// A text that should be a number.
    NotANumber,
    /// A text longer than [`MAX_TEXT`] characters.
    TextTooLong,
    /// A variable without a value, or one of another type: the checker would have said so.
    Unset,
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overflow => "a number too large",
            Self::DividedByZero => "a division by zero",
            Self::NotANumber => "a text that is no number",
            Self::TextTooLong => "a text too long",
            Self::Unset => "a variable that was not set",
        })
    }
}

type Outcome = Result<Value, EvaluationError>;

pub(super) fn evaluate(tree: &Tree, scope: &dyn Scope) -> Outcome {
    match tree {
        Tree::Constant(value) => Ok(value.clone()),
        Tree::Variable(name) => scope.variable(name).ok_or(EvaluationError::Unset),
        Tree::Fact(fact) => Ok(scope.fact(fact)),
        Tree::Not(inner) => Ok(Value::Boolean(!truth(inner, scope)?)),
        Tree::Negative(inner) => match evaluate(inner, scope)? {
            Value::Integer(number) => whole(number.checked_neg()),
            Value::Decimal(number) => Ok(Value::Decimal(-number)),
            Value::Text(_) | Value::Boolean(_) => Err(EvaluationError::Unset),
        },
        Tree::Binary { operator, left, right } => binary(*operator, left, right, scope),
        Tree::If { condition, then, otherwise } => {
            evaluate(if truth(condition, scope)? { then } else { otherwise }, scope)
        }
        Tree::OneOf { value, values, negated } => {
            let value = evaluate(value, scope)?;
            for other in values {
                if compare(&value, &evaluate(other, scope)?) == Some(Ordering::Equal) {
                    return Ok(Value::Boolean(!negated));
                }
            }
            Ok(Value::Boolean(*negated))
        }
        Tree::Call { function, arguments } => {
            let values: Result<Vec<Value>, _> =
                arguments.iter().map(|argument| evaluate(argument, scope)).collect();
            call(*function, &values?)
        }
    }
}

fn truth(tree: &Tree, scope: &dyn Scope) -> Result<bool, EvaluationError> {
    match evaluate(tree, scope)? {
        Value::Boolean(value) => Ok(value),
        Value::Text(_) | Value::Integer(_) | Value::Decimal(_) => Err(EvaluationError::Unset),
    }
}

fn binary(operator: Operator, left: &Tree, right: &Tree, scope: &dyn Scope) -> Outcome {
    match operator {
        Operator::And => Ok(Value::Boolean(truth(left, scope)? && truth(right, scope)?)),
        Operator::Or => Ok(Value::Boolean(truth(left, scope)? || truth(right, scope)?)),
        Operator::Compare(comparison) => {
            let order = compare(&evaluate(left, scope)?, &evaluate(right, scope)?);
            Ok(Value::Boolean(order.is_some_and(|order| comparison.holds(order))))
        }
        Operator::Within { negated } => match (evaluate(left, scope)?, evaluate(right, scope)?) {
            (Value::Text(part), Value::Text(whole)) => Ok(Value::Boolean(whole.contains(&part) != negated)),
            (_, _) => Err(EvaluationError::Unset),
        },
        Operator::Join => text(evaluate(left, scope)?.written() + &evaluate(right, scope)?.written()),
        Operator::Calculate(calculation) => match (evaluate(left, scope)?, evaluate(right, scope)?) {
            (Value::Integer(left), Value::Integer(right)) if calculation != Calculation::Divide => {
                integers(calculation, left, right)
            }
            (left, right) => decimals(calculation, number(&left)?, number(&right)?),
        },
    }
}

impl Comparison {
    const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

fn integers(calculation: Calculation, left: i64, right: i64) -> Outcome {
    if calculation.divides() && right == 0 {
        return Err(EvaluationError::DividedByZero);
    }
    whole(match calculation {
        Calculation::Add => left.checked_add(right),
        Calculation::Subtract => left.checked_sub(right),
        Calculation::Multiply => left.checked_mul(right),
        Calculation::Divide | Calculation::DivideWhole => left.checked_div_euclid(right),
        Calculation::Remainder => left.checked_rem_euclid(right),
    })
}

fn decimals(calculation: Calculation, left: f64, right: f64) -> Outcome {
    if calculation.divides() && right == 0.0 {
        return Err(EvaluationError::DividedByZero);
    }
    finite(match calculation {
        Calculation::Add => left + right,
        Calculation::Subtract => left - right,
        Calculation::Multiply => left * right,
        Calculation::Divide => left / right,
        Calculation::DivideWhole => left.div_euclid(right),
        Calculation::Remainder => left.rem_euclid(right),
    })
}

fn call(function: Function, arguments: &[Value]) -> Outcome {
    match (function, arguments) {
        (Function::Length, [Value::Text(text)]) => whole(i64::try_from(text.chars().count()).ok()),
        (Function::StartsWith, [Value::Text(text), Value::Text(part)]) => {
            Ok(Value::Boolean(text.starts_with(part.as_str())))
        }
        (Function::EndsWith, [Value::Text(text), Value::Text(part)]) => {
            Ok(Value::Boolean(text.ends_with(part.as_str())))
        }
        (Function::Slice, [Value::Text(text), Value::Integer(first), Value::Integer(count)]) => {
            let (first, count) = (usize::try_from(*first).unwrap_or(0), usize::try_from(*count).unwrap_or(0));
            Ok(Value::Text(text.chars().skip(first).take(count).collect()))
        }
        (Function::Integer, [value]) => match value {
            Value::Integer(number) => Ok(Value::Integer(*number)),
            Value::Decimal(number) => rounded(number.trunc()),
            Value::Text(text) => {
                text.trim().parse().map(Value::Integer).map_err(|_| EvaluationError::NotANumber)
            }
            Value::Boolean(value) => Ok(Value::Integer((*value).into())),
        },
        (Function::Decimal, [value]) => match value {
            Value::Text(text) => finite(text.trim().parse().map_err(|_| EvaluationError::NotANumber)?),
            Value::Integer(_) | Value::Decimal(_) => finite(number(value)?),
            Value::Boolean(_) => Err(EvaluationError::Unset),
        },
        (Function::Text, [value]) => Ok(Value::Text(value.written())),
        (Function::Round, [value]) => rounded(number(value)?.round()),
        (Function::Smaller, [a, b]) => {
            Ok(if compare(a, b).is_some_and(Ordering::is_le) { a } else { b }.clone())
        }
        (Function::Larger, [a, b]) => {
            Ok(if compare(a, b).is_some_and(Ordering::is_ge) { a } else { b }.clone())
        }
        _ => Err(EvaluationError::Unset),
    }
}

/// Texts by their characters, numbers by their size whatever their type.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Boolean(left), Value::Boolean(right)) => Some(left.cmp(right)),
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        _ => number(left).ok()?.partial_cmp(&number(right).ok()?),
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact to 2^53, far beyond what a call counts")]
const fn number(value: &Value) -> Result<f64, EvaluationError> {
    match value {
        Value::Integer(number) => Ok(*number as f64),
        Value::Decimal(number) => Ok(*number),
        Value::Text(_) | Value::Boolean(_) => Err(EvaluationError::Unset),
    }
}

fn whole(number: Option<i64>) -> Outcome {
    number.map(Value::Integer).ok_or(EvaluationError::Overflow)
}

fn finite(number: f64) -> Outcome {
    if number.is_finite() { Ok(Value::Decimal(number)) } else { Err(EvaluationError::Overflow) }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be within 64 bits")]
fn rounded(number: f64) -> Outcome {
    /// 2^63, from which on a number does not fit.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) {
        Ok(Value::Integer(number as i64))
    } else {
        Err(EvaluationError::Overflow)
    }
}

fn text(text: String) -> Outcome {
    if text.chars().count() <= MAX_TEXT { Ok(Value::Text(text)) } else { Err(EvaluationError::TextTooLong) }
}
