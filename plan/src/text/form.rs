//! Forms: words, quoted texts and lists; how they are read.

use std::fmt;

/// A piece of text with its structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Anything without blanks, quotes and parentheses.
    Word(String),
    /// In quotes, with `\"`, `\\`, `\n`, `\r`, `\t` and `\u{…}`.
    Quoted(String),
    List(Vec<Form>),
}

/// Why a text is no value of the type that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError(pub String);

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseError {}

/// Lists within lists; deeper text is refused, so that reading cannot exhaust the stack.
const DEPTH_MAX: usize = 1_000;

impl Form {
    pub fn word(text: impl Into<String>) -> Form {
        Form::Word(text.into())
    }

    /// The one form that the text is. Comments run from `;` to the end of a line.
    pub fn parse(text: &str) -> Result<Form, ParseError> {
        let mut reader = Reader { rest: text };
        let form = reader.form(0)?;
        reader.skip();
        match reader.rest {
            "" => Ok(form),
            rest => Err(reader.unexpected(rest)),
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with(';') {
                return;
            }
            self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }

    fn form(&mut self, depth: usize) -> Result<Form, ParseError> {
        self.skip();
        if depth > DEPTH_MAX {
            return Err(ParseError(format!(
                "more than {DEPTH_MAX} lists in each other"
            )));
        }
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let mut items = Vec::new();
            loop {
                self.skip();
                if let Some(rest) = self.rest.strip_prefix(')') {
                    self.rest = rest;
                    return Ok(Form::List(items));
                }
                items.push(self.form(depth + 1)?);
            }
        }
        if let Some(rest) = self.rest.strip_prefix('"') {
            self.rest = rest;
            return self.quoted();
        }
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | ';'))
            .unwrap_or(self.rest.len());
        if end == 0 {
            return Err(self.unexpected(self.rest));
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Form::word(word))
    }

    fn quoted(&mut self) -> Result<Form, ParseError> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(Form::Quoted(text));
                }
                '\\' => {
                    match chars.next() {
                        Some((_, 'n')) => text.push('\n'),
                        Some((_, 'r')) => text.push('\r'),
                        Some((_, 't')) => text.push('\t'),
                        Some((_, '0')) => text.push('\0'),
                        Some((_, 'u')) => {
                            let digits: String = chars
                                .by_ref()
                                .map(|(_, c)| c)
                                .take_while(|c| *c != '}')
                                .skip(1)
                                .collect();
                            let number = u32::from_str_radix(&digits, 16)
                                .ok()
                                .and_then(char::from_u32);
                            text.push(number.ok_or_else(|| {
                                ParseError(format!("no character: \\u{{{digits}}}"))
                            })?);
                        }
                        Some((_, other)) => text.push(other),
                        None => break,
                    }
                }
                other => text.push(other),
            }
        }
        Err(ParseError("a text without its closing quote".into()))
    }

    fn unexpected(&self, rest: &str) -> ParseError {
        match rest.chars().next() {
            Some(c) => ParseError(format!("unexpected `{c}`")),
            None => ParseError("unexpected end".into()),
        }
    }
}
