//! Paths into JSON: `$.customer.accounts[0].balance`, the part of RFC 9535 that names exactly one value.

/// The most steps of a path.
pub const MAX_PATH_STEPS: usize = 16;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// A member of an object.
    Member(String),
    /// An element of an array, counted from 0.
    Element(usize),
}

/// The steps of a path.
///
/// # Errors
/// In words what is wrong with it.
pub fn parse_path(path: &str) -> Result<Vec<PathPart>, String> {
    let mut rest = path.strip_prefix('$').ok_or("it must begin with `$`")?;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        if parts.len() == MAX_PATH_STEPS {
            return Err(format!("more than {MAX_PATH_STEPS} steps"));
        }
        let (part, after) = if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
                return Err("after `.` a name of letters, digits, `_` and `-`; others as ['name']".to_owned());
            }
            (PathPart::Member(name.to_owned()), after)
        } else if let Some(after) = rest.strip_prefix('[') {
            let (inside, after) = after.split_once(']').ok_or("`[` without `]`")?;
            let quoted =
                ['\'', '"'].iter().find_map(|quote| inside.strip_prefix(*quote)?.strip_suffix(*quote));
            match (quoted, inside.parse()) {
                (Some(name), _) => (PathPart::Member(name.to_owned()), after),
                (None, Ok(index)) => (PathPart::Element(index), after),
                (None, Err(_)) => return Err("in `[…]` a number or a name in quotes".to_owned()),
            }
        } else {
            return Err("a step begins with `.` or `[`".to_owned());
        };
        parts.push(part);
        rest = after;
    }
    Ok(parts)
}

/// Whether `path` can be used.
pub(crate) fn check(path: &str) -> Result<(), String> {
    parse_path(path).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_one_value() {
        use PathPart::{Element, Member};
        let member = |name: &str| Member(name.to_owned());
        for (path, parts) in [
            ("$", vec![]),
            ("$.a.b-c", vec![member("a"), member("b-c")]),
            ("$.a[0][12].b", vec![member("a"), Element(0), Element(12), member("b")]),
            ("$['a b']", vec![member("a b")]),
            ("$[\"x\"]", vec![member("x")]),
        ] {
            assert_eq!(parse_path(path).as_ref(), Ok(&parts), "{path}");
        }
        for wrong in ["", "a", "$a", "$..a", "$.", "$[", "$[x]", "$[-1]", "$.*", "$[?(@.a)]"] {
            assert!(parse_path(wrong).is_err(), "{wrong}");
        }
        assert!(parse_path(&format!("${}", ".a".repeat(17))).is_err());
    }
}
