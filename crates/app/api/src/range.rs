//! Byte ranges (RFC 9110 §14). One range at a time: a request for several gets the whole, as §14.2 allows.

/// What a `Range` field asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Everything: no field, or one that is to be ignored.
    All,
    /// A part.
    Part(Range),
    /// A part that does not exist.
    Outside,
}

/// Some bytes of a file, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: u64,
    pub(crate) length: u64,
}

impl Wish {
    /// Reads the field for a file of `length` bytes.
    pub(crate) fn read(field: Option<&str>, length: u64) -> Self {
        let Some((first, last)) = field
            .and_then(|field| field.strip_prefix("bytes="))
            .filter(|set| !set.contains(','))
            .and_then(|range| range.trim().split_once('-'))
        else {
            return Self::All;
        };
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first > last => Self::All,
            (Some(first), last) if last.is_some() || last_is_open(field) => {
                if first >= length {
                    return Self::Outside;
                }
                let last = last.unwrap_or(u64::MAX).min(length - 1);
                Self::Part(Range { first, length: last - first + 1 })
            }
            (None, Some(suffix)) if first.is_empty() => {
                let suffix = suffix.min(length);
                if suffix == 0 {
                    Self::Outside
                } else {
                    Self::Part(Range { first: length - suffix, length: suffix })
                }
            }
            (Some(_) | None, Some(_) | None) => Self::All,
        }
    }
}

impl Range {
    /// The `Content-Range` field for a file of `length` bytes.
    pub(crate) fn content_range(self, length: u64) -> String {
        format!("bytes {}-{}/{length}", self.first, self.first + self.length - 1)
    }
}

fn last_is_open(field: Option<&str>) -> bool {
    field.is_some_and(|field| field.trim_end().ends_with('-'))
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(first: u64, length: u64) -> Wish {
        Wish::Part(Range { first, length })
    }

    #[test]
    fn the_forms_of_the_standard() {
        let cases = [
            (None, Wish::All),
            (Some("bytes=0-3"), part(0, 4)),
            (Some("bytes=4-"), part(4, 6)),
            (Some("bytes=-3"), part(7, 3)),
            (Some("bytes=-30"), part(0, 10)),
            (Some("bytes=8-99999999999999999999999"), part(8, 2)),
            (Some("bytes=10-"), Wish::Outside),
            (Some("bytes=-0"), Wish::Outside),
            (Some("bytes=3-2"), Wish::All),
            (Some("bytes=0-1,4-5"), Wish::All),
            (Some("bytes=-"), Wish::All),
            (Some("bytes=+1-2"), Wish::All),
            (Some("bytes=1-x"), Wish::All),
            (Some("lines=0-1"), Wish::All),
        ];
        for (field, expected) in cases {
            assert_eq!(Wish::read(field, 10), expected, "{field:?}");
        }
        assert_eq!(Wish::read(Some("bytes=0-"), 0), Wish::Outside);
        assert_eq!(Range { first: 4, length: 6 }.content_range(10), "bytes 4-9/10");
    }

    proptest! {
        #[test]
        fn a_part_lies_in_the_file(field in "bytes=[0-9]{0,20}-[0-9]{0,20}", length in 0_u64..100) {
            if let Wish::Part(range) = Wish::read(Some(&field), length) {
                prop_assert!(range.length >= 1 && range.first + range.length <= length);
            }
        }
    }
}
