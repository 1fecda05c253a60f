//! What can be written at a cursor.
//!
//! [`Cursor`] says from the text alone what kind of thing is expected there, so that the answer does not wait
//! for the statement to be whole; [`Scene`] says what there is of it.

mod members;
mod scene;
mod start;

use super::cursor::{Block, Cursor};
use crate::base::{Edit, FileId, Span};
use crate::database::{Db, Package};
use crate::hir::{AggregateFunction, Builtin};
use crate::syntax::TokenKind as T;
use crate::syntax::ast::ItemKind;
use bloom_plan::functions::BUILTINS;
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
    let Some(cursor) = Cursor::new(root.text(db), offset) else {
        return nothing;
    };
    let word = cursor.word;
    let mut complete = Complete {
        scene,
        cursor,
        modules,
        found: Vec::new(),
    };
    complete.all();
    let mut found = complete.found;
    let written = &root.text(db)[word.range()];
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
            let levels = self.scene.levels().into_iter().flat_map(|(items, _)| items);
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
            .into_iter()
            .flat_map(|(items, _)| items)
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

    /// In a body, a head's value, or an argument.
    fn expression(&mut self) {
        let in_body = self.cursor.brackets.is_empty();
        self.variables();
        if in_body {
            let rows: Vec<(String, Seen<'d>)> = self.scene.collections().into_iter().collect();
            for (name, seen) in rows {
                self.row(name, seen);
            }
            for (word, insert, detail) in [
                ("not", "not ", "no such row"),
                ("let", "let ${1:name} = $0", "a binding"),
            ] {
                let one = self.add(word, CompletionKind::Keyword, detail);
                insert.clone_into(&mut one.insert);
                one.is_snippet = insert.contains('$');
            }
        } else {
            for word in ["if", "match", "let", "true", "false", "self"] {
                self.add(word, CompletionKind::Keyword, "");
            }
            self.aggregates();
        }
        for (name, _) in self.scene.imports() {
            self.add(name, CompletionKind::Module, "import");
        }
        let nodes = self.scene.test_nodes();
        if self.cursor.block == Block::Steps {
            for (name, kind) in nodes {
                self.add(name, CompletionKind::Node, kind);
            }
        }
        self.functions();
        self.imports();
    }

    /// A row, with places for its columns.
    fn row(&mut self, name: String, seen: Seen<'d>) {
        let columns = seen.collection.columns.iter();
        let columns: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
        let detail = format!("{} ({})", seen.collection.kind.word(), columns.join(", "));
        let doc = seen.collection.doc.to_string();
        let follows = self
            .cursor
            .tokens
            .get(self.cursor.at + usize::from(!self.cursor.word.is_empty()));
        let has_bracket = follows.is_some_and(|token| {
            matches!(token.kind, T::OpenBrace | T::OpenParen)
                && token.span.start == self.cursor.word.end
        });
        let one = self.add(name, CompletionKind::Collection, detail);
        one.doc = doc;
        if !has_bracket {
            one.insert += "{$1}";
            one.is_snippet = true;
        }
    }

    /// What the statement names so far.
    fn variables(&mut self) {
        let tokens = self.cursor.statement();
        let mut names: Vec<String> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let after = tokens.get(at + 1).map(|token| token.kind);
            let before = at.checked_sub(1).map(|before| tokens[before].kind);
            let is_named = token.kind == T::Lower
                && !matches!(after, Some(T::OpenBrace | T::OpenParen | T::Colon | T::Dot))
                && before.is_some_and(|kind| kind != T::Dot)
                && self.cursor.start + at != self.cursor.at;
            let name = &self.cursor.text[token.span.range()];
            if is_named && name != "_" && token.span != self.cursor.word {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        names.dedup();
        for name in names {
            let ty = self
                .scene
                .variable_type(&self.cursor, &name)
                .unwrap_or_default();
            self.add(name, CompletionKind::Variable, ty);
        }
    }

    fn aggregates(&mut self) {
        let head = self.cursor.brackets.len() == 1 && {
            let arrows = [
                T::LessEqual,
                T::LessPlus,
                T::LessMinus,
                T::LessPlusMinus,
                T::LessTilde,
            ];
            let before = self.cursor.start..self.cursor.at;
            !before.into_iter().any(|at| {
                self.cursor
                    .kind(at)
                    .is_some_and(|kind| arrows.contains(&kind))
            })
        };
        if head && self.cursor.before(1) == Some(T::Colon) {
            for function in AggregateFunction::ALL {
                let one = self.add(function.name(), CompletionKind::Function, "aggregate");
                one.insert += "($1)";
                one.is_snippet = true;
            }
        }
    }

    fn functions(&mut self) {
        for builtin in BUILTINS
            .iter()
            .filter(|builtin| builtin.receiver().is_none())
        {
            let kind = match builtin.is_constant() {
                true => CompletionKind::Constant,
                false => CompletionKind::Function,
            };
            let one = self.add(builtin.name, kind, builtin.signature);
            builtin.doc.clone_into(&mut one.doc);
            if kind == CompletionKind::Function {
                one.insert += "($1)";
                one.is_snippet = true;
            }
        }
        let program = self.scene.program;
        let plain =
            |name: &str| !name.contains('.') && name.starts_with(|c: char| c.is_ascii_lowercase());
        for function in program
            .functions
            .values()
            .filter(|function| plain(&function.name))
        {
            let params = function.param_names.iter().zip(&function.params);
            let params: Vec<String> = params
                .map(|(name, ty)| format!("{name}: {}", program.show_type(ty)))
                .collect();
            let result = program.show_type(&function.result);
            let detail = format!("fn {}({}): {result}", function.name, params.join(", "));
            let one = self.add(function.name.as_str(), CompletionKind::Function, detail);
            one.doc = function.doc.to_string();
            one.insert += "($1)";
            one.is_snippet = true;
        }
        for constant in program
            .constants
            .values()
            .filter(|constant| plain(&constant.name))
        {
            self.add(constant.name.as_str(), CompletionKind::Constant, "const");
        }
    }

    /// Modules that are not imported yet, by their own names.
    fn imports(&mut self) {
        if self.cursor.word.is_empty() {
            return;
        }
        let known: Vec<String> = self
            .scene
            .imports()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let (items, base) = (self.scene.module.items.as_slice(), 0);
        let last = items
            .iter()
            .rev()
            .find(|node| matches!(node.item.kind, ItemKind::Import(_) | ItemKind::Include(_)));
        let at = match (last, items.first()) {
            (Some(node), _) => node.item.span.shifted(base + node.offset).end,
            (None, Some(node)) => node.offset,
            (None, None) => 0,
        };
        let modules = self.modules;
        for module in modules {
            let own = module.rsplit('.').next().unwrap_or_default();
            if module.contains('.') && !known.iter().any(|name| name == own) {
                let text = match last {
                    Some(_) => format!("\nimport {module};"),
                    None => format!("import {module};\n"),
                };
                self.add(own, CompletionKind::Import, format!("import {module}"))
                    .edits = vec![Edit {
                    file: FileId(0),
                    span: Span::at(at),
                    new_text: text,
                }];
            }
        }
    }
}
