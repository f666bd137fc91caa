//! Folds kept along the way, so that going back folds a few records instead of all.

use std::collections::{BTreeMap, VecDeque};

use crate::session::Session;

/// Records between two snapshots, as long as there are few.
pub(super) const INTERVAL: usize = 2048;
/// Records that all snapshots together may stand for. A snapshot weighs as much as what it has folded, so this bounds the
/// memory; a longer recording gets wider intervals.
const MOST_RECORDS: u64 = 1_000_000;

/// Snapshots kept right before where the operator went, however wide the intervals are: going back a little from there is
/// what comes next.
const RECENT: usize = 2;

/// Folds by position.
#[derive(Debug)]
pub(super) struct Snapshots {
    interval: usize,
    kept: BTreeMap<usize, Session>,
    recent: VecDeque<(usize, Session)>,
}

impl Default for Snapshots {
    fn default() -> Self {
        Self { interval: INTERVAL, kept: BTreeMap::new(), recent: VecDeque::new() }
    }
}

impl Snapshots {
    /// Keeps the fold of the first `position` lines, if one belongs there on the way to `goal`.
    pub fn offer(&mut self, position: usize, session: &Session, goal: usize) {
        if position == 0 || !position.is_multiple_of(INTERVAL) || self.has(position) {
            return;
        }
        if !position.is_multiple_of(self.interval) {
            if goal.saturating_sub(position) < RECENT * INTERVAL {
                self.recent.push_back((position, session.clone()));
                if self.recent.len() > RECENT {
                    self.recent.pop_front();
                }
            }
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
        let kept = self.kept.range(..=position).next_back().map(|(position, session)| (*position, session));
        let recent = self.recent.iter().filter(|(at, _)| *at <= position).map(|(at, session)| (*at, session));
        recent.chain(kept).max_by_key(|(position, _)| *position)
    }

    fn has(&self, position: usize) -> bool {
        self.kept.contains_key(&position) || self.recent.iter().any(|(at, _)| *at == position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_however_long_the_recording() {
        let session = |records: usize| Session { records: records as u64, ..Session::default() };
        let mut snapshots = Snapshots::default();
        let end = 2000 * INTERVAL;
        for at in (INTERVAL..=end).step_by(INTERVAL) {
            snapshots.offer(at, &session(at), end);
        }
        let weight: u64 = snapshots.kept.values().map(|session| session.records).sum();
        assert!(snapshots.kept.len() == 1 || weight <= MOST_RECORDS, "{weight}");
        let near = |position: usize| snapshots.before(position).map(|(at, _)| position - at);
        assert_eq!([near(end - 1), near(end - INTERVAL)], [Some(INTERVAL - 1), Some(0)], "dense where the operator is");
        let mut early = Snapshots::default();
        (1..=10).for_each(|n| early.offer(n * INTERVAL, &session(n * INTERVAL), 10 * INTERVAL));
        assert_eq!(early.kept.len(), 10);
        assert_eq!(early.before(3 * INTERVAL + 5).map(|(position, _)| position), Some(3 * INTERVAL));
        assert!(early.before(5).is_none());
    }
}
