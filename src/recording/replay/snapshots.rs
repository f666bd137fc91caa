//! Folds kept along the way, so that going anywhere folds a few records instead of all. Folds share what they have in
//! common ([`crate::session::List`]), so a snapshot costs what changed since the one before.

use std::collections::BTreeMap;

use crate::session::Session;

/// Records between two snapshots, as long as there are few.
pub(super) const INTERVAL: usize = 1024;
/// Snapshots kept at most; a longer recording gets wider intervals.
const MOST: usize = 4096;

/// Folds by position.
#[derive(Debug)]
pub(super) struct Snapshots {
    interval: usize,
    kept: BTreeMap<usize, Session>,
}

impl Default for Snapshots {
    fn default() -> Self {
        Self { interval: INTERVAL, kept: BTreeMap::new() }
    }
}

impl Snapshots {
    /// Keeps the fold of the first `position` lines, if one belongs there.
    pub fn offer(&mut self, position: usize, session: &Session) {
        if position == 0 || !position.is_multiple_of(self.interval) || self.kept.contains_key(&position) {
            return;
        }
        self.kept.insert(position, session.clone());
        if self.kept.len() > MOST {
            self.interval *= 2;
            let interval = self.interval;
            self.kept.retain(|position, _| position.is_multiple_of(interval));
        }
    }

    /// The latest fold at or before `position`.
    pub fn before(&self, position: usize) -> Option<(usize, &Session)> {
        self.kept.range(..=position).next_back().map(|(position, session)| (*position, session))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_however_long_the_recording() {
        let session = |records: usize| Session { records: records as u64, ..Session::default() };
        let mut snapshots = Snapshots::default();
        let end = 10 * MOST * INTERVAL;
        for at in (INTERVAL..=end).step_by(INTERVAL) {
            snapshots.offer(at, &session(at));
        }
        assert!(snapshots.kept.len() <= MOST, "{}", snapshots.kept.len());
        let farthest = snapshots.before(end - 1).map(|(at, _)| end - 1 - at);
        assert!(farthest.is_some_and(|far| far <= 16 * INTERVAL), "{farthest:?}");
        let mut early = Snapshots::default();
        (1..=10).for_each(|n| early.offer(n * INTERVAL, &session(n * INTERVAL)));
        assert_eq!(early.kept.len(), 10);
        assert_eq!(early.before(3 * INTERVAL + 5).map(|(position, _)| position), Some(3 * INTERVAL));
        assert!(early.before(5).is_none());
    }
}
