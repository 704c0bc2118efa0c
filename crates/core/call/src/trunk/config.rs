//! Trunks and the routes over them, as configured. Checked before it gets here.

use std::time::Duration;

use hotline_base::TrunkId;
use hotline_sip::uri::Host;
use hotline_sip::{Destination, Login};

use crate::number::DialPlan;
use crate::voice::Voice;

/// Servers of one trunk.
pub const SERVERS_MAX: usize = 16;

/// A way to other networks, seen from calls that go out. Which calls come in by it is told by the SIP endpoint's own
/// configuration.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Its id.
    pub id: TrunkId,
    /// Where calls are sent; without any, none are. At most [`SERVERS_MAX`].
    pub servers: Vec<Server>,
    /// What answers the provider's challenges.
    pub login: Option<Login>,
    /// Whether and how we register there.
    pub account: Option<Account>,
    /// How often each server is asked by OPTIONS whether it is there; never if absent.
    pub probe: Option<Duration>,
    /// Calls at a time, of both directions.
    pub calls_max: Option<u32>,
    /// Calls a second that go out.
    pub calls_per_second: Option<u32>,
    /// How long a server may leave an INVITE without any response before the next one is tried.
    pub response_timeout: Duration,
    /// How long the called phone may ring.
    pub ring_timeout: Duration,
    /// How numbers are written.
    pub numbers: Numbers,
    /// The number that is shown if neither caller nor route has one.
    pub caller_id: Option<String>,
    /// How the number that is shown is told.
    pub identity: Identity,
    /// The host part of From, and of the called URI; the server's if absent.
    pub domain: Option<Host>,
    /// How audio is agreed on.
    pub voice: Voice,
    /// See [`hotline_sip::Invite::overrides`]. `{caller}`, `{called}` and `{call}` in a value stand for the numbers as
    /// they are sent and for the id of the call.
    pub headers: Vec<(String, String)>,
}

/// One server of a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where it is, by name or address.
    pub destination: Destination,
    /// Servers of a lower number are tried first.
    pub priority: u16,
    /// Among servers of equal priority, how often this one comes first, in proportion.
    pub weight: u16,
}

/// A registration that is kept at a trunk's servers, at one of them at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user part of the address-of-record.
    pub user: String,
    /// Its host part.
    pub domain: String,
    /// How long to ask for.
    pub expires: Duration,
}

/// How a trunk writes numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// How numbers are sent.
    pub format: Format,
    /// What precedes every called number.
    pub prefix: String,
    /// How numbers that come in are to be read, where that is not as the center dials.
    pub dial_plan: Option<DialPlan>,
}

/// How a number is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `+4930901820`.
    E164,
    /// `4930901820`.
    Digits,
    /// As it is dialled in the country of the dial plan: `030901820`, and `0044…` for another country.
    Dialled,
}

/// How the number that is shown is told beside From.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// In From alone.
    From,
    /// In P-Asserted-Identity too (RFC 3325): the provider trusts us.
    Asserted,
    /// In P-Preferred-Identity too (RFC 3325): the provider checks it.
    Preferred,
}

/// Which numbers outside can be dialled, over which trunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The numbers: one of these must fit.
    pub numbers: Vec<Pattern>,
    /// The trunks.
    pub trunks: Vec<RouteTrunk>,
    /// The number that is shown if the caller has none of its own.
    pub caller_id: Option<String>,
}

impl Route {
    /// Whether it leads to a normalised number.
    #[must_use]
    pub fn fits(&self, number: &str) -> bool {
        self.numbers.iter().any(|pattern| pattern.fits(number))
    }
}

/// One trunk of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTrunk {
    /// The trunk.
    pub trunk: TrunkId,
    /// Trunks of a lower number are tried first.
    pub priority: u16,
    /// Among trunks of equal priority, how often this one comes first, in proportion.
    pub weight: u16,
}

/// A set of normalised numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What the number begins with.
    pub prefix: String,
    /// Whether more may follow: `+49*`.
    pub open: bool,
}

impl Pattern {
    /// Whether a normalised number is in the set.
    #[must_use]
    pub fn fits(&self, number: &str) -> bool {
        number.strip_prefix(&*self.prefix).is_some_and(|rest| self.open || rest.is_empty())
    }
}

impl Numbers {
    /// A normalised number as it is sent. One that is not international (an emergency number, a service) stays as it is.
    #[must_use]
    pub fn write(&self, number: &str, plan: &DialPlan) -> String {
        let plan = self.dial_plan.as_ref().unwrap_or(plan);
        let Some(digits) = number.strip_prefix('+') else { return number.to_owned() };
        match (self.format, digits.strip_prefix(&*plan.country)) {
            (Format::E164, _) => number.to_owned(),
            (Format::Digits, _) => digits.to_owned(),
            (Format::Dialled, Some(national)) => format!("{}{national}", plan.national_prefix),
            (Format::Dialled, None) => format!("{}{digits}", plan.international_prefix),
        }
    }

    /// The called number as it is sent.
    #[must_use]
    pub fn write_called(&self, number: &str, plan: &DialPlan) -> String {
        format!("{}{}", self.prefix, self.write(number, plan))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_holds_one_number_or_all_that_begin_alike() {
        let one = Pattern { prefix: "911".to_owned(), open: false };
        let many = Pattern { prefix: "+49".to_owned(), open: true };
        let all = Pattern { prefix: String::new(), open: true };
        assert!(one.fits("911") && !one.fits("9110") && !one.fits("91"));
        assert!(many.fits("+4930901820") && many.fits("+49") && !many.fits("+4"));
        assert!(all.fits("1") && all.fits("+15550100123"));
    }

    #[test]
    fn numbers_are_written_as_the_trunk_wants_them() {
        let plan = DialPlan {
            country: "49".into(),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
            national_digits: None,
        };
        let written = |format, number: &str| {
            Numbers { format, prefix: "7".into(), dial_plan: None }.write_called(number, &plan)
        };
        assert_eq!(written(Format::E164, "+4930901820"), "7+4930901820");
        assert_eq!(written(Format::Digits, "+4930901820"), "74930901820");
        assert_eq!(written(Format::Dialled, "+4930901820"), "7030901820");
        assert_eq!(written(Format::Dialled, "+442079460000"), "700442079460000");
        assert_eq!(written(Format::E164, "112"), "7112");
    }
}
