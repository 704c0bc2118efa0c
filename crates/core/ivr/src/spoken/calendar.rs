//! The Gregorian calendar as far as saying a date needs it.

/// How many days a month has; zero if there is no such month.
pub(super) const fn days_in_month(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// The day of the week of a day that exists, from 1 for Monday to 7 for Sunday (Zeller's congruence).
pub(super) fn weekday(year: u16, month: u8, day: u8) -> u8 {
    // January and February count as the 13th and 14th month of the year before.
    let early = month < 3;
    let (year, month) = (u32::from(year) - u32::from(early), u32::from(month) + 12 * u32::from(early));
    let from_saturday =
        (u32::from(day) + 13 * (month + 1) / 5 + year + year / 4 - year / 100 + year / 400) % 7;
    u8::try_from((from_saturday + 5) % 7 + 1).expect("a remainder of 7 is small")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_week_follow_each_other_through_four_centuries() {
        assert_eq!(weekday(2026, 11, 29), 7);
        assert_eq!(weekday(2000, 2, 29), 2);
        assert_eq!(weekday(1970, 1, 1), 4);
        let mut expected = weekday(1900, 1, 1);
        for year in 1900..=2300 {
            for (month, day) in
                (1..=12).flat_map(|month| (1..=days_in_month(year, month)).map(move |day| (month, day)))
            {
                assert_eq!(weekday(year, month, day), expected, "{year}-{month}-{day}");
                expected = expected % 7 + 1;
            }
        }
    }

    #[test]
    fn leap_years_skip_three_centuries_of_four() {
        assert_eq!([1900, 2000, 2024, 2026].map(|year| days_in_month(year, 2)), [28, 29, 29, 28]);
        assert_eq!(days_in_month(2026, 13), 0);
    }
}
