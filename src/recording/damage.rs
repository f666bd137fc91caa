//! What is wrong with a session file, and how records that are missing or stand in another place are noticed.

use crate::protocol::{Problem, RecordIndex};

/// Problems kept with their reasons; the rest is counted.
const MOST: usize = 100;

/// What is wrong with a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// The problems found first, by line.
    pub first: Vec<Problem>,
    /// How many there are in all.
    pub count: u64,
}

impl Damage {
    /// Adds a problem of a line.
    pub fn add(&mut self, line: u64, reason: String) {
        self.count += 1;
        if self.first.len() < MOST {
            // What is wrong inside a line is found later than what is wrong with it as a line.
            let at = self.first.partition_point(|problem| problem.line <= line);
            self.first.insert(at, Problem { line, reason });
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.count == 0
    }

    /// How many there are beside the first.
    #[must_use]
    pub fn untold(&self) -> u64 {
        self.count - self.first.len() as u64
    }

    /// The first problem, and how many more there are; nothing if nothing is wrong.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let first = self.first.first()?;
        Some(match self.count {
            1 => first.to_string(),
            count => format!("{first} (and {} more)", count - 1),
        })
    }
}

/// The numbers of a file's records, which begin at 0 and rise by one.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// The number that comes next.
    next: u64,
    /// Lines since the last record that could not be read: each may have been one.
    unread: u64,
}

impl Sequence {
    /// Takes note of a line that cannot be read, and whose problem has been told.
    pub fn unread(&mut self) {
        self.unread += 1;
    }

    /// Takes the number of the next record; gives what it tells of records that are missing, twice there, or not in their order.
    pub fn follow(&mut self, index: RecordIndex) -> Option<String> {
        let (expected, unread) = (self.next, std::mem::take(&mut self.unread));
        if index.0 < expected {
            let last = RecordIndex(expected - 1);
            return Some(if index == last {
                format!("record {index} stands here a second time")
            } else {
                format!(
                    "record {index} stands behind {last}: the records are not in their order, or this one is there twice"
                )
            });
        }
        self.next = index.0.saturating_add(1);
        // What cannot be read is damage that has been told, and nothing is missing besides.
        match index.0 - expected {
            missing if missing <= unread => None,
            1 => Some(format!("record {} is missing before this one, {index}", RecordIndex(expected))),
            missing => {
                let (first, last) = (RecordIndex(expected), RecordIndex(index.0 - 1));
                Some(format!("{missing} records are missing before this one, {index}: {first} to {last}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sequence: &mut Sequence, index: u64) -> String {
        sequence.follow(RecordIndex(index)).unwrap_or_default()
    }

    #[test]
    fn a_gap_a_repetition_and_a_swap_are_told_with_their_numbers() {
        let mut sequence = Sequence::default();
        assert_eq!([0, 1, 2].map(|index| told(&mut sequence, index)), ["", "", ""]);
        assert_eq!(told(&mut sequence, 4), "record #3 is missing before this one, #4");
        assert!(told(&mut sequence, 3).starts_with("record #3 stands behind #4"));
        assert_eq!(told(&mut sequence, 5), "", "after a swap it goes on as before");
        assert_eq!(told(&mut sequence, 5), "record #5 stands here a second time");
        assert_eq!(told(&mut sequence, 9), "3 records are missing before this one, #9: #6 to #8");
        assert_ne!(told(&mut sequence, u64::MAX), "", "no number is too large");
    }

    #[test]
    fn problems_stand_in_the_order_of_their_lines() {
        let mut damage = Damage::default();
        for line in [156, 17, 30, 17] {
            damage.add(line, "broken".to_owned());
        }
        assert_eq!(damage.first.iter().map(|problem| problem.line).collect::<Vec<_>>(), [17, 17, 30, 156]);
        assert_eq!(damage.words().as_deref(), Some("line 17: broken (and 3 more)"));
    }

    #[test]
    fn a_line_that_cannot_be_read_accounts_for_one_record_and_for_no_more() {
        let mut sequence = Sequence::default();
        sequence.unread();
        assert_eq!(told(&mut sequence, 0), "", "whoever goes on after a crash gives the number again");
        sequence.unread();
        assert_eq!(told(&mut sequence, 2), "");
        sequence.unread();
        assert_ne!(told(&mut sequence, 5), "");
    }
}
