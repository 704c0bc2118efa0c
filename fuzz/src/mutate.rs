//! Changes an input in the small ways that break parsers.

use hotline_base::Rng;

/// Changes made to one input, at most.
const MAX_CHANGES: u64 = 6;
/// Bytes of an input, at most: a little beyond the largest datagram.
const MAX_INPUT: usize = 70_000;

/// One seed of the corpus with some changes; `corpus` must not be empty.
pub(crate) fn mutate(rng: &mut Rng, corpus: &[Vec<u8>], dictionary: &[&str]) -> Vec<u8> {
    let mut input = corpus[pick(rng, corpus.len())].clone();
    for _ in 0..=rng.below(MAX_CHANGES) {
        change(rng, &mut input, corpus, dictionary);
        input.truncate(MAX_INPUT);
    }
    input
}

fn change(rng: &mut Rng, input: &mut Vec<u8>, corpus: &[Vec<u8>], dictionary: &[&str]) {
    let (start, end) = range(rng, input.len());
    match rng.below(8) {
        0 => {
            if let Some(byte) = input.get_mut(start) {
                *byte ^= 1 << rng.below(8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(start) {
                *byte = rng.next_u32().to_le_bytes()[0];
            }
        }
        2 => drop(input.drain(start..end)),
        3 => {
            let copy = input[start..end].to_vec();
            let at = pick(rng, input.len() + 1);
            input.splice(at..at, copy);
        }
        4 => {
            let mut random = vec![0; pick(rng, 16) + 1];
            rng.fill(&mut random);
            input.splice(start..start, random);
        }
        5 | 6 => {
            if !dictionary.is_empty() {
                let word = dictionary[pick(rng, dictionary.len())];
                let end = if rng.chance(1, 2) { start } else { end };
                input.splice(start..end, word.bytes());
            }
        }
        _ => {
            let other = &corpus[pick(rng, corpus.len())];
            let (from, _) = range(rng, other.len());
            input.splice(start.., other[from..].iter().copied());
        }
    }
}

/// A range of an input of that length; mostly short, since long ones destroy all there is to find.
fn range(rng: &mut Rng, length: usize) -> (usize, usize) {
    let start = pick(rng, length + 1);
    let longest = if rng.chance(1, 16) { length } else { 32 };
    (start, (start + pick(rng, longest + 1)).min(length))
}

/// An index below `count`; 0 if that is 0.
fn pick(rng: &mut Rng, count: usize) -> usize {
    usize::try_from(rng.below(count as u64)).unwrap_or(0)
}
