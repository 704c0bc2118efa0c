//! Bridges: who hears whom, by packets that are passed on or by a mix that is made on the beat.
//!
//! Who hears one other party gets its packets as they come, unless that one's packets go to somebody else already. Who hears
//! several gets their sum. So a supervisor who listens changes nothing for those who talk.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hotline_audio::Rate;
use hotline_base::{BridgeId, LegId, Time};
use serde::{Deserialize, Serialize};

use crate::leg::{Bridged, Hears, Legs};
use crate::parties::{PARTIES_MAX, Party};

/// Samples of 20 ms of wide sound.
const FRAME_MAX: usize = 320;
/// A gain of one.
const UNITY: i32 = 4096;

/// All bridges of one thread.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bridges(BTreeMap<BridgeId, Bridge>);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Bridge {
    parties: Vec<Party>,
    /// If somebody hears several.
    mix: Option<Mix>,
}

/// How the sound of several parties is put together. The places of a bit set are those of the parties.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Mix {
    rate: Rate,
    /// Who is heard through it, and how loud.
    sources: u32,
    gains: Vec<i32>,
    /// Whom each party hears through it; nobody if it gets packets or nothing.
    heard_by: Vec<u32>,
    /// The frames of a beat, one party after the other.
    frames: Vec<i16>,
}

impl Bridges {
    /// Connects the parties, in place of those of the bridge before. A leg leaves the bridge it was in. False, and nothing
    /// happens, if a leg is not there or is named twice, if somebody hears himself or somebody outside, or if there are more than
    /// `most`.
    pub(crate) fn set(
        &mut self,
        now: Time,
        legs: &mut Legs,
        (id, parties): (BridgeId, Vec<Party>),
        most: usize,
    ) -> bool {
        if !is_sound(&parties, legs, most.min(PARTIES_MAX)) {
            return false;
        }
        let mut left = self.0.remove(&id).map_or_else(Vec::new, |before| before.parties);
        left.retain(|before| parties.iter().all(|party| party.leg != before.leg));
        for gone in left {
            release(legs, gone.leg);
        }
        for party in &parties {
            let elsewhere = legs.get(&party.leg).and_then(|leg| leg.bridged).map(|bridged| bridged.bridge);
            if let Some(elsewhere) = elsewhere.filter(|elsewhere| *elsewhere != id) {
                self.leave(now, legs, elsewhere, party.leg);
            }
        }
        let mut bridge = Bridge { parties, mix: None };
        bridge.arrange(now, id, legs);
        self.0.insert(id, bridge);
        true
    }

    /// Ends a bridge.
    pub(crate) fn end(&mut self, legs: &mut Legs, id: BridgeId) {
        for party in self.0.remove(&id).map_or_else(Vec::new, |ended| ended.parties) {
            release(legs, party.leg);
        }
    }

    /// Takes a leg out of the bridge it is in. A bridge of two ends by it.
    pub(crate) fn leave(&mut self, now: Time, legs: &mut Legs, id: BridgeId, leaving: LegId) {
        let Some(bridge) = self.0.get_mut(&id) else { return };
        if bridge.parties.len() <= 2 {
            return self.end(legs, id);
        }
        bridge.parties.retain(|party| party.leg != leaving);
        for party in &mut bridge.parties {
            party.hears.retain(|heard| *heard != leaving);
        }
        release(legs, leaving);
        bridge.arrange(now, id, legs);
    }

    /// A leg of the bridge has another codec.
    pub(crate) fn rearrange(&mut self, now: Time, legs: &mut Legs, id: BridgeId) {
        if let Some(bridge) = self.0.get_mut(&id) {
            bridge.arrange(now, id, legs);
        }
    }

    /// Makes the frames of a beat for those who hear several. Gives the legs of a bridge on which a bug panicked.
    pub(crate) fn mix(&mut self, now: u64, legs: &mut Legs) -> Vec<LegId> {
        let mut lost = Vec::new();
        for bridge in self.0.values_mut() {
            let Some(mix) = &mut bridge.mix else { continue };
            let parties = &bridge.parties;
            if catch_unwind(AssertUnwindSafe(|| mix.beat(now, parties, legs))).is_err() {
                lost.extend(parties.iter().map(|party| party.leg));
            }
        }
        lost
    }
}

impl Bridge {
    /// Tells each leg whom it hears and who gets its packets.
    fn arrange(&mut self, now: Time, id: BridgeId, legs: &mut Legs) {
        let place = |leg: LegId| self.parties.iter().position(|party| party.leg == leg);
        let count = self.parties.len();
        let (mut hears, mut listeners) = (vec![Hears::Nobody; count], vec![None; count]);
        let mut heard_by = vec![0_u32; count];
        for (index, party) in self.parties.iter().enumerate() {
            match *party.hears.as_slice() {
                [] => {}
                [only]
                    if let Some(source) = place(only)
                        && listeners[source].is_none()
                        && self.parties[source].gain_db == 0 =>
                {
                    listeners[source] = Some(party.leg);
                    hears[index] = Hears::Packets { heard_at: now };
                }
                ref several => {
                    let bits = several.iter().filter_map(|leg| place(*leg)).map(|place| 1 << place);
                    heard_by[index] = bits.fold(0, |all, bit: u32| all | bit);
                    hears[index] = Hears::Mix { rate: Rate::Narrow };
                }
            }
        }
        let sources = heard_by.iter().fold(0, |all, bits| all | bits);
        let takes_part = |index: usize| heard_by[index] != 0 || sources >> index & 1 == 1;
        let is_wide =
            self.parties.iter().enumerate().filter(|(index, _)| takes_part(*index)).all(|(_, party)| {
                legs.get(&party.leg).and_then(|leg| leg.codec()).is_some_and(|codec| codec.is_wide())
            });
        let rate = if is_wide { Rate::Wide } else { Rate::Narrow };
        for (index, party) in self.parties.iter().enumerate() {
            let Some(leg) = legs.get_mut(&party.leg) else { continue };
            let hears = match hears[index] {
                Hears::Mix { .. } => Hears::Mix { rate },
                other @ (Hears::Nobody | Hears::Packets { .. }) => other,
            };
            leg.set_bridged(Some(Bridged { bridge: id, hears, listener: listeners[index] }));
            leg.expect_peer(now);
            leg.set_playout((sources >> index & 1 == 1).then_some(rate));
        }
        let gains = self.parties.iter().map(|party| gain(party.gain_db)).collect();
        let frames = vec![0; count * FRAME_MAX];
        self.mix = (sources != 0).then_some(Mix { rate, sources, gains, heard_by, frames });
    }
}

impl Mix {
    fn beat(&mut self, now: u64, parties: &[Party], legs: &mut Legs) {
        let length = self.rate.samples(20);
        let mut all = [0_i32; FRAME_MAX];
        for (index, party) in parties.iter().enumerate().filter(|(index, _)| self.sources >> index & 1 == 1) {
            let frame = &mut self.frames[index * FRAME_MAX..][..length];
            match legs.get_mut(&party.leg) {
                Some(leg) => leg.play_out(now, frame),
                None => frame.fill(0),
            }
            let gain = self.gains[index];
            if gain != UNITY {
                frame.iter_mut().for_each(|sample| *sample = saturated(i32::from(*sample) * gain / UNITY));
            }
            for (sum, sample) in all.iter_mut().zip(frame) {
                *sum += i32::from(*sample);
            }
        }
        for (index, party) in parties.iter().enumerate().filter(|(index, _)| self.heard_by[*index] != 0) {
            let mut heard = [0; FRAME_MAX];
            self.sum(self.heard_by[index], &all, &mut heard[..length]);
            if let Some(leg) = legs.get_mut(&party.leg) {
                leg.hear_mix(&heard[..length]);
            }
        }
    }

    /// The sound of those in `heard` together: from the sum of all, less the others, or from their own, whichever is shorter.
    fn sum(&self, heard: u32, all: &[i32; FRAME_MAX], out: &mut [i16]) {
        let others = self.sources & !heard;
        let by_difference = others.count_ones() < heard.count_ones();
        let mut sum = if by_difference { *all } else { [0; FRAME_MAX] };
        let (bits, sign) = if by_difference { (others, -1) } else { (heard, 1) };
        for index in (0..self.gains.len()).filter(|index| bits >> index & 1 == 1) {
            let frame = &self.frames[index * FRAME_MAX..][..out.len()];
            sum.iter_mut().zip(frame).for_each(|(sum, sample)| *sum += sign * i32::from(*sample));
        }
        out.iter_mut().zip(sum).for_each(|(sample, sum)| *sample = saturated(sum));
    }
}

fn is_sound(parties: &[Party], legs: &Legs, most: usize) -> bool {
    let is_party = |leg: &LegId| parties.iter().any(|party| party.leg == *leg);
    let is_once = |leg: LegId| parties.iter().filter(|party| party.leg == leg).count() == 1;
    (2..=most).contains(&parties.len())
        && parties.iter().all(|party| {
            legs.contains_key(&party.leg)
                && is_once(party.leg)
                && party.hears.iter().all(|heard| *heard != party.leg && is_party(heard))
        })
}

fn release(legs: &mut Legs, id: LegId) {
    if let Some(leg) = legs.get_mut(&id) {
        leg.set_bridged(None);
        leg.set_playout(None);
    }
}

fn gain(db: i8) -> i32 {
    let factor = 10_f64.powf(f64::from(db.clamp(-20, 20)) / 20.0);
    #[expect(clippy::cast_possible_truncation, reason = "ten times a gain of one at most")]
    let gain = (factor * f64::from(UNITY)).round() as i32;
    gain
}

fn saturated(sample: i32) -> i16 {
    sample.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}
