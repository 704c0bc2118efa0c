//! Whole calls through the real controller, in the simulated world.

use core::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use hotline_sim::{Rules, World};

fn main() {
    divan::main();
}

/// So many callers at once and as many agents: menu, queue, offer, ten seconds of talk, record. Opening the center,
/// registering the phones, the phones themselves, the network and the checks after every step count too.
#[divan::bench(args = [1, 10])]
fn simulated_calls(bencher: Bencher, calls: usize) {
    let mut seed = 0;
    bencher.counter(ItemsCount::new(calls)).bench_local(|| {
        seed += 1;
        let mut world = World::new(seed, false, Rules { agents: calls, ..Rules::default() });
        world.open();
        for _ in 0..calls {
            let caller = world.add_caller(Some(Duration::from_secs(20)));
            let dial = world.number();
            world.later(Duration::ZERO, caller, dial);
        }
        world.run_for(Duration::from_secs(60));
        let records = world.close();
        assert_eq!(records.len(), calls);
    });
}
