//! What can stand in a body, as a value, or at the start of an item: rows, variables, functions, and modules that are not
//! imported yet.

use super::{Block, Complete, CompletionKind, ROWS_MAX, Seen, fits};
use crate::base::{Edit, FileId, Span};
use crate::hir::AggregateFunction;
use crate::ide::language;
use crate::syntax::TokenKind as T;
use crate::syntax::ast::ItemKind;
use bloom_plan::functions::BUILTINS;

impl<'d> Complete<'d, '_> {
    /// In a body, a head's value, or an argument.
    pub(super) fn expression(&mut self) {
        let in_body = self.cursor.brackets.is_empty();
        self.variables();
        if in_body {
            self.rows();
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
        self.import_names();
        let nodes = self.scene.test_nodes();
        if self.cursor.block == Block::Steps {
            for (name, kind) in nodes {
                self.add(name, CompletionKind::Node, kind);
            }
        }
        self.functions();
        self.imports();
    }

    /// The rows that fit what is written; of too many, those next to the cursor.
    pub(super) fn rows(&mut self) {
        let mut rows = self.scene.collections();
        rows.retain(|(name, _)| fits(self.written, name));
        if rows.len() > ROWS_MAX {
            let distance = |(_, seen): &(&str, Seen<'d>)| self.scene.distance(*seen);
            rows.select_nth_unstable_by_key(ROWS_MAX, distance);
            rows.truncate(ROWS_MAX);
        }
        for (name, seen) in rows {
            self.row(name.to_owned(), seen);
        }
    }

    pub(super) fn import_names(&mut self) {
        let names = self.scene.imports().iter();
        let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.add(name, CompletionKind::Module, "import");
        }
    }

    /// A row, with places for its columns.
    pub(super) fn row(&mut self, name: String, seen: Seen<'d>) {
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
                let known = language::aggregate(*function);
                let one = self.add(function.name(), CompletionKind::Function, "aggregate");
                if let Some(known) = known.first() {
                    one.doc.clone_from(&known.doc);
                }
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
    pub(super) fn imports(&mut self) {
        if self.cursor.word.is_empty() {
            return;
        }
        let known: Vec<String> = self
            .scene
            .imports()
            .iter()
            .map(|(name, _)| name.clone())
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
