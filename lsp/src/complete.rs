//! Completions and signatures.

use bloom_compiler::ide::{self, Completion, CompletionKind};
use serde_json::{Value, json};
use tower_lsp::ls_types as lsp;

use crate::documents::Snapshot;

/// What can be written at a position. Documentation comes when it is asked for, by [`resolve`].
pub fn completions(
    snapshot: &Snapshot,
    at: lsp::Position,
    with_snippets: bool,
) -> lsp::CompletionResponse {
    let lines = snapshot.lines();
    let (word, found) = offered(snapshot, at);
    let rows = found
        .iter()
        .filter(|one| one.kind == CompletionKind::Collection);
    // Of too many rows some are left out, which the next letter may bring.
    let is_incomplete = rows.count() >= ide::ROWS_MAX;
    let range = lines.range(word);
    let items = found.into_iter().enumerate().map(|(rank, one)| {
        let is_snippet = one.is_snippet && with_snippets;
        let new_text = match (one.is_snippet, with_snippets) {
            (true, false) => plain(&one.insert),
            _ => one.insert.clone(),
        };
        let edits = one.edits.iter().map(|edit| lsp::TextEdit {
            range: lines.range(edit.span),
            new_text: edit.new_text.clone(),
        });
        let edits: Vec<lsp::TextEdit> = edits.collect();
        lsp::CompletionItem {
            kind: Some(kind(one.kind)),
            detail: Some(one.detail).filter(|detail| !detail.is_empty()),
            sort_text: Some(format!("{rank:05}")),
            insert_text_format: is_snippet.then_some(lsp::InsertTextFormat::SNIPPET),
            text_edit: Some(lsp::CompletionTextEdit::Edit(lsp::TextEdit { range, new_text })),
            additional_text_edits: (!edits.is_empty()).then_some(edits),
            data: (!one.doc.is_empty()).then(|| {
                json!({ "uri": snapshot.uris.first(), "line": at.line, "character": at.character })
            }),
            label: one.label,
            ..lsp::CompletionItem::default()
        }
    });
    let items: Vec<lsp::CompletionItem> = items.collect();
    match is_incomplete {
        true => lsp::CompletionResponse::List(lsp::CompletionList {
            is_incomplete,
            items,
        }),
        false => lsp::CompletionResponse::Array(items),
    }
}

/// The document and position that an item was made for.
pub fn origin(item: &lsp::CompletionItem) -> Option<(lsp::Uri, lsp::Position)> {
    let data = item.data.as_ref()?;
    let uri = serde_json::from_value(data.get("uri")?.clone()).ok()?;
    let number = |name: &str| u32::try_from(data.get(name).and_then(Value::as_u64)?).ok();
    Some((
        uri,
        lsp::Position::new(number("line")?, number("character")?),
    ))
}

/// The item with its documentation.
pub fn resolve(
    snapshot: &Snapshot,
    at: lsp::Position,
    mut item: lsp::CompletionItem,
) -> lsp::CompletionItem {
    let (_, found) = offered(snapshot, at);
    let same = |one: &&Completion| one.label == item.label && Some(kind(one.kind)) == item.kind;
    if let Some(one) = found.iter().find(same) {
        item.documentation = Some(lsp::Documentation::MarkupContent(markdown(&one.doc)));
    }
    item
}

fn offered(
    snapshot: &Snapshot,
    at: lsp::Position,
) -> (bloom_compiler::base::Span, Vec<Completion>) {
    let offset = snapshot.lines().offset(at) as u32;
    ide::completions(&snapshot.db, snapshot.package, offset, &snapshot.modules)
}

pub fn signatures(snapshot: &Snapshot, at: lsp::Position) -> Option<lsp::SignatureHelp> {
    let offset = snapshot.lines().offset(at) as u32;
    let (found, active) = ide::signatures(&snapshot.db, snapshot.package, offset)?;
    let signatures = found.into_iter().map(|one| lsp::SignatureInformation {
        documentation: (!one.doc.is_empty())
            .then(|| lsp::Documentation::MarkupContent(markdown(&one.doc))),
        parameters: Some(
            one.parameters
                .into_iter()
                .map(|parameter| lsp::ParameterInformation {
                    label: lsp::ParameterLabel::Simple(parameter),
                    documentation: None,
                })
                .collect(),
        ),
        label: one.label,
        active_parameter: None,
    });
    Some(lsp::SignatureHelp {
        signatures: signatures.collect(),
        active_signature: Some(0),
        active_parameter: u32::try_from(active).ok(),
    })
}

fn markdown(text: &str) -> lsp::MarkupContent {
    lsp::MarkupContent {
        kind: lsp::MarkupKind::Markdown,
        value: text.to_owned(),
    }
}

/// A snippet without its places: `${1:name}` is `name`, `$0` nothing.
fn plain(snippet: &str) -> String {
    let mut text = String::new();
    let mut rest = snippet;
    while let Some(at) = rest.find('$') {
        text += &rest[..at];
        rest = &rest[at + 1..];
        match rest
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'))
        {
            Some((place, after)) => {
                text += place.split_once(':').map_or("", |(_, name)| name);
                rest = after;
            }
            None => rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()),
        }
    }
    text + rest
}

fn kind(kind: CompletionKind) -> lsp::CompletionItemKind {
    match kind {
        CompletionKind::Column | CompletionKind::Field => lsp::CompletionItemKind::FIELD,
        CompletionKind::Method => lsp::CompletionItemKind::METHOD,
        CompletionKind::Variable | CompletionKind::Node => lsp::CompletionItemKind::VARIABLE,
        CompletionKind::Collection => lsp::CompletionItemKind::CLASS,
        CompletionKind::Function => lsp::CompletionItemKind::FUNCTION,
        CompletionKind::Constant => lsp::CompletionItemKind::CONSTANT,
        CompletionKind::Type => lsp::CompletionItemKind::STRUCT,
        CompletionKind::Variant => lsp::CompletionItemKind::ENUM_MEMBER,
        CompletionKind::Module | CompletionKind::Import => lsp::CompletionItemKind::MODULE,
        CompletionKind::Keyword => lsp::CompletionItemKind::KEYWORD,
        CompletionKind::Snippet => lsp::CompletionItemKind::SNIPPET,
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_snippet_without_its_places_is_text() {
        let text = plain("table ${1:name}(${2:key}: Int); $0// $12.");
        assert_eq!(text, "table name(key: Int); // .");
    }
}
