//! One mistake, one error: programs with one token changed at random.

use super::corpus;
use crate::syntax::lexer::lex;
use crate::syntax::parse;

const MUTANTS: usize = 6_000;

/// Of the mutants that are no programs, so many in a hundred give exactly one error.
const ONE_ERROR_PERCENT_MIN: usize = 90;

/// And so many give their first error within one line of the change.
const NEAR_PERCENT_MIN: usize = 95;

/// Numbers that look random and are the same in each run (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bound = u64::try_from(bound).expect("a bound is small");
        usize::try_from((z ^ (z >> 31)) % bound).expect("below a small bound")
    }
}

/// A program with one token deleted, put in or replaced, and where.
struct Mutant {
    text: String,
    at: usize,
}

fn mutate(text: &str, random: &mut Random) -> Mutant {
    let tokens = lex(text).tokens;
    let range = tokens[random.below(tokens.len())].span.range();
    let other = &text[tokens[random.below(tokens.len())].span.range()];
    let at = range.start;
    let (before, token, after) = (&text[..at], &text[range.clone()], &text[range.end..]);
    let text = match random.below(3) {
        0 => format!("{before}{after}"),
        1 => format!("{before}{other} {token}{after}"),
        _ => format!("{before}{other}{after}"),
    };
    Mutant { text, at }
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

#[test]
fn a_changed_token_gives_one_error_near_it() {
    let corpus = corpus();
    let mut random = Random(7);
    let (mut broken, mut one, mut near) = (0, 0, 0);
    for _ in 0..MUTANTS {
        let (_, text) = &corpus[random.below(corpus.len())];
        let mutant = mutate(text, &mut random);
        let parse = parse(&mutant.text);
        let mut errors = parse.diagnostics.iter().filter(|d| d.is_error());
        let Some(first) = errors.next() else {
            continue;
        };
        let changed = line(&mutant.text, mutant.at);
        let reported = line(&mutant.text, first.primary.span.start as usize);
        broken += 1;
        one += usize::from(errors.next().is_none());
        near += usize::from(changed.abs_diff(reported) <= 1);
    }
    let percent = |count: usize| count * 100 / broken;
    let figures = format!(
        "of {broken} broken mutants {one} give one error and {near} give it near the change"
    );
    assert!(percent(one) >= ONE_ERROR_PERCENT_MIN, "{figures}");
    assert!(percent(near) >= NEAR_PERCENT_MIN, "{figures}");
}
