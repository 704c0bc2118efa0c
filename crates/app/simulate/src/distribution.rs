//! How long something takes: drawn by chance from one owned generator, the same on every machine.

use std::time::Duration;

use hotline_base::Rng;
use rand_distr::{Distribution as _, Exp, Gamma, LogNormal};

/// The longest time that is ever drawn: a day.
const LONGEST_S: f64 = 86_400.0;

/// A distribution of times.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always this long.
    Constant(Duration),
    /// As if it could end at any moment, all alike.
    Exponential {
        /// Its mean, above zero.
        mean: Duration,
    },
    /// Mostly about as long, sometimes much longer: talks.
    LogNormal {
        /// Its mean, above zero.
        mean: Duration,
        /// Its standard deviation, above zero.
        deviation: Duration,
    },
    /// The same with a lighter tail: forms, wrap-up.
    Gamma {
        /// Its mean, above zero.
        mean: Duration,
        /// Its standard deviation, above zero.
        deviation: Duration,
    },
    /// One of these, each as likely: what was measured. Not empty.
    Listed(Vec<Duration>),
}

impl Distribution {
    /// The next time.
    pub fn draw(&self, rng: &mut Rng) -> Duration {
        let seconds = match self {
            Self::Constant(time) => return *time,
            Self::Listed(times) => {
                return times.get(rng.below(times.len() as u64) as usize).copied().unwrap_or_default();
            }
            Self::Exponential { mean } => {
                Exp::new(1.0 / mean.as_secs_f64()).expect("a mean is above zero").sample(rng)
            }
            Self::LogNormal { mean, deviation } => {
                let spread = deviation.as_secs_f64() / mean.as_secs_f64();
                let normal = LogNormal::from_mean_cv(mean.as_secs_f64(), spread);
                normal.expect("a mean is above zero").sample(rng)
            }
            Self::Gamma { mean, deviation } => {
                let (mean, variance) = (mean.as_secs_f64(), deviation.as_secs_f64().powi(2));
                let gamma = Gamma::new(mean * mean / variance, variance / mean);
                gamma.expect("mean and deviation are above zero").sample(rng)
            }
        };
        Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_S))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and standard deviation of many draws, in seconds.
    fn measured(distribution: &Distribution) -> (f64, f64) {
        const DRAWS: u32 = 100_000;
        let mut rng = Rng::from_number(1);
        let drawn: Vec<f64> = (0..DRAWS).map(|_| distribution.draw(&mut rng).as_secs_f64()).collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(DRAWS);
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(DRAWS);
        (mean, variance.sqrt())
    }

    fn check(distribution: &Distribution, mean: f64, deviation: f64) {
        let (found_mean, found_deviation) = measured(distribution);
        assert!((found_mean - mean).abs() < 0.02 * mean, "{distribution:?}: mean {found_mean}");
        let near = (found_deviation - deviation).abs() <= 0.03 * deviation;
        assert!(near, "{distribution:?}: deviation {found_deviation}");
    }

    #[test]
    fn mean_and_deviation_are_as_asked_for() {
        let (mean, deviation) = (Duration::from_secs(180), Duration::from_secs(120));
        check(&Distribution::Exponential { mean }, 180.0, 180.0);
        check(&Distribution::LogNormal { mean, deviation }, 180.0, 120.0);
        check(&Distribution::Gamma { mean, deviation }, 180.0, 120.0);
        check(&Distribution::Constant(mean), 180.0, 0.0);
        check(&Distribution::Listed(vec![Duration::from_secs(10), Duration::from_secs(30)]), 20.0, 10.0);
    }
}
