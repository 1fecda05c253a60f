//! Several threads parse what one does.

use super::corpus;
use crate::syntax::{Parse, parse, parse_by};
use std::num::NonZeroUsize;

/// All programs of the repository as one file, so often that there is a share for each of three threads.
fn large() -> String {
    let all: String = corpus().into_iter().map(|(_, text)| text + "\n").collect();
    let mut text = all.clone();
    while crate::syntax::outline(&text).fragments.len() < 3_000 {
        text.push_str(&all);
    }
    text
}

fn by_three(text: &str) -> Parse {
    parse_by(text, NonZeroUsize::new(3).expect("above 0"))
}

#[test]
fn threads_do_not_change_a_parse() {
    let text = large();
    let one = parse(&text);
    assert!(one.module.items.len() > 3_000);
    assert!(one == by_three(&text));
}

#[test]
fn threads_do_not_change_what_is_wrong() {
    let text = large();
    // From few mistakes, which all are in the last share, to more than are told.
    for (part, word) in [(20, " <= "), (3, " <= "), (2, "table"), (1, "table")] {
        let mut at = text.len() - text.len() / part;
        while !text.is_char_boundary(at) {
            at += 1;
        }
        let broken = text[..at].to_owned() + &text[at..].replacen(word, " <= , ", 4 * part);
        let one = parse(&broken);
        assert!(one.diagnostics.iter().any(|d| d.is_error()));
        assert!(one == by_three(&broken), "{part} {word}");
    }
    let broken = text.replace(" <= ", " <= , ");
    assert!(parse(&broken) == by_three(&broken));
}
