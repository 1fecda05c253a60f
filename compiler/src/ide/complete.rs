//! What can be written at a cursor.
//!
//! [`Cursor`] says from the text alone what kind of thing is expected there, so that the answer does not wait
//! for the statement to be whole; [`Scene`] says what there is of it.

mod expression;
mod members;
mod scene;
mod start;

use super::cursor::{Block, Cursor};
use super::language;
use crate::base::{Edit, Span};
use crate::database::{Db, Package};
use crate::hir::Builtin;
use crate::syntax::TokenKind as T;
use crate::syntax::ast::ItemKind;
pub(super) use scene::Scene;
use scene::Seen;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompletionKind {
    /// Likelier kinds first: so they are ranked.
    Column,
    Field,
    Method,
    Variable,
    Node,
    Collection,
    Function,
    Constant,
    Type,
    Variant,
    Module,
    Keyword,
    Snippet,
    /// A module that would be imported.
    Import,
}

/// Of more rows than this that fit, those are offered that are declared next to the cursor: nobody looks through so
/// many, and what is written next brings others.
pub const ROWS_MAX: usize = 200;

/// Something that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub label: String,
    pub kind: CompletionKind,
    /// A type or signature, in one line.
    pub detail: String,
    /// Markdown.
    pub doc: String,
    /// Replaces the word; `$1`, `$0` and `${1:name}` are places to go to, if it is a snippet.
    pub insert: String,
    pub is_snippet: bool,
    /// What else must change in the file.
    pub edits: Vec<Edit>,
}

/// The word before a byte of the root file, and what can stand in its place. `modules` are the paths of all that
/// can be imported.
pub fn completions(
    db: &dyn Db,
    package: Package,
    offset: u32,
    modules: &[String],
) -> (Span, Vec<Completion>) {
    let nothing = (Span::at(offset), Vec::new());
    let Some(scene) = Scene::new(db, package, offset) else {
        return nothing;
    };
    let Some(&root) = package.files(db).first() else {
        return nothing;
    };
    let Some(cursor) = Cursor::new(root.text(db), scene.stretch(), offset) else {
        return nothing;
    };
    let word = cursor.word;
    let written = &root.text(db)[word.range()];
    let mut complete = Complete {
        scene,
        cursor,
        modules,
        written,
        found: Vec::new(),
    };
    complete.all();
    let mut found = complete.found;
    found.retain(|one| fits(written, &one.label));
    found.sort_by(|a, b| (a.kind, &a.label).cmp(&(b.kind, &b.label)));
    found.dedup_by(|a, b| a.label == b.label && a.kind == b.kind);
    (word, found)
}

/// Whether the letters written stand in the label in this order, the first of them first.
fn fits(written: &str, label: &str) -> bool {
    let mut letters = label.chars().map(|c| c.to_ascii_lowercase());
    let mut wanted = written.chars().map(|c| c.to_ascii_lowercase());
    match wanted.next() {
        None => true,
        Some(first) => {
            letters.next() == Some(first) && wanted.all(|c| letters.any(|letter| letter == c))
        }
    }
}

struct Complete<'d, 't> {
    scene: Scene<'d>,
    cursor: Cursor<'t>,
    modules: &'t [String],
    /// The word before the cursor.
    written: &'t str,
    found: Vec<Completion>,
}

impl<'d> Complete<'d, '_> {
    fn add(
        &mut self,
        label: impl Into<String>,
        kind: CompletionKind,
        detail: impl Into<String>,
    ) -> &mut Completion {
        let label = label.into();
        let at = self.found.len();
        self.found.push(Completion {
            insert: label.clone(),
            label,
            kind,
            detail: detail.into(),
            doc: String::new(),
            is_snippet: false,
            edits: Vec::new(),
        });
        &mut self.found[at]
    }

    fn all(&mut self) {
        let first = self.cursor.word_at(self.cursor.start);
        let in_import = matches!(first, "import" | "include") && !self.cursor.is_first();
        if in_import && self.cursor.brackets.is_empty() {
            return self.import_path();
        }
        if self.cursor.before(1) == Some(T::Dot) {
            let path = self.cursor.path_before(self.cursor.at - 1);
            let path: Vec<String> = path.into_iter().map(str::to_owned).collect();
            return self.members(&path);
        }
        if self.cursor.is_first() {
            return self.start();
        }
        if self.declares() {
            return;
        }
        if self.columns() {
            return;
        }
        self.expression();
    }

    /// The rest of a module's path.
    fn import_path(&mut self) {
        let path = self.cursor.path_before(self.cursor.at);
        let dotted = self.cursor.before(1) == Some(T::Dot);
        let folder = match dotted {
            true => self.cursor.path_before(self.cursor.at - 1).join("."),
            false
                if path.len() > 1
                    || self.cursor.before(1) != Some(T::Import)
                        && self.cursor.before(1) != Some(T::Include) =>
            {
                self.add("as", CompletionKind::Keyword, "another name for it");
                return;
            }
            false => String::new(),
        };
        let modules = self.modules;
        for module in modules {
            let rest = match folder.is_empty() {
                true => Some(module.as_str()),
                false => module
                    .strip_prefix(&folder)
                    .and_then(|rest| rest.strip_prefix('.')),
            };
            if let Some(rest) = rest {
                self.add(rest, CompletionKind::Module, module.clone());
            }
        }
        if folder.is_empty() {
            let levels = self.scene.levels().iter().flat_map(|(items, _)| *items);
            let modules: Vec<String> = levels
                .filter_map(|node| match &node.item.kind {
                    ItemKind::Module(module) => Some(module.name.text.to_string()),
                    _ => None,
                })
                .collect();
            for module in modules {
                self.add(module, CompletionKind::Module, "in this file");
            }
        }
    }

    /// In a declaration: types after `:`, and modifiers. Whether this is one.
    fn declares(&mut self) -> bool {
        let first = self.cursor.word_at(self.cursor.start);
        let is_typed = matches!(
            first,
            "fn" | "type" | "record" | "enum" | "lattice" | "monotone" | "morphism" | "const"
        ) || matches!(first, "module" | "node" | "protocol");
        let is_collection = self.cursor.is_collection();
        if !is_typed && !is_collection {
            return false;
        }
        let in_brackets = !self.cursor.brackets.is_empty();
        let before = self.cursor.before(1);
        let in_value = self.in_value();
        match before {
            Some(T::Colon | T::Less) if !in_value => self.types(),
            Some(T::Comma | T::Assign) if self.in_angles() => self.types(),
            _ if is_collection && !in_brackets => {
                for (word, detail) in [
                    ("durable", "survives a crash of the node"),
                    ("immutable", "a key never comes with two contents"),
                ] {
                    self.add(word, CompletionKind::Keyword, detail);
                }
                let sealed = self.add(
                    "sealed by",
                    CompletionKind::Keyword,
                    "producers declare partitions complete",
                );
                "sealed by ${1:column}".clone_into(&mut sealed.insert);
                sealed.is_snippet = true;
            }
            _ if in_value => return false,
            // A new name.
            _ => {}
        }
        true
    }

    /// Whether an `=` stands before the cursor at any level of brackets: then a value follows.
    fn in_value(&self) -> bool {
        let brackets = &self.cursor.brackets;
        let starts = brackets.iter().map(|bracket| bracket.argument);
        let ends = brackets.iter().map(|bracket| bracket.open);
        let mut levels = [self.cursor.start]
            .into_iter()
            .chain(starts)
            .zip(ends.chain([self.cursor.at]));
        levels.any(|(start, end)| (start..end).any(|at| self.cursor.kind(at) == Some(T::Assign)))
    }

    /// Whether the cursor is among type arguments.
    fn in_angles(&self) -> bool {
        let from = self
            .cursor
            .bracket()
            .map_or(self.cursor.start, |bracket| bracket.open + 1);
        let count = |kind| {
            let tokens = from..self.cursor.at;
            tokens
                .filter(|&at| self.cursor.kind(at) == Some(kind))
                .count()
        };
        count(T::Less) > count(T::Greater)
    }

    fn types(&mut self) {
        for builtin in Builtin::ALL {
            let name = builtin.name();
            let parameters = match builtin.params() {
                0 => String::new(),
                1 => "<${1:T}>".to_owned(),
                _ => "<${1:A}, ${2:B}>".to_owned(),
            };
            let detail = match builtin.is_lattice() {
                true => "lattice",
                false => "plain type",
            };
            let one = self.add(name, CompletionKind::Type, detail);
            one.is_snippet = !parameters.is_empty();
            one.insert = format!("{name}{parameters}");
            one.doc = language::ty(*builtin).doc;
        }
        let defined: Vec<(String, String)> = self
            .scene
            .program
            .types
            .values()
            .filter(|def| !def.name.contains('<'))
            .map(|def| {
                let own = def.name.rsplit('.').next().unwrap_or_default();
                (own.to_owned(), def.doc.to_string())
            })
            .collect();
        for (name, doc) in defined {
            self.add(name, CompletionKind::Type, "").doc = doc;
        }
        let aliases: Vec<String> = self
            .scene
            .levels()
            .iter()
            .flat_map(|(items, _)| *items)
            .filter_map(|node| match &node.item.kind {
                ItemKind::TypeAlias(alias) => Some(alias.name.text.to_string()),
                _ => None,
            })
            .collect();
        for alias in aliases {
            self.add(alias, CompletionKind::Type, "alias");
        }
    }

    /// After `{` or `,` of a row by name: the columns that are not named yet. Whether this is such a place.
    fn columns(&mut self) -> bool {
        let Some(bracket) = self.cursor.bracket() else {
            return false;
        };
        let is_name = self.cursor.kind(bracket.open) == Some(T::OpenBrace)
            && bracket.argument == self.cursor.at;
        if !is_name {
            return false;
        }
        let path = self.cursor.path_before(bracket.open);
        if let Some(seen) = self.scene.find(&path) {
            let given = self.given(bracket.open);
            for (at, column) in seen.collection.columns.iter().enumerate() {
                if !given.iter().any(|name| *name == column.name) {
                    let ty = self.scene.column_type(seen, at);
                    self.add(column.name.as_str(), CompletionKind::Column, ty)
                        .doc = column.doc.to_string();
                }
            }
            return true;
        }
        let Some(name) = path
            .last()
            .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
        else {
            return false;
        };
        let given = self.given(bracket.open);
        for (field, ty, doc) in members::fields(self.scene.program, name) {
            if !given.contains(&field) {
                self.add(field, CompletionKind::Field, ty).doc = doc;
            }
        }
        true
    }

    /// The names that stand before `:` or alone in a bracket, behind the cursor as well.
    fn given(&self, open: usize) -> Vec<String> {
        let mut depth = 0;
        let mut given = Vec::new();
        let mut starts = false;
        for (at, token) in self.cursor.tokens.iter().enumerate().skip(open) {
            match token.kind {
                T::OpenBrace | T::OpenParen | T::OpenBracket => depth += 1,
                T::CloseBrace | T::CloseParen | T::CloseBracket => depth -= 1,
                T::Semicolon => break,
                kind if starts && kind.is_lower_name() && at != self.cursor.at => {
                    given.push(self.cursor.text[token.span.range()].to_owned());
                }
                _ => {}
            }
            starts = depth == 1 && matches!(token.kind, T::OpenBrace | T::Comma);
            if depth == 0 {
                break;
            }
        }
        given
    }
}
