//! Expressions in flows: `tries < 3 and call.area in ["030", "040"]`.
//!
//! The grammar and its parser are minijinja's (docs/adr/0020); what comes out is checked against the declared types
//! (`typed.rs`) and kept as a small tree. A tree has no loops and no functions of its own, every text in it is bounded,
//! and it is at most [`MAX_NODES`] large: so it ends, in time and memory that are known before it runs.

mod evaluate;
mod fact;
mod proof;
mod typed;
mod value;

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use hotline_yaml::Place;
use serde::{Deserialize, Serialize};

pub(crate) use evaluate::{EvaluationError, Scope};
pub(crate) use fact::{CallFact, TimeFact};
pub use fact::{CustomerFact, CustomerField, Fact, QueueFact};
pub(crate) use proof::Bound;
pub use value::{MAX_TEXT, Type, Value};

use crate::name::Variable;

/// The most operators, names and constants of an expression.
pub(crate) const MAX_NODES: usize = 200;
/// The most characters of an expression as it is written.
pub(crate) const MAX_WRITTEN: usize = 1000;

/// An expression that was read and whose types fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Expression {
    tree: Tree,
    value_type: Type,
    /// Where it stands in the file.
    place: Place,
}

/// What is wrong with an expression: where in it, counted in characters from 0, what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misspelt {
    pub(crate) offset: u32,
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

/// The declared type of each variable.
pub(crate) type Types = BTreeMap<Variable, Type>;

impl Expression {
    /// Reads an expression that stands at `place`.
    pub(crate) fn parse(text: &str, types: &Types, place: Place) -> Result<Self, Misspelt> {
        let (tree, value_type) = typed::read(text, types)?;
        Ok(Self { tree, value_type, place })
    }

    /// An expression out of a `{{ … }}` in `text`, which stands at `place`.
    pub(crate) fn from_parsed(
        text: &str,
        parsed: &minijinja::machinery::ast::Expr<'_>,
        types: &Types,
        place: Place,
    ) -> Result<Self, Misspelt> {
        let (tree, value_type) = typed::read_embedded(text, parsed, types)?;
        Ok(Self { tree, value_type, place })
    }

    /// An expression that is one constant.
    pub(crate) const fn constant(value: Value, place: Place) -> Self {
        let value_type = value.value_type();
        Self { tree: Tree::Constant(value), value_type, place }
    }

    /// The type of what it gives.
    #[must_use]
    pub(crate) const fn value_type(&self) -> Type {
        self.value_type
    }

    /// Where it stands.
    #[must_use]
    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    /// The variables that it reads, each once.
    #[must_use]
    pub(crate) fn reads(&self) -> BTreeSet<&Variable> {
        let mut reads = BTreeSet::new();
        self.tree.visit(&mut |tree| {
            if let Tree::Variable(name) = tree {
                reads.insert(name);
            }
        });
        reads
    }

    /// The facts that it reads, each once.
    #[must_use]
    pub(crate) fn facts(&self) -> BTreeSet<&Fact> {
        let mut facts = BTreeSet::new();
        self.tree.visit(&mut |tree| {
            if let Tree::Fact(fact) = tree {
                facts.insert(fact);
            }
        });
        facts
    }

    /// True if there are values for which it gives none: division, and texts that must be numbers.
    #[must_use]
    pub(crate) fn can_fail(&self) -> bool {
        let mut can_fail = false;
        self.tree.visit(&mut |tree| {
            can_fail |= match tree {
                Tree::Binary { operator: Operator::Calculate(calculation), right, .. } => {
                    calculation.divides() && !matches!(**right, Tree::Constant(ref value) if !is_zero(value))
                }
                Tree::Call { function, .. } => matches!(function, Function::Integer | Function::Decimal),
                Tree::Binary { .. }
                | Tree::Constant(_)
                | Tree::Variable(_)
                | Tree::Fact(_)
                | Tree::Not(_)
                | Tree::Negative(_)
                | Tree::If { .. }
                | Tree::OneOf { .. } => false,
            };
        });
        can_fail
    }

    /// The constant that it is, if it is one.
    #[must_use]
    pub(crate) const fn as_constant(&self) -> Option<&Value> {
        if let Tree::Constant(value) = &self.tree { Some(value) } else { None }
    }

    /// What it gives.
    ///
    /// # Errors
    /// A number too large for 64 bits, a division by nothing, a text that is no number, a text that grew beyond
    /// [`MAX_TEXT`], or a variable that was never set (the checker finds these).
    pub(crate) fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        evaluate::evaluate(&self.tree, scope)
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Integer(number) => *number == 0,
        Value::Decimal(number) => *number == 0.0,
        Value::Text(_) | Value::Boolean(_) => false,
    }
}

/// An expression whose types fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Constant(Value),
    Variable(Variable),
    Fact(Fact),
    Not(Box<Tree>),
    Negative(Box<Tree>),
    Binary {
        operator: Operator,
        left: Box<Tree>,
        right: Box<Tree>,
    },
    If {
        condition: Box<Tree>,
        then: Box<Tree>,
        otherwise: Box<Tree>,
    },
    /// `x in [a, b]`, or `not in`.
    OneOf {
        value: Box<Tree>,
        values: Vec<Tree>,
        negated: bool,
    },
    Call {
        function: Function,
        arguments: Vec<Tree>,
    },
}

impl Tree {
    fn visit<'t>(&'t self, look: &mut dyn FnMut(&'t Self)) {
        look(self);
        match self {
            Self::Constant(_) | Self::Variable(_) | Self::Fact(_) => {}
            Self::Not(inner) | Self::Negative(inner) => inner.visit(look),
            Self::Binary { left, right, .. } => {
                left.visit(look);
                right.visit(look);
            }
            Self::If { condition, then, otherwise } => {
                condition.visit(look);
                then.visit(look);
                otherwise.visit(look);
            }
            Self::OneOf { value, values, .. } => {
                value.visit(look);
                values.iter().for_each(|value| value.visit(look));
            }
            Self::Call { arguments, .. } => arguments.iter().for_each(|argument| argument.visit(look)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Operator {
    And,
    Or,
    Compare(Comparison),
    /// A text in a text, or not.
    Within {
        negated: bool,
    },
    Calculate(Calculation),
    /// Two values as one text.
    Join,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Calculation {
    Add,
    Subtract,
    Multiply,
    /// Always a decimal.
    Divide,
    /// Rounded down.
    DivideWhole,
    Remainder,
}

impl Calculation {
    const fn divides(self) -> bool {
        matches!(self, Self::Divide | Self::DivideWhole | Self::Remainder)
    }
}

/// What can be called by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Function {
    Length,
    StartsWith,
    EndsWith,
    Slice,
    Integer,
    Decimal,
    Text,
    Round,
    Smaller,
    Larger,
}

impl Function {
    pub(crate) const ALL: &'static [Self] = &[
        Self::Length,
        Self::StartsWith,
        Self::EndsWith,
        Self::Slice,
        Self::Integer,
        Self::Decimal,
        Self::Text,
        Self::Round,
        Self::Smaller,
        Self::Larger,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
            Self::Slice => "slice",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Text => "text",
            Self::Round => "round",
            Self::Smaller => "min",
            Self::Larger => "max",
        }
    }

    /// How it is called, for messages.
    const fn usage(self) -> &'static str {
        match self {
            Self::Length => "length(text)",
            Self::StartsWith => "starts_with(text, beginning)",
            Self::EndsWith => "ends_with(text, end)",
            Self::Slice => "slice(text, first, count), the first character being 0",
            Self::Integer => "integer(value)",
            Self::Decimal => "decimal(value)",
            Self::Text => "text(value)",
            Self::Round => "round(number)",
            Self::Smaller => "min(number, number)",
            Self::Larger => "max(number, number)",
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.usage())
    }
}

#[cfg(test)]
mod tests;
