//! Names: what they mean, where that is declared, and where else they stand.

use bloom_compiler::base::FileId;
use bloom_compiler::database;
use bloom_compiler::ide::{self, Mention, Names, Role, Symbol, SymbolKind};
use tower_lsp::ls_types as lsp;

use crate::documents::Snapshot;
use crate::positions::Lines;
use crate::translate::Places;

fn names(snapshot: &Snapshot) -> Names {
    let (db, package) = (&snapshot.db, snapshot.package);
    let files = package.files(db);
    let text = |file: FileId| {
        let file = files.get(file.0 as usize);
        file.map_or("", |file| file.text(db).as_str())
    };
    let places = &database::resolved(db, package).places;
    Names::new(database::program(db, package), places, &text)
}

fn offset(snapshot: &Snapshot, at: lsp::Position) -> u32 {
    snapshot.lines().offset(at) as u32
}

/// All names that mean what the one at a position means.
fn same(snapshot: &Snapshot, at: lsp::Position) -> Vec<Mention> {
    let names = names(snapshot);
    let mention = names.at(FileId(0), offset(snapshot, at));
    mention.map_or_else(Vec::new, |mention| names.of(mention.target).collect())
}

pub fn hover(snapshot: &Snapshot, at: lsp::Position) -> Option<lsp::Hover> {
    let (db, package) = (&snapshot.db, snapshot.package);
    let found = ide::hover(
        database::program(db, package),
        &database::resolved(db, package).places,
        database::typed(db, package),
        database::calm_report(db, package),
        &names(snapshot),
        (FileId(0), offset(snapshot, at)),
    )?;
    let mut value = format!("```bloom\n{}\n```", found.declaration);
    for paragraph in &found.paragraphs {
        value += &format!("\n\n{paragraph}");
    }
    Some(lsp::Hover {
        contents: lsp::HoverContents::Markup(lsp::MarkupContent {
            kind: lsp::MarkupKind::Markdown,
            value,
        }),
        range: Some(Places::new(snapshot).range(found.place)),
    })
}

pub fn definition(snapshot: &Snapshot, at: lsp::Position) -> Vec<lsp::Location> {
    let names = names(snapshot);
    let Some(mention) = names.at(FileId(0), offset(snapshot, at)) else {
        return Vec::new();
    };
    let mut places = Places::new(snapshot);
    let declared = names.declarations(mention.target);
    declared
        .filter_map(|place| places.location(place))
        .collect()
}

pub fn references(
    snapshot: &Snapshot,
    at: lsp::Position,
    with_declaration: bool,
) -> Vec<lsp::Location> {
    let mut places = Places::new(snapshot);
    let all = same(snapshot, at).into_iter();
    all.filter(|mention| with_declaration || mention.role != Role::Declares)
        .filter_map(|mention| places.location(mention.place))
        .collect()
}

/// The names in this document.
pub fn highlights(snapshot: &Snapshot, at: lsp::Position) -> Vec<lsp::DocumentHighlight> {
    let mut places = Places::new(snapshot);
    let all = same(snapshot, at).into_iter();
    let here = all.filter(|mention| mention.place.file == FileId(0));
    here.map(|mention| lsp::DocumentHighlight {
        range: places.range(mention.place),
        kind: Some(match mention.role {
            Role::Declares => lsp::DocumentHighlightKind::TEXT,
            Role::Writes => lsp::DocumentHighlightKind::WRITE,
            Role::Reads => lsp::DocumentHighlightKind::READ,
        }),
    })
    .collect()
}

pub fn symbols(snapshot: &Snapshot) -> Vec<lsp::DocumentSymbol> {
    let lines = snapshot.lines();
    let module = database::module(&snapshot.db, snapshot.file);
    let symbols = ide::symbols(module);
    symbols.iter().map(|one| symbol(one, &lines)).collect()
}

#[expect(deprecated, reason = "the protocol's type has a field that is")]
fn symbol(symbol: &Symbol, lines: &Lines<'_>) -> lsp::DocumentSymbol {
    let children = symbol.children.iter();
    let children: Vec<lsp::DocumentSymbol> =
        children.map(|child| self::symbol(child, lines)).collect();
    lsp::DocumentSymbol {
        name: symbol.name.clone(),
        detail: None,
        kind: match symbol.kind {
            SymbolKind::Module => lsp::SymbolKind::MODULE,
            SymbolKind::Node => lsp::SymbolKind::CLASS,
            SymbolKind::Protocol => lsp::SymbolKind::INTERFACE,
            SymbolKind::Collection => lsp::SymbolKind::ARRAY,
            SymbolKind::Type => lsp::SymbolKind::STRUCT,
            SymbolKind::Function => lsp::SymbolKind::FUNCTION,
            SymbolKind::Constant => lsp::SymbolKind::CONSTANT,
        },
        tags: None,
        deprecated: None,
        range: lines.range(symbol.span),
        selection_range: lines.range(symbol.name_span),
        children: (!children.is_empty()).then_some(children),
    }
}
