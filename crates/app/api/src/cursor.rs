//! Places in lists that can grow, as clients get and give them: opaque text that holds the order's fields of the last row, so
//! that a page begins behind it whatever was added meanwhile.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hotline_base::{CallId, WallTime};

use crate::error::ApiError;

/// Entries on a page unless asked otherwise, where a list says nothing else.
pub(crate) const PAGE_DEFAULT: usize = 100;
/// The most entries on a page, where a list says nothing else.
pub(crate) const PAGE_MAX: usize = 500;

/// How many entries a page has.
pub(crate) fn page_size(asked: Option<usize>) -> usize {
    asked.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX)
}

/// A place.
pub(crate) trait Place: Sized {
    /// As text.
    fn write(&self) -> String;
    /// Back from it.
    fn read(text: &str) -> Option<Self>;
}

impl Place for String {
    fn write(&self) -> String {
        self.clone()
    }

    fn read(text: &str) -> Option<Self> {
        // A database cannot look for it.
        (!text.contains('\0')).then(|| text.to_owned())
    }
}

impl Place for u64 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Place for CallId {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Place for WallTime {
    fn write(&self) -> String {
        self.as_unix_micros().to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

impl<T: Place> Place for (WallTime, T) {
    fn write(&self) -> String {
        format!("{}.{}", self.0.write(), self.1.write())
    }

    fn read(text: &str) -> Option<Self> {
        let (at, rest) = text.split_once('.')?;
        Some((WallTime::read(at)?, T::read(rest)?))
    }
}

/// The cursor of a place.
pub(crate) fn write(place: &impl Place) -> String {
    URL_SAFE_NO_PAD.encode(place.write())
}

/// The place of a cursor; none at the beginning, which an empty one is too.
pub(crate) fn read<T: Place>(cursor: Option<&str>) -> Result<Option<T>, ApiError> {
    let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.as_deref().and_then(T::read).map(Some).ok_or(ApiError::Cursor)
}

/// A page of rows of which one more than wanted was asked for, and the cursor of what follows.
pub(crate) fn page<T, P: Place>(
    mut rows: Vec<T>,
    size: usize,
    place: impl Fn(&T) -> P,
) -> (Vec<T>, Option<String>) {
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| more).map(|last| write(&place(last)));
    (rows, next)
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        let call = CallId::generate(WallTime(1), &mut Rng::from_number(1));
        let place = (WallTime(1_700_000_000_000_001), call);
        assert_eq!(read::<(WallTime, CallId)>(Some(&write(&place))).unwrap(), Some(place));
        assert_eq!(read::<String>(Some(&write(&"王.x".to_owned()))).unwrap(), Some("王.x".to_owned()));
        assert_eq!(read::<u64>(None).unwrap(), None);
        for text in [".", "!", &write(&"1".to_owned()), &write(&"1.x".to_owned()), &write(&"x.y".to_owned())]
        {
            assert!(read::<(WallTime, CallId)>(Some(text)).is_err(), "{text}");
        }
        assert!(read::<String>(Some(&write(&"\0".to_owned()))).is_err());
    }

    #[test]
    fn the_last_page_has_no_next() {
        assert_eq!(page(vec![1_u64, 2], 2, |row| *row), (vec![1, 2], None));
        assert_eq!(page(vec![1_u64, 2, 3], 2, |row| *row), (vec![1, 2], Some(write(&2_u64))));
    }
}
