//! Local time as tests write it. It has no zone: a test's day has 24 hours.

use core::time::Duration;

use hotline_ivr::LocalTime;

/// A minute of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Minutes since 1970-01-01 00:00.
    minutes: i64,
}

impl Default for Moment {
    /// A Monday morning.
    fn default() -> Self {
        Self::new(2026, 11, 30, 9, 0).expect("this day exists")
    }
}

impl Moment {
    /// `None` if there is no such day or time, or it is not in 1970 to 9999.
    fn new(year: i64, month: i64, day: i64, hour: i64, minute: i64) -> Option<Self> {
        let days = days(year, month, day);
        let exists = (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && date(days) == (year, month, day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute);
        exists.then_some(Self { minutes: (days * 24 + hour) * 60 + minute })
    }

    /// Reads `2026-11-30 09:05`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, clock) = text.split_once([' ', 'T'])?;
        let mut date = date.split('-').map(number);
        let (year, month, day) = (date.next()??, date.next()??, date.next()??);
        let (hour, minute) = clock.split_once(':')?;
        let end = date.next().is_none();
        Self::new(year, month, day, number(hour)?, number(minute)?).filter(|_| end)
    }

    /// Seconds since the epoch, as if the zone were UTC.
    pub(crate) const fn seconds(self) -> i64 {
        self.minutes * 60
    }

    /// What clocks show so much later.
    pub(crate) fn after(self, passed: Duration) -> LocalTime {
        let minutes = self.minutes + i64::try_from(passed.as_secs() / 60).unwrap_or(0);
        let days = minutes.div_euclid(24 * 60);
        let (year, month, day) = date(days);
        let small = |number: i64| u8::try_from(number).unwrap_or(u8::MAX);
        LocalTime {
            year: i16::try_from(year).unwrap_or(i16::MAX),
            month: small(month),
            day: small(day),
            // The epoch was a Thursday.
            weekday: small((days + 3).rem_euclid(7) + 1),
            hour: small(minutes.div_euclid(60).rem_euclid(24)),
            minute: small(minutes.rem_euclid(60)),
        }
    }
}

fn number(text: &str) -> Option<i64> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The reverse of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_reads_back_and_weekdays_go_around() {
        for day in 0..60_000 {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
        }
        let monday = Moment::parse("2026-11-30 09:05").unwrap().after(Duration::ZERO);
        let expected = LocalTime { year: 2026, month: 11, day: 30, weekday: 1, hour: 9, minute: 5 };
        assert_eq!(monday, expected);
    }

    #[test]
    fn midnight_and_leap_days_are_passed() {
        let later = Moment::parse("2028-02-28 23:59").unwrap().after(Duration::from_secs(60));
        assert_eq!((later.month, later.day, later.hour, later.minute), (2, 29, 0, 0));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-11-30",
            "2026-02-29 09:00",
            "2026-11-30 24:00",
            "2026-13-01 00:00",
            "x-1-1 00:00",
            "2026-11-30-1 09:00",
            "2026-11-30 9",
            "+026-11-30 09:00",
            "1969-01-01 00:00",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
