//! The pages of the codes of syntax are true.

use crate::base::Category;
use crate::base::codes::ALL;
use crate::syntax::parse;
use std::fs;

/// The first example of each page gives its diagnostic and no other, the rest give none.
#[test]
#[expect(clippy::disallowed_methods, reason = "pages are files")]
fn pages_of_errors_are_true() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors/");
    let ours = ALL
        .iter()
        .filter(|code| code.category() == Category::Syntax);
    for code in ours {
        let page = fs::read_to_string(format!("{folder}{code}.md"))
            .unwrap_or_else(|error| panic!("{code} has no page: {error}"));
        let examples = page.split("```bloom\n").skip(1);
        for (place, example) in examples.enumerate() {
            let text = example.split("```").next().unwrap_or_default();
            let found: Vec<&str> = parse(text)
                .diagnostics
                .iter()
                .map(|d| d.code.id())
                .collect();
            let wanted = if place == 0 {
                vec![code.id()]
            } else {
                Vec::new()
            };
            assert_eq!(found, wanted, "example {place} of {code}");
        }
    }
}
