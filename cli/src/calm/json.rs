//! The report as one JSON document.

use super::document::Document;

pub(super) fn render(document: &Document) -> String {
    let text = serde_json::to_string_pretty(document);
    text.expect("it holds only strings, numbers, lists and structs") + "\n"
}
