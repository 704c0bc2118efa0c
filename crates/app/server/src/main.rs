//! The binary hotline: configuration, construction, supervision, drain.

fn main() {}
