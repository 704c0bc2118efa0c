//! How late the packets of a stream come, and how long sound must wait so that nearly all of them are there in time.

use serde::{Deserialize, Serialize};

/// Samples at 8 kHz of one step of the distribution: 5 ms.
const STEP: i64 = 40;
/// Steps that are told apart: 500 ms. What is later than that is as late as that.
const STEPS: usize = 100;
/// The share of packets that must be there in time.
const IN_TIME: f32 = 0.98;
/// What a packet takes from the weight of those before it: with 50 a second, half of it is gone after 14 s.
const FORGOTTEN: f32 = 0.001;
/// How many packets the first guess, that all come within a step, is worth.
const KNOWN_AT_FIRST: u16 = 20;
/// The earliest packet is known over two spans of so many: at 50 a second, of ten seconds each. So a clock that drifts by
/// 200 ppm is followed within 4 ms.
const SPAN: u16 = 500;

/// The delays of one stream, each against our clock; only their differences mean something.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delays {
    /// The least of the span before, and of the one under way.
    least: [Option<i64>; 2],
    packets: u16,
    /// All that were noted, as far as they are told apart.
    known: u16,
    /// The weight of each step above the least.
    weights: Vec<f32>,
}

impl Delays {
    pub(crate) fn new() -> Self {
        let mut delays = Self { least: [None; 2], packets: 0, known: 0, weights: vec![0.0; STEPS] };
        delays.begin();
        delays
    }

    /// Forgets all: the stream's clock was set anew.
    pub(crate) fn begin(&mut self) {
        (self.least, self.packets, self.known) = ([None; 2], 0, 0);
        self.weights.fill(0.0);
        // Until more is known, packets are taken to come within a step.
        self.weights[0] = 1.0;
    }

    /// Takes the delay of a packet, in samples at 8 kHz.
    pub(crate) fn note(&mut self, delay: i64) {
        let before = (self.known > 0).then(|| self.least());
        if self.packets == SPAN {
            (self.least, self.packets) = ([self.least[1], None], 0);
        }
        self.packets += 1;
        self.least[1] = Some(self.least[1].map_or(delay, |least| least.min(delay)));
        if let Some(before) = before {
            self.shift(self.least() - before);
        }
        let step = (delay - self.least()) / STEP;
        let step = usize::try_from(step).unwrap_or(0).min(STEPS - 1);
        // The first ones count more, until there are many.
        self.known = self.known.saturating_add(1);
        let share = FORGOTTEN.max(1.0 / f32::from(self.known.saturating_add(KNOWN_AT_FIRST)));
        self.weights.iter_mut().for_each(|weight| *weight *= 1.0 - share);
        self.weights[step] += share;
    }

    /// The steps are told from a least delay that is so much greater now: all weights come down by as much, and what would be
    /// below the first step is in it. A network that becomes faster is taken to be as uneven as before.
    fn shift(&mut self, risen: i64) {
        let steps = usize::try_from(risen / STEP).unwrap_or(0).min(STEPS - 1);
        if steps > 0 {
            let below: f32 = self.weights[..steps].iter().sum();
            self.weights.copy_within(steps.., 0);
            self.weights[STEPS - steps..].fill(0.0);
            self.weights[0] += below;
        }
    }

    /// The delay of the earliest packets.
    fn least(&self) -> i64 {
        let [before, now] = self.least;
        before.into_iter().chain(now).min().unwrap_or(0)
    }

    /// The delay within which nearly all packets come, in samples at 8 kHz.
    pub(crate) fn in_time(&self) -> i64 {
        let mut sum = 0.0;
        let late = self.weights.iter().position(|weight| {
            sum += weight;
            sum >= IN_TIME
        });
        let steps = late.unwrap_or(STEPS - 1) as i64 + 1;
        self.least() + steps * STEP
    }

    /// How far packets are apart, in samples at 8 kHz: what waiting costs.
    pub(crate) fn depth(&self) -> i64 {
        self.in_time() - self.least()
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;

    #[test]
    fn an_even_stream_waits_for_a_step_and_an_uneven_one_for_its_jitter() {
        let mut even = Delays::new();
        (0..200).for_each(|_| even.note(1_000_000));
        assert_eq!((even.in_time(), even.depth()), (1_000_000 + STEP, STEP));
        let mut rng = Rng::from_number(1);
        let mut uneven = Delays::new();
        (0..2000).for_each(|_| uneven.note(-5000 + rng.below(480) as i64));
        assert!((440..=520).contains(&uneven.depth()), "{}", uneven.depth());
        assert!((-4560..=-4480).contains(&uneven.in_time()));
    }

    #[test]
    fn rare_stragglers_are_not_waited_for_and_calm_is_believed_again() {
        let mut rng = Rng::from_number(2);
        let mut delays = Delays::new();
        (0..3000).for_each(|_| delays.note(if rng.chance(1, 100) { 1600 } else { 0 }));
        assert!(delays.depth() <= 2 * STEP, "{}", delays.depth());
        (0..500).for_each(|_| delays.note(rng.below(800) as i64));
        assert!(delays.depth() > 600);
        (0..5000).for_each(|_| delays.note(0));
        assert!(delays.depth() <= 2 * STEP, "{}", delays.depth());
    }

    #[test]
    fn a_network_that_becomes_slower_or_faster_is_not_waited_for_twice() {
        let mut delays = Delays::new();
        (0..2000).for_each(|_| delays.note(0));
        for packet in 0..2000 {
            delays.note(1600);
            assert!(delays.in_time() <= 1600 + STEP, "packet {packet}: {}", delays.in_time());
            assert!(packet < 1100 || delays.depth() <= 2 * STEP, "packet {packet}: {}", delays.depth());
        }
        for packet in 0..2000 {
            delays.note(-800);
            assert!(packet < 1100 || delays.depth() <= 2 * STEP, "packet {packet}: {}", delays.depth());
        }
    }

    #[test]
    fn a_drifting_clock_is_followed() {
        for ppm in [-200_i64, 200] {
            let mut delays = Delays::new();
            for packet in 0..180_000_i64 {
                delays.note(packet * 160 * ppm / 1_000_000);
                let behind = delays.in_time() - packet * 160 * ppm / 1_000_000;
                assert!((0..=3 * STEP).contains(&behind), "{ppm} ppm, packet {packet}: {behind}");
            }
        }
    }
}
