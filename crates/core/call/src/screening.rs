//! Whose calls are not let through as they were dialled, and what becomes of them. Only calls that come in by a trunk are
//! screened, before any flow.

use core::fmt;

use hotline_base::{FlowId, WallTime};
use serde::{Deserialize, Serialize};

use crate::trunk::Pattern;

/// Who is blocked and who never is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screening {
    /// Lists of blocked callers; the first that fits counts.
    pub blocked: Vec<BlockList>,
    /// Callers who are let through, whatever else is said.
    pub allowed: Vec<Listed>,
    /// What becomes of callers whom the address book marks as blocked; `None` leaves them to the flow.
    pub customers: Option<Refusal>,
}

/// Callers who are treated alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockList {
    /// Its name.
    pub name: String,
    /// What becomes of their calls.
    pub refusal: Refusal,
    /// Who.
    pub callers: Vec<Listed>,
}

/// Callers on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Who.
    pub callers: Callers,
    /// Why they are on it.
    pub reason: String,
    /// From then on they are not.
    pub until: Option<WallTime>,
}

/// A set of callers.
#[derive(Clone, PartialEq, Eq)]
pub enum Callers {
    /// Those who send no number.
    Anonymous,
    /// Those whose normalised numbers are in the set.
    Numbers(Pattern),
}

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Numbers(_) => "Numbers(***)",
        })
    }
}

/// What becomes of a call that is not let through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// 603 Decline (RFC 3261 §21.6.2).
    #[default]
    Decline,
    /// 486 Busy Here (RFC 3261 §21.4.24).
    Busy,
    /// This flow answers in place of what was dialled.
    Flow(FlowId),
}

impl Refusal {
    /// The final SIP status and the Q.850 cause; `None` for a flow.
    pub(crate) const fn status(&self) -> Option<(u16, u8)> {
        match self {
            Self::Decline => Some((603, 21)),
            Self::Busy => Some((486, 17)),
            Self::Flow(_) => None,
        }
    }
}

/// That a caller was not let through, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screened {
    /// Why.
    pub grounds: Grounds,
    /// What became of the call.
    pub refusal: Refusal,
}

/// Why a caller is not let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grounds {
    /// The caller is on a list.
    List {
        /// Its name.
        list: String,
        /// Why.
        reason: String,
    },
    /// The called number is for some callers only.
    NotAmongAllowed,
    /// The address book marks the customer as blocked.
    Customer,
}

impl Callers {
    /// Whether this normalised number, or the lack of one, is in the set.
    #[must_use]
    pub fn include(&self, number: Option<&str>) -> bool {
        match (self, number) {
            (Self::Anonymous, None) => true,
            (Self::Numbers(pattern), Some(number)) => pattern.fits(number),
            (Self::Anonymous, Some(_)) | (Self::Numbers(_), None) => false,
        }
    }
}

impl Listed {
    fn fits(&self, number: Option<&str>, at: WallTime) -> bool {
        self.until.is_none_or(|until| at < until) && self.callers.include(number)
    }
}

impl Screening {
    /// Whether callers of this normalised number, or without one, are let through whatever else is said.
    #[must_use]
    pub fn allows(&self, number: Option<&str>, at: WallTime) -> bool {
        self.allowed.iter().any(|listed| listed.fits(number, at))
    }

    /// Why a caller does not get through to a number that only `allow_only` may call, if that is said.
    #[must_use]
    pub fn judge(
        &self,
        number: Option<&str>,
        allow_only: Option<&[Callers]>,
        at: WallTime,
    ) -> Option<Screened> {
        if self.allows(number, at) {
            return None;
        }
        for list in &self.blocked {
            if let Some(listed) = list.callers.iter().find(|listed| listed.fits(number, at)) {
                let grounds = Grounds::List { list: list.name.clone(), reason: listed.reason.clone() };
                return Some(Screened { grounds, refusal: list.refusal.clone() });
            }
        }
        let is_left_out = allow_only.is_some_and(|only| !only.iter().any(|some| some.include(number)));
        is_left_out.then_some(Screened { grounds: Grounds::NotAmongAllowed, refusal: Refusal::Decline })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(prefix: &str, open: bool) -> Callers {
        Callers::Numbers(Pattern { prefix: prefix.to_owned(), open })
    }

    fn listed(callers: Callers, until: Option<i64>) -> Listed {
        Listed { callers, reason: "nuisance".to_owned(), until: until.map(WallTime) }
    }

    fn screening() -> Screening {
        let paid = BlockList {
            name: "paid".to_owned(),
            refusal: Refusal::Busy,
            callers: vec![
                listed(numbers("+1900", true), None),
                listed(numbers("+15550100666", false), Some(100)),
            ],
        };
        let withheld = BlockList {
            name: "withheld".to_owned(),
            refusal: Refusal::Flow(FlowId::from("sorry")),
            callers: vec![listed(Callers::Anonymous, None)],
        };
        let allowed = vec![listed(numbers("+19005550100", false), None)];
        Screening { blocked: vec![paid, withheld], allowed, customers: None }
    }

    #[test]
    fn the_first_list_that_fits_counts_and_who_is_allowed_gets_through() {
        let list = |number: Option<&str>| match screening().judge(number, None, WallTime(0)) {
            Some(Screened { grounds: Grounds::List { list, .. }, refusal }) => Some((list, refusal)),
            Some(_) | None => None,
        };
        assert_eq!(list(Some("+19001")), Some(("paid".to_owned(), Refusal::Busy)));
        assert_eq!(list(None), Some(("withheld".to_owned(), Refusal::Flow(FlowId::from("sorry")))));
        assert_eq!(list(Some("+19005550100")), None);
        assert_eq!(list(Some("+15550100667")), None);
    }

    #[test]
    fn an_entry_ends_by_itself() {
        let blocked = |at: i64| screening().judge(Some("+15550100666"), None, WallTime(at)).is_some();
        assert!(blocked(99));
        assert!(!blocked(100));
    }

    #[test]
    fn a_number_for_some_is_for_these_and_for_who_is_always_allowed() {
        let only = [numbers("+49", true)];
        let grounds = |number: &str| {
            screening().judge(Some(number), Some(&only), WallTime(0)).map(|screened| screened.grounds)
        };
        assert_eq!(grounds("+4930"), None);
        assert_eq!(grounds("+331"), Some(Grounds::NotAmongAllowed));
        assert_eq!(grounds("+19005550100"), None);
    }
}
