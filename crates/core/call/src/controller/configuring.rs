//! Another configuration of the center while calls run.
//!
//! Nobody is thrown out of a talk or a line: calls go on with the flow with which they began, who waits keeps the place, an agent
//! or a queue that is gone finishes what it has. Everything that is asked from here on is answered by the new configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::{Given, Now};
use hotline_sip::{EndpointConfig, TrunkConfig, UserConfig};

use super::{Controller, NextDay};
use crate::alarm::AlarmKind;
use crate::center::Center;
use crate::event::EventKind;

/// A center as it is to be from here on, with what the SIP endpoint has to know of it.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The center, its flows included. Domain and media address are those with which the server began.
    pub center: Arc<Center>,
    /// Where calls may come from without a password.
    pub trunks: Vec<TrunkConfig>,
    /// Who may register, by SIP user.
    pub users: BTreeMap<String, UserConfig>,
}

/// Two of the same center are the same.
impl PartialEq for Configured {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.center, &other.center)
    }
}

impl Controller {
    pub(super) fn reconfigure(&mut self, now: Now, configured: Configured) {
        let Configured { mut center, trunks, users } = configured;
        // The server's certificate is made at its start, and no file names it.
        Arc::make_mut(&mut center).browsers.clone_from(&self.env.center.browsers);
        let before = std::mem::replace(&mut self.env.center, Given::new(Arc::clone(&center)));
        self.reconfigure_sip(trunks, users);
        self.env.acd.reconfigure(now, center.acd_config());
        self.env.by_hand.retain(|hours, _| center.hours.contains_key(hours));
        self.env.next_day = NextDay::after(now, &center.zone);
        // Who drains has told its providers that it is not there any more.
        if !self.draining {
            self.env.with_trunks(now, |trunks, outer| trunks.reconfigure(now, &before, outer));
        }
        self.env.watch_ages(now);
        self.clear_alarms_of_the_gone(now);
        self.follow_hours(now);
        self.env.emit(now, EventKind::CenterChanged);
    }

    /// Phones whose password is another one are not reached any more until they register with it.
    fn reconfigure_sip(&mut self, trunks: Vec<TrunkConfig>, users: BTreeMap<String, UserConfig>) {
        let before = self.env.sip.config().clone();
        let names = self.env.center.sip_names();
        let keeps =
            |user: &String, known: &UserConfig| users.get(user).is_some_and(|user| user.ha1 == known.ha1);
        let kept = before.users.iter().filter(|(user, known)| keeps(user, known));
        let kept: BTreeMap<String, UserConfig> =
            kept.map(|(user, known)| (user.clone(), known.clone())).collect();
        if kept.len() < before.users.len() {
            self.env.sip.reconfigure(EndpointConfig { users: kept, ..before.clone() });
        }
        self.env.sip.reconfigure(EndpointConfig { trunks, users, names, ..before });
    }

    fn clear_alarms_of_the_gone(&mut self, now: Now) {
        let agents = &self.env.center.agents;
        let is_gone = |kind: &&AlarmKind| match kind {
            AlarmKind::PhoneFault(agent)
            | AlarmKind::PhoneBusy(agent)
            | AlarmKind::ReservationExpired(agent) => !agents.contains_key(agent),
            AlarmKind::RecordingFailed
            | AlarmKind::RecordingCut
            | AlarmKind::RecordingGap
            | AlarmKind::StoreUnavailable
            | AlarmKind::MediaPortsExhausted
            | AlarmKind::MediaSilent
            | AlarmKind::PromptMissing
            | AlarmKind::InternalError
            | AlarmKind::CertificateUnusable
            | AlarmKind::FlowsInvalid
            | AlarmKind::Overloaded
            | AlarmKind::TrunkUnusable(_)
            | AlarmKind::NotOffered => false,
        };
        let gone: Vec<AlarmKind> = self.env.alarms.keys().filter(is_gone).cloned().collect();
        for kind in gone {
            self.env.clear(now, &kind);
        }
    }
}
