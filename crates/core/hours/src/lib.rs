//! Business hours: when a center is open, in the time of its place, with holidays and days of special hours.
//!
//! [`schedules`] reads the section `hours:` of the center and tells all its mistakes; [`Schedule::at`] says whether it
//! is open at a moment, and until when that stays so. The time zones are those of the IANA database of the build.
//! Must never know: calls, flows, the clock. Start reading at [`Schedule::at`].

mod decode;
mod schedule;
mod zone;

pub use decode::{
    HOLIDAY_NAME_MAX, HOLIDAY_SPAN_DAYS_MAX, HOLIDAYS_MAX, SCHEDULES_MAX, SPANS_MAX, SPECIAL_DAYS_MAX,
    schedules,
};
pub use schedule::{Override, SEARCH_DAYS_MAX, Schedule, State, Status};
pub use zone::{LocalTime, Zone};
