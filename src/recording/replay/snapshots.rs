//! Folds kept along the way, so that going back folds a few records instead of all.

use std::collections::BTreeMap;

use crate::session::Session;

/// Records between two snapshots, as long as there are few.
pub(super) const INTERVAL: usize = 2048;
/// Records that all snapshots together may stand for. A snapshot weighs as much as what it has folded, so this bounds the
/// memory; a longer recording gets wider intervals.
const MOST_RECORDS: u64 = 1_000_000;

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
    /// The next position at or after `position` at which a snapshot belongs.
    pub fn next(&self, position: usize) -> usize {
        (position / self.interval + 1) * self.interval
    }

    /// Keeps the fold of the first `position` lines, if one belongs there.
    pub fn offer(&mut self, position: usize, session: &Session) {
        if position == 0 || !position.is_multiple_of(self.interval) || self.kept.contains_key(&position) {
            return;
        }
        self.kept.insert(position, session.clone());
        while self.kept.len() > 1 && self.kept.values().map(|session| session.records).sum::<u64>() > MOST_RECORDS {
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
        let mut snapshots = Snapshots::default();
        let mut at = 0;
        while at < 4_000_000 {
            at = snapshots.next(at);
            snapshots.offer(at, &Session { records: at as u64, ..Session::default() });
        }
        let weight: u64 = snapshots.kept.values().map(|session| session.records).sum();
        assert!(weight <= MOST_RECORDS.max(at as u64), "{weight}");
        let mut early = Snapshots::default();
        (1..=10_u64).for_each(|n| {
            early.offer(n as usize * INTERVAL, &Session { records: n * INTERVAL as u64, ..Session::default() });
        });
        assert_eq!(early.kept.len(), 10);
        assert_eq!(early.before(3 * INTERVAL + 5).map(|(position, _)| position), Some(3 * INTERVAL));
        assert!(early.before(5).is_none());
    }
}
