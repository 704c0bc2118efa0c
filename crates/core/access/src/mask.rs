//! What is left of a telephone number that somebody may not read.

/// The last digits that stay: enough to tell callers apart, too few to call one.
pub const SHOWN_DIGITS: usize = 3;
/// A text with fewer digits is no number of a person: extensions and emergency numbers stay as they are.
pub const MASKED_DIGITS_MIN: usize = 6;

/// The text with every digit but the last [`SHOWN_DIGITS`] hidden, if it has at least [`MASKED_DIGITS_MIN`]. The number of
/// digits stays to be seen. Masking what is masked changes nothing.
#[must_use]
pub fn mask(text: &str) -> String {
    let digits = text.chars().filter(|character| character.is_numeric()).count();
    if digits < MASKED_DIGITS_MIN {
        return text.to_owned();
    }
    let mut left = digits - SHOWN_DIGITS;
    let hidden = text.chars().map(|character| {
        if !character.is_numeric() || left == 0 {
            return character;
        }
        left -= 1;
        '•'
    });
    hidden.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_three_digits_stay_and_short_numbers_too() {
        for (number, shown) in [
            ("+4930901820", "+•••••••820"),
            ("+49 (30) 901-820", "+•• (••) •••-820"),
            ("123456", "•••456"),
            ("1001", "1001"),
            ("Anna Weber", "Anna Weber"),
            ("٠١٢٣٤٥٦٧٨", "••••••٦٧٨"),
            ("", ""),
        ] {
            assert_eq!(mask(number), shown);
            assert_eq!(mask(&mask(number)), shown);
        }
    }
}
