//! Folding, selections, hints, links, the hierarchy of writers and readers, other names.

use bloom_compiler::base::{Edit, FileId, FileSpan};
use bloom_compiler::database;
use bloom_compiler::ide::{self, FoldKind, HintKind, Link, Named, Target};
use bloom_compiler::syntax::ast::{ItemKind, ItemNode};
use serde_json::json;
use tower_lsp::ls_types as lsp;

use crate::documents::Snapshot;
use crate::translate::Places;

fn offset(snapshot: &Snapshot, at: lsp::Position) -> u32 {
    snapshot.lines().offset(at) as u32
}

pub fn folds(snapshot: &Snapshot) -> Vec<lsp::FoldingRange> {
    let lines = snapshot.lines();
    let module = database::module(&snapshot.db, snapshot.file);
    let folds = ide::folds(snapshot.text(), module).into_iter().map(|fold| {
        let lsp::Range { start, end } = lines.range(fold.span);
        let (end_line, kind) = match fold.kind {
            // The line of the closing brace stays.
            FoldKind::Region => (end.line.saturating_sub(1), lsp::FoldingRangeKind::Region),
            FoldKind::Comment => (end.line, lsp::FoldingRangeKind::Comment),
            FoldKind::Imports => (end.line, lsp::FoldingRangeKind::Imports),
        };
        lsp::FoldingRange {
            start_line: start.line,
            end_line,
            kind: Some(kind),
            ..lsp::FoldingRange::default()
        }
    });
    folds
        .filter(|fold| fold.start_line < fold.end_line)
        .collect()
}

pub fn selections(snapshot: &Snapshot, at: &[lsp::Position]) -> Vec<lsp::SelectionRange> {
    let lines = snapshot.lines();
    let module = database::module(&snapshot.db, snapshot.file);
    let chains = at.iter().map(|&at| {
        let chain = ide::selections(snapshot.text(), module, lines.offset(at) as u32);
        let mut outer = None;
        for span in chain.into_iter().rev() {
            outer = Some(lsp::SelectionRange {
                range: lines.range(span),
                parent: outer.map(Box::new),
            });
        }
        outer.unwrap_or(lsp::SelectionRange {
            range: lsp::Range::new(at, at),
            parent: None,
        })
    });
    chains.collect()
}

pub fn hints(snapshot: &Snapshot, within: lsp::Range) -> Vec<lsp::InlayHint> {
    let (db, package) = (&snapshot.db, snapshot.package);
    let lines = snapshot.lines();
    let span = bloom_compiler::base::Span::new(
        lines.offset(within.start) as u32,
        lines.offset(within.end) as u32,
    );
    let found = ide::hints(
        database::program(db, package),
        &database::resolved(db, package).places,
        database::typed(db, package),
        database::calm_report(db, package),
        snapshot.text(),
        FileSpan::new(FileId(0), span),
    );
    let hints = found.into_iter().map(|hint| lsp::InlayHint {
        position: lines.position(hint.at as usize),
        label: lsp::InlayHintLabel::String(hint.text.trim().to_owned()),
        kind: match hint.kind {
            HintKind::Type => Some(lsp::InlayHintKind::TYPE),
            HintKind::Column => Some(lsp::InlayHintKind::PARAMETER),
            HintKind::Label => None,
        },
        text_edits: None,
        tooltip: None,
        padding_left: Some(hint.kind == HintKind::Label),
        padding_right: Some(hint.kind == HintKind::Column),
        data: None,
    });
    hints.collect()
}

/// Each import leads to its file.
pub fn links(snapshot: &Snapshot) -> Vec<lsp::DocumentLink> {
    let lines = snapshot.lines();
    let names = ide::names_of(&snapshot.db, snapshot.package);
    let module = database::module(&snapshot.db, snapshot.file);
    let mut links = Vec::new();
    imports(&module.items, 0, &mut |span| {
        let mut found = names.in_file(FileId(0)).filter(|mention| {
            span.start <= mention.place.span.start && mention.place.span.end <= span.end
        });
        let file = found.find_map(|mention| match mention.target {
            Target::File(file) => Some(file),
            _ => None,
        });
        let uri = file.and_then(|file| snapshot.uri(file));
        if let Some(target) = uri {
            links.push(lsp::DocumentLink {
                range: lines.range(span),
                target: Some(target),
                tooltip: None,
                data: None,
            });
        }
    });
    links
}

fn imports(items: &[ItemNode], base: u32, visit: &mut impl FnMut(bloom_compiler::base::Span)) {
    for node in items {
        let start = base + node.offset;
        match &node.item.kind {
            ItemKind::Import(import) => visit(import.target.path.span().shifted(start)),
            ItemKind::Include(include) => visit(include.target.path.span().shifted(start)),
            ItemKind::Module(module) => imports(&module.items, start, visit),
            _ => {}
        }
    }
}

pub fn renamable(snapshot: &Snapshot, at: lsp::Position) -> Result<lsp::Range, ide::Refusal> {
    let names = ide::all_names(&snapshot.db, snapshot.package);
    let editable = |file: FileId| snapshot.is_editable(file);
    let mention = ide::renamable(names, (FileId(0), offset(snapshot, at)), &editable)?;
    Ok(Places::new(snapshot).range(mention.place))
}

pub fn rename(
    snapshot: &Snapshot,
    at: lsp::Position,
    new_name: &str,
) -> Result<lsp::WorkspaceEdit, ide::Refusal> {
    let editable = |file: FileId| snapshot.is_editable(file);
    let at = (FileId(0), offset(snapshot, at));
    let edits = ide::rename(&snapshot.db, snapshot.package, at, new_name, &editable)?;
    Ok(renamed(snapshot, &edits))
}

/// Only what an editor can change is renamed, so that each of the edits has its place.
pub fn renamed(snapshot: &Snapshot, edits: &[Edit]) -> lsp::WorkspaceEdit {
    let edits = Places::new(snapshot).edits(edits);
    edits.unwrap_or_default()
}

/// The collection that is named at a position.
pub fn hierarchy(snapshot: &Snapshot, at: lsp::Position) -> Vec<lsp::CallHierarchyItem> {
    let names = ide::names_of(&snapshot.db, snapshot.package);
    let mentions = names.all_at(FileId(0), offset(snapshot, at));
    let mut places = Places::new(snapshot);
    let items = mentions.filter_map(|mention| {
        let Target::Collection(declared) = mention.target else {
            return None;
        };
        let named = ide::collection(&snapshot.db, snapshot.package, declared)?;
        item(&mut places, &named, snapshot)
    });
    items.collect()
}

fn item(
    places: &mut Places<'_>,
    named: &Named,
    snapshot: &Snapshot,
) -> Option<lsp::CallHierarchyItem> {
    let lsp::Location { uri, range } = places.location(named.declared)?;
    Some(lsp::CallHierarchyItem {
        name: named.name.clone(),
        kind: lsp::SymbolKind::ARRAY,
        tags: None,
        detail: Some(named.word.to_owned()),
        uri,
        range,
        selection_range: range,
        // It may be declared in a file that is not open: whose program it was asked of.
        data: Some(json!(snapshot.uris.first())),
    })
}

/// The document in whose program a collection was asked for.
pub fn asked_of(item: &lsp::CallHierarchyItem) -> lsp::Uri {
    let known = item.data.clone();
    let known = known.and_then(|uri| serde_json::from_value(uri).ok());
    known.unwrap_or_else(|| item.uri.clone())
}

fn declared(snapshot: &Snapshot, item: &lsp::CallHierarchyItem) -> Option<FileSpan> {
    let file = snapshot.file_at(&item.uri)?;
    let names = ide::names_of(&snapshot.db, snapshot.package);
    let mut places = Places::new(snapshot);
    names
        .in_file(file)
        .find_map(|mention| match mention.target {
            Target::Collection(place) if places.range(mention.place) == item.selection_range => {
                Some(place)
            }
            _ => None,
        })
}

fn linked(
    snapshot: &Snapshot,
    item: &lsp::CallHierarchyItem,
    links: impl Fn(FileSpan) -> Vec<Link>,
) -> Vec<(lsp::CallHierarchyItem, Vec<lsp::Range>)> {
    let mut places = Places::new(snapshot);
    let found = declared(snapshot, item).map_or_else(Vec::new, links);
    let found = found.iter().filter_map(|link| {
        let other = self::item(&mut places, &link.collection, snapshot)?;
        let ranges = link.places.iter().map(|&place| places.range(place));
        Some((other, ranges.collect()))
    });
    found.collect()
}

/// Who writes a collection: what the rules read that derive it.
pub fn writers(
    snapshot: &Snapshot,
    item: &lsp::CallHierarchyItem,
) -> Vec<lsp::CallHierarchyIncomingCall> {
    let links = |declared| ide::writers(&snapshot.db, snapshot.package, declared);
    let found = linked(snapshot, item, links).into_iter();
    found
        .map(|(from, from_ranges)| lsp::CallHierarchyIncomingCall { from, from_ranges })
        .collect()
}

/// Who reads a collection: what the rules derive that read it.
pub fn readers(
    snapshot: &Snapshot,
    item: &lsp::CallHierarchyItem,
) -> Vec<lsp::CallHierarchyOutgoingCall> {
    let links = |declared| ide::readers(&snapshot.db, snapshot.package, declared);
    let found = linked(snapshot, item, links).into_iter();
    found
        .map(|(to, from_ranges)| lsp::CallHierarchyOutgoingCall { to, from_ranges })
        .collect()
}
