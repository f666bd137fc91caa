//! A list whose copies share what they have in common: a copy costs nothing, and a change copies one chunk.
//!
//! Folds of the same recording at many moments are kept side by side (`recording::replay`); they differ only at their ends.

use std::fmt;
use std::ops::Index;
use std::sync::Arc;

/// Elements in a chunk: what a change after a copy has to copy.
const CHUNK: usize = 32;
/// Chunks under one node of the level above.
const FAN: usize = 64;

/// A vector that is copied when it is changed while somebody else has it too.
type Shared<T> = Arc<Vec<T>>;

/// A list that is only ever added to at its end and shortened at its start.
#[derive(Clone)]
pub struct List<T> {
    /// Chunks of `CHUNK` elements, `FAN` of them to a node; only the last of each may be short.
    nodes: Shared<Shared<Shared<T>>>,
    /// Elements that were dropped at the start; the chunks and nodes they filled are empty.
    first: usize,
    /// Where the next element goes, counted from the start of the nodes.
    end: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { nodes: Arc::default(), first: 0, end: 0 }
    }
}

impl<T> List<T> {
    /// Elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end - self.first
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An element.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        let (node, chunk, place) = Self::place(self.first.checked_add(index)?);
        self.nodes.get(node)?.get(chunk)?.get(place)
    }

    /// The first element.
    #[must_use]
    pub fn first(&self) -> Option<&T> {
        self.get(0)
    }

    /// The last element.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.get(self.len().checked_sub(1)?)
    }

    /// All elements, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator + Clone {
        (0..self.len()).map(|index| &self[index])
    }

    /// The elements from `index` on; none if that is beyond the end.
    pub fn iter_from(&self, index: usize) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator + Clone {
        self.range(index, self.len())
    }

    /// The elements from `from` up to `to`, as far as there are such.
    pub fn range(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator + Clone {
        let to = to.min(self.len());
        (from.min(to)..to).map(|index| &self[index])
    }

    /// How many elements at the start `holds` is true of, if it is true of those and of no others.
    pub fn partition_point(&self, holds: impl Fn(&T) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(&self[middle]) { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn place(at: usize) -> (usize, usize, usize) {
        (at / (CHUNK * FAN), at / CHUNK % FAN, at % CHUNK)
    }
}

impl<T: Clone> List<T> {
    /// Adds an element at the end.
    pub fn push(&mut self, value: T) {
        let (node, chunk, _) = Self::place(self.end);
        let nodes = Arc::make_mut(&mut self.nodes);
        if nodes.len() <= node {
            nodes.push(Arc::default());
        }
        let chunks = Arc::make_mut(&mut nodes[node]);
        if chunks.len() <= chunk {
            chunks.push(Arc::new(Vec::with_capacity(CHUNK)));
        }
        Arc::make_mut(&mut chunks[chunk]).push(value);
        self.end += 1;
    }

    /// An element, to be changed.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let at = self.first.checked_add(index).filter(|at| *at < self.end)?;
        let (node, chunk, place) = Self::place(at);
        let chunks = Arc::make_mut(Arc::make_mut(&mut self.nodes).get_mut(node)?);
        Arc::make_mut(chunks.get_mut(chunk)?).get_mut(place)
    }

    /// Forgets the first element; a chunk that is empty is given back at once, and so is a node.
    pub fn drop_first(&mut self) {
        if self.is_empty() {
            return;
        }
        let (node, chunk, _) = Self::place(self.first);
        self.first += 1;
        let (next_node, next_chunk, _) = Self::place(self.first);
        let Some(chunks) = Arc::make_mut(&mut self.nodes).get_mut(node) else { return };
        if node != next_node {
            *chunks = Arc::default();
        } else if chunk != next_chunk
            && let Some(emptied) = Arc::make_mut(chunks).get_mut(chunk)
        {
            *emptied = Arc::default();
        }
    }
}

impl<T> Index<usize> for List<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        let (node, chunk, place) = Self::place(self.first + index);
        &self.nodes[node][chunk][place]
    }
}

impl<T: Clone> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut list = Self::default();
        values.into_iter().for_each(|value| list.push(value));
        list
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = Box<dyn Iterator<Item = &'a T> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_dropped_is_given_back() {
        let element = Arc::new(());
        let mut list: List<Arc<()>> = List::default();
        for _ in 0..3 * CHUNK * FAN {
            list.push(Arc::clone(&element));
            if list.len() > 100 {
                list.drop_first();
            }
            assert!(Arc::strong_count(&element) <= 1 + 100 + CHUNK);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_list_is_what_a_vector_is_and_its_copies_stay_as_they_were(acts in prop::collection::vec(0..6_u8, 0..9000)) {
            let (mut list, mut plain): (List<usize>, Vec<usize>) = (List::default(), Vec::new());
            let mut copies = Vec::new();
            for (number, act) in acts.into_iter().enumerate() {
                match act {
                    0..=2 => {
                        list.push(number);
                        plain.push(number);
                    }
                    3 if !plain.is_empty() => {
                        let at = number * 7 % plain.len();
                        plain[at] = number;
                        *list.get_mut(at).expect("it is there") = number;
                    }
                    4 if number % 3 == 0 && !plain.is_empty() => {
                        list.drop_first();
                        plain.remove(0);
                    }
                    _ if number % 500 == 0 => copies.push((list.clone(), plain.clone())),
                    _ => {}
                }
            }
            copies.push((list, plain));
            for (list, plain) in copies {
                prop_assert!(list.iter().eq(plain.iter()) && list.iter().rev().eq(plain.iter().rev()));
                prop_assert_eq!((list.len(), list.last(), list.get(plain.len())), (plain.len(), plain.last(), None));
                prop_assert!(list.iter_from(5).eq(plain.iter().skip(5)));
            }
        }
    }
}
