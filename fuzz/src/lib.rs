//! Fuzz bodies as plain functions and the seeded mutator that drives them.
