//! Parses the pieces of a fragment and puts the tree together.
//!
//! A fragment is the text of one item at the top of a file (or of several, where what parts them is missing).
//! Each unit gives at most one syntax error, and what the lexer found wrong in a unit is all that is said
//! about it: one mistake, one error.

use super::ast::{
    Block, Broken, DocLine, ExternNode, FaultTest, Item, ItemKind, ItemNode, LatticeForm, OwnMerge,
    Rule, RuleGroup, Spec, SpecLine, Step, StepKind, Test,
};
use super::construct::{Context, ExternPart, Header, LatticePart, Unit};
use super::depth::too_deep;
use super::lexer::{Comment, CommentKind, Lexed, lex};
use super::split::{Body, Mismatch, Mode, Piece, split};
use super::token::{Token, TokenKind};
use super::{ERRORS_MAX, grammar, messages};
use crate::base::{Diagnostic, FileId, Span};
use std::ops::Range;

/// What one fragment of a file holds. Offsets and spans count from the start of the fragment.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Fragment {
    pub items: Vec<ItemNode>,
    pub diagnostics: Vec<Diagnostic>,
    /// Where the `<` and `>` of type arguments and parameters are.
    pub angles: Vec<u32>,
}

pub fn parse_fragment(text: &str) -> Fragment {
    let lexed = lex(text);
    let (pieces, mismatches) = split(text, &lexed.tokens);
    let mut parser = Parser::new(text, lexed);
    let items = parser.items(&pieces, 0);
    parser.mismatches(&mismatches);
    parser.finish(items)
}

/// Parses all of `text` as the unit that `read` asks for.
pub fn parse_unit(text: &str, read: TokenKind) -> (Option<Unit>, Vec<Diagnostic>) {
    let lexed = lex(text);
    let tokens = 0..lexed.tokens.len();
    let mut parser = Parser::new(text, lexed);
    let unit = parser.unit(read, tokens, 0);
    (unit, parser.finish(Vec::new()).diagnostics)
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    comments: Vec<Comment>,
    /// What the lexer found.
    lexical: Vec<Diagnostic>,
    diagnostics: Vec<Diagnostic>,
    angles: Vec<u32>,
    /// How many units did not parse.
    failures: usize,
    /// The end of the last unit that did not parse; what goes on on its line is part of that mistake.
    failed_upto: Option<usize>,
    /// Doc comments that belong to something, by their starts.
    attached: Vec<u32>,
}

/// Why a unit did not parse.
struct Failure {
    /// The index of the token at fault; the end of the unit's range if something is missing there.
    at: usize,
    expected: Vec<String>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, lexed: Lexed) -> Self {
        Self {
            text,
            tokens: lexed.tokens,
            comments: lexed.comments,
            lexical: lexed.diagnostics,
            diagnostics: Vec::new(),
            angles: Vec::new(),
            failures: 0,
            failed_upto: None,
            attached: Vec::new(),
        }
    }

    fn finish(mut self, items: Vec<ItemNode>) -> Fragment {
        self.diagnostics.append(&mut self.lexical);
        for comment in self.comments.iter().filter(|c| c.kind == CommentKind::Doc) {
            if self.attached.binary_search(&comment.span.start).is_err() {
                self.diagnostics.push(messages::loose_doc(comment.span));
            }
        }
        self.diagnostics.sort_by_key(|d| d.primary.span);
        Fragment {
            items,
            diagnostics: self.diagnostics,
            angles: self.angles,
        }
    }

    fn mismatches(&mut self, mismatches: &[Mismatch]) {
        for mismatch in mismatches {
            let diagnostic = match *mismatch {
                Mismatch::Stray(at) => messages::stray_brace(self.tokens[at].span),
                Mismatch::Unclosed(at) => messages::unclosed_brace(self.tokens[at].span),
                Mismatch::TooDeep(at) => messages::too_deep(self.tokens[at].span),
            };
            self.diagnostics.push(diagnostic);
        }
    }

    // ---- Items ----

    /// The items that `pieces` are, placed by offsets from `base`.
    fn items(&mut self, pieces: &[Piece], base: u32) -> Vec<ItemNode> {
        let mut items = Vec::new();
        for piece in pieces {
            match &piece.body {
                Some(body) => items.push(self.block(piece, body, base)),
                None => self.plain_items(piece.tokens.clone(), base, &mut items),
            }
        }
        items
    }

    /// The item that `tokens` are; several, where the `;` between them is missing.
    fn plain_items(&mut self, tokens: Range<usize>, base: u32, items: &mut Vec<ItemNode>) {
        let mut rest = tokens;
        while !rest.is_empty() {
            let start = self.item_start(rest.start);
            let (unit, used) = self.repaired_unit(TokenKind::ReadItem, rest.clone(), start);
            let (attributes, kind) = match unit {
                Some(Unit::Item(attributes, kind)) => (attributes, *kind),
                _ => (Vec::new(), self.broken(rest.start..used, start)),
            };
            let docs = self.take_docs(rest.start, used, start);
            let end = self.end_of(used);
            items.push(ItemNode {
                offset: start - base,
                item: Item {
                    docs,
                    attributes,
                    kind,
                    span: Span::new(0, end - start),
                },
            });
            rest.start = used;
        }
    }

    fn block(&mut self, piece: &Piece, body: &Body, base: u32) -> ItemNode {
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
            item: Item {
                docs,
                attributes,
                kind,
                span: Span::new(0, end - start),
            },
        }
    }

    /// The block's kind, with its body; the body is parsed even where the header is broken.
    fn block_kind(
        &mut self,
        header: Option<Header>,
        piece: &Piece,
        body: &Body,
        start: u32,
    ) -> ItemKind {
        let Some(header) = header else {
            self.body_of_broken(body, start);
            return self.broken(piece.tokens.clone(), start);
        };
        let pieces = &body.pieces;
        match header {
            Header::Module(mut module) => {
                module.items = self.items(pieces, start);
                ItemKind::Module(module)
            }
            Header::Lattice(mut lattice) => {
                let own = self.own_merge(pieces, start);
                lattice.form = LatticeForm::Own(Box::new(own));
                ItemKind::Lattice(lattice)
            }
            Header::Bootstrap => ItemKind::Bootstrap(Block {
                rules: self.rules(pieces, start),
            }),
            Header::Rules(name) => ItemKind::Rules(RuleGroup {
                name,
                rules: self.rules(pieces, start),
            }),
            Header::Spec(name) => ItemKind::Spec(Spec {
                name,
                lines: self.spec_lines(pieces, start),
            }),
            Header::Test(name, name_span) => ItemKind::Test(Test {
                name,
                name_span,
                steps: self.steps(pieces, start),
            }),
            Header::FaultTest(name, name_span, checks, bounds) => ItemKind::FaultTest(FaultTest {
                test: Test {
                    name,
                    name_span,
                    steps: self.steps(pieces, start),
                },
                checks,
                bounds,
            }),
            Header::Extern(name) => {
                let mut node = ExternNode {
                    name,
                    collections: Vec::new(),
                    paths: Vec::new(),
                };
                self.extern_parts(pieces, start, &mut node);
                ItemKind::Extern(node)
            }
        }
    }

    fn body_of_broken(&mut self, body: &Body, start: u32) {
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

    // ---- Bodies of blocks; their spans count from `base`, the start of the block's item ----

    fn rules(&mut self, pieces: &[Piece], base: u32) -> Vec<Rule> {
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

    fn spec_lines(&mut self, pieces: &[Piece], base: u32) -> Vec<SpecLine> {
        let units = self.units(TokenKind::ReadSpecLine, pieces, base);
        let lines = units.into_iter().filter_map(|(unit, _)| match unit {
            Some(Unit::SpecLine(line)) => Some(line),
            _ => None,
        });
        lines.collect()
    }

    fn steps(&mut self, pieces: &[Piece], base: u32) -> Vec<Step> {
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

    fn own_merge(&mut self, pieces: &[Piece], base: u32) -> OwnMerge {
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

    fn extern_parts(&mut self, pieces: &[Piece], base: u32, node: &mut ExternNode) {
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
    fn units(
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

    // ---- Units ----

    /// Parses `tokens` as one unit and reports the one error that may be in it.
    fn unit(&mut self, read: TokenKind, tokens: Range<usize>, base: u32) -> Option<Unit> {
        let end = tokens.end;
        let (unit, used) = self.repaired_unit(read, tokens, base);
        if used < end && unit.is_some() {
            let span = self.tokens[used].span;
            self.diagnostics.push(messages::left_over(span));
        }
        unit
    }

    /// Parses the unit at the start of `tokens`. It is all of them, but where a line starts at which only
    /// a `;` was missing the unit ends there. Returns the index after its last token.
    fn repaired_unit(
        &mut self,
        read: TokenKind,
        tokens: Range<usize>,
        base: u32,
    ) -> (Option<Unit>, usize) {
        if self.failures > ERRORS_MAX {
            return (None, tokens.end);
        }
        let explained = self.has_bad(&tokens) || self.continues_mistake(tokens.start);
        if let Some(at) = too_deep(&self.tokens[tokens.clone()]) {
            let span = self.tokens[tokens.start + at].span;
            self.diagnostics.push(messages::too_deep(span));
            return (None, tokens.end);
        }
        let failure = match self.attempt(read, tokens.clone(), false, base) {
            Ok(unit) => return (Some(unit), tokens.end),
            Err(failure) => failure,
        };
        self.failures += 1;
        let semicolon = failure.expected.iter().any(|word| word == "\";\"");
        let ends_here = failure.at == tokens.end || self.tokens[failure.at].first_on_line;
        if semicolon && ends_here && failure.at > tokens.start {
            let used = tokens.start..failure.at;
            let unit = self.attempt(read, used, true, base).ok();
            if !explained {
                let last = self.tokens[failure.at - 1].span;
                self.diagnostics.push(messages::missing_semicolon(last));
            }
            return (unit, failure.at);
        }
        if !explained {
            self.report(read, &tokens, &failure);
        }
        self.failed_upto = Some(tokens.end);
        (None, tokens.end)
    }

    /// Whether the unit that starts at `start` is on the line on which one has failed.
    fn continues_mistake(&self, start: usize) -> bool {
        self.failed_upto == Some(start) && !self.tokens[start].first_on_line
    }

    fn report(&mut self, read: TokenKind, tokens: &Range<usize>, failure: &Failure) {
        let unit = &self.tokens[tokens.clone()];
        let at = failure.at - tokens.start;
        let diagnostic = messages::syntax_error(self.text, read, unit, at, &failure.expected);
        self.diagnostics.push(diagnostic);
    }

    /// Runs the grammar over `tokens`, with a `;` after them if `semicolon`.
    fn attempt(
        &mut self,
        read: TokenKind,
        tokens: Range<usize>,
        semicolon: bool,
        base: u32,
    ) -> Result<Unit, Failure> {
        let docs = self.doc_lines(&tokens, base);
        let mut context = Context::new(&self.text[base as usize..], docs);
        let end = self.end_of(tokens.end) - base;
        let first = (0, read, 0);
        let last = semicolon.then_some((end, TokenKind::Semicolon, end));
        let middle = terminals(&self.tokens[tokens.clone()], base);
        let stream = std::iter::once(first).chain(middle).chain(last);
        let result = grammar::UnitParser::new().parse(&mut context, stream);
        let unit = result.map_err(|error| self.failure(error, &tokens, base))?;
        let Context {
            docs,
            diagnostics,
            angles,
            loose_marks,
            ..
        } = context;
        let loose = loose_marks.into_iter().map(messages::loose_mark);
        let diagnostics = diagnostics.into_iter().chain(loose);
        let placed = diagnostics.map(|d| d.placed(FileId::default(), base));
        self.diagnostics.extend(placed);
        self.angles.extend(angles.iter().map(|at| at + base));
        self.attach_all_but(&tokens, &docs, base);
        Ok(unit)
    }

    fn failure(
        &self,
        error: lalrpop_util::ParseError<u32, TokenKind, std::convert::Infallible>,
        tokens: &Range<usize>,
        base: u32,
    ) -> Failure {
        use lalrpop_util::ParseError as E;
        let (at, expected) = match error {
            E::UnrecognizedToken { token, expected } => {
                let start = token.0 + base;
                let unit = &self.tokens[tokens.clone()];
                let index = unit.partition_point(|t| t.span.start < start);
                (tokens.start + index, expected)
            }
            E::UnrecognizedEof { expected, .. } => (tokens.end, expected),
            E::ExtraToken { token } => {
                let start = token.0 + base;
                let unit = &self.tokens[tokens.clone()];
                (
                    tokens.start + unit.partition_point(|t| t.span.start < start),
                    Vec::new(),
                )
            }
            E::InvalidToken { .. } => (tokens.end, Vec::new()),
            E::User { error } => match error {},
        };
        Failure { at, expected }
    }

    /// Whether the lexer has something to say about the unit.
    fn has_bad(&self, tokens: &Range<usize>) -> bool {
        let unit = &self.tokens[tokens.clone()];
        unit.iter().any(|token| token.kind == TokenKind::Bad)
    }

    // ---- Docs and spans ----

    /// The doc lines inside `tokens`, by the token that follows each; those before the first belong to the
    /// unit itself.
    fn doc_lines(&self, tokens: &Range<usize>, base: u32) -> Vec<(u32, DocLine)> {
        self.comments_before(tokens.start + 1..tokens.end)
            .map(|comment| {
                let next = self.tokens[comment.before].span.start;
                (next - base, self.doc_line(comment, base))
            })
            .collect()
    }

    fn comments_before(&self, tokens: Range<usize>) -> impl Iterator<Item = &Comment> {
        let start = self.comments.partition_point(|c| c.before < tokens.start);
        let end = self.comments.partition_point(|c| c.before < tokens.end);
        self.comments[start..end.max(start)]
            .iter()
            .filter(|comment| comment.kind == CommentKind::Doc)
    }

    fn doc_line(&self, comment: &Comment, base: u32) -> DocLine {
        doc_line(self.text, comment.span, base)
    }

    /// The docs of the unit that starts at the token `first`: before it, or before the word that follows its
    /// attributes.
    fn take_docs(&mut self, first: usize, end: usize, base: u32) -> Vec<DocLine> {
        let word = after_attributes(&self.tokens, first, end);
        let comments: Vec<Comment> = self
            .comments_before(first..first + 1)
            .chain(self.comments_before(word.max(first + 1)..word + 1))
            .copied()
            .collect();
        self.attach(comments.iter().map(|comment| comment.span.start));
        comments
            .iter()
            .map(|comment| self.doc_line(comment, base))
            .collect()
    }

    /// Notes that the docs inside `tokens` belong to something, but for `left`.
    fn attach_all_but(&mut self, tokens: &Range<usize>, left: &[(u32, DocLine)], base: u32) {
        let starts: Vec<u32> = self
            .comments_before(tokens.start + 1..tokens.end)
            .map(|comment| comment.span.start)
            .filter(|start| {
                !left
                    .iter()
                    .any(|(_, line)| line.span.start + base == *start)
            })
            .collect();
        self.attach(starts.into_iter());
    }

    fn attach(&mut self, starts: impl Iterator<Item = u32>) {
        for start in starts {
            if let Err(at) = self.attached.binary_search(&start) {
                self.attached.insert(at, start);
            }
        }
    }

    /// Where the item whose first token is `first` starts: at its first doc line.
    fn item_start(&self, first: usize) -> u32 {
        let docs = self.comments_before(first..first + 1).next();
        docs.map_or(self.tokens[first].span.start, |comment| comment.span.start)
    }

    /// Where the token before the one at `end` ends.
    fn end_of(&self, end: usize) -> u32 {
        end.checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(0, |token| token.span.end)
    }

    fn span_of(&self, tokens: &Range<usize>, base: u32) -> Span {
        let start = self.tokens[tokens.start].span.start;
        Span::new(start - base, self.end_of(tokens.end) - base)
    }

    // ---- Broken items ----

    fn broken(&self, tokens: Range<usize>, base: u32) -> ItemKind {
        let word = after_attributes(&self.tokens, tokens.start, tokens.end);
        let unit = &self.tokens[word.min(tokens.end)..tokens.end];
        let declares = messages::declared(unit)
            .into_iter()
            .map(|token| {
                let span = Span::new(token.span.start - base, token.span.end - base);
                super::ast::Name::new(&self.text[token.span.range()], span)
            })
            .collect();
        ItemKind::Broken(Broken { declares })
    }
}

/// One line of docs without its slashes.
pub fn doc_line(text: &str, span: Span, base: u32) -> DocLine {
    let line = &text[span.range()];
    let line = line[3..].trim_end();
    DocLine {
        text: line.strip_prefix(' ').unwrap_or(line).into(),
        span: Span::new(span.start - base, span.end - base),
    }
}

/// The tokens as the grammar wants them: counted from `base`, without bad ones, and with the braces of
/// records told from others.
fn terminals(tokens: &[Token], base: u32) -> impl Iterator<Item = (u32, TokenKind, u32)> {
    let mut last = TokenKind::Semicolon;
    let good = tokens.iter().filter(|token| token.kind != TokenKind::Bad);
    good.map(move |token| {
        let kind = match token.kind {
            TokenKind::OpenBrace if last == TokenKind::Upper => TokenKind::OpenRecord,
            kind => kind,
        };
        last = kind;
        (token.span.start - base, kind, token.span.end - base)
    })
}

/// The index after the attributes that start at `at`.
pub fn after_attributes(tokens: &[Token], mut at: usize, end: usize) -> usize {
    while at < end && tokens[at].kind == TokenKind::Hash {
        let rest = &tokens[at..end];
        let close = rest.iter().position(|t| t.kind == TokenKind::CloseBracket);
        match close {
            Some(len) => at += len + 1,
            None => break,
        }
    }
    at
}
