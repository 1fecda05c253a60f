//! What one parse of a file leaves for the next, so that a fragment whose text did not change is not
//! parsed again, wherever it moved.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Fragment, Parse, parse_fragment, parse_with};

/// The fragments of a file when it was last parsed.
#[derive(Debug, Default)]
pub struct Recall {
    fragments: FxHashMap<Box<str>, Arc<Fragment>>,
    /// How many fragments the last parse parsed, rather than recalled.
    pub parsed: usize,
}

/// As [`parse`](super::parse); a fragment that was there before is shared with the parse of before.
pub fn parse_again(text: &str, recall: &mut Recall) -> Parse {
    let mut before = std::mem::take(&mut recall.fragments);
    let now = &mut recall.fragments;
    now.reserve(before.len());
    let mut parsed = 0;
    let parse = parse_with(text, |text| {
        if let Some((text, fragment)) = before.remove_entry(text) {
            now.insert(text, Arc::clone(&fragment));
            return fragment;
        }
        // The same text may stand twice.
        if let Some(fragment) = now.get(text) {
            return Arc::clone(fragment);
        }
        parsed += 1;
        let fragment = Arc::new(parse_fragment(text));
        now.insert(text.into(), Arc::clone(&fragment));
        fragment
    });
    recall.parsed = parsed;
    parse
}
