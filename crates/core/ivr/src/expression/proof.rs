//! What can be told of an expression without running it: for the checker.

use std::collections::BTreeSet;

use super::{
    Calculation, CallFact, Comparison, EvaluationError, Expression, Fact, Function, Operator, Scope, Tree,
    Value,
};
use crate::name::Variable;

/// The side on which the values of a variable are bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bound {
    Above,
    Below,
}

/// A whole number that cannot grow or shrink for ever where a condition holds, or a boolean that is as it is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bounded<'e> {
    pub(crate) variable: &'e Variable,
    pub(crate) bound: Bound,
    /// What it is compared with; empty for a constant.
    pub(crate) against: BTreeSet<&'e Variable>,
}

impl Expression {
    /// What it always gives, if it reads nothing.
    pub(crate) fn always(&self) -> Option<Result<Value, EvaluationError>> {
        (self.reads().is_empty() && self.facts().is_empty()).then(|| self.evaluate(&Nothing))
    }

    /// True if both are written alike, wherever they stand.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.tree == other.tree
    }

    /// The variables whose values can be told from what it gives. What a comparison gives tells nothing: it must be
    /// possible to act on a secret.
    pub(crate) fn reveals(&self) -> BTreeSet<&Variable> {
        let mut revealed = BTreeSet::new();
        reveals(&self.tree, &mut revealed);
        revealed
    }

    /// The numbers that are bounded where it is true, or where it is false.
    pub(crate) fn bounds(&self, truth: bool) -> BTreeSet<Bounded<'_>> {
        implied(&self.tree, truth, &bounded)
    }

    /// True if the call is answered wherever it is true, or false.
    pub(crate) fn implies_answered(&self, truth: bool) -> bool {
        let answered = |tree: &Tree, truth: bool| {
            let fact = truth && *tree == Tree::Fact(Fact::Call(CallFact::Answered));
            BTreeSet::from_iter(fact.then_some(()))
        };
        !implied(&self.tree, truth, &answered).is_empty()
    }

    /// By how much `variable` changes where it becomes this: `-1` for `tries - 1`.
    pub(crate) fn step_of(&self, variable: &Variable) -> Option<i64> {
        let Tree::Binary { operator: Operator::Calculate(calculation), left, right } = &self.tree else {
            return None;
        };
        let itself = |tree: &Tree| matches!(tree, Tree::Variable(name) if name == variable);
        match (calculation, whole(left), whole(right)) {
            (Calculation::Add, _, Some(step)) if itself(left) => Some(step),
            (Calculation::Add, Some(step), _) if itself(right) => Some(step),
            (Calculation::Subtract, _, Some(step)) if itself(left) => step.checked_neg(),
            _ => None,
        }
    }
}

/// There is nothing to read where nothing is read.
struct Nothing;

impl Scope for Nothing {
    fn variable(&self, _: &Variable) -> Option<Value> {
        None
    }

    fn fact(&self, _: &Fact) -> Value {
        Value::Boolean(false)
    }
}

fn whole(tree: &Tree) -> Option<i64> {
    match tree {
        Tree::Constant(Value::Integer(number)) => Some(*number),
        Tree::Negative(inner) => whole(inner)?.checked_neg(),
        Tree::Constant(_)
        | Tree::Variable(_)
        | Tree::Fact(_)
        | Tree::Not(_)
        | Tree::Binary { .. }
        | Tree::If { .. }
        | Tree::OneOf { .. }
        | Tree::Call { .. } => None,
    }
}

fn reveals<'e>(tree: &'e Tree, revealed: &mut BTreeSet<&'e Variable>) {
    match tree {
        Tree::Constant(_)
        | Tree::Fact(_)
        | Tree::OneOf { .. }
        | Tree::Binary { operator: Operator::Compare(_) | Operator::Within { .. }, .. }
        | Tree::Call { function: Function::StartsWith | Function::EndsWith, .. } => {}
        Tree::Variable(name) => {
            revealed.insert(name);
        }
        Tree::Not(inner) | Tree::Negative(inner) => reveals(inner, revealed),
        Tree::Binary {
            operator: Operator::And | Operator::Or | Operator::Calculate(_) | Operator::Join,
            left,
            right,
        } => {
            reveals(left, revealed);
            reveals(right, revealed);
        }
        Tree::If { condition, then, otherwise } => {
            reveals(condition, revealed);
            reveals(then, revealed);
            reveals(otherwise, revealed);
        }
        Tree::Call { arguments, .. } => {
            arguments.iter().for_each(|argument| reveals(argument, revealed));
        }
    }
}

/// What holds wherever `tree` is `truth`, given what holds wherever one of its parts is.
fn implied<'e, T: Ord + Clone>(
    tree: &'e Tree,
    truth: bool,
    leaf: &dyn Fn(&'e Tree, bool) -> BTreeSet<T>,
) -> BTreeSet<T> {
    match tree {
        Tree::Not(inner) => implied(inner, !truth, leaf),
        Tree::Binary { operator: operator @ (Operator::And | Operator::Or), left, right } => {
            let (left, right) = (implied(left, truth, leaf), implied(right, truth, leaf));
            // Both sides of a true `and`, and of a false `or`, are as the whole is.
            if (*operator == Operator::And) == truth {
                left.union(&right).cloned().collect()
            } else {
                left.intersection(&right).cloned().collect()
            }
        }
        Tree::Constant(_)
        | Tree::Variable(_)
        | Tree::Fact(_)
        | Tree::Negative(_)
        | Tree::Binary { .. }
        | Tree::If { .. }
        | Tree::OneOf { .. }
        | Tree::Call { .. } => leaf(tree, truth),
    }
}

fn bounded(tree: &Tree, truth: bool) -> BTreeSet<Bounded<'_>> {
    let both = &[Bound::Above, Bound::Below][..];
    match tree {
        Tree::Binary { operator: Operator::Compare(comparison), left, right } => {
            let mut found = BTreeSet::new();
            for (side, other, turned) in [(left, right, false), (right, left, true)] {
                let bounds = match (comparison, truth) {
                    (Comparison::Equal, true) | (Comparison::NotEqual, false) => both,
                    // Steps of one meet every number.
                    (Comparison::NotEqual, true) | (Comparison::Equal, false) => both,
                    (Comparison::Less | Comparison::LessOrEqual, _) => one_side(truth != turned),
                    (Comparison::Greater | Comparison::GreaterOrEqual, _) => one_side(truth == turned),
                };
                found.extend(compared(side, &[other], bounds));
            }
            found
        }
        // A boolean that is false can only become true.
        Tree::Variable(variable) => {
            let bound = if truth { Bound::Below } else { Bound::Above };
            BTreeSet::from([Bounded { variable, bound, against: BTreeSet::new() }])
        }
        Tree::OneOf { value, values, negated } if *negated != truth => {
            compared(value, &values.iter().collect::<Vec<_>>(), both)
        }
        Tree::Constant(_)
        | Tree::Fact(_)
        | Tree::Not(_)
        | Tree::Negative(_)
        | Tree::Binary { .. }
        | Tree::If { .. }
        | Tree::OneOf { .. }
        | Tree::Call { .. } => BTreeSet::new(),
    }
}

const fn one_side(above: bool) -> &'static [Bound] {
    if above { &[Bound::Above] } else { &[Bound::Below] }
}

/// The bounds of `side`, if it is a variable and the others are constants or other variables.
fn compared<'e>(side: &'e Tree, others: &[&'e Tree], bounds: &[Bound]) -> BTreeSet<Bounded<'e>> {
    let Tree::Variable(variable) = side else { return BTreeSet::new() };
    let mut against = BTreeSet::new();
    let mut fixed = true;
    for other in others {
        other.visit(&mut |part| match part {
            Tree::Variable(name) => {
                against.insert(name);
            }
            Tree::Fact(_) => fixed = false,
            Tree::Constant(_)
            | Tree::Not(_)
            | Tree::Negative(_)
            | Tree::Binary { .. }
            | Tree::If { .. }
            | Tree::OneOf { .. }
            | Tree::Call { .. } => {}
        });
    }
    if !fixed || against.contains(variable) {
        return BTreeSet::new();
    }
    bounds.iter().map(|bound| Bounded { variable, bound: *bound, against: against.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use hotline_yaml::Place;

    use super::*;
    use crate::expression::{Type, Types};

    fn expression(text: &str) -> Expression {
        let types: Types =
            [("n", Type::Integer), ("most", Type::Integer), ("pin", Type::Text), ("done", Type::Boolean)]
                .map(|(name, found)| (Variable::from(name), found))
                .into();
        Expression::parse(text, &types, Place::default()).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
    }

    #[test]
    fn comparisons_bound_what_they_compare() {
        for (text, truth, expected) in [
            ("n < 3", true, "n Above"),
            ("n < 3", false, "n Below"),
            ("3 > n", true, "n Above"),
            ("not n >= most", true, "most Below, n Above"),
            ("done and n <= 3", true, "done Below, n Above"),
            ("done and n <= 3", false, ""),
            ("done or n >= 3", false, "done Above, n Above"),
            ("not done", true, "done Above"),
            ("n in [1, 2]", true, "n Above, n Below"),
            ("n == 3", false, "n Above, n Below"),
            ("n < queue.sales.waiting", true, ""),
            ("n < n + 1", true, ""),
            ("pin == \"1\"", true, "pin Above, pin Below"),
        ] {
            let expression = expression(text);
            let found: Vec<String> = expression
                .bounds(truth)
                .iter()
                .map(|found| format!("{} {:?}", found.variable, found.bound))
                .collect();
            assert_eq!(found.join(", "), expected, "{text} {truth}");
        }
    }

    #[test]
    fn only_constant_steps_count() {
        let step = |text| expression(text).step_of(&Variable::from("n"));
        assert_eq!((step("n + 1"), step("2 + n"), step("n - 1")), (Some(1), Some(2), Some(-1)));
        assert_eq!(
            (step("n + most"), step("most + 1"), step("1 - n"), step("n * 2")),
            (None, None, None, None)
        );
    }

    #[test]
    fn a_comparison_tells_nothing_of_a_secret() {
        let revealed = |text: &str| !expression(text).reveals().is_empty();
        assert!(!revealed("pin == \"1234\""));
        assert!(!revealed("pin in [\"1\", \"2\"] or starts_with(pin, \"0\")"));
        assert!(revealed("pin ~ \"x\""));
        assert!(revealed("length(pin)"));
        assert!(revealed("pin if n < 3 else \"\""));
        assert!(revealed("not done"));
    }

    #[test]
    fn an_answered_call_is_known_by_its_fact() {
        assert!(expression("call.answered").implies_answered(true));
        assert!(!expression("call.answered").implies_answered(false));
        assert!(expression("not call.answered").implies_answered(false));
        assert!(expression("n < 3 and call.answered").implies_answered(true));
        assert!(!expression("n < 3 or call.answered").implies_answered(true));
    }
}
