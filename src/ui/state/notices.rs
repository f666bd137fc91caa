//! What the console has said: a notice is gone with the next key, so the last ones are kept to be listed.

use std::collections::VecDeque;

/// Notices kept.
const MOST: usize = 200;

/// What was said, oldest first.
#[derive(Debug, Default)]
pub struct Notices {
    said: VecDeque<(u64, String)>,
    /// What stood on the screen when it was last looked at: in the footer, and as the alarm.
    shown: [Option<String>; 2],
}

impl Notices {
    /// Takes note of what stands in the footer and as the alarm at `at_us`, where it is something new.
    pub fn look(&mut self, at_us: u64, notice: Option<&String>, alarm: Option<&String>) {
        for (shown, now) in self.shown.iter_mut().zip([notice, alarm]) {
            if shown.as_ref() == now {
                continue;
            }
            *shown = now.cloned();
            self.said.extend(now.map(|words| (at_us, words.clone())));
        }
        while self.said.len() > MOST {
            self.said.pop_front();
        }
    }

    /// What was said with when, µs, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = (u64, &str)> {
        self.said.iter().rev().map(|(at_us, words)| (*at_us, words.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_kept_once_and_only_the_last_of_it() {
        let mut notices = Notices::default();
        let words = |number: usize| format!("notice {number}");
        for number in 0..MOST + 50 {
            notices.look(number as u64, Some(&words(number)), None);
            notices.look(number as u64 + 1, Some(&words(number)), None);
            notices.look(number as u64 + 1, None, None);
        }
        notices.look(9999, Some(&words(MOST + 49)), Some(&"broken".to_owned()));
        assert_eq!(notices.newest_first().count(), MOST);
        let last: Vec<(u64, &str)> = notices.newest_first().take(2).collect();
        assert_eq!(last, [(9999, "broken"), (9999, words(MOST + 49).as_str())], "said again after it was gone");
    }
}
