//! Doc comments: which belong to what, and where an item starts because of them.

use super::{Parser, after_attributes};
use crate::base::Span;
use crate::syntax::ast::DocLine;
use crate::syntax::lexer::{Comment, CommentKind};
use std::ops::Range;
use thin_vec::ThinVec;

impl Parser<'_> {
    /// The doc lines inside `tokens`, by the token that follows each; those before the first belong to the
    /// unit itself.
    pub(super) fn doc_lines(&self, tokens: &Range<usize>, base: u32) -> Vec<(u32, DocLine)> {
        self.comments_before(tokens.start + 1..tokens.end)
            .map(|comment| {
                let next = self.tokens[comment.before].span.start;
                (next - base, self.doc_line(comment, base))
            })
            .collect()
    }

    pub(super) fn comments_before(&self, tokens: Range<usize>) -> impl Iterator<Item = &Comment> {
        let start = self.comments.partition_point(|c| c.before < tokens.start);
        let end = self.comments.partition_point(|c| c.before < tokens.end);
        self.comments[start..end.max(start)]
            .iter()
            .filter(|comment| comment.kind == CommentKind::Doc)
    }

    pub(super) fn doc_line(&self, comment: &Comment, base: u32) -> DocLine {
        doc_line(self.text, comment.span, base)
    }

    /// The docs of the unit that starts at the token `first`: before it, or before the word that follows its
    /// attributes.
    pub(super) fn take_docs(&mut self, first: usize, end: usize, base: u32) -> ThinVec<DocLine> {
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
    pub(super) fn attach_all_but(
        &mut self,
        tokens: &Range<usize>,
        left: &[(u32, DocLine)],
        base: u32,
    ) {
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

    pub(super) fn attach(&mut self, starts: impl Iterator<Item = u32>) {
        for start in starts {
            if let Err(at) = self.attached.binary_search(&start) {
                self.attached.insert(at, start);
            }
        }
    }

    /// Where the item whose first token is `first` starts: at its first doc line.
    pub(super) fn item_start(&self, first: usize) -> u32 {
        let docs = self.comments_before(first..first + 1).next();
        docs.map_or(self.tokens[first].span.start, |comment| comment.span.start)
    }

    /// Where the token before the one at `end` ends.
    pub(super) fn end_of(&self, end: usize) -> u32 {
        end.checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(0, |token| token.span.end)
    }

    pub(super) fn span_of(&self, tokens: &Range<usize>, base: u32) -> Span {
        let start = self.tokens[tokens.start].span.start;
        Span::new(start - base, self.end_of(tokens.end) - base)
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
