//! The fragments of a large file parsed by several threads: each is parsed from its own text alone.

use std::num::NonZeroUsize;

use super::parser::{Fragment, parse_fragment};
use crate::base::Span;

/// Fragments below which another thread is not worth starting.
const FRAGMENTS_MIN: usize = 1_000;

/// Parses the fragments that are at `spans` and hands them on in their order, as long as they are wanted.
pub fn parse_fragments(
    text: &str,
    spans: &[Span],
    threads: NonZeroUsize,
    mut take: impl FnMut(Span, Fragment) -> bool,
) {
    let parse = |&span: &Span| parse_fragment(&text[span.range()]);
    let share = spans.len().div_ceil(threads.get()).max(FRAGMENTS_MIN);
    let (first, later) = spans.split_at(share.min(spans.len()));
    std::thread::scope(|scope| {
        let start = |share| {
            let parse_share =
                move || -> Vec<Fragment> { <[Span]>::iter(share).map(parse).collect() };
            (share, scope.spawn(parse_share))
        };
        let later: Vec<_> = later.chunks(share).map(start).collect();
        if !first.iter().all(|span| take(*span, parse(span))) {
            return;
        }
        for (share, thread) in later {
            let fragments = thread.join().expect("parsing is total");
            if !share
                .iter()
                .zip(fragments)
                .all(|(&span, own)| take(span, own))
            {
                return;
            }
        }
    });
}
