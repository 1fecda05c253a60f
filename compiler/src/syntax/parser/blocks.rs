//! Items, and the bodies of blocks.

use std::sync::Arc;

use super::{Known, Parser, after_attributes};
use crate::base::{Span, codes};
use crate::syntax::ast::{
    Block, Broken, ExternNode, FaultTest, Item, ItemKind, ItemNode, LatticeForm, Name, OwnMerge,
    Rule, RuleGroup, RuleItem, Spec, SpecLine, Step, StepKind, Test,
};
use crate::syntax::construct::{ExternPart, Header, LatticePart, Unit};
use crate::syntax::messages;
use crate::syntax::split::{Body, Mode, Piece};
use crate::syntax::token::TokenKind;
use smol_str::SmolStr;
use std::ops::Range;

impl Parser<'_> {
    /// The items that `pieces` are, placed by offsets from `base`.
    pub(super) fn items(&mut self, pieces: &[Piece], base: u32) -> Vec<ItemNode> {
        let mut items = Vec::new();
        for piece in pieces {
            if let Some(node) = self.known_item(piece, base) {
                items.push(node);
                continue;
            }
            match &piece.body {
                Some(body) => items.push(self.block(piece, body, base)),
                None => self.plain_items(piece.tokens.clone(), base, &mut items),
            }
        }
        items
    }

    /// The item with the text of the piece, if it was parsed before.
    fn known_item(&mut self, piece: &Piece, base: u32) -> Option<ItemNode> {
        let known = self.known?;
        let tokens = piece.tokens.start..piece.end();
        if self.failed_upto == Some(tokens.start) {
            return None;
        }
        let start = self.item_start(tokens.start);
        let span = Span::new(start, self.end_of(tokens.end));
        let Known { item, angles } = known.get(&self.text[span.range()])?;
        self.angles.extend(angles.iter().map(|at| at + start));
        let docs = self.comments_before(tokens.start..tokens.end);
        let docs: Vec<u32> = docs.map(|comment| comment.span.start).collect();
        self.attach(docs.into_iter());
        Some(ItemNode {
            offset: start - base,
            item: Arc::clone(item),
        })
    }

    /// The item that `tokens` are; several, where the `;` between them is missing.
    pub(super) fn plain_items(
        &mut self,
        tokens: Range<usize>,
        base: u32,
        items: &mut Vec<ItemNode>,
    ) {
        let mut rest = tokens;
        while !rest.is_empty() {
            let start = self.item_start(rest.start);
            let before = self.diagnostics.len();
            let (unit, used) = self.repaired_unit(TokenKind::ReadItem, rest.clone(), start);
            // Columns with types and no kind in front are no fact, but a declaration gone wrong.
            let no_fact = self.diagnostics[before..]
                .iter()
                .any(|diagnostic| diagnostic.code == codes::E0116);
            let (attributes, kind) = match unit {
                Some(Unit::Item(..)) if no_fact => (
                    Vec::new(),
                    self.broken(rest.start..used, rest.start..used, start),
                ),
                Some(Unit::Item(attributes, kind)) => {
                    let is_fine = self.diagnostics.len() == before;
                    let span = Span::new(start, self.end_of(used));
                    (attributes, self.kept(*kind, is_fine, span))
                }
                _ => (
                    Vec::new(),
                    self.broken(rest.start..used, rest.start..used, start),
                ),
            };
            let docs = self.take_docs(rest.start, used, start);
            let end = self.end_of(used);
            items.push(ItemNode {
                offset: start - base,
                item: Arc::new(Item {
                    docs,
                    attributes: attributes.into(),
                    kind,
                    span: Span::new(0, end - start),
                }),
            });
            rest.start = used;
        }
    }

    /// The kind as it is kept: a rule folded, if that is asked for and nothing is wrong with it.
    fn kept(&self, kind: ItemKind, is_fine: bool, span: Span) -> ItemKind {
        match kind {
            ItemKind::Rule(_) if self.folds && is_fine => {
                ItemKind::Rule(RuleItem::folded(&self.text[span.range()]))
            }
            kind => kind,
        }
    }

    pub(super) fn block(&mut self, piece: &Piece, body: &Body, base: u32) -> ItemNode {
        let start = self.item_start(piece.tokens.start);
        let header = self.unit(TokenKind::ReadHeader, piece.tokens.clone(), start);
        let docs = self.take_docs(piece.tokens.start, piece.tokens.end, start);
        let (attributes, header) = match header {
            Some(Unit::Header(attributes, header)) => (attributes, Some(*header)),
            _ => (Vec::new(), None),
        };
        let kind = self.block_kind(header, piece, body, start);
        let end = self.end_of(body.end);
        ItemNode {
            offset: start - base,
            item: Arc::new(Item {
                docs,
                attributes: attributes.into(),
                kind,
                span: Span::new(0, end - start),
            }),
        }
    }

    /// The block's kind, with its body; the body is parsed even where the header is broken.
    pub(super) fn block_kind(
        &mut self,
        header: Option<Header>,
        piece: &Piece,
        body: &Body,
        start: u32,
    ) -> ItemKind {
        let Some(header) = header else {
            self.body_of_broken(body, start);
            let header = piece.tokens.clone();
            return self.broken(header.clone(), header.start..body.end, start);
        };
        let pieces = &body.pieces;
        match header {
            Header::Module(mut module) => {
                module.items = self.items(pieces, start);
                ItemKind::Module(Box::new(module))
            }
            Header::Lattice(mut lattice) => {
                let own = self.own_merge(pieces, start);
                lattice.form = LatticeForm::Own(Box::new(own));
                ItemKind::Lattice(Box::new(lattice))
            }
            Header::Bootstrap => ItemKind::Bootstrap(Block {
                rules: self.rules(pieces, start),
            }),
            Header::Rules(name) => ItemKind::Rules(Box::new(RuleGroup {
                name,
                rules: self.rules(pieces, start),
            })),
            Header::Spec(name) => ItemKind::Spec(Box::new(Spec {
                name,
                lines: self.spec_lines(pieces, start),
            })),
            Header::Test(name, name_span, checks) => ItemKind::Test(Box::new(Test {
                name,
                name_span,
                checks,
                steps: self.steps(pieces, start),
            })),
            Header::FaultTest(name, name_span, checks, bounds) => {
                let test = Test {
                    name,
                    name_span,
                    checks,
                    steps: self.steps(pieces, start),
                };
                ItemKind::FaultTest(Box::new(FaultTest { test, bounds }))
            }
            Header::Extern(name) => {
                let mut node = ExternNode {
                    name,
                    collections: Vec::new(),
                    paths: Vec::new(),
                };
                self.extern_parts(pieces, start, &mut node);
                ItemKind::Extern(Box::new(node))
            }
        }
    }

    pub(super) fn body_of_broken(&mut self, body: &Body, start: u32) {
        match body.mode {
            Mode::Items => {
                self.items(&body.pieces, start);
            }
            Mode::Rules => {
                self.rules(&body.pieces, start);
            }
            Mode::SpecLines => {
                self.spec_lines(&body.pieces, start);
            }
            Mode::Steps => {
                self.steps(&body.pieces, start);
            }
            Mode::LatticeParts => {
                self.own_merge(&body.pieces, start);
            }
            Mode::ExternParts => {
                self.units(TokenKind::ReadExternPart, &body.pieces, start);
            }
        }
    }

    // ---- Bodies; their spans count from `base`, the start of the block's item ----

    pub(super) fn rules(&mut self, pieces: &[Piece], base: u32) -> Vec<Rule> {
        let units = self.units(TokenKind::ReadRule, pieces, base);
        let rules = units.into_iter().filter_map(|(unit, tokens)| match unit {
            Some(Unit::Rule(rule)) => Some(Rule {
                docs: self.take_docs(tokens.start, tokens.end, base),
                ..rule
            }),
            _ => None,
        });
        rules.collect()
    }

    pub(super) fn spec_lines(&mut self, pieces: &[Piece], base: u32) -> Vec<SpecLine> {
        let units = self.units(TokenKind::ReadSpecLine, pieces, base);
        let lines = units.into_iter().filter_map(|(unit, _)| match unit {
            Some(Unit::SpecLine(line)) => Some(line),
            _ => None,
        });
        lines.collect()
    }

    pub(super) fn steps(&mut self, pieces: &[Piece], base: u32) -> Vec<Step> {
        let units = self.units(TokenKind::ReadStep, pieces, base);
        let steps = units.into_iter().map(|(unit, tokens)| match unit {
            Some(Unit::Step(step)) => step,
            _ => Step {
                kind: StepKind::Broken,
                span: self.span_of(&tokens, base),
            },
        });
        steps.collect()
    }

    pub(super) fn own_merge(&mut self, pieces: &[Piece], base: u32) -> OwnMerge {
        let mut own = OwnMerge::default();
        for (unit, _) in self.units(TokenKind::ReadLatticePart, pieces, base) {
            match unit {
                Some(Unit::LatticePart(LatticePart::Bottom(bottom))) => own.bottom = Some(bottom),
                Some(Unit::LatticePart(LatticePart::Merge(merge))) => own.merge = Some(merge),
                _ => {}
            }
        }
        own
    }

    pub(super) fn extern_parts(&mut self, pieces: &[Piece], base: u32, node: &mut ExternNode) {
        for (unit, _) in self.units(TokenKind::ReadExternPart, pieces, base) {
            match unit {
                Some(Unit::ExternPart(ExternPart::Collection(collection))) => {
                    node.collections.push(collection);
                }
                Some(Unit::ExternPart(ExternPart::Path(path))) => node.paths.push(path),
                _ => {}
            }
        }
    }

    /// Each unit of a body that holds no blocks, with its tokens.
    pub(super) fn units(
        &mut self,
        read: TokenKind,
        pieces: &[Piece],
        base: u32,
    ) -> Vec<(Option<Unit>, Range<usize>)> {
        let mut units = Vec::new();
        for piece in pieces {
            let mut rest = piece.tokens.clone();
            while !rest.is_empty() {
                let (unit, used) = self.repaired_unit(read, rest.clone(), base);
                units.push((unit, rest.start..used));
                rest.start = used;
            }
        }
        units
    }

    /// A broken item that is declared by `tokens`; `all` are those of its body too.
    pub(super) fn broken(&self, tokens: Range<usize>, all: Range<usize>, base: u32) -> ItemKind {
        let word = after_attributes(&self.tokens, tokens.start, tokens.end);
        let unit = &self.tokens[word.min(tokens.end)..tokens.end];
        let declares = messages::declared(unit)
            .into_iter()
            .map(|token| {
                let span = Span::new(token.span.start - base, token.span.end - base);
                Name::new(&self.text[token.span.range()], span)
            })
            .collect();
        let mentions = self.mentions(all);
        ItemKind::Broken(Box::new(Broken { declares, mentions }))
    }

    fn mentions(&self, tokens: Range<usize>) -> Vec<SmolStr> {
        let names = self.tokens[tokens]
            .iter()
            .filter(|token| messages::is_name(token));
        let mut names: Vec<SmolStr> = names
            .map(|token| SmolStr::new(&self.text[token.span.range()]))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
