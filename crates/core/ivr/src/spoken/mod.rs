//! Values as sequences of prompts: numbers, money, dates, times, what is counted off digit by digit.
//!
//! A value is read or built in `value.rs` and said by one module for each language; `position.rs` says a caller's
//! place in line. The words are the prompts of `sounds/manifest.yaml`. Must never know: sound files, flows.

mod calendar;
mod english;
mod mandarin;
mod position;
mod value;

use std::collections::BTreeSet;

use hotline_base::Pii;

use crate::name::{Language, PromptName};

pub use position::{
    MAX_NUMBER, MAX_WAIT_MINUTES, agent_announcement, announcement_prompts, number_phrases,
    position_announcement, wait_announcement, waited_announcement,
};
pub use value::SpokenError;

/// The largest number that can be said, with either sign: one short of a trillion.
pub const SPOKEN_NUMBER_MAX: i64 = 999_999_999_999;
/// The most digits after the point.
pub const SPOKEN_PLACES_MAX: u8 = 6;
/// The most characters of [`Spoken::Digits`], and of any text that is read as a value.
pub const SPOKEN_DIGITS_MAX: usize = 64;
/// No value takes more prompts than this.
pub const SPOKEN_PHRASES_MAX: usize = 64;
/// The years that can be said: those of four digits.
pub const SPOKEN_YEARS: core::ops::RangeInclusive<u16> = 1000..=9999;

/// A value to be said. What is out of range is not said: [`phrases`] gives `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// A whole number up to [`SPOKEN_NUMBER_MAX`].
    Number(i64),
    /// `unscaled` / 10^`places`; 1250 with two places is "twelve point five zero". At most [`SPOKEN_PLACES_MAX`]
    /// places, and a whole part up to [`SPOKEN_NUMBER_MAX`].
    Decimal {
        /// All digits, without the point.
        unscaled: i64,
        /// How many of them are behind the point.
        places: u8,
    },
    /// A place in an order, from 1.
    Ordinal(u32),
    /// Counted off one by one: `0` to `9`, `*`, `#`, `+`. At most [`SPOKEN_DIGITS_MAX`].
    Digits(Pii<String>),
    /// An amount whose whole part is at most [`SPOKEN_NUMBER_MAX`].
    Money {
        /// Hundredths of the currency's unit.
        minor: i64,
        /// The currency.
        currency: Currency,
    },
    /// A day of the Gregorian calendar.
    Date {
        /// One of [`SPOKEN_YEARS`].
        year: u16,
        /// 1 to 12.
        month: u8,
        /// 1 to the last of the month.
        day: u8,
        /// Whether the day of the week is said as well.
        weekday: bool,
    },
    /// A time of day.
    Time {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// A length of time, said in days, hours, minutes and seconds.
    Duration {
        /// Whole seconds.
        seconds: u32,
    },
}

/// A currency with hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Currency {
    /// Renminbi: yuan, jiao, fen.
    Cny,
    /// Dollars of the United States.
    Usd,
    /// Euros.
    Eur,
    /// Pounds sterling.
    Gbp,
}

impl Currency {
    /// Every currency.
    pub const ALL: [Self; 4] = [Self::Cny, Self::Usd, Self::Eur, Self::Gbp];

    /// Its code of ISO 4217.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cny => "CNY",
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
        }
    }

    /// The currency of a code of ISO 4217, in capitals.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }
}

/// What sort of value is said, without the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpokenKind {
    /// [`Spoken::Number`].
    Number,
    /// [`Spoken::Decimal`].
    Decimal,
    /// [`Spoken::Ordinal`].
    Ordinal,
    /// [`Spoken::Digits`].
    Digits,
    /// [`Spoken::Money`] of one currency.
    Money(Currency),
    /// [`Spoken::Date`] without the day of the week.
    Date,
    /// [`Spoken::Date`] with it.
    DateWithWeekday,
    /// [`Spoken::Time`].
    Time,
    /// [`Spoken::Duration`].
    Duration,
}

impl SpokenKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Number,
        Self::Decimal,
        Self::Ordinal,
        Self::Digits,
        Self::Money(Currency::Cny),
        Self::Money(Currency::Usd),
        Self::Money(Currency::Eur),
        Self::Money(Currency::Gbp),
        Self::Date,
        Self::DateWithWeekday,
        Self::Time,
        Self::Duration,
    ];
}

/// The prompts that say `spoken` in `language`. `None` if the language is unknown or the value out of its range:
/// better silent than wrong. At most [`SPOKEN_PHRASES_MAX`].
#[must_use]
pub fn phrases(language: &Language, spoken: &Spoken) -> Option<Vec<PromptName>> {
    if !spoken.in_range() {
        return None;
    }
    let words = match language.as_str() {
        "en" => english::say(spoken),
        "zh" => mandarin::say(spoken),
        _ => return None,
    };
    Some(words.0)
}

/// Every prompt that [`phrases`] may name for values of `kind`, so that their presence can be checked. `None` if the
/// language is unknown.
#[must_use]
pub fn all_phrases(language: &Language, kind: SpokenKind) -> Option<BTreeSet<PromptName>> {
    let words = match language.as_str() {
        "en" => english::vocabulary(kind),
        "zh" => mandarin::vocabulary(kind),
        _ => return None,
    };
    Some(words.0.into_iter().collect())
}

/// Prompts in the order in which they are played.
#[derive(Default)]
struct Words(Vec<PromptName>);

impl Words {
    fn push(&mut self, prompt: &str) {
        self.0.push(PromptName::from(prompt));
    }

    fn extend(&mut self, prompts: &[&str]) {
        prompts.iter().for_each(|prompt| self.push(prompt));
    }

    /// `number_<n>`: the numbers that are one word.
    fn numeral(&mut self, n: u64) {
        self.push(&format!("number_{n}"));
    }

    /// The digits of `n`, at least `width` of them, one by one.
    fn numerals(&mut self, n: u64, width: usize) {
        for digit in format!("{n:0width$}").bytes() {
            self.numeral(u64::from(digit - b'0'));
        }
    }

    /// `<stem>_<n>` for each of `all`.
    fn series(&mut self, stem: &str, all: impl IntoIterator<Item = u64>) {
        all.into_iter().for_each(|n| self.push(&format!("{stem}_{n}")));
    }
}

/// The whole part and what is behind the point, both without the sign.
const fn parts(unscaled: i64, places: u8) -> (u64, u64) {
    let scale = 10_u64.pow(places as u32);
    (unscaled.unsigned_abs() / scale, unscaled.unsigned_abs() % scale)
}
