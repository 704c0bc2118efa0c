//! A leg on a line: a service outside hears it and speaks to it, beat by beat.

use hotline_audio::{Doubler, Halver, Rate};
use hotline_base::{LegId, Time};
use serde::{Deserialize, Serialize};

use super::{Leg, MIXED_MAX};
use crate::Sink;
use crate::timeline::samples_at;

/// Samples of 20 ms of wide sound.
const FRAME_MAX: usize = 320;

/// What a leg needs for its line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    /// How the line's sound comes.
    rate: Rate,
    /// Between a wide line and a narrow codec.
    doubler: Doubler,
    halver: Halver,
}

impl Leg {
    /// Puts the leg on a line at this rate, or takes it off. False if a bridge has it: that goes first.
    pub(crate) fn set_line(&mut self, rate: Option<Rate>) -> bool {
        if self.bridged.is_some() {
            return false;
        }
        self.line =
            rate.map(|rate| Box::new(Line { rate, doubler: Doubler::default(), halver: Halver::default() }));
        self.mixed.clear();
        if rate.is_some() {
            // Room at once: the beat must not allocate.
            self.mixed.reserve(MIXED_MAX);
            self.player.mute_music();
        }
        self.set_playout(self.line_rate());
        true
    }

    /// True if the leg is on a line.
    pub(crate) fn has_line(&self) -> bool {
        self.line.is_some()
    }

    /// How the sound of the line comes within the leg: wide only if both the line and the codec are.
    pub(crate) fn line_rate(&self) -> Option<Rate> {
        let rate = self.line.as_ref()?.rate;
        Some(if self.codec().is_some_and(|codec| codec.is_wide()) { rate } else { Rate::Narrow })
    }

    /// One beat of the line: what the peer says goes out, what is said to it waits for its packet.
    pub(crate) fn handle_line_beat(&mut self, now: Time, id: LegId, out: &mut impl Sink) {
        let Some(inner) = self.line_rate() else { return };
        let Some(mut line) = self.line.take() else { return };
        let mut heard = [0; FRAME_MAX];
        let heard = &mut heard[..inner.samples(20)];
        self.play_out(samples_at(now), heard);
        // A phone that does not listen holds the caller, and what it sends is its own music.
        if !self.link.as_ref().is_some_and(|link| link.remote.direction.sends()) {
            heard.fill(0);
        }
        line.pass(id, heard, out);
        let mut said = [0; FRAME_MAX];
        let said = &mut said[..line.rate.samples(20)];
        if !out.line_said(id, said) {
            said.fill(0);
        }
        if inner == line.rate {
            self.hear_mix(said);
        } else {
            let mut narrow = [0; FRAME_MAX / 2];
            for (sample, pair) in narrow.iter_mut().zip(said.as_chunks().0) {
                *sample = line.halver.push(*pair);
            }
            self.hear_mix(&narrow);
        }
        self.line = Some(line);
    }
}

impl Line {
    /// Passes what the leg said on, as the line has it.
    fn pass(&mut self, id: LegId, heard: &[i16], out: &mut impl Sink) {
        if heard.len() == self.rate.samples(20) {
            return out.line_heard(id, heard);
        }
        let mut wide = [0; FRAME_MAX];
        for (pair, sample) in wide.as_chunks_mut().0.iter_mut().zip(heard) {
            *pair = self.doubler.push(*sample);
        }
        out.line_heard(id, &wide);
    }
}
