//! From text to tree.
//!
//! [`parse`] is total: whatever the text, it returns a tree of what could be read and a diagnostic for each
//! mistake. It cuts the text into fragments, about one for each item at the top of the file, and parses each
//! from its own text alone; so a cache of [`parse_fragment`] by text is all that incremental parsing takes.

pub mod ast;
mod construct;
mod depth;
pub mod dump;
mod format;
mod imports;
pub(crate) mod lexer;
mod literal;
mod messages;
mod parser;
pub mod print;
mod recall;
mod shares;
mod split;
#[cfg(test)]
mod tests;
mod token;

#[expect(clippy::all, clippy::unwrap_used, reason = "generated")]
mod grammar {
    include!(concat!(env!("OUT_DIR"), "/syntax/grammar.rs"));
}

pub use format::format;
pub use imports::imports;
pub(crate) use lexer::lex;
pub use parser::{Fragment, parse_fragment};
pub use recall::{Recall, parse_again};
pub use token::{CONTEXTUAL, RESERVED, is_reserved};
pub(crate) use token::{Token, TokenKind};

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::base::{Diagnostic, FileId, Span, codes};
use construct::Unit;
use lexer::CommentKind;
use split::{Mismatch, Split, split};

/// No tree is higher than this; what nests deeper is refused with E0110.
pub const DEPTH_MAX: usize = 256;

/// A longer file is refused with E0111.
pub const SOURCE_BYTES_MAX: usize = 16 << 20;

/// After so many errors the rest of a file is not read.
pub const ERRORS_MAX: usize = 100;

/// What [`parse`] gives.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Parse {
    /// Shared by those who keep it.
    pub module: Arc<ast::Module>,
    /// In the order of the text; spans count from the start of the file, and the file is
    /// [`FileId::default`] until placed.
    pub diagnostics: Vec<Diagnostic>,
    /// Comments, doc comments included, in the order of the text, counted from the start of the file.
    pub comments: Vec<Span>,
    /// Where the `<` and `>` of type arguments and parameters are.
    pub angles: Vec<u32>,
}

/// Parses a file.
pub fn parse(text: &str) -> Parse {
    parse_by(text, NonZeroUsize::MIN)
}

/// As [`parse`], where so many threads parse a large file. The parse is the same.
pub fn parse_by(text: &str, threads: NonZeroUsize) -> Parse {
    let outline = outline(text);
    let mut parse = Parse::of(&outline);
    let mut items = Vec::new();
    shares::parse_fragments(text, &outline.fragments, threads, |span, fragment| {
        if parse.errors() >= ERRORS_MAX {
            parse.diagnostics.push(messages::too_many(span));
            return false;
        }
        parse.add_beside_items(&fragment.diagnostics, &fragment.angles, span.start);
        let nodes = fragment.items.into_iter();
        items.extend(nodes.map(|node| ast::ItemNode {
            offset: node.offset + span.start,
            ..node
        }));
        true
    });
    Arc::make_mut(&mut parse.module).items = items;
    parse.finish();
    parse
}

/// Parses one expression, as `bloom repl` reads it.
pub fn parse_expr(text: &str) -> (Option<ast::Expr>, Vec<Diagnostic>) {
    match parser::parse_unit(text, TokenKind::ReadExpr) {
        (Some(Unit::Expr(expr)), diagnostics) => (Some(expr), diagnostics),
        (_, diagnostics) => (None, diagnostics),
    }
}

/// Parses one literal of a body, as `bloom why` takes it: `store{key: "a"}`.
pub fn parse_literal(text: &str) -> (Option<ast::Literal>, Vec<Diagnostic>) {
    match parser::parse_unit(text, TokenKind::ReadLiteral) {
        (Some(Unit::Literal(literal)), diagnostics) => (Some(literal), diagnostics),
        (_, diagnostics) => (None, diagnostics),
    }
}

/// What a file consists of, before its items are parsed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Outline {
    /// The lines of `//!` at the top.
    pub docs: Vec<ast::DocLine>,
    /// Where the fragments are, in order.
    pub fragments: Vec<Span>,
    pub comments: Vec<Span>,
    /// What is wrong outside all fragments.
    pub diagnostics: Vec<Diagnostic>,
}

/// Cuts a file into fragments.
pub fn outline(text: &str) -> Outline {
    part(text, false).outline
}

/// A stretch of a file by itself.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Part {
    /// Counted from the start of the stretch.
    pub outline: Outline,
    /// Whether all fragments end by themselves and nothing is wrong outside of them: then the same stretch
    /// has the same fragments in any file in which fragments start where it starts and where it ends.
    pub is_regular: bool,
}

/// Cuts a stretch of a file into fragments. `goes_on` says that another fragment follows.
pub(crate) fn part(text: &str, goes_on: bool) -> Part {
    if text.len() > SOURCE_BYTES_MAX {
        let outline = Outline {
            diagnostics: vec![messages::too_large()],
            ..Outline::default()
        };
        return Part {
            outline,
            is_regular: false,
        };
    }
    let lexed = lex(text);
    let Split {
        pieces,
        mismatches,
        is_regular,
        looks_beyond,
    } = split(text, &lexed.tokens);
    let is_lexed = lexed.diagnostics.is_empty();
    let outline = outline_of(text, lexed, &pieces, mismatches);
    Part {
        is_regular: is_regular
            && is_lexed
            && outline.diagnostics.is_empty()
            && !(goes_on && looks_beyond),
        outline,
    }
}

fn outline_of(
    text: &str,
    lexed: lexer::Lexed,
    pieces: &[split::Piece],
    mismatches: Vec<Mismatch>,
) -> Outline {
    let mut outline = Outline::default();
    for piece in pieces {
        let first = piece.tokens.start;
        let before = lexed.comments.partition_point(|c| c.before < first);
        let docs = lexed.comments[before..]
            .iter()
            .take_while(|comment| comment.before == first)
            .find(|comment| comment.kind == CommentKind::Doc);
        let start = docs
            .map_or(lexed.tokens[first].span, |comment| comment.span)
            .start;
        let end = lexed.tokens[piece.end() - 1].span.end;
        match outline.fragments.last_mut() {
            // What follows on the same line may be the rest of one mistake.
            Some(last) if !lexed.tokens[first].first_on_line => last.end = end,
            _ => outline
                .fragments
                .push(Span::new(indented(text, start), end)),
        }
    }
    for mismatch in mismatches {
        if let Mismatch::Stray(at) = mismatch {
            outline.report(messages::stray_brace(lexed.tokens[at].span));
        }
    }
    for diagnostic in lexed.diagnostics {
        outline.report(diagnostic);
    }
    for comment in &lexed.comments {
        outline.comments.push(comment.span);
        match comment.kind {
            CommentKind::Plain => {}
            CommentKind::Doc => outline.report(messages::loose_doc(comment.span)),
            CommentKind::ModuleDoc if comment.before == 0 => {
                outline.docs.push(parser::doc_line(text, comment.span, 0));
            }
            CommentKind::ModuleDoc => outline.diagnostics.push(messages::loose_doc(comment.span)),
        }
    }
    outline
}

/// The start of the line if only blanks stand before `start` on it: indentation tells where blocks end.
fn indented(text: &str, start: u32) -> u32 {
    let before = &text[..start as usize];
    let blanks = before.len() - before.trim_end_matches([' ', '\t']).len();
    let line = before.len() - blanks;
    let at_line_start = line == 0 || before.as_bytes()[line - 1] == b'\n';
    let offset = if at_line_start { line } else { before.len() };
    u32::try_from(offset).unwrap_or(start)
}

impl Outline {
    /// Keeps a diagnostic that no fragment will give.
    fn report(&mut self, diagnostic: Diagnostic) {
        let at = diagnostic.primary.span.start;
        let next = self.fragments.partition_point(|span| span.end <= at);
        let inside = self
            .fragments
            .get(next)
            .is_some_and(|span| span.contains(at));
        if !inside {
            self.diagnostics.push(diagnostic);
        }
    }
}

impl Parse {
    /// A parse of the outline alone.
    fn of(outline: &Outline) -> Self {
        let module = ast::Module {
            docs: outline.docs.clone(),
            ..ast::Module::default()
        };
        Parse {
            module: Arc::new(module),
            comments: outline.comments.clone(),
            diagnostics: outline.diagnostics.clone(),
            angles: Vec::new(),
        }
    }

    /// Puts in what the fragment at `offset` holds besides its items.
    fn add_beside_items(&mut self, diagnostics: &[Diagnostic], angles: &[u32], offset: u32) {
        let diagnostics = diagnostics.iter().cloned();
        self.diagnostics
            .extend(diagnostics.map(|d| d.placed(FileId::default(), offset)));
        self.angles.extend(angles.iter().map(|at| at + offset));
    }

    /// Brings the diagnostics in order and within their bounds.
    fn finish(&mut self) {
        self.diagnostics
            .sort_by_key(|diagnostic| diagnostic.primary.span);
        self.limit_errors();
    }

    fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.is_error()).count()
    }

    /// Keeps no more than [`ERRORS_MAX`] errors, and as many warnings.
    fn limit_errors(&mut self) {
        let (mut errors, mut warnings) = (0, 0);
        let mut first_dropped = None;
        self.diagnostics.retain(|diagnostic| {
            let count = match diagnostic.is_error() {
                true => &mut errors,
                false => &mut warnings,
            };
            *count += 1;
            if diagnostic.is_error() && *count == ERRORS_MAX + 1 {
                first_dropped = Some(diagnostic.primary.span);
            }
            *count <= ERRORS_MAX
        });
        let already_said = self.diagnostics.iter().any(|d| d.code == codes::E0199);
        if let Some(span) = first_dropped
            && !already_said
        {
            self.diagnostics.push(messages::too_many(span));
        }
    }
}
