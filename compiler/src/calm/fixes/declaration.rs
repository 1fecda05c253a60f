//! Where the parts of a collection's declaration stand in the text, and edits of it: those of fixes, and of what an
//! editor offers where nothing is wrong.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::{Context, replaced};
use crate::base::{Edit, FileId, FileSpan, Span};
use crate::hir::{Collection, Program};
use crate::syntax;
use crate::syntax::ast::{self, ItemKind, ItemNode};

/// A declaration as it is written; places count from the start of the file.
pub(crate) struct Declaration<'a> {
    file: FileId,
    text: &'a str,
    /// Of the item that spans count from.
    offset: u32,
    item: Span,
    decl: ast::Collection,
}

/// Where the fragments of each file are: a file is cut once, however many declarations are asked for.
#[derive(Debug, Default)]
pub struct Outlines(RefCell<FxHashMap<FileId, Vec<Span>>>);

impl Outlines {
    /// The fragment around a place of a file.
    fn fragment(&self, file: FileId, text: &str, at: u32) -> Option<Span> {
        let mut files = self.0.borrow_mut();
        let fragments = files
            .entry(file)
            .or_insert_with(|| syntax::outline(text).fragments);
        let after = fragments.partition_point(|fragment| fragment.start <= at);
        let fragment = fragments[..after].last()?;
        fragment.contains(at).then_some(*fragment)
    }
}

/// A table with the columns of another collection, and the rule that fills it with that one's rows.
pub(crate) struct Copied {
    pub(crate) table: String,
    pub(crate) rule: String,
}

/// A column as it is written.
pub(super) struct ColumnText<'a> {
    pub(super) name: String,
    /// None where it is left to inference.
    pub(super) ty: Option<&'a str>,
    pub(super) ty_place: Option<FileSpan>,
    pub(super) is_key: bool,
}

impl<'a> Context<'a> {
    /// The declaration of a collection that the author wrote.
    pub(super) fn declaration(self, collection: &Collection) -> Option<Declaration<'a>> {
        let place = self.place_of(collection.loc);
        let text = self.sources.text(place.file);
        let fragment = self.outlines.fragment(place.file, text, place.span.start)?;
        let parse = syntax::parse(&text[fragment.range()]);
        let (offset, item, decl) = find(&parse.module.items, fragment.start, place.span.start)?;
        Some(Declaration {
            file: place.file,
            text,
            offset,
            item,
            decl,
        })
    }
}

/// The declaration around a place, its item's start, and its item's extent within the file.
fn find(items: &[ItemNode], start: u32, at: u32) -> Option<(u32, Span, ast::Collection)> {
    for node in items {
        let offset = start + node.offset;
        let span = node.item.span.shifted(offset);
        if !span.contains(at) {
            continue;
        }
        if let ItemKind::Module(module) = &node.item.kind {
            return find(&module.items, offset, at);
        }
        if let ItemKind::Collection(decl) = &node.item.kind {
            return Some((offset, span, ast::Collection::clone(decl)));
        }
        return None;
    }
    None
}

impl<'a> Declaration<'a> {
    /// `offset` is what spans in `decl` count from, `item` its whole extent in the file.
    pub(crate) fn new(
        file: FileId,
        text: &'a str,
        offset: u32,
        item: Span,
        decl: ast::Collection,
    ) -> Self {
        Self {
            file,
            text,
            offset,
            item,
            decl,
        }
    }

    fn edit(&self, span: Span, new_text: impl Into<String>) -> Edit {
        replaced(FileSpan::new(self.file, span), new_text)
    }

    /// The word before the name: `output`.
    pub(super) fn keyword(&self) -> Option<FileSpan> {
        let name = self.decl.name.span.shifted(self.offset).start as usize;
        let until = self.text[..name].trim_end();
        let before = until.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let span = Span::new(position(before)?, position(until)?);
        (!span.is_empty()).then(|| FileSpan::new(self.file, span))
    }

    pub(crate) fn as_view(&self) -> Option<Edit> {
        Some(replaced(self.keyword()?, "view"))
    }

    /// The columns are among those that it is sealed by.
    pub(crate) fn sealed_by(&self, columns: &[&str]) -> Option<Edit> {
        let columns = columns.join(", ");
        if let Some(last) = self.decl.sealed_by.last() {
            let end = last.span.shifted(self.offset).end;
            return Some(self.edit(Span::at(end), format!(", {columns}")));
        }
        let semicolon = self.item.start as usize + self.text[self.item.range()].rfind(';')?;
        let end = position(self.text[..semicolon].trim_end())?;
        Some(self.edit(Span::at(end), format!(" sealed by {columns}")))
    }

    /// A table of all rows that `collection`, which is declared here and called `written`, ever holds. A lattice can be
    /// no key; else all columns are, unless rows are immutable: rows that came in different ticks may share a key.
    pub(crate) fn copy(
        &self,
        program: &Program,
        collection: &Collection,
        kept: &str,
        written: &str,
    ) -> Option<Copied> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let columns = self.columns();
        for (column, known) in columns.iter().zip(&collection.columns) {
            let typed = format!("{}: {}", column.name, column.ty?);
            let grows = known.ty.as_ref().is_some_and(|ty| program.is_lattice(ty));
            match grows || collection.immutable && !column.is_key {
                true => values.push(typed),
                false => keys.push(typed),
            }
        }
        let mut typed = keys.join(", ");
        if !values.is_empty() {
            typed += if keys.is_empty() { "=> " } else { " => " };
            typed += &values.join(", ");
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let names = names.join(", ");
        Some(Copied {
            table: format!("table {kept}({typed});"),
            rule: format!("{kept}{{{names}}} <= {written}{{{names}}};"),
        })
    }

    /// Without the blanks at its end.
    fn trimmed(&self, span: Span) -> Span {
        let blanks = span.len() as usize - self.text[span.range()].trim_end().len();
        let blanks = u32::try_from(blanks).expect("a span is shorter than 2^32");
        Span::new(span.start, span.end - blanks)
    }

    pub(super) fn columns(&self) -> Vec<ColumnText<'a>> {
        let values = self.decl.values.iter().flatten();
        let keys = self.decl.keys.iter().map(|column| (column, true));
        let all = keys.chain(values.map(|column| (column, false)));
        let column = |(column, is_key): (&ast::Column, bool)| {
            let span = column
                .ty
                .as_ref()
                .map(|ty| self.trimmed(ty.span.shifted(self.offset)));
            ColumnText {
                name: column.name.text.to_string(),
                ty: span.map(|span| &self.text[span.range()]),
                ty_place: span.map(|span| FileSpan::new(self.file, span)),
                is_key,
            }
        };
        all.map(column).collect()
    }
}

/// Where a text ends that begins with its file.
fn position(before: &str) -> Option<u32> {
    u32::try_from(before.len()).ok()
}
