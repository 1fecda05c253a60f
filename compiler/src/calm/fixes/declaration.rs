//! Where the parts of a collection's declaration stand in the text.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::Context;
use crate::base::{FileId, FileSpan, Span};
use crate::hir::Collection;
use crate::syntax;
use crate::syntax::ast::{self, ItemKind, ItemNode};

/// A declaration as it is written; places count from the start of the file.
pub(super) struct Declaration<'a> {
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
            return Some((offset, span, decl.clone()));
        }
        return None;
    }
    None
}

impl<'a> Declaration<'a> {
    /// The word before the name: `output`.
    pub(super) fn keyword(&self) -> Option<FileSpan> {
        let name = self.decl.name.span.shifted(self.offset).start as usize;
        let before = self.text[..name].trim_end();
        let start = before
            .rfind(|letter: char| !letter.is_ascii_alphabetic())
            .map_or(0, |at| at + 1);
        (start < before.len()).then(|| {
            let span = Span::new(
                u32::try_from(start).ok()?,
                u32::try_from(before.len()).ok()?,
            );
            Some(FileSpan::new(self.file, span))
        })?
    }

    /// Just before the `;`.
    pub(super) fn end(&self) -> Option<FileSpan> {
        let written = &self.text[self.item.range()];
        let semicolon = u32::try_from(written.rfind(';')?).ok()?;
        Some(FileSpan::new(
            self.file,
            Span::at(self.item.start + semicolon),
        ))
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
