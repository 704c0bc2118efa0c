//! Passwords in the center's file: shown to nobody who may not read them, and kept when the masked form comes back.

use hotline_yaml::{Diagnostic, EditError, Scalar, Source, scalars};

use crate::{ConfigError, Mistakes};

/// What is shown in the place of a password, and what stands for the one that is there.
pub const MASK: &str = "***";
/// What is shown in the place of a password that is not the one of the text that this is compared with.
const OTHER: &str = "*** (another)";

/// A masked password that stands for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The keys that lead there, as `agents.1001.sip_password`.
    pub field: String,
}

/// The text without its passwords.
///
/// # Errors
/// [`EditError::Unreadable`]: where passwords are cannot be told, so nothing may be shown.
pub fn mask(text: &str) -> Result<String, EditError> {
    let found = secrets(text)?;
    Ok(replace(text, found.iter().map(|one| (one, format!("\"{MASK}\"")))))
}

/// The same of two texts that are compared: in the second one it shows which passwords are others than in the first.
///
/// # Errors
/// As [`mask`].
pub fn mask_beside(first: &str, second: &str) -> Result<(String, String), EditError> {
    let (known, found) = (secrets(first)?, secrets(second)?);
    let shown = found.iter().map(|one| {
        let before = known.iter().find(|known| known.path == one.path);
        let is_other = before.is_some_and(|before| first[before.bytes.clone()] != second[one.bytes.clone()]);
        (one, format!("\"{}\"", if is_other { OTHER } else { MASK }))
    });
    Ok((mask(first)?, replace(second, shown)))
}

/// The text with the passwords of `base` where it has the mask. A text that cannot be read has none to put in, and is left as it is.
///
/// # Errors
/// The masks for which `base` has no password.
pub fn unmask(text: &str, base: &str) -> Result<String, Vec<Unknown>> {
    let Ok(found) = secrets(text) else { return Ok(text.to_owned()) };
    let known = secrets(base).unwrap_or_default();
    let (mut put, mut unknown) = (Vec::new(), Vec::new());
    for one in found.iter().filter(|one| one.text.as_deref() == Some(MASK)) {
        match known.iter().find(|known| known.path == one.path && known.text.as_deref() != Some(MASK)) {
            Some(known) => put.push((one, base[known.bytes.clone()].to_owned())),
            None => unknown.push(Unknown { field: one.path.join(".") }),
        }
    }
    if unknown.is_empty() { Ok(replace(text, put.into_iter())) } else { Err(unknown) }
}

/// The error without passwords in what it quotes of the file.
pub(crate) fn hide(error: ConfigError, source: &Source) -> ConfigError {
    let ConfigError::Mistakes(Mistakes(mistakes)) = error else { return error };
    let found = secrets(source.text());
    let hidden = mistakes.into_iter().map(|mistake| match &found {
        _ if mistake.file != source.file() => mistake,
        Ok(found) => without(mistake, source.text(), found),
        Err(_) => Diagnostic { source_line: Box::default(), line_before: Box::default(), ..mistake },
    });
    ConfigError::Mistakes(Mistakes(hidden.collect()))
}

fn without(mut mistake: Diagnostic, text: &str, secrets: &[Scalar]) -> Diagnostic {
    for one in secrets {
        let (written, said) = (&text[one.bytes.clone()], one.text.as_deref());
        // What is as short as this stands in many other words.
        for secret in [written].into_iter().chain(said).filter(|secret| secret.len() > MASK.len()) {
            for shown in [&mut mistake.source_line, &mut mistake.line_before] {
                if shown.contains(secret) {
                    *shown = shown.replace(secret, MASK).into();
                }
            }
            mistake.problem = mistake.problem.replace(secret, MASK);
        }
    }
    mistake
}

fn secrets(text: &str) -> Result<Vec<Scalar>, EditError> {
    let mut found = scalars(text)?;
    found.retain(|one| is_secret(&one.path) && !one.bytes.is_empty());
    Ok(found)
}

fn is_secret(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path.as_slice(),
        ["agents", _, "sip_password", ..]
            | ["trunks", _, "login", "password", ..]
            | ["demo", _, "password", ..]
    )
}

/// Later pieces first, so that the bytes of those before stay where they are.
fn replace<'s>(text: &str, pieces: impl Iterator<Item = (&'s Scalar, String)>) -> String {
    let mut pieces: Vec<(&Scalar, String)> = pieces.collect();
    pieces.sort_by_key(|(one, _)| std::cmp::Reverse(one.bytes.start));
    let mut text = text.to_owned();
    for (one, piece) in pieces {
        text.replace_range(one.bytes.clone(), &piece);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
agents:
  \"1001\": {name: A, sip_password: alice-phone} # her desk
  \"1002\":
    sip_password: 'bob ''phone'''
trunks:
  carrier: {login: {username: me, password: \"s3cret\"}}
demo:
  alice: {password: alice-desk, role: agent}
";

    #[test]
    fn no_password_is_shown_and_the_masked_form_keeps_them() {
        let masked = mask(TEXT).unwrap();
        for secret in ["alice-phone", "bob ", "s3cret", "alice-desk"] {
            assert!(!masked.contains(secret), "{masked}");
        }
        assert!(masked.contains("{name: A, sip_password: \"***\"} # her desk"), "{masked}");
        assert_eq!(unmask(&masked, TEXT).unwrap(), TEXT);
        let renamed = masked.replace("\"1002\"", "\"1003\"");
        let unknown = unmask(&renamed, TEXT).unwrap_err();
        assert_eq!(unknown, [Unknown { field: "agents.1003.sip_password".into() }]);
        let changed = masked.replace("alice: {password: \"***\"", "alice: {password: other-desk");
        assert_eq!(unmask(&changed, TEXT).unwrap(), TEXT.replace("alice-desk", "other-desk"));
    }

    #[test]
    fn a_comparison_shows_which_passwords_are_others() {
        let other = TEXT.replace("s3cret", "0ther").replace("alice-phone", "alice phone");
        let (before, after) = mask_beside(TEXT, &other).unwrap();
        assert_eq!(before, mask(TEXT).unwrap());
        assert_eq!(after.matches("*** (another)").count(), 2, "{after}");
        assert!(!after.contains("0ther") && !after.contains("alice phone"), "{after}");
        assert!(mask("a: [").is_err());
    }
}
