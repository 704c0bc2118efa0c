//! What somebody was granted, and how far it reaches.

use std::collections::BTreeMap;

use crate::Permission;

/// How far a permission reaches. A wider one contains the narrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The user's own agent, and its calls.
    Own,
    /// The agents and queues of the user's teams too.
    Team,
    /// The whole center.
    All,
}

impl Scope {
    /// The word in roles, in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::All => "all",
        }
    }

    /// The scope of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Own, Self::Team, Self::All].into_iter().find(|scope| scope.as_str() == word)
    }
}

/// Permissions, each with its scope. Bounded by the number of permissions there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(BTreeMap<Permission, Scope>);

impl Grants {
    /// Everything there is.
    #[must_use]
    pub fn everything() -> Self {
        Permission::ALL.iter().map(|permission| (*permission, Scope::All)).collect()
    }

    /// How far `permission` reaches; `None` if it is not granted.
    #[must_use]
    pub fn scope(&self, permission: Permission) -> Option<Scope> {
        self.0.get(&permission).copied()
    }

    /// Grants `permission`. What cannot be limited is granted for all.
    pub fn grant(&mut self, permission: Permission, scope: Scope) {
        let scope = if permission.is_scoped() { scope } else { Scope::All };
        self.0.insert(permission, scope);
    }

    /// Adds what `other` grants; of two scopes the wider counts.
    pub fn widen(&mut self, other: &Self) {
        for (permission, scope) in other.iter() {
            let held = self.0.entry(permission).or_insert(scope);
            *held = (*held).max(scope);
        }
    }

    /// What both grant; of two scopes the narrower counts.
    #[must_use]
    pub fn within(&self, limit: &Self) -> Self {
        let common = self.iter().filter_map(|(permission, scope)| {
            limit.scope(permission).map(|most| (permission, scope.min(most)))
        });
        common.collect()
    }

    /// Whether everything that `other` grants is granted here as widely.
    #[must_use]
    pub fn cover(&self, other: &Self) -> bool {
        other.iter().all(|(permission, scope)| self.scope(permission).is_some_and(|held| held >= scope))
    }

    /// Whether nothing is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that is granted, in the order of [`Permission::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Permission, Scope)> {
        self.0.iter().map(|(permission, scope)| (*permission, *scope))
    }
}

impl FromIterator<(Permission, Scope)> for Grants {
    fn from_iter<T: IntoIterator<Item = (Permission, Scope)>>(granted: T) -> Self {
        let mut grants = Self::default();
        for (permission, scope) in granted {
            grants.grant(permission, scope);
        }
        grants
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grants() -> impl Strategy<Value = Grants> {
        let scope = prop_oneof![Just(Scope::Own), Just(Scope::Team), Just(Scope::All)];
        let one = (0..Permission::ALL.len(), scope).prop_map(|(at, scope)| (Permission::ALL[at], scope));
        proptest::collection::vec(one, 0..20).prop_map(Grants::from_iter)
    }

    proptest! {
        #[test]
        fn two_roles_together_allow_what_either_does_and_a_limit_never_adds(one in grants(), other in grants()) {
            let mut both = one.clone();
            both.widen(&other);
            prop_assert!(both.cover(&one) && both.cover(&other));
            for permission in Permission::ALL {
                prop_assert_eq!(both.scope(*permission), one.scope(*permission).max(other.scope(*permission)));
            }
            let limited = one.within(&other);
            prop_assert!(one.cover(&limited) && other.cover(&limited));
            prop_assert!(Grants::everything().cover(&both));
        }
    }

    #[test]
    fn what_cannot_be_limited_is_granted_for_all() {
        let grants =
            Grants::from_iter([(Permission::AuditSee, Scope::Own), (Permission::CallsSee, Scope::Own)]);
        assert_eq!(grants.scope(Permission::AuditSee), Some(Scope::All));
        assert_eq!(grants.scope(Permission::CallsSee), Some(Scope::Own));
    }
}
