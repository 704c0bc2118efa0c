//! What the parser of minijinja gives, checked against the types and turned into a [`Tree`]. Whatever the grammar has
//! beyond the few things that flows need (filters, loops, keyword arguments) is refused by name.

use hotline_base::QueueId;
use hotline_yaml::{is_near, shown, suggest};
use minijinja::machinery::ast::{BinOpKind, Call, CallArg, CompareOpKind, Expr, UnaryOpKind};
use minijinja::machinery::parse_expr;
use minijinja::value::ValueKind;

use super::value::MAX_TEXT;
use super::{
    Calculation, CallFact, Comparison, CustomerFact, CustomerField, Fact, Function, MAX_NODES, MAX_WRITTEN,
    Misspelt, Operator, QueueFact, TimeFact, Tree, Type, Types, Value,
};
use crate::name::FieldName;

type Typed = (Tree, Type);
type Outcome<T> = Result<T, Misspelt>;

/// Reads a whole expression.
pub(super) fn read(text: &str, types: &Types) -> Outcome<Typed> {
    if text.chars().count() > MAX_WRITTEN {
        return Err(misspelt(0, "an expression too long", format!("at most {MAX_WRITTEN} characters")));
    }
    let parsed = parse_expr(text).map_err(|error| {
        let offset = error.range().map_or(0, |range| range.start);
        let detail = error.detail().unwrap_or("it cannot be read").to_owned();
        misspelt(
            offset,
            format!("not an expression: {detail}"),
            "write it like `tries < 3 and call.area == \"030\"`",
        )
    })?;
    let mut reader = Reader { text, types, nodes: 0 };
    reader.tree(&parsed)
}

/// An expression out of a text with `{{ … }}`, whose offsets count from the beginning of that text.
pub(super) fn read_embedded(text: &str, parsed: &Expr<'_>, types: &Types) -> Outcome<Typed> {
    Reader { text, types, nodes: 0 }.tree(parsed)
}

struct Reader<'t> {
    text: &'t str,
    types: &'t Types,
    nodes: usize,
}

fn misspelt(offset: usize, problem: impl Into<String>, remedy: impl Into<String>) -> Misspelt {
    Misspelt { offset: u32::try_from(offset).unwrap_or(0), problem: problem.into(), remedy: remedy.into() }
}

impl Reader<'_> {
    /// A mistake at the beginning of `at`.
    fn wrong(&self, at: &Expr<'_>, problem: impl Into<String>, remedy: impl Into<String>) -> Misspelt {
        let bytes = usize::try_from(at.span().start_offset).unwrap_or(0);
        let offset = self.text.get(..bytes).map_or(0, |before| before.chars().count());
        misspelt(offset, problem, remedy)
    }

    fn tree(&mut self, expr: &Expr<'_>) -> Outcome<Typed> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let remedy = format!("at most {MAX_NODES} names, constants and operators; use several steps");
            return Err(self.wrong(expr, "an expression too large", remedy));
        }
        match expr {
            Expr::Const(constant) => self.constant(expr, &constant.value),
            Expr::Var(variable) => self.variable(expr, variable.id),
            Expr::GetAttr(_) | Expr::GetItem(_) => self.fact(expr),
            Expr::UnaryOp(unary) => match unary.op {
                UnaryOpKind::Not => Ok((Tree::Not(Box::new(self.boolean(&unary.expr)?)), Type::Boolean)),
                UnaryOpKind::Neg => {
                    let (tree, found) = self.number(&unary.expr)?;
                    Ok((Tree::Negative(Box::new(tree)), found))
                }
            },
            Expr::BinOp(binary) => self.binary(expr, binary.op, &binary.left, &binary.right),
            Expr::Compare(compare) => {
                let mut left = &compare.expr;
                let mut whole: Option<Tree> = None;
                for link in &compare.ops {
                    let (tree, _) = self.compare(expr, link.op, left, &link.expr)?;
                    whole = Some(match whole {
                        None => tree,
                        Some(before) => joined(Operator::And, before, tree),
                    });
                    left = &link.expr;
                }
                let whole = whole
                    .ok_or_else(|| self.wrong(expr, "a comparison with nothing", "compare two values"))?;
                Ok((whole, Type::Boolean))
            }
            Expr::IfExpr(choice) => {
                let Some(otherwise) = &choice.false_expr else {
                    return Err(self.wrong(expr, "`if` without `else`", "write `a if condition else b`"));
                };
                let condition = Box::new(self.boolean(&choice.test_expr)?);
                let (then, first) = self.tree(&choice.true_expr)?;
                let (otherwise_tree, second) = self.tree(otherwise)?;
                if first != second {
                    let problem = format!("{first} in one case, {second} in the other");
                    return Err(self.wrong(otherwise, problem, "give both the same type"));
                }
                let (then, otherwise) = (Box::new(then), Box::new(otherwise_tree));
                Ok((Tree::If { condition, then, otherwise }, first))
            }
            Expr::Call(call) => self.call(expr, call),
            Expr::Filter(_) => Err(self.wrong(expr, "filters (`|`) are not part of flows", functions())),
            Expr::Test(_) => {
                Err(self.wrong(expr, "tests (`is`) are not part of flows", "compare with `==` or `!=`"))
            }
            Expr::Slice(_) => Err(self.wrong(expr, "`[a:b]` is not part of flows", Function::Slice.usage())),
            Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => {
                Err(self.wrong(expr, "a list is no value", "a list can only stand after `in`"))
            }
        }
    }

    fn constant(&self, expr: &Expr<'_>, value: &minijinja::Value) -> Outcome<Typed> {
        let kind = value.kind();
        let value = if kind == ValueKind::Bool {
            Value::Boolean(value.is_true())
        } else if kind == ValueKind::Number {
            self.number_constant(expr, value)?
        } else if let Some(text) = value.as_str() {
            if text.chars().count() > MAX_TEXT {
                return Err(self.wrong(expr, "a text too long", format!("at most {MAX_TEXT} characters")));
            }
            Value::Text(text.to_owned())
        } else {
            return Err(self.wrong(expr, "not a value of a flow", "a text, a number, `true` or `false`"));
        };
        let found = value.value_type();
        Ok((Tree::Constant(value), found))
    }

    fn number_constant(&self, expr: &Expr<'_>, value: &minijinja::Value) -> Outcome<Value> {
        if value.is_integer()
            && let Ok(number) = i64::try_from(value.clone())
        {
            return Ok(Value::Integer(number));
        }
        let number = f64::try_from(value.clone()).ok().filter(|number| number.is_finite());
        let fits = number.filter(|_| !value.is_integer());
        fits.map(Value::Decimal).ok_or_else(|| self.wrong(expr, "a number too large", "at most 64 bits"))
    }

    fn variable(&self, expr: &Expr<'_>, name: &str) -> Outcome<Typed> {
        if let Some((variable, found)) = self.types.get_key_value(name) {
            return Ok((Tree::Variable(variable.clone()), *found));
        }
        if Fact::GROUPS.contains(&name) {
            return Err(self.wrong(expr, format!("`{name}` alone is no value"), format!("write `{name}.…`")));
        }
        let known = self.types.keys().map(super::Variable::as_str).chain(Fact::GROUPS.iter().copied());
        let remedy = format!("{}; variables are declared at the top of the flow", suggest(name, known));
        Err(self.wrong(expr, format!("unknown variable `{}`", shown(name)), remedy))
    }

    /// `group.name`, `queue.name.figure` or `queue["name"].figure`.
    fn fact(&self, expr: &Expr<'_>) -> Outcome<Typed> {
        let path = path(expr).unwrap_or_default();
        let fact = match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [CallFact::GROUP, name] => CallFact::from_name(name)
                .map(Fact::Call)
                .ok_or_else(|| names(name, CallFact::ALL, |fact| fact.name())),
            [TimeFact::GROUP, name] => TimeFact::from_name(name)
                .map(Fact::Time)
                .ok_or_else(|| names(name, TimeFact::ALL, |fact| fact.name())),
            [CustomerFact::GROUP, CustomerField::ADDED] => Err("write `customer.fields.<name>`".to_owned()),
            [CustomerFact::GROUP, CustomerField::ADDED, name] => {
                Ok(Fact::Customer(CustomerField::Added(FieldName::from(name))))
            }
            [CustomerFact::GROUP, name] => CustomerFact::from_name(name)
                .map(|fact| Fact::Customer(CustomerField::Own(fact)))
                .ok_or_else(|| names(name, CustomerFact::ALL, |fact| fact.name())),
            [QueueFact::GROUP, queue, name] => QueueFact::from_name(name)
                .map(|fact| Fact::Queue(QueueId::from(queue), fact))
                .ok_or_else(|| names(name, QueueFact::ALL, |fact| fact.name())),
            [QueueFact::GROUP, _] => Err("write `queue.<name>.waiting`".to_owned()),
            [group, ..] => Err(match Fact::GROUPS.iter().find(|known| is_near(group, known)) {
                Some(known) => format!(
                    "did you mean `{}`?",
                    core::iter::once(*known)
                        .chain(path.iter().skip(1).map(String::as_str))
                        .collect::<Vec<_>>()
                        .join(".")
                ),
                None => suggest(group, Fact::GROUPS.iter().copied()),
            }),
            [] => Err("write `call.…`, `time.…`, `customer.…` or `queue.<name>.…`".to_owned()),
        };
        match fact {
            Ok(fact) => {
                let found = fact.value_type();
                Ok((Tree::Fact(fact), found))
            }
            Err(remedy) => {
                Err(self.wrong(expr, format!("unknown call fact `{}`", shown(&path.join("."))), remedy))
            }
        }
    }

    fn binary(
        &mut self,
        whole: &Expr<'_>,
        op: BinOpKind,
        left: &Expr<'_>,
        right: &Expr<'_>,
    ) -> Outcome<Typed> {
        let calculation = match op {
            BinOpKind::ScAnd => {
                return Ok((joined(Operator::And, self.boolean(left)?, self.boolean(right)?), Type::Boolean));
            }
            BinOpKind::ScOr => {
                return Ok((joined(Operator::Or, self.boolean(left)?, self.boolean(right)?), Type::Boolean));
            }
            BinOpKind::Eq => return self.compare(whole, CompareOpKind::Eq, left, right),
            BinOpKind::Ne => return self.compare(whole, CompareOpKind::Ne, left, right),
            BinOpKind::Lt => return self.compare(whole, CompareOpKind::Lt, left, right),
            BinOpKind::Lte => return self.compare(whole, CompareOpKind::Lte, left, right),
            BinOpKind::Gt => return self.compare(whole, CompareOpKind::Gt, left, right),
            BinOpKind::Gte => return self.compare(whole, CompareOpKind::Gte, left, right),
            BinOpKind::In => return self.compare(whole, CompareOpKind::In, left, right),
            BinOpKind::Concat => {
                let ((left, _), (right, _)) = (self.tree(left)?, self.tree(right)?);
                return Ok((joined(Operator::Join, left, right), Type::Text));
            }
            BinOpKind::Pow => {
                return Err(self.wrong(whole, "powers are not part of flows", "multiply with `*`"));
            }
            BinOpKind::Add => Calculation::Add,
            BinOpKind::Sub => Calculation::Subtract,
            BinOpKind::Mul => Calculation::Multiply,
            BinOpKind::Div => Calculation::Divide,
            BinOpKind::FloorDiv => Calculation::DivideWhole,
            BinOpKind::Rem => Calculation::Remainder,
        };
        let ((left, first), (right, second)) = (self.number(left)?, self.number(right)?);
        let integer = first == Type::Integer && second == Type::Integer && calculation != Calculation::Divide;
        Ok((
            joined(Operator::Calculate(calculation), left, right),
            if integer { Type::Integer } else { Type::Decimal },
        ))
    }

    fn compare(
        &mut self,
        whole: &Expr<'_>,
        op: CompareOpKind,
        left: &Expr<'_>,
        right: &Expr<'_>,
    ) -> Outcome<Typed> {
        let comparison = match op {
            CompareOpKind::Eq => Comparison::Equal,
            CompareOpKind::Ne => Comparison::NotEqual,
            CompareOpKind::Lt => Comparison::Less,
            CompareOpKind::Lte => Comparison::LessOrEqual,
            CompareOpKind::Gt => Comparison::Greater,
            CompareOpKind::Gte => Comparison::GreaterOrEqual,
            CompareOpKind::In | CompareOpKind::NotIn => {
                return self.within(matches!(op, CompareOpKind::NotIn), left, right);
            }
        };
        let ((left_tree, first), (right_tree, second)) = (self.tree(left)?, self.tree(right)?);
        if first != second && !(first.is_number() && second.is_number()) {
            let remedy = match (first, second) {
                (Type::Text, Type::Integer | Type::Decimal) => {
                    "put the number in quotes, or use `integer(…)`"
                }
                (Type::Integer | Type::Decimal, Type::Text) => "leave the quotes out, or use `text(…)`",
                _ => "compare values of one type",
            };
            return Err(self.wrong(whole, format!("{first} compared with {second}"), remedy));
        }
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if ordered && first == Type::Boolean {
            return Err(self.wrong(whole, "`true` and `false` have no order", "use `==` or `not`"));
        }
        Ok((joined(Operator::Compare(comparison), left_tree, right_tree), Type::Boolean))
    }

    /// `x in [a, b]` or `"a" in text`.
    fn within(&mut self, negated: bool, left: &Expr<'_>, right: &Expr<'_>) -> Outcome<Typed> {
        let (value, wanted) = self.tree(left)?;
        let items = if let Expr::List(list) = right {
            &list.items
        } else if let Expr::Tuple(tuple) = right {
            &tuple.items
        } else {
            let (tree, found) = self.tree(right)?;
            if wanted != Type::Text || found != Type::Text {
                let problem = format!("{wanted} looked for in {found}");
                let remedy = "write `value in [a, b]`, or look for a text in a text";
                return Err(self.wrong(right, problem, remedy));
            }
            return Ok((joined(Operator::Within { negated }, value, tree), Type::Boolean));
        };
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let (tree, found) = self.tree(item)?;
            if found != wanted && !(found.is_number() && wanted.is_number()) {
                return Err(self.wrong(
                    item,
                    format!("{found} in a list that is looked through for {wanted}"),
                    "one type",
                ));
            }
            values.push(tree);
        }
        Ok((Tree::OneOf { value: Box::new(value), values, negated }, Type::Boolean))
    }

    fn call(&mut self, expr: &Expr<'_>, call: &Call<'_>) -> Outcome<Typed> {
        let Expr::Var(name) = &call.expr else {
            return Err(self.wrong(expr, "only functions can be called", functions()));
        };
        let Some(function) = Function::ALL.iter().copied().find(|function| function.name() == name.id) else {
            let remedy = suggest(name.id, Function::ALL.iter().map(|function| function.name()));
            return Err(self.wrong(expr, format!("unknown function `{}`", shown(name.id)), remedy));
        };
        let mut arguments = Vec::with_capacity(call.args.len());
        let mut types = Vec::with_capacity(call.args.len());
        for argument in &call.args {
            let CallArg::Pos(argument) = argument else {
                return Err(self.wrong(expr, "arguments have no names", function.usage()));
            };
            let (tree, found) = self.tree(argument)?;
            arguments.push(tree);
            types.push(found);
        }
        let gives = match (function, &types[..]) {
            (Function::Length, [Type::Text])
            | (Function::Integer, [Type::Text | Type::Integer | Type::Decimal | Type::Boolean])
            | (Function::Round, [Type::Integer | Type::Decimal]) => Type::Integer,
            (Function::StartsWith | Function::EndsWith, [Type::Text, Type::Text]) => Type::Boolean,
            (Function::Slice, [Type::Text, Type::Integer, Type::Integer]) | (Function::Text, [_]) => {
                Type::Text
            }
            (Function::Decimal, [Type::Text | Type::Integer | Type::Decimal]) => Type::Decimal,
            (Function::Smaller | Function::Larger, [first, second])
                if first == second && first.is_number() =>
            {
                *first
            }
            _ => {
                return Err(self.wrong(
                    expr,
                    format!("wrong arguments for `{}`", function.name()),
                    function.usage(),
                ));
            }
        };
        Ok((Tree::Call { function, arguments }, gives))
    }

    fn boolean(&mut self, expr: &Expr<'_>) -> Outcome<Tree> {
        let (tree, found) = self.tree(expr)?;
        if found == Type::Boolean {
            return Ok(tree);
        }
        Err(self.wrong(
            expr,
            format!("{found} where true or false is needed"),
            "compare it, as in `x == \"1\"`",
        ))
    }

    fn number(&mut self, expr: &Expr<'_>) -> Outcome<Typed> {
        let (tree, found) = self.tree(expr)?;
        if found.is_number() {
            return Ok((tree, found));
        }
        let remedy = if found == Type::Text {
            "`integer(…)` makes a number of a text, `~` joins texts"
        } else {
            "a number"
        };
        Err(self.wrong(expr, format!("{found} where a number is needed"), remedy))
    }
}

fn joined(operator: Operator, left: Tree, right: Tree) -> Tree {
    Tree::Binary { operator, left: Box::new(left), right: Box::new(right) }
}

/// The names of a path such as `queue["sales"].waiting`; `None` if something else stands in it.
fn path(expr: &Expr<'_>) -> Option<Vec<String>> {
    if let Expr::Var(variable) = expr {
        return Some(vec![variable.id.to_owned()]);
    }
    if let Expr::GetAttr(attribute) = expr {
        let mut names = path(&attribute.expr)?;
        names.push(attribute.name.to_owned());
        return Some(names);
    }
    if let Expr::GetItem(item) = expr {
        let mut names = path(&item.expr)?;
        names.push(item.subscript_expr.as_const()?.as_str()?.to_owned());
        return Some(names);
    }
    None
}

fn names<T: Copy>(written: &str, known: &[T], name: fn(T) -> &'static str) -> String {
    suggest(written, known.iter().map(|one| name(*one)))
}

fn functions() -> String {
    let usages: Vec<&str> = Function::ALL.iter().map(|function| function.usage()).collect();
    format!("there are {}", usages.join(", "))
}
