//! HTTP: sign-in, REST, live stream, the built pages.
