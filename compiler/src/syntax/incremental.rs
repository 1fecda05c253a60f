//! Parsing as queries: an edit parses anew only the items whose own text it changes.
//!
//! A fragment is interned by its text, so wherever it moves to it is the same; spans in its tree count from
//! its items.

use super::{Fragment, Parse, parse_fragment, parse_with};
use crate::base::db::SourceFile;

#[salsa::interned(debug)]
struct FragmentText<'db> {
    #[returns(deref)]
    text: String,
}

/// The parse of `file`; [`parse`](super::parse) of its text.
#[salsa::tracked(returns(ref))]
pub fn parse_file(db: &dyn salsa::Database, file: SourceFile) -> Parse {
    parse_with(file.text(db), |text| {
        let text = FragmentText::new(db, text.to_owned());
        parse_item(db, text)
    })
}

#[salsa::tracked(returns(ref))]
fn parse_item<'db>(db: &'db dyn salsa::Database, text: FragmentText<'db>) -> Fragment {
    parse_fragment(text.text(db))
}
