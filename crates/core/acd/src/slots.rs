//! A table by name whose rows keep a number of their own: found by number at once, and by name in the order of names. To look
//! for one of ten thousand names means to compare a dozen of them, which takes longer than most of what is decided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The number of a row. Holds until the row is removed; then it is given to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Slot(u32);

/// As many slots as there ever were rows at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Slots<K: Ord, T> {
    rows: Vec<Option<T>>,
    vacant: Vec<Slot>,
    by_name: BTreeMap<K, Slot>,
}

impl<K: Ord, T> Slots<K, T> {
    pub(crate) const fn new() -> Self {
        Self { rows: Vec::new(), vacant: Vec::new(), by_name: BTreeMap::new() }
    }

    pub(crate) fn slot(&self, name: &K) -> Option<Slot> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn at(&self, Slot(number): Slot) -> Option<&T> {
        self.rows.get(number as usize)?.as_ref()
    }

    pub(crate) fn at_mut(&mut self, Slot(number): Slot) -> Option<&mut T> {
        self.rows.get_mut(number as usize)?.as_mut()
    }

    pub(crate) fn get(&self, name: &K) -> Option<&T> {
        self.at(self.slot(name)?)
    }

    pub(crate) fn get_mut(&mut self, name: &K) -> Option<&mut T> {
        self.at_mut(self.slot(name)?)
    }

    pub(crate) fn contains_key(&self, name: &K) -> bool {
        self.by_name.contains_key(name)
    }

    /// In order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> + Clone {
        self.by_name.keys()
    }

    /// In the order of the names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        self.by_name.iter().filter_map(|(name, slot)| Some((name, self.at(*slot)?)))
    }

    /// In the order of the names.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.iter().map(|(_, row)| row)
    }

    /// In no order that means anything.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.rows.iter_mut().flatten()
    }

    /// Puts a row in, in place of one of the same name.
    pub(crate) fn insert(&mut self, name: K, row: T) {
        self.remove(&name);
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.rows.push(None);
            Slot(u32::try_from(self.rows.len() - 1).expect("configurations are smaller"))
        });
        self.rows[slot.0 as usize] = Some(row);
        self.by_name.insert(name, slot);
    }

    pub(crate) fn remove(&mut self, name: &K) -> Option<T> {
        let slot = self.by_name.remove(name)?;
        self.vacant.push(slot);
        self.rows[slot.0 as usize].take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_kept_until_its_row_is_gone_and_then_given_away() {
        let mut slots = Slots::new();
        for name in ["carl", "adam", "ben"] {
            slots.insert(name, name.len());
        }
        assert_eq!(slots.iter().collect::<Vec<_>>(), [(&"adam", &4), (&"ben", &3), (&"carl", &4)]);
        let [adam, ben] = ["adam", "ben"].map(|name| slots.slot(&name).expect("is there"));
        assert_eq!(slots.remove(&"adam"), Some(4));
        assert!(slots.at(adam).is_none() && !slots.contains_key(&"adam"));
        slots.insert("dora", 5);
        assert_eq!((slots.slot(&"dora"), slots.at(adam)), (Some(adam), Some(&5)));
        slots.insert("ben", 30);
        assert_eq!((slots.slot(&"ben"), slots.at(ben)), (Some(ben), Some(&30)));
        assert_eq!(slots.rows.len(), 3);
    }
}
