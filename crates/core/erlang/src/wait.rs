//! How long somebody in line waits, not on average but for a given share of such callers.

use core::time::Duration;

use statrs::function::beta::{beta_reg, ln_beta};
use statrs::function::gamma::{gamma_lr, ln_gamma};

use crate::demand::{duration, seconds};

/// Newton steps at most; from where they start, two to five are enough.
const STEPS_MAX: u32 = 60;
/// Who would wait for this many calls of all agents before giving up never gives up: the difference could not be seen.
const ENDLESS: f64 = 1e9;

/// How long at most the share `quantile` of those callers waits for an agent who find `ahead` others waiting before them
/// and `agents` all busy, if they do not give up. `agents` need not be whole: an agent of two queues is half a one in
/// each. `handle` is the mean of talk, hold and wrap-up, `patience` the mean after which the callers ahead give up; none
/// means that nobody does.
///
/// The next of i waiting callers leaves the line at the rate n·μ + i·θ, and `ahead` + 1 have to: hypo-exponential. With
/// patience that is −ln X / θ with X ~ Beta(n·μ/θ, `ahead` + 1), without it Gamma(`ahead` + 1, n·μ). Costs a few
/// microseconds at any length. [`Duration::MAX`], never, without agents and for a quantile of 1 and more.
#[must_use]
pub fn wait_quantile(
    ahead: u32,
    agents: f64,
    handle: Duration,
    patience: Option<Duration>,
    quantile: f64,
) -> Duration {
    if agents <= 0.0 || quantile >= 1.0 {
        return Duration::MAX;
    }
    if quantile <= 0.0 {
        return Duration::ZERO;
    }
    let leaving = f64::from(ahead) + 1.0;
    let one_call = seconds(handle) / agents;
    let patience = patience.map(|patience| seconds(patience) / one_call).filter(|calls| *calls < ENDLESS);
    duration(one_call * calls_until(leaving, patience, quantile))
}

/// The quantile in the time that the agents together take for a call. `patience` is given in it too: α = n·μ/θ.
fn calls_until(leaving: f64, patience: Option<f64>, quantile: f64) -> f64 {
    let served = gamma_start(leaving, quantile);
    match patience {
        Some(patience) => {
            // Y = 1 − X ~ Beta(leaving, α): exact where the wait is short in comparison with the patience.
            let scale = ln_beta(leaving, patience) + patience.ln();
            solve((served / patience).ln_1p() * patience, |calls| {
                let gone = -(-calls / patience).exp_m1();
                let density = ((leaving - 1.0) * gone.ln() - calls - scale).exp();
                (beta_reg(leaving, patience, gone) - quantile, density)
            })
        }
        None => {
            let scale = ln_gamma(leaving);
            solve(served, |calls| {
                let density = ((leaving - 1.0) * calls.ln() - calls - scale).exp();
                (gamma_lr(leaving, calls) - quantile, density)
            })
        }
    }
}

/// Where a growing function is zero, by Newton's method kept in the part that still can hold the place. The function
/// gives its value and its slope.
fn solve(start: f64, function: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut x = start;
    for _ in 0..STEPS_MAX {
        let (over, slope) = function(x);
        if over > 0.0 {
            high = x
        } else {
            low = x
        }
        let next = x - over / slope;
        let inside = low < next && next < high;
        let next = match (inside, high.is_finite()) {
            (true, _) => next,
            (false, true) => f64::midpoint(low, high),
            (false, false) => 2.0 * x,
        };
        if (next - x).abs() <= 1e-12 * x {
            return next;
        }
        x = next;
    }
    x
}

/// The quantile of Gamma(`shape`, 1) to about three digits (Wilson and Hilferty 1931).
fn gamma_start(shape: f64, quantile: f64) -> f64 {
    let ninth = 1.0 / (9.0 * shape);
    let root = 1.0 - ninth + normal_quantile(quantile) * ninth.sqrt();
    shape * root.max(1e-3).powi(3)
}

/// The quantile of the normal distribution, within 4.5e-4 (Abramowitz and Stegun 26.2.23).
fn normal_quantile(quantile: f64) -> f64 {
    let tail = quantile.min(1.0 - quantile);
    let t = (-2.0 * tail.ln()).sqrt();
    let x = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    if quantile < 0.5 { -x } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HANDLE: Duration = Duration::from_secs(180);

    fn wait(ahead: u32, agents: f64, patience_s: Option<u64>, quantile: f64) -> f64 {
        wait_quantile(ahead, agents, HANDLE, patience_s.map(Duration::from_secs), quantile).as_secs_f64()
    }

    /// The share of callers who wait for at most `waited` seconds.
    fn share(ahead: u32, agents: f64, patience_s: Option<u64>, waited: f64) -> f64 {
        let served = agents / HANDLE.as_secs_f64();
        let leaving = f64::from(ahead) + 1.0;
        match patience_s {
            Some(patience) => {
                let patience = patience as f64;
                beta_reg(leaving, served * patience, -(-waited / patience).exp_m1())
            }
            None => gamma_lr(leaving, served * waited),
        }
    }

    #[test]
    fn the_next_of_one_agents_callers_waits_for_the_end_of_one_call() {
        let expected = 180.0 * 2f64.ln();
        assert!((wait(0, 1.0, None, 0.5) - expected).abs() < 1e-6);
        assert!((wait(0, 3.0, None, 0.5) - expected / 3.0).abs() < 1e-6);
        // Nobody is ahead who could give up.
        assert!((wait(0, 1.0, Some(60), 0.5) - expected).abs() < 1e-6);
    }

    #[test]
    fn with_one_ahead_two_have_to_leave() {
        // Rates 1 and 2 of the hypo-exponential: P(W <= t) = (1 - e^-t)^2 when patience equals one agent's handling.
        let expected = -180.0 * (1.0 - 0.8f64.sqrt()).ln();
        assert!((wait(1, 1.0, Some(180), 0.8) - expected).abs() < 1e-6);
    }

    #[test]
    fn impatience_ahead_shortens_the_wait() {
        assert!(wait(50, 5.0, Some(120), 0.5) < 0.5 * wait(50, 5.0, None, 0.5));
        let patient = wait(50, 5.0, Some(1_000_000_000), 0.5);
        assert!((patient - wait(50, 5.0, None, 0.5)).abs() < 1e-2, "{patient}");
    }

    #[test]
    fn nobody_is_ever_answered_without_agents() {
        assert_eq!(wait_quantile(3, 0.0, HANDLE, None, 0.5), Duration::MAX);
        assert_eq!(wait_quantile(3, 1.0, HANDLE, None, 1.0), Duration::MAX);
        assert_eq!(wait_quantile(3, 1.0, HANDLE, None, 0.0), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn the_share_is_served_by_then(
            ahead in prop_oneof![0u32..50, 50u32..50_000],
            agents in prop_oneof![0.1f64..20.0, 20.0f64..10_000.0],
            patience_s in prop_oneof![Just(None), (1u64..100_000).prop_map(Some)],
            quantile in 0.001f64..0.999,
        ) {
            let waited = wait(ahead, agents, patience_s, quantile);
            let found = share(ahead, agents, patience_s, waited);
            // A nanosecond is the least that a duration can say.
            let exact = (share(ahead, agents, patience_s, waited + 1e-9) - found).abs() + 1e-6;
            prop_assert!((found - quantile).abs() <= exact, "{waited} s: {found}");
        }

        #[test]
        fn further_back_is_later_and_more_agents_are_sooner(
            ahead in 0u32..5000,
            agents in 1.0f64..500.0,
            patience_s in prop_oneof![Just(None), (10u64..10_000).prop_map(Some)],
        ) {
            let here = wait(ahead, agents, patience_s, 0.8);
            prop_assert!(wait(ahead + 1, agents, patience_s, 0.8) >= here - 1e-6);
            prop_assert!(wait(ahead, agents + 1.0, patience_s, 0.8) <= here + 1e-6);
            prop_assert!(wait(ahead, agents, patience_s, 0.5) <= here);
        }
    }
}
