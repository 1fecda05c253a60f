//! From text to statements: cut at each `;`, then one parse for each, so that a mistake in one leaves the
//! others alone.

use super::ast::{Program, Statement, StatementNode};
use super::grammar::StatementParser;
use super::lexer::{Spanned, Token, lex};
use super::singletons;
use crate::base::{Diagnostic, FileId, FileSpan, Span, codes};
use lalrpop_util::ParseError;

/// Statements longer than this are refused, which also bounds the height of every tree.
const STATEMENT_TOKENS_MAX: usize = 4_096;
/// After so many errors the rest of a file is not read.
const ERRORS_MAX: usize = 100;
/// A longer file is refused.
const SOURCE_BYTES_MAX: usize = 16 << 20;

/// What [`parse`] gives.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Parse {
    pub program: Program,
    /// At most one error for each statement; the file is [`FileId::default`] until placed.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a file. Total: what cannot be read is left out and reported.
pub fn parse(text: &str) -> Parse {
    let mut parse = Parse::default();
    if text.len() > SOURCE_BYTES_MAX {
        let place = FileSpan::new(FileId::default(), Span::at(0));
        parse.diagnostics.push(Diagnostic::new(
            codes::E0111,
            place,
            format!("this file is longer than {} MiB", SOURCE_BYTES_MAX >> 20),
            "the file starts here",
        ));
        return parse;
    }
    let tokens = lex(text);
    let mut warnings = Vec::new();
    for statement in tokens.split_inclusive(|(_, token, _)| *token == Token::Semicolon) {
        if parse.diagnostics.len() >= ERRORS_MAX {
            break;
        }
        match parse_statement(statement) {
            Ok(mut node) => {
                if let Statement::Rule(rule) = &mut node.statement {
                    singletons::open(rule, node.offset, &mut warnings);
                }
                parse.program.statements.push(node);
            }
            Err(diagnostic) => parse.diagnostics.push(*diagnostic),
        }
    }
    parse.diagnostics.append(&mut warnings);
    parse
}

fn parse_statement(tokens: &[Spanned]) -> Result<StatementNode, Box<Diagnostic>> {
    let offset = tokens[0].0;
    let span = Span::new(0, tokens[tokens.len() - 1].2 - offset);
    if tokens.len() > STATEMENT_TOKENS_MAX {
        let at = Span::at(offset);
        let diagnostic = error(at, "this statement is too long", "it starts here");
        return Err(Box::new(diagnostic));
    }
    let relative = tokens
        .iter()
        .map(|(start, token, end)| Ok((start - offset, token.clone(), end - offset)));
    match StatementParser::new().parse(relative) {
        Ok(statement) => Ok(StatementNode {
            offset,
            span,
            statement,
        }),
        Err(found) => Err(Box::new(explain(found, offset, span.end))),
    }
}

fn explain(found: ParseError<u32, Token, ()>, offset: u32, end: u32) -> Diagnostic {
    match found {
        ParseError::UnrecognizedToken {
            token: (start, token, stop),
            expected,
        } => {
            let place = Span::new(start, stop).shifted(offset);
            let message = format!("{} is not expected here", describe(&token));
            error(place, message, expectation(&expected))
        }
        ParseError::UnrecognizedEof { expected, .. } => {
            let place = Span::at(end).shifted(offset);
            error(
                place,
                "this statement ends too early",
                expectation(&expected),
            )
        }
        ParseError::InvalidToken { .. }
        | ParseError::ExtraToken { .. }
        | ParseError::User { .. } => error(
            Span::new(offset, offset + end),
            "this is no statement",
            "not understood",
        ),
    }
}

fn error(span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
    let place = FileSpan::new(FileId::default(), span);
    Diagnostic::new(codes::E0901, place, message, label)
}

fn expectation(expected: &[String]) -> String {
    match expected {
        [] => "not expected".to_owned(),
        [one] => format!("expected {one}"),
        [few @ .., last] if few.len() < 5 => format!("expected {} or {last}", few.join(", ")),
        _ => "expected a head, a body or `;`".to_owned(),
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::Int(n) => format!("the number {n}"),
        Token::Text(text) => format!("the text \"{text}\""),
        Token::Lower(name) => format!("the name `{name}`"),
        Token::Upper(name) => format!("the variable `{name}`"),
        Token::Semicolon => "the end of the statement".to_owned(),
        Token::Include => "`include`".to_owned(),
        Token::NotIn => "`notin`".to_owned(),
        Token::Next => "`next`".to_owned(),
        Token::Async => "`async`".to_owned(),
        Token::If => "`:-`".to_owned(),
        Token::At => "`@`".to_owned(),
        Token::Open => "`(`".to_owned(),
        Token::Close => "`)`".to_owned(),
        Token::Comma => "`,`".to_owned(),
        Token::Wildcard => "`_`".to_owned(),
        Token::Equal => "`==`".to_owned(),
        Token::NotEqual => "`!=`".to_owned(),
        Token::Less => "`<`".to_owned(),
        Token::LessEqual => "`<=`".to_owned(),
        Token::Greater => "`>`".to_owned(),
        Token::GreaterEqual => "`>=`".to_owned(),
        Token::Plus => "`+`".to_owned(),
        Token::Minus => "`-`".to_owned(),
        Token::Star => "`*`".to_owned(),
        Token::Slash => "`/`".to_owned(),
        Token::Bad => "this character".to_owned(),
    }
}
