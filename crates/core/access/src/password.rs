//! What a password must be like.

use core::fmt;
use core::time::Duration;

/// Longer passwords are refused unseen, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Rules for passwords that people choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    /// The least number of characters.
    pub length: usize,
    /// How many of the four classes must be there: small letters, capital letters, digits, everything else.
    pub classes: usize,
    /// How long a password holds; `None` for ever.
    pub age_max: Option<Duration>,
    /// So many former passwords may not come again.
    pub remembered: usize,
    /// After so many wrong passwords in a row the user is locked.
    pub failures: u32,
    /// For how long, unless somebody unlocks it before.
    pub lock: Duration,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            length: 8,
            classes: 3,
            age_max: Some(Duration::from_secs(90 * 86_400)),
            remembered: 5,
            failures: 10,
            lock: Duration::from_secs(30 * 60),
        }
    }
}

/// Why a password will not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer characters than this.
    Short(usize),
    /// More bytes than [`PASSWORD_BYTES_MAX`].
    Long,
    /// Fewer classes of characters than this.
    Plain(usize),
    /// The user's own name is in it.
    HasName,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(least) => write!(f, "needs at least {least} characters"),
            Self::Long => write!(f, "has more than {PASSWORD_BYTES_MAX} bytes"),
            Self::Plain(least) => write!(
                f,
                "needs {least} of these four: small letters, capital letters, digits, other characters"
            ),
            Self::HasName => f.write_str("must not hold the user's name"),
        }
    }
}

impl PasswordRules {
    /// Whether `user` may have this password.
    ///
    /// # Errors
    /// The first [`Weakness`].
    pub fn check(&self, password: &str, user: &str) -> Result<(), Weakness> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(Weakness::Long);
        }
        if password.chars().count() < self.length {
            return Err(Weakness::Short(self.length));
        }
        if classes(password) < self.classes {
            return Err(Weakness::Plain(self.classes));
        }
        let user = user.to_lowercase();
        if user.chars().count() >= 3 && password.to_lowercase().contains(&user) {
            return Err(Weakness::HasName);
        }
        Ok(())
    }
}

/// How many of the four classes are there. Letters without case, as Chinese ones, are of the fourth.
fn classes(password: &str) -> usize {
    let kinds: [fn(char) -> bool; 3] = [char::is_lowercase, char::is_uppercase, |one| one.is_ascii_digit()];
    let named = kinds.iter().filter(|is| password.chars().any(is)).count();
    let other = password.chars().any(|one| !kinds.iter().any(|is| is(one)));
    named + usize::from(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_characters_of_three_classes_and_not_the_own_name() {
        let rules = PasswordRules::default();
        for (password, found) in [
            ("Abcdefg1", Ok(())),
            ("abcdefg-1", Ok(())),
            ("密码很长Ab1!", Ok(())),
            ("Abcde1!", Err(Weakness::Short(8))),
            ("abcdefgh", Err(Weakness::Plain(3))),
            ("abcdefg1", Err(Weakness::Plain(3))),
            ("xAnna-12345", Err(Weakness::HasName)),
        ] {
            assert_eq!(rules.check(password, "anna"), found, "{password}");
        }
        assert_eq!(rules.check(&"Ab1".repeat(400), "anna"), Err(Weakness::Long));
        assert_eq!(rules.check("Bo-12345", "bo"), Ok(()), "names of two letters are in many words");
    }
}
