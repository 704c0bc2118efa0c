//! Whole-process tests: the built binary, real sockets, real phones, both databases, a real browser.
