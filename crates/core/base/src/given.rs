//! What a state is given by the process it lives in: configuration and secrets.

use core::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that is used by a state and is no part of it. It is not written with the state, not even as a gap; whoever
/// reads the state gives it again before anything else.
#[derive(Clone, Debug)]
pub struct Given<T>(Option<T>);

impl<T> Given<T> {
    /// Gives `value`.
    pub const fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> Deref for Given<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("whoever reads a state gives at once what was not written with it")
    }
}

impl<T> Serialize for Given<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de, T> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Self(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_not_written() {
        let given = Given::new("secret".to_owned());
        assert_eq!(given.len(), 6);
        assert_eq!(serde_json::to_string(&given).unwrap(), "null");
        assert!(serde_json::from_str::<Given<String>>("null").unwrap().0.is_none());
    }
}
