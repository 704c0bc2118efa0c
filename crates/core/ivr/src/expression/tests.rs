//! Expressions as flows write them, and what each gives.

use super::*;

struct Call;

impl Scope for Call {
    fn variable(&self, name: &Variable) -> Option<Value> {
        match name.as_str() {
            "tries" => Some(Value::Integer(2)),
            "account" => Some(Value::Text("00423".to_owned())),
            "balance" => Some(Value::Decimal(12.5)),
            "vip" => Some(Value::Boolean(true)),
            _ => None,
        }
    }

    fn fact(&self, fact: &Fact) -> Value {
        match fact {
            Fact::Call(CallFact::Area) => Value::Text("030".to_owned()),
            Fact::Queue(queue, QueueFact::Waiting) if queue.as_str() == "sales" => Value::Integer(7),
            Fact::Call(_) | Fact::Time(_) | Fact::Customer(_) | Fact::Queue(..) => match fact.value_type() {
                Type::Text => Value::Text(String::new()),
                Type::Integer => Value::Integer(0),
                Type::Decimal => Value::Decimal(0.0),
                Type::Boolean => Value::Boolean(false),
            },
        }
    }
}

fn types() -> Types {
    let types = [
        ("tries", Type::Integer),
        ("account", Type::Text),
        ("balance", Type::Decimal),
        ("vip", Type::Boolean),
        ("never", Type::Text),
    ];
    types.into_iter().map(|(name, value_type)| (Variable::from(name), value_type)).collect()
}

fn parse(text: &str) -> Result<Expression, Misspelt> {
    Expression::parse(text, &types(), Place::default())
}

fn value(text: &str) -> String {
    match parse(text) {
        Ok(expression) => match expression.evaluate(&Call) {
            Ok(value) => {
                assert_eq!(value.value_type(), expression.value_type(), "{text}");
                value.written()
            }
            Err(error) => format!("error: {error}"),
        },
        Err(misspelt) => panic!("{text}: {misspelt:?}"),
    }
}

#[test]
fn expressions_give_what_they_say() {
    let expected = [
        ("tries < 3 and call.area in [\"030\", \"040\"]", "true"),
        ("tries + 1", "3"),
        ("-tries", "-2"),
        ("1 < tries <= 2", "true"),
        ("tries == 2.0", "true"),
        ("balance * 2", "25"),
        ("7 / 2", "3.5"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("account ~ \"-\" ~ tries", "00423-2"),
        ("length(account)", "5"),
        ("slice(account, 2, 2)", "42"),
        ("slice(account, 9, 2)", ""),
        ("starts_with(account, \"004\") and not ends_with(account, \"0\")", "true"),
        ("integer(account)", "423"),
        ("integer(balance)", "12"),
        ("round(balance)", "13"),
        ("max(tries, 5)", "5"),
        ("\"42\" in account", "true"),
        ("account not in [\"1\", \"2\"]", "true"),
        ("queue.sales.waiting > 5", "true"),
        ("queue[\"sales\"].waiting", "7"),
        ("\"gold\" if vip else \"ordinary\"", "gold"),
        ("not vip or tries == 2", "true"),
        ("account < \"1\"", "true"),
        ("\"é\" ~ account", "é00423"),
        ("9223372036854775807", "9223372036854775807"),
    ];
    for (text, expected) in expected {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_computed_is_an_error_and_known_to_be_possible() {
    for (text, error) in [
        ("tries // 0", "a division by zero"),
        ("tries % (tries - 2)", "a division by zero"),
        ("balance / 0.0", "a division by zero"),
        ("integer(never)", "a variable that was not set"),
        ("integer(\"x\")", "a text that is no number"),
        ("decimal(\"1e999\")", "a number too large"),
    ] {
        assert_eq!(value(text), format!("error: {error}"), "{text}");
        assert!(parse(text).unwrap().can_fail(), "{text}");
    }
    assert_eq!(value("9223372036854775807 + tries"), "error: a number too large");
    for text in ["tries // 2", "tries + 1", "balance / 2.5", "length(account)"] {
        assert!(!parse(text).unwrap().can_fail(), "{text}");
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let expected = [
        ("tries <", 6, "not an expression"),
        ("tires < 3", 0, "unknown variable `tires`"),
        ("account == 3", 0, "text compared with integer"),
        ("tries and vip", 0, "integer where true or false is needed"),
        ("vip and account + 1 > 2", 8, "text where a number is needed"),
        ("\"ä\" == call.are", 7, "unknown call fact `call.are`"),
        ("queue.sales", 0, "unknown call fact"),
        ("account|upper", 8, "filters"),
        ("vip is true", 7, "tests"),
        ("[1, 2]", 0, "a list is no value"),
        ("lenght(account)", 0, "unknown function `lenght`"),
        ("length(tries)", 0, "wrong arguments"),
        ("range(10)", 0, "unknown function"),
        ("account * 1000000", 0, "text where a number is needed"),
        ("2 ** 62", 0, "powers"),
        ("\"a\" if vip", 0, "`if` without `else`"),
        ("1 if vip else \"a\"", 14, "integer in one case, text in the other"),
        ("vip < true", 0, "no order"),
        ("99999999999999999999999", 0, "number too large"),
        ("none", 0, "not a value"),
        ("account[0:2]", 0, "not part of flows"),
        ("call", 0, "alone is no value"),
    ];
    for (text, offset, problem) in expected {
        let misspelt = parse(text).expect_err(text);
        assert!(misspelt.problem.contains(problem), "{text}: {misspelt:?}");
        assert_eq!(misspelt.offset, offset, "{text}: {misspelt:?}");
        assert!(!misspelt.remedy.is_empty(), "{text}");
    }
}

#[test]
fn size_is_bounded() {
    let large = vec!["tries"; 150].join("+");
    assert!(parse(&large).unwrap_err().problem.contains("too large"), "299 nodes");
    let long = format!("\"{}\" == account", "x".repeat(MAX_WRITTEN));
    assert!(parse(&long).unwrap_err().problem.contains("too long"));
    let deep = format!("{}vip{}", "(".repeat(400), ")".repeat(400));
    assert!(parse(&deep).is_err(), "no stack is exhausted");
    let deep = format!("{}vip", "not ".repeat(200));
    assert!(parse(&deep).is_err(), "no stack is exhausted");
}

#[test]
fn what_is_read_is_known() {
    let expression = parse("account == call.caller and (tries > 1 or queue.sales.waiting > tries)").unwrap();
    let reads: Vec<&str> = expression.reads().into_iter().map(Variable::as_str).collect();
    assert_eq!(reads, ["account", "tries"]);
    assert_eq!(expression.facts().len(), 2);
}
