//! Which number of calls is tried next in the search of the greatest that is clean.

/// The first number that is tried.
const FIRST: u32 = 800;
/// How far up a next one is, as long as all are clean.
const STRIDE: u32 = 200;
/// The greatest that is tried.
pub(super) const MOST: u32 = 2400;
/// The result is known to so much.
const STEP: u32 = 50;

/// What is known so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// The greatest number that was clean; zero if none was.
    clean: u32,
    /// The smallest that was not.
    unclean: Option<u32>,
}

impl Search {
    pub(super) fn next(self) -> Option<u32> {
        let next = match (self.clean, self.unclean) {
            (0, None) => FIRST,
            (clean, None) => clean + STRIDE,
            (clean, Some(unclean)) if unclean - clean > STEP => clean.midpoint(unclean) / STEP * STEP,
            (_, Some(_)) => return None,
        };
        (next <= MOST && next > self.clean).then_some(next)
    }

    pub(super) fn learn(&mut self, calls: u32, is_clean: bool) {
        if is_clean {
            self.clean = self.clean.max(calls);
        } else {
            self.unclean = Some(self.unclean.map_or(calls, |unclean| unclean.min(calls)));
        }
    }

    /// The greatest clean number.
    pub(super) fn greatest(self) -> Option<u32> {
        (self.clean > 0).then_some(self.clean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is tried if everything up to `limit` is clean, and the result.
    fn search(limit: u32) -> (Vec<u32>, Option<u32>) {
        let (mut search, mut tried) = (Search::default(), Vec::new());
        while let Some(calls) = search.next() {
            search.learn(calls, calls <= limit);
            tried.push(calls);
        }
        (tried, search.greatest())
    }

    #[test]
    fn the_limit_is_found_within_a_step() {
        assert_eq!(search(1130), (vec![800, 1000, 1200, 1100, 1150], Some(1100)));
        assert_eq!(search(130), (vec![800, 400, 200, 100, 150], Some(100)));
        assert_eq!(search(9999).1, Some(MOST));
        let (tried, greatest) = search(10);
        assert_eq!((tried.last(), greatest), (Some(&50), None));
    }
}
