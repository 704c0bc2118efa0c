//! The description of the interface, for programs and for people.

use std::future::{Ready, ready};
use std::sync::LazyLock;

use super::entries;
use crate::answer::{Frozen, Page};
use crate::openapi::{document, page};

/// Made when it is asked for first: it stays the same while the server runs.
static DOCUMENT: LazyLock<(String, String)> = LazyLock::new(|| {
    let document = document(&entries());
    (document.to_string(), page(&document))
});

/// `GET /api/v1/openapi.json`
pub(crate) fn json() -> Ready<Frozen> {
    ready(Frozen(&DOCUMENT.0))
}

/// `GET /api/v1/docs`
pub(crate) fn html() -> Ready<Page> {
    ready(Page(&DOCUMENT.1))
}
