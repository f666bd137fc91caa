//! What was asked for and has come while the operator was at something else.

use std::collections::VecDeque;

use super::Page;

/// So many wait; the one that came first is let go for another.
const MOST: usize = 16;

/// Something that has come.
#[derive(Debug)]
pub enum Arrival {
    /// A page to read.
    Page(Page),
    /// Text for the input, which others wrote.
    Prompt(Prompt),
}

/// A prompt of a server.
#[derive(Debug)]
pub struct Prompt {
    /// Its name and its server's.
    pub title: String,
    /// Its text.
    pub text: String,
    /// How much of it is left out, bytes.
    pub left_out: usize,
}

impl Arrival {
    /// What it is called.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Page(page) => &page.title,
            Self::Prompt(prompt) => &prompt.title,
        }
    }
}

/// Everything that has come and not been shown, in order.
#[derive(Debug, Default)]
pub struct Arrivals {
    waiting: VecDeque<Arrival>,
    /// The prompt that last came into the input as it stood there, and when, µs.
    pub put_in: Option<(String, u64)>,
}

impl Arrivals {
    /// Keeps one until it can be shown.
    pub fn keep(&mut self, arrival: Arrival) {
        self.waiting.push_back(arrival);
        if self.waiting.len() > MOST {
            self.waiting.pop_front();
        }
    }

    /// The one that is shown next.
    #[must_use]
    pub fn next(&self) -> Option<&Arrival> {
        self.waiting.front()
    }

    /// Takes it out.
    pub fn take(&mut self) -> Option<Arrival> {
        self.waiting.pop_front()
    }
}
