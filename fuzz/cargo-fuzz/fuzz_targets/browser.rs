//! `browser` for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| hotline_fuzz::body::browser(input));
