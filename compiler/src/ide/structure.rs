//! What belongs together in a text: parts that fold, and what a selection grows to.

use crate::base::Span;
use crate::syntax::ast::{ItemKind, ItemNode, Module};
use crate::syntax::{Token, TokenKind, lex};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoldKind {
    Comment,
    Imports,
    Region,
}

/// A part of more than one line that can be folded away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fold {
    pub span: Span,
    pub kind: FoldKind,
}

/// The parts that fold: braces, runs of comments, runs of imports.
pub fn folds(text: &str, module: &Module) -> Vec<Fold> {
    let lexed = lex(text);
    let several = |span: &Span| text[span.range()].contains('\n');
    let blocks = brackets(&lexed.tokens).into_iter();
    let mut folds: Vec<Fold> = blocks
        .filter(several)
        .map(|span| fold(span, FoldKind::Region))
        .collect();
    let comments = lexed.comments.iter().map(|comment| comment.span);
    let comments = runs(comments, text).into_iter().filter(several);
    folds.extend(comments.map(|span| fold(span, FoldKind::Comment)));
    imports(&module.items, 0, text, &mut folds);
    folds.sort_unstable();
    folds
}

fn fold(span: Span, kind: FoldKind) -> Fold {
    Fold { span, kind }
}

fn imports(items: &[ItemNode], base: u32, text: &str, folds: &mut Vec<Fold>) {
    let imports = items
        .iter()
        .filter(|node| matches!(node.item.kind, ItemKind::Import(_) | ItemKind::Include(_)));
    let imports = imports.map(|node| node.item.span.shifted(base + node.offset));
    let imports = runs(imports, text).into_iter();
    let several = imports.filter(|span| text[span.range()].contains('\n'));
    folds.extend(several.map(|span| fold(span, FoldKind::Imports)));
    for node in items {
        if let ItemKind::Module(module) = &node.item.kind {
            self::imports(&module.items, base + node.offset, text, folds);
        }
    }
}

/// Stretches that follow each other on lines of their own, as one each.
fn runs(spans: impl Iterator<Item = Span>, text: &str) -> Vec<Span> {
    let mut runs: Vec<Span> = Vec::new();
    for span in spans {
        match runs.last_mut() {
            Some(last) if is_next_line(&text[last.end as usize..span.start as usize]) => {
                *last = last.cover(span);
            }
            _ => runs.push(span),
        }
    }
    runs
}

fn is_next_line(between: &str) -> bool {
    between.trim().is_empty() && between.matches('\n').count() == 1
}

/// From bracket to bracket, both included, those that are closed.
fn brackets(tokens: &[Token]) -> Vec<Span> {
    use TokenKind as T;
    let mut open: Vec<Token> = Vec::new();
    let mut found = Vec::new();
    for token in tokens {
        let opener = match token.kind {
            T::OpenParen | T::OpenBracket | T::OpenBrace => {
                open.push(*token);
                continue;
            }
            T::CloseParen => T::OpenParen,
            T::CloseBracket => T::OpenBracket,
            T::CloseBrace => T::OpenBrace,
            _ => continue,
        };
        // What is left open inside of it is a mistake there.
        if let Some(at) = open.iter().rposition(|token| token.kind == opener) {
            found.push(open[at].span.cover(token.span));
            open.truncate(at);
        }
    }
    found
}

/// What a selection at a byte grows to, from the word on: what is in the brackets around it, the brackets, the
/// line of rules or steps up to its `;`, the item, the modules around it, the text.
pub fn selections(text: &str, module: &Module, offset: u32) -> Vec<Span> {
    let tokens = lex(text).tokens;
    let around = |span: &Span| span.start <= offset && offset <= span.end;
    let mut found: Vec<Span> = tokens
        .iter()
        .map(|token| token.span)
        .filter(around)
        .collect();
    for bracket in brackets(&tokens).into_iter().filter(around) {
        let inner = &text[bracket.start as usize + 1..bracket.end as usize - 1];
        let start = bracket.start + 1 + (inner.len() - inner.trim_start().len()) as u32;
        let inside = Span::new(start, start + inner.trim().len() as u32);
        found.extend([inside, bracket].into_iter().filter(around));
    }
    found.extend(statement(&tokens, offset));
    items(&module.items, 0, offset, &mut found);
    found.push(Span::new(0, text.len() as u32));
    found.sort_unstable_by_key(|span| (span.len(), span.start));
    found.dedup();
    // Each holds the one before it.
    let mut chain: Vec<Span> = Vec::new();
    for span in found {
        let last = chain.last().copied().unwrap_or(Span::at(offset));
        if span.start <= last.start && last.end <= span.end && span != last {
            chain.push(span);
        }
    }
    chain
}

/// From behind the last `;` or brace outside of all brackets to the next `;`.
fn statement(tokens: &[Token], offset: u32) -> Option<Span> {
    use TokenKind as T;
    let at = tokens.partition_point(|token| token.span.end <= offset);
    let mut depth = 0;
    let mut start = at;
    for (place, token) in tokens[..at.min(tokens.len())].iter().enumerate().rev() {
        match token.kind {
            T::CloseParen | T::CloseBracket | T::CloseBrace => depth += 1,
            T::OpenParen | T::OpenBracket | T::OpenBrace if depth > 0 => depth -= 1,
            T::OpenParen | T::OpenBracket => {}
            T::OpenBrace => break,
            T::Semicolon if depth == 0 => break,
            _ => {}
        }
        start = place;
    }
    let end = tokens[at..]
        .iter()
        .find(|token| token.kind == T::Semicolon)?;
    Some(tokens.get(start)?.span.cover(end.span))
}

fn items(nodes: &[ItemNode], base: u32, offset: u32, found: &mut Vec<Span>) {
    for node in nodes {
        let start = base + node.offset;
        let span = node.item.span.shifted(start);
        if span.start <= offset && offset <= span.end {
            found.push(span);
            if let ItemKind::Module(module) = &node.item.kind {
                items(&module.items, start, offset, found);
            }
        }
    }
}
