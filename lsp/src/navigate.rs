//! Names: what they mean, where that is declared, and where else they stand.

use bloom_compiler::base::FileId;
use bloom_compiler::database;
use bloom_compiler::ide::{self, AllNames, Mention, Role, Symbol, SymbolKind, Target};
use tower_lsp::ls_types as lsp;

use crate::documents::Snapshot;
use crate::positions::Lines;
use crate::translate::Places;

fn names(snapshot: &Snapshot) -> AllNames<'_> {
    ide::all_names(&snapshot.db, snapshot.package)
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
    let at = (FileId(0), offset(snapshot, at));
    let found = ide::hover(&snapshot.db, snapshot.package, at)?;
    let range = Places::new(snapshot).range(found.place);
    Some(said(range, &found.declaration, &found.paragraphs))
}

fn said(range: lsp::Range, declaration: &str, paragraphs: &[String]) -> lsp::Hover {
    let mut value = format!("```bloom\n{declaration}\n```");
    for paragraph in paragraphs.iter().filter(|paragraph| !paragraph.is_empty()) {
        value += &format!("\n\n{paragraph}");
    }
    lsp::Hover {
        contents: lsp::HoverContents::Markup(lsp::MarkupContent {
            kind: lsp::MarkupKind::Markdown,
            value,
        }),
        range: Some(range),
    }
}

pub fn definition(snapshot: &Snapshot, at: lsp::Position) -> Vec<lsp::Location> {
    let names = names(snapshot);
    let mentions = names.all_at(FileId(0), offset(snapshot, at));
    // `import small;` both declares a name and says which module it is for.
    let (own, others): (Vec<Mention>, Vec<Mention>) = mentions
        .into_iter()
        .partition(|mention| mention.role == Role::Declares);
    let meant = match others.is_empty() {
        true => own,
        false => others,
    };
    let mut places = Places::new(snapshot);
    let declared = meant
        .iter()
        .flat_map(|mention| names.declarations(mention.target));
    let mut found: Vec<lsp::Location> = Vec::new();
    for location in declared.filter_map(|place| places.location(place)) {
        if !found.contains(&location) {
            found.push(location);
        }
    }
    found
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
        kind: symbol_kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: lines.range(symbol.span),
        selection_range: lines.range(symbol.name_span),
        children: (!children.is_empty()).then_some(children),
    }
}

fn symbol_kind(kind: SymbolKind) -> lsp::SymbolKind {
    match kind {
        SymbolKind::Module => lsp::SymbolKind::MODULE,
        SymbolKind::Node => lsp::SymbolKind::CLASS,
        SymbolKind::Protocol => lsp::SymbolKind::INTERFACE,
        SymbolKind::Collection => lsp::SymbolKind::ARRAY,
        SymbolKind::Type => lsp::SymbolKind::STRUCT,
        SymbolKind::Function => lsp::SymbolKind::FUNCTION,
        SymbolKind::Constant => lsp::SymbolKind::CONSTANT,
        SymbolKind::Rules => lsp::SymbolKind::NAMESPACE,
        SymbolKind::Spec => lsp::SymbolKind::BOOLEAN,
        SymbolKind::Test => lsp::SymbolKind::EVENT,
    }
}

/// Where the type of what is named at a position is declared.
pub fn type_definition(snapshot: &Snapshot, at: lsp::Position) -> Vec<lsp::Location> {
    let (db, package) = (&snapshot.db, snapshot.package);
    let at = (FileId(0), offset(snapshot, at));
    let found = ide::type_definitions(db, package, at);
    let mut places = Places::new(snapshot);
    let locations = found.into_iter();
    locations
        .filter_map(|place| places.location(place))
        .collect()
}

/// The modules and nodes that name the protocol at a position as theirs.
pub fn implementations(snapshot: &Snapshot, at: lsp::Position) -> Vec<lsp::Location> {
    let names = names(snapshot);
    let mentions = names.all_at(FileId(0), offset(snapshot, at));
    let protocols = mentions
        .into_iter()
        .filter(|mention| matches!(mention.target, Target::Module(_)));
    let found = protocols
        .flat_map(|protocol| ide::implementations(&snapshot.db, snapshot.package, protocol.target));
    let mut places = Places::new(snapshot);
    found.filter_map(|place| places.location(place)).collect()
}

/// The declarations of all files of the program whose names have the letters of the query in its order.
pub fn workspace_symbols(snapshot: &Snapshot, query: &str) -> Vec<lsp::WorkspaceSymbol> {
    let files = snapshot.package.files(&snapshot.db);
    let mut found = Vec::new();
    for (&file, uri) in files.iter().zip(&snapshot.uris) {
        let Some(uri) = uri else { continue };
        let lines = Lines::new(file.text(&snapshot.db), snapshot.encoding);
        let module = database::module(&snapshot.db, file);
        flatten(&ide::symbols(module), None, &mut |symbol, container| {
            if has_letters(&symbol.name, query) {
                found.push(lsp::WorkspaceSymbol {
                    name: symbol.name.clone(),
                    kind: symbol_kind(symbol.kind),
                    tags: None,
                    container_name: container.map(str::to_owned),
                    location: lsp::OneOf::Left(lsp::Location {
                        uri: uri.clone(),
                        range: lines.range(symbol.name_span),
                    }),
                    data: None,
                });
            }
        });
    }
    found
}

fn flatten<'s>(
    symbols: &'s [Symbol],
    container: Option<&'s str>,
    visit: &mut impl FnMut(&'s Symbol, Option<&'s str>),
) {
    for symbol in symbols {
        visit(symbol, container);
        flatten(&symbol.children, Some(&symbol.name), visit);
    }
}

fn has_letters(name: &str, query: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    let mut wanted = query.chars().flat_map(char::to_lowercase);
    wanted.all(|c| letters.any(|letter| letter == c))
}
