//! Tokens of Dedalus. Comments (`//`, `/* */`, `#`) are skipped.

use logos::{Lexer, Logos};
use smol_str::SmolStr;

#[derive(Logos, Clone, Debug, PartialEq)]
#[logos(skip r"[ \t\r\n\f]+")]
#[logos(skip(r"(//|#)[^\n]*", allow_greedy = true))]
#[logos(skip r"/\*([^*]|\*+[^*/])*\*+/")]
pub enum Token {
    #[token("include")]
    Include,
    #[token("notin")]
    #[token("!")]
    NotIn,
    #[token("next")]
    Next,
    #[token("async")]
    Async,
    #[token(":-")]
    If,
    #[token("@")]
    At,
    #[token("(")]
    Open,
    #[token(")")]
    Close,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token("_")]
    Wildcard,
    #[token("==")]
    #[token("=")]
    Equal,
    #[token("!=")]
    NotEqual,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEqual,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[regex("[0-9]+", |lex| lex.slice().parse::<i64>().ok())]
    Int(i64),
    #[regex(r#""([^"\\\n]|\\[^\n])*""#, unquote)]
    #[regex(r"'([^'\\\n]|\\[^\n])*'", unquote)]
    Text(SmolStr),
    #[regex("[a-z][A-Za-z0-9_]*", |lex| SmolStr::new(lex.slice()))]
    Lower(SmolStr),
    #[regex("[A-Z][A-Za-z0-9_]*", |lex| SmolStr::new(lex.slice()))]
    Upper(SmolStr),
    /// What is no token; never produced by the rules above.
    Bad,
}

/// The text between the quotes. `\\`, `\"`, `\'`, `\n` and `\t` are escapes; any other `\` stands for itself.
fn unquote(lex: &mut Lexer<'_, Token>) -> SmolStr {
    let quoted = lex.slice();
    let mut rest = &quoted[1..quoted.len() - 1];
    let mut text = String::with_capacity(rest.len());
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escaped = rest[at + 1..].chars().next();
        let meant = match escaped {
            Some('n') => Some('\n'),
            Some('t') => Some('\t'),
            Some(mark @ ('\\' | '"' | '\'')) => Some(mark),
            _ => None,
        };
        text.push(meant.unwrap_or('\\'));
        rest = &rest[at + 1 + usize::from(meant.is_some())..];
    }
    text.push_str(rest);
    SmolStr::new(text)
}

/// A token with its place: start, token, end.
pub type Spanned = (u32, Token, u32);

/// All tokens of a text that is less than 4 GiB long.
pub fn lex(text: &str) -> Vec<Spanned> {
    Token::lexer(text)
        .spanned()
        .map(|(token, range)| {
            (
                range.start as u32,
                token.unwrap_or(Token::Bad),
                range.end as u32,
            )
        })
        .collect()
}
