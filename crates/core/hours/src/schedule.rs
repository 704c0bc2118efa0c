//! Whether it is open at a moment, and when that changes.
//!
//! A day's hours are those of its date if it is a special day, none if it is a holiday, and else those of its day of the
//! week. A span of hours belongs to the day on which it begins, also after midnight. Nobody who goes by a clock on
//! the wall finds it closed: a span that begins in the hour that clocks show twice begins with the first, one that
//! ends in it ends with the second, and a time that clocks skip is the moment at which they do.

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::WallTime;
use jiff::civil::{Date, DateTime, Time};
use jiff::{Span as Stretch, Timestamp};
use serde::{Deserialize, Serialize};

use crate::zone::{Zone, timestamp, wall};

/// How many days ahead a change is looked for: a yearly holiday comes within them, also that of a leap day's
/// neighbour.
pub const SEARCH_DAYS_MAX: i64 = 400;

/// Minutes of a day.
pub(crate) const DAY_MIN: u16 = 24 * 60;

/// Opening hours of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub(crate) zone: Zone,
    /// By day of the week, Monday first. Each day's spans in their order.
    pub(crate) weekly: [Vec<Span>; 7],
    /// Dates on which it is closed, by name.
    pub(crate) holidays: BTreeMap<Date, Arc<str>>,
    /// The same in each year, by month and day.
    pub(crate) yearly: BTreeMap<(i8, i8), Arc<str>>,
    /// Dates with hours of their own, in their order.
    pub(crate) special: BTreeMap<Date, Vec<Span>>,
}

/// Minutes since midnight of the day on which it begins: from less than [`DAY_MIN`], and at most a day long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) from_min: u16,
    /// After `from_min`; beyond [`DAY_MIN`] it is on the next day.
    pub(crate) to_min: u16,
}

/// What somebody decided by hand, whatever the hours are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Whether it is open.
    pub open: bool,
    /// From when on the hours count again; `None` until it is taken back.
    pub until: Option<WallTime>,
}

/// How it stands at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Open or not.
    pub state: State,
    /// When `state` changes next. `None` if it does not within [`SEARCH_DAYS_MAX`] days.
    pub until: Option<WallTime>,
}

/// Open, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Within the hours.
    Open,
    /// Outside them.
    Closed,
    /// Closed on account of the holiday of this name.
    Holiday(Arc<str>),
}

/// How long it stays open.
enum Run {
    NotOpen,
    Until(Timestamp),
    BeyondSearch,
}

impl Schedule {
    /// The zone of its hours.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// How it stands at `at`, where `by_hand` counts before the hours as long as it lasts.
    #[must_use]
    pub fn at(&self, at: WallTime, by_hand: Option<Override>) -> Status {
        let Some(decided) = by_hand.filter(|decided| decided.until.is_none_or(|until| at < until)) else {
            return self.by_hours(at);
        };
        let state = if decided.open { State::Open } else { State::Closed };
        let until = decided.until.and_then(|end| {
            let after = self.by_hours(end);
            if after.state == state { after.until } else { Some(end) }
        });
        Status { state, until }
    }

    fn by_hours(&self, at: WallTime) -> Status {
        let now = timestamp(at);
        let today = self.zone.date(now);
        let (state, until) = match self.run(now, today) {
            Run::Until(end) => (State::Open, Some(end)),
            Run::BeyondSearch => (State::Open, None),
            Run::NotOpen => {
                let state = self.when_closed(today);
                let change = self.change_when_closed(now, today, &state);
                (state, change)
            }
        };
        Status { state, until: until.map(wall) }
    }

    /// Joins the spans that follow each other without a gap, from the one around `now` on.
    fn run(&self, now: Timestamp, today: Date) -> Run {
        // A span ends on the day after its own at the latest; a day that clocks repeat may add one.
        let begin = today.saturating_sub(Stretch::new().days(2));
        let mut end = now;
        for date in days(begin, SEARCH_DAYS_MAX + 2) {
            if end == now && date > today {
                return Run::NotOpen;
            }
            for span in self.spans(date) {
                if self.zone.first(shown(date, span.from_min)) > end {
                    return if end > now { Run::Until(end) } else { Run::NotOpen };
                }
                end = end.max(self.zone.last(shown(date, span.to_min)));
            }
        }
        let searched = today.saturating_add(Stretch::new().days(SEARCH_DAYS_MAX));
        if self.zone.date(end) < searched { Run::Until(end) } else { Run::BeyondSearch }
    }

    /// When it opens, or is closed for another reason.
    fn change_when_closed(&self, now: Timestamp, today: Date, state: &State) -> Option<Timestamp> {
        days(today, SEARCH_DAYS_MAX).find_map(|date| {
            let renamed =
                (date > today && self.when_closed(date) != *state).then(|| self.zone.first(shown(date, 0)));
            let opening = self.spans(date).iter().find_map(|span| {
                let from = self.zone.first(shown(date, span.from_min));
                // Clocks may skip a whole span.
                (from > now && from < self.zone.last(shown(date, span.to_min))).then_some(from)
            });
            renamed.into_iter().chain(opening).min()
        })
    }

    /// The spans that begin on a date.
    fn spans(&self, date: Date) -> &[Span] {
        if let Some(special) = self.special.get(&date) {
            return special;
        }
        if self.holiday(date).is_some() {
            return &[];
        }
        let day = usize::try_from(date.weekday().to_monday_zero_offset()).expect("days count from 0");
        &self.weekly[day]
    }

    fn holiday(&self, date: Date) -> Option<&Arc<str>> {
        self.holidays.get(&date).or_else(|| self.yearly.get(&(date.month(), date.day())))
    }

    /// How it stands on a date outside the hours.
    fn when_closed(&self, date: Date) -> State {
        match self.holiday(date) {
            Some(name) if !self.special.contains_key(&date) => State::Holiday(name.clone()),
            Some(_) | None => State::Closed,
        }
    }
}

/// `begin` and the days after it.
fn days(begin: Date, after: i64) -> impl Iterator<Item = Date> {
    let following = core::iter::successors(Some(begin), |date| date.tomorrow().ok());
    following.take(usize::try_from(after).map_or(0, |after| after + 1))
}

/// What a clock shows `minutes` after the midnight with which `date` began, if nobody sets it meanwhile.
fn shown(date: Date, minutes: u16) -> DateTime {
    let date = (0..minutes / DAY_MIN).fold(date, |date, _| date.tomorrow().unwrap_or(Date::MAX));
    let minutes = minutes % DAY_MIN;
    let field = |minutes: u16| i8::try_from(minutes).expect("hours and minutes of a day are small");
    let time = Time::new(field(minutes / 60), field(minutes % 60), 0, 0).expect("within a day");
    date.to_datetime(time)
}
