//! How long a session lives without a refresh and who refreshes it, as both sides agree on it: RFC 4028 §7 to §9.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::rules::{MIN_SE, SessionRules};
use crate::endpoint::Side;
use crate::message::{Refresher, SessionExpires, TIMER};
use crate::transaction::timer::T1_64;
use crate::{HeaderName, Message};

/// The longest life of a session that is believed or agreed to: a day.
const INTERVAL_MAX: Duration = Duration::from_secs(86_400);
/// The shortest life that a peer may decide on: a refresh to which nobody answers takes as long.
const INTERVAL_MIN: Duration = T1_64;

/// What the latest 2xx to an INVITE or UPDATE says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terms {
    /// How long the session lives without a refresh.
    pub(super) interval: Duration,
    /// Who refreshes it.
    pub(super) refresher: Side,
    pub(super) clock: PeerClock,
}

/// Whether the peer keeps the time too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PeerClock {
    /// Without a refresh it ends the session.
    Runs,
    /// It knows no session timers: whatever it answers shows that it is there.
    Absent,
}

impl Terms {
    /// What we agree to as the one who answers `request`; `before` is who refreshed so far (RFC 4028 §9, table 2).
    /// Where the choice is ours we refresh: a peer that is gone is found sooner.
    pub(super) fn grant(request: &Message, rules: &SessionRules, before: Option<Side>) -> Self {
        let knows = request.supports(TIMER);
        let asked = request.session_expires().ok().flatten();
        let theirs = request.min_se().ok().flatten().filter(|least| *least <= INTERVAL_MAX);
        let most = rules.session_expires.max(rules.min_se).max(theirs.unwrap_or(MIN_SE));
        let interval = asked.map_or(most, |asked| asked.interval.clamp(rules.min_se, most));
        let refresher = match asked.and_then(|asked| asked.refresher) {
            _ if !knows => Side::Local,
            Some(Refresher::Uac) => Side::Remote,
            Some(Refresher::Uas) => Side::Local,
            None => before.unwrap_or(Side::Local),
        };
        Self { interval, refresher, clock: if knows { PeerClock::Runs } else { PeerClock::Absent } }
    }

    /// What the peer agreed to, who was asked for `asked` (RFC 4028 §7.2). If it says nothing we refresh all the same.
    pub(super) fn learn(response: &Message, asked: Duration) -> Self {
        match response.session_expires() {
            Ok(Some(SessionExpires { interval, refresher })) => {
                let refresher = match refresher {
                    Some(Refresher::Uas) => Side::Remote,
                    Some(Refresher::Uac) | None => Side::Local,
                };
                let interval = interval.clamp(INTERVAL_MIN, INTERVAL_MAX);
                Self { interval, refresher, clock: PeerClock::Runs }
            }
            Ok(None) | Err(_) => Self { interval: asked, refresher: Side::Local, clock: PeerClock::Absent },
        }
    }

    /// What a 2xx of ours says. Who knows session timers must heed it.
    pub(super) fn headers(&self) -> Vec<(HeaderName, String)> {
        let refresher = match self.refresher {
            Side::Local => Refresher::Uas,
            Side::Remote => Refresher::Uac,
        };
        let expires = SessionExpires { interval: self.interval, refresher: Some(refresher) };
        let mut headers = vec![(HeaderName::SessionExpires, expires.to_string())];
        match self.clock {
            PeerClock::Runs => headers.push((HeaderName::Require, TIMER.to_owned())),
            PeerClock::Absent => {}
        }
        headers
    }
}

/// What an INVITE or UPDATE of ours asks for: `interval`, and who refreshes if that is settled (RFC 4028 §7.1, §7.4).
pub(super) fn wish(
    interval: Duration,
    min_se: Duration,
    refresher: Option<Side>,
) -> [(HeaderName, String); 2] {
    let refresher = refresher.map(|side| match side {
        Side::Local => Refresher::Uac,
        Side::Remote => Refresher::Uas,
    });
    let expires = SessionExpires { interval, refresher };
    [(HeaderName::SessionExpires, expires.to_string()), (HeaderName::MinSe, min_se.as_secs().to_string())]
}

/// Whether a request asks for less than we agree to, and would understand a 422 (RFC 4028 §9).
pub(crate) fn is_too_brief(request: &Message, rules: &SessionRules) -> bool {
    let asked = request.session_expires().ok().flatten();
    asked.is_some_and(|asked| asked.interval < rules.min_se) && request.supports(TIMER)
}

/// The longer life that a 422 wants, if it is one that we can offer (RFC 4028 §7.3).
pub(super) fn longer(response: &Message, min_se: Duration) -> Option<Duration> {
    let least = response.min_se().ok().flatten()?;
    (least > min_se && least <= INTERVAL_MAX).then_some(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &str) -> Message {
        let text = format!(
            "UPDATE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\n\
             To: <sip:b@y>;tag=2\r\nCall-ID: c\r\nCSeq: 2 UPDATE\r\n{headers}\r\n"
        );
        Message::parse(text).unwrap()
    }

    fn response(headers: &str) -> Message {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\n\
             To: <sip:b@y>;tag=2\r\nCall-ID: c\r\nCSeq: 2 UPDATE\r\n{headers}\r\n"
        );
        Message::parse(text).unwrap()
    }

    fn granted(headers: &str, before: Option<Side>) -> (u64, Side, PeerClock) {
        let Terms { interval, refresher, clock } =
            Terms::grant(&request(headers), &SessionRules::default(), before);
        (interval.as_secs(), refresher, clock)
    }

    #[test]
    fn who_refreshes_is_chosen_as_table_2_of_the_rfc_says() {
        use PeerClock::{Absent, Runs};
        use Side::{Local, Remote};
        const KNOWS: &str = "Supported: timer\r\n";
        for (supported, refresher, before, expected) in [
            ("", "", None, (Local, Absent)),
            ("", "", Some(Remote), (Local, Absent)),
            ("", ";refresher=uas", None, (Local, Absent)),
            (KNOWS, "", None, (Local, Runs)),
            (KNOWS, "", Some(Local), (Local, Runs)),
            (KNOWS, "", Some(Remote), (Remote, Runs)),
            (KNOWS, ";refresher=uac", Some(Local), (Remote, Runs)),
            (KNOWS, ";refresher=uas", Some(Remote), (Local, Runs)),
        ] {
            let headers = format!("{supported}Session-Expires: 600{refresher}\r\n");
            assert_eq!(granted(&headers, before), (600, expected.0, expected.1), "{headers}{before:?}");
        }
        assert_eq!(granted(KNOWS, Some(Remote)), (1800, Remote, Runs));
    }

    #[test]
    fn an_interval_is_cut_but_not_below_what_the_way_allows() {
        for (headers, seconds) in [
            ("", 1800),
            ("Session-Expires: 7200\r\n", 1800),
            ("Session-Expires: 7200\r\nMin-SE: 3600\r\n", 3600),
            ("Session-Expires: 3600\r\nMin-SE: 3600\r\n", 3600),
            ("Min-SE: 2000\r\n", 2000),
            ("Min-SE: 4294967295\r\n", 1800),
            // Written by a proxy for a caller who would not understand a 422.
            ("Session-Expires: 60\r\n", 90),
            ("Session-Expires: soon\r\n", 1800),
        ] {
            assert_eq!(granted(headers, None).0, seconds, "{headers}");
        }
    }

    #[test]
    fn the_2xx_says_so_and_insists_on_it_where_it_is_understood() {
        let terms = |headers| Terms::grant(&request(headers), &SessionRules::default(), None);
        let expires = |value: &str| (HeaderName::SessionExpires, value.to_owned());
        let require = (HeaderName::Require, "timer".to_owned());
        assert_eq!(terms("").headers(), [expires("1800;refresher=uas")]);
        assert_eq!(terms("k: timer\r\n").headers(), [expires("1800;refresher=uas"), require.clone()]);
        let theirs = terms("k: timer\r\nx: 100;refresher=uac\r\n").headers();
        assert_eq!(theirs, [expires("100;refresher=uac"), require]);
    }

    #[test]
    fn what_the_peer_agreed_to_is_learnt_and_bounded() {
        let asked = Duration::from_secs(1800);
        for (headers, seconds, refresher, clock) in [
            ("", 1800, Side::Local, PeerClock::Absent),
            ("Session-Expires: x\r\n", 1800, Side::Local, PeerClock::Absent),
            ("Session-Expires: 900\r\n", 900, Side::Local, PeerClock::Runs),
            ("Session-Expires: 900;refresher=uac\r\n", 900, Side::Local, PeerClock::Runs),
            ("Session-Expires: 900;refresher=uas\r\n", 900, Side::Remote, PeerClock::Runs),
            ("Session-Expires: 5;refresher=uas\r\n", 32, Side::Remote, PeerClock::Runs),
            ("Session-Expires: 999999\r\n", 86_400, Side::Local, PeerClock::Runs),
        ] {
            let expected = Terms { interval: Duration::from_secs(seconds), refresher, clock };
            assert_eq!(Terms::learn(&response(headers), asked), expected, "{headers}");
        }
    }

    #[test]
    fn only_who_understands_it_is_told_that_the_interval_is_too_small() {
        let rules = SessionRules::default();
        assert!(is_too_brief(&request("k: timer\r\nx: 89\r\n"), &rules));
        for enough in ["k: timer\r\nx: 90\r\n", "x: 89\r\n", "k: timer\r\n", "k: timer\r\nx: few\r\n"] {
            assert!(!is_too_brief(&request(enough), &rules), "{enough}");
        }
    }

    #[test]
    fn a_refusal_is_followed_only_upwards_and_not_for_ever() {
        let min_se = Duration::from_secs(90);
        assert_eq!(longer(&response("Min-SE: 120\r\n"), min_se), Some(Duration::from_secs(120)));
        for no in ["Min-SE: 90\r\n", "Min-SE: 1\r\n", "Min-SE: 90000\r\n", "", "Min-SE: x\r\n"] {
            assert_eq!(longer(&response(no), min_se), None, "{no}");
        }
    }

    #[test]
    fn our_requests_ask_for_it_and_say_who_refreshes_so_far() {
        let asked = |side| wish(Duration::from_secs(1800), MIN_SE, side)[0].1.clone();
        assert_eq!(asked(None), "1800");
        assert_eq!(asked(Some(Side::Local)), "1800;refresher=uac");
        assert_eq!(asked(Some(Side::Remote)), "1800;refresher=uas");
        assert_eq!(wish(MIN_SE, MIN_SE, None)[1], (HeaderName::MinSe, "90".to_owned()));
    }
}
