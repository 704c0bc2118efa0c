//! Offers and answers as phones and carriers send them, and as nobody should.

mod phones;
mod property;
mod rules;
