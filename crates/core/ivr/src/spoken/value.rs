//! Texts to values that can be said, and what is wrong with those that cannot.
//!
//! A value may be about the caller, so no error repeats it.

use hotline_base::Pii;

use super::{
    Currency, SPOKEN_DIGITS_MAX, SPOKEN_NUMBER_MAX, SPOKEN_PLACES_MAX, SPOKEN_YEARS, Spoken, SpokenKind,
    calendar, parts,
};

/// Why a text cannot be said as what it was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpokenError {
    /// No character but white space.
    #[error("there is nothing to say")]
    Empty,
    /// More than [`SPOKEN_DIGITS_MAX`] characters.
    #[error("it is longer than {SPOKEN_DIGITS_MAX} characters")]
    TooLong,
    /// Written in a way that is not read.
    #[error("expected {0}")]
    Malformed(&'static str),
    /// Written well, and too large or too small.
    #[error("out of range: expected {0}")]
    OutOfRange(&'static str),
    /// A date whose month is shorter.
    #[error("there is no such day: that month has {days}")]
    NoSuchDay {
        /// How many days the month has.
        days: u8,
    },
}

const NUMBER: &str = "a whole number such as `1250`, up to 999999999999";
const DECIMAL: &str = "a number such as `12.5`, up to 999999999999, with at most 6 digits behind the point";
const ORDINAL: &str = "a place in an order such as `3`, from 1 to 4294967295";
const DIGITS: &str = "digits, `*`, `#` and `+`";
const MONEY: &str = "an amount such as `12.50`, up to 999999999999.99";
const DATE: &str = "a date such as `2026-11-29` or `20261129`";
const YEAR: &str = "a year from 1000 to 9999";
const MONTH: &str = "a month from 1 to 12";
const TIME: &str = "a time such as `15:05` or `1505`";
const HOUR: &str = "an hour from 0 to 23 and a minute from 0 to 59";
const DURATION: &str = "seconds such as `90`, up to 4294967295";

impl Spoken {
    /// Reads a text as a value of `kind`. White space around it does not count.
    ///
    /// # Errors
    /// [`SpokenError`], which says what is expected and does not repeat the text.
    pub fn read(kind: SpokenKind, text: &str) -> Result<Self, SpokenError> {
        match kind {
            SpokenKind::Number => Self::number(text),
            SpokenKind::Decimal => Self::decimal(text),
            SpokenKind::Ordinal => Self::ordinal(text),
            SpokenKind::Digits => Self::digits(text),
            SpokenKind::Money(currency) => Self::money(text, currency),
            SpokenKind::Date => Self::date(text, false),
            SpokenKind::DateWithWeekday => Self::date(text, true),
            SpokenKind::Time => Self::time(text),
            SpokenKind::Duration => Self::duration(text),
        }
    }

    /// `1250`, `-3`.
    ///
    /// # Errors
    /// As [`Spoken::read`].
    pub fn number(text: &str) -> Result<Self, SpokenError> {
        let (number, _) = scaled(text, 0, NUMBER)?;
        Self::Number(number).checked(NUMBER)
    }

    /// `12.5`, `-0.25`, `3`. Zeros at the end are kept and said.
    ///
    /// # Errors
    /// As [`Spoken::read`].
    pub fn decimal(text: &str) -> Result<Self, SpokenError> {
        let (unscaled, places) = scaled(text, SPOKEN_PLACES_MAX, DECIMAL)?;
        Self::Decimal { unscaled, places }.checked(DECIMAL)
    }

    /// `3` for the third.
    ///
    /// # Errors
    /// As [`Spoken::read`].
    pub fn ordinal(text: &str) -> Result<Self, SpokenError> {
        let (place, _) = scaled(text, 0, ORDINAL)?;
        let place = u32::try_from(place).map_err(|_| SpokenError::OutOfRange(ORDINAL))?;
        Self::Ordinal(place).checked(ORDINAL)
    }

    /// What is counted off. Spaces, `-`, `.`, `/` and brackets between the digits are not said.
    ///
    /// # Errors
    /// As [`Spoken::read`].
    pub fn digits(text: &str) -> Result<Self, SpokenError> {
        let digits: String = trimmed(text)?.chars().filter(|c| !" -./()".contains(*c)).collect();
        if digits.is_empty() || !digits.chars().all(is_counted) {
            return Err(SpokenError::Malformed(DIGITS));
        }
        Ok(Self::Digits(Pii::new(digits)))
    }

    /// `12.50`, `12.5`, `12`, `-3.05`, in units of the currency.
    ///
    /// # Errors
    /// As [`Spoken::read`].
    pub fn money(text: &str, currency: Currency) -> Result<Self, SpokenError> {
        let (unscaled, places) = scaled(text, 2, MONEY)?;
        let missing = 10_i64.pow(u32::from(2 - places));
        let minor = unscaled.checked_mul(missing).ok_or(SpokenError::OutOfRange(MONEY))?;
        Self::Money { minor, currency }.checked(MONEY)
    }

    /// `2026-11-29` or `20261129`.
    ///
    /// # Errors
    /// As [`Spoken::read`].
    pub fn date(text: &str, weekday: bool) -> Result<Self, SpokenError> {
        let [year, month, day] =
            fields(trimmed(text)?, '-', [4, 2, 2]).ok_or(SpokenError::Malformed(DATE))?;
        if !SPOKEN_YEARS.contains(&year) {
            return Err(SpokenError::OutOfRange(YEAR));
        }
        let small = |field: u16| u8::try_from(field).map_err(|_| SpokenError::Malformed(DATE));
        let (month, day) = (small(month)?, small(day)?);
        match calendar::days_in_month(year, month) {
            0 => Err(SpokenError::OutOfRange(MONTH)),
            days if !(1..=days).contains(&day) => Err(SpokenError::NoSuchDay { days }),
            _ => Ok(Self::Date { year, month, day, weekday }),
        }
    }

    /// `15:05` or `1505`.
    ///
    /// # Errors
    /// As [`Spoken::read`].
    pub fn time(text: &str) -> Result<Self, SpokenError> {
        let [hour, minute] = fields(trimmed(text)?, ':', [2, 2]).ok_or(SpokenError::Malformed(TIME))?;
        let small = |field: u16| u8::try_from(field).map_err(|_| SpokenError::Malformed(TIME));
        Self::Time { hour: small(hour)?, minute: small(minute)? }.checked(HOUR)
    }

    /// Whole seconds: `90` for one minute and thirty seconds.
    ///
    /// # Errors
    /// As [`Spoken::read`].
    pub fn duration(text: &str) -> Result<Self, SpokenError> {
        let (seconds, _) = scaled(text, 0, DURATION)?;
        let seconds = u32::try_from(seconds).map_err(|_| SpokenError::OutOfRange(DURATION))?;
        Ok(Self::Duration { seconds })
    }

    /// Whether it can be said.
    pub(super) fn in_range(&self) -> bool {
        let max = SPOKEN_NUMBER_MAX.unsigned_abs();
        match self {
            Self::Number(number) => number.unsigned_abs() <= max,
            Self::Decimal { unscaled, places } => {
                *places <= SPOKEN_PLACES_MAX && parts(*unscaled, *places).0 <= max
            }
            Self::Ordinal(place) => *place > 0,
            Self::Digits(digits) => {
                let digits = digits.expose();
                (1..=SPOKEN_DIGITS_MAX).contains(&digits.len()) && digits.chars().all(is_counted)
            }
            Self::Money { minor, currency: _ } => parts(*minor, 2).0 <= max,
            Self::Date { year, month, day, weekday: _ } => {
                SPOKEN_YEARS.contains(year) && (1..=calendar::days_in_month(*year, *month)).contains(day)
            }
            Self::Time { hour, minute } => *hour < 24 && *minute < 60,
            Self::Duration { seconds: _ } => true,
        }
    }

    fn checked(self, expected: &'static str) -> Result<Self, SpokenError> {
        if self.in_range() { Ok(self) } else { Err(SpokenError::OutOfRange(expected)) }
    }
}

const fn is_counted(c: char) -> bool {
    matches!(c, '0'..='9' | '*' | '#' | '+')
}

fn trimmed(text: &str) -> Result<&str, SpokenError> {
    let text = text.trim();
    match text.len() {
        0 => Err(SpokenError::Empty),
        1..=SPOKEN_DIGITS_MAX => Ok(text),
        _ => Err(SpokenError::TooLong),
    }
}

/// A number without its point, and how many digits were behind it, at most `places_max`.
fn scaled(text: &str, places_max: u8, expected: &'static str) -> Result<(i64, u8), SpokenError> {
    let text = trimmed(text)?;
    let malformed = SpokenError::Malformed(expected);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if !digits(whole) || !digits(fraction) {
        return Err(malformed);
    }
    let fraction = if unsigned.contains('.') { fraction } else { "" };
    let places = u8::try_from(fraction.len()).ok().filter(|places| *places <= places_max).ok_or(malformed)?;
    let sign = if text.starts_with('-') { "-" } else { "" };
    let unscaled =
        format!("{sign}{whole}{fraction}").parse().map_err(|_| SpokenError::OutOfRange(expected))?;
    Ok((unscaled, places))
}

/// Numbers of fixed widths, all with the separator between them or all without.
fn fields<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[u16; N]> {
    let mut rest = text;
    let separated = text.contains(separator);
    let mut numbers = [0; N];
    for (index, (number, width)) in numbers.iter_mut().zip(widths).enumerate() {
        if index > 0 && separated {
            rest = rest.strip_prefix(separator)?;
        }
        let (field, after) = rest.split_at_checked(width)?;
        if !field.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = field.parse().ok()?;
        rest = after;
    }
    rest.is_empty().then_some(numbers)
}
