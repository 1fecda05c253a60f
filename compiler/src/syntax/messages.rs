//! What syntax errors say.

use super::token::{Token, TokenKind};
use super::{DEPTH_MAX, ERRORS_MAX, SOURCE_BYTES_MAX};
use crate::base::{Diagnostic, FileId, FileSpan, Fix, Span, codes};

fn place(span: Span) -> FileSpan {
    FileSpan::new(FileId::default(), span)
}

/// The grammar stopped in the unit `tokens` at the one with index `at`, where it expected one of `expected`.
pub fn syntax_error(
    text: &str,
    read: TokenKind,
    tokens: &[Token],
    at: usize,
    expected: &[String],
) -> Diagnostic {
    let Some(token) = tokens.get(at) else {
        return unfinished(read, tokens, expected);
    };
    let shown = &text[token.span.range()];
    let found = found(token.kind, shown);
    if token.kind.is_reserved() && is_expected(expected, "lower") {
        let message = format!("{found} is a reserved word and cannot be a name");
        return Diagnostic::new(
            codes::E0114,
            place(token.span),
            message,
            "a name is expected here",
        )
        .with_help(format!("choose another name, `{shown}_` for one"));
    }
    if let Some(name) = lower_type(tokens, at, expected) {
        return lower_case_type(text, name);
    }
    if follows_not(tokens, at) {
        let message = format!("expected a row of a collection after `not`, found {found}");
        return Diagnostic::new(codes::E0101, place(token.span), message, "unexpected")
            .with_help("a condition is negated with `!`, as in `!(x > 3)`");
    }
    if is_comparison(token.kind) && is_expected(expected, "&&") {
        let message = format!("comparisons do not chain: {found} after another one");
        return Diagnostic::new(
            codes::E0101,
            place(token.span),
            message,
            "a second comparison",
        )
        .with_help("compare twice, as in `1 < x && x < 5`, or put one in parentheses");
    }
    let wanted = wanted(read, at, expected);
    let message = format!("expected {wanted}, found {found}");
    let diagnostic = Diagnostic::new(codes::E0101, place(token.span), message, "unexpected");
    if let Some((help, fix)) = foreign(text, tokens, at, expected) {
        let diagnostic = diagnostic.with_help(help);
        return match fix {
            Some(fix) => diagnostic.with_fix(fix),
            None => diagnostic,
        };
    }
    match hint(token.kind, expected) {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}

/// The name that stands where a type is wanted: a lower-case one could only begin a path.
fn lower_type<'t>(tokens: &'t [Token], at: usize, expected: &[String]) -> Option<&'t Token> {
    let only_dot = expected.len() == 1 && is_expected(expected, ".");
    let name = tokens.get(at.checked_sub(1)?)?;
    (only_dot && name.kind.is_lower_name()).then_some(name)
}

fn lower_case_type(text: &str, name: &Token) -> Diagnostic {
    const PLAIN: [&str; 8] = [
        "Bool", "Int", "Float", "String", "Bytes", "Addr", "Time", "Duration",
    ];
    let shown = &text[name.span.range()];
    let message = format!("expected a type, found `{shown}`");
    let label = "types start upper-case";
    let diagnostic = Diagnostic::new(codes::E0101, place(name.span), message, label);
    match PLAIN.iter().find(|ty| ty.eq_ignore_ascii_case(shown)) {
        Some(ty) => diagnostic
            .with_help(format!("types start upper-case: `{ty}`"))
            .with_fix(Fix::replace(format!("write `{ty}`"), place(name.span), *ty)),
        None => diagnostic.with_help("types start upper-case, as `Int` and `String` do"),
    }
}

fn is_comparison(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        kind,
        T::Less | T::LessEqual | T::Greater | T::GreaterEqual | T::EqualEqual | T::NotEqual
    )
}

/// Whether only a name, or what a comparison makes a condition of, stands between the token and a `not`.
fn follows_not(tokens: &[Token], at: usize) -> bool {
    let called = is_comparison(tokens[at].kind);
    let mut depth = 0usize;
    let mut before = tokens[..at].iter().rev();
    let first = before.find(|token| match token.kind {
        TokenKind::CloseParen if called => {
            depth += 1;
            false
        }
        TokenKind::OpenParen if depth > 0 => {
            depth -= 1;
            false
        }
        kind => depth == 0 && kind != TokenKind::Dot && !kind.is_lower_name(),
    });
    first.is_some_and(|token| token.kind == TokenKind::Not)
}

/// The unit ends too early.
fn unfinished(read: TokenKind, tokens: &[Token], expected: &[String]) -> Diagnostic {
    let last = tokens.last().map_or(Span::at(0), |token| token.span);
    let wanted = wanted(read, tokens.len(), expected);
    let message = format!("expected {wanted}, but {} ends here", called(read));
    Diagnostic::new(
        codes::E0101,
        place(last),
        message,
        "something is missing after this",
    )
}

pub fn missing_semicolon(last: Span) -> Diagnostic {
    let here = place(Span::at(last.end));
    Diagnostic::new(
        codes::E0102,
        place(last),
        "a `;` is missing here",
        "expected `;` after this",
    )
    .with_fix(Fix::replace("add `;`", here, ";"))
}

pub fn left_over(span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::E0101,
        place(span),
        "nothing more is expected here",
        "unexpected",
    )
}

pub fn stray_brace(span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::E0104,
        place(span),
        "this `}` closes nothing",
        "no `{` is open here",
    )
    .with_fix(Fix::replace("remove it", place(span), ""))
}

pub fn unclosed_brace(span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::E0103,
        place(span),
        "this `{` is never closed",
        "opened here",
    )
    .with_help("add a `}` where the block ends")
}

pub fn too_deep(span: Span) -> Diagnostic {
    let message = "this is nested too deeply";
    Diagnostic::new(codes::E0110, place(span), message, "here the limit is reached").with_help(
        format!("at most {DEPTH_MAX} brackets and operators may nest; name parts of it, by `let`, `const` or `fn`"),
    )
}

pub fn too_large() -> Diagnostic {
    let message = "this file is too large for a program";
    let label = format!("a source file has at most {} MiB", SOURCE_BYTES_MAX >> 20);
    Diagnostic::new(codes::E0111, place(Span::at(0)), message, label)
        .with_help("facts in bulk are read with `bloom run --facts`, not written in the program")
}

pub fn too_many(span: Span) -> Diagnostic {
    let message =
        format!("more than {ERRORS_MAX} syntax errors; the rest of the file was not read");
    Diagnostic::new(codes::E0199, place(span), message, "read up to here")
}

pub fn loose_doc(span: Span) -> Diagnostic {
    let message = "this doc comment belongs to nothing";
    Diagnostic::new(
        codes::W0101,
        place(span),
        message,
        "no item, column, field or variant follows",
    )
    .with_help("write `//` for a plain comment; `//!` stands only at the top of a file")
}

pub fn loose_mark(span: Span) -> Diagnostic {
    let message = "`desc`, `by` and `distinct` stand only in an aggregate";
    Diagnostic::new(
        codes::E0115,
        place(span),
        message,
        "no aggregate's argument",
    )
    .with_help("as in `list(name by (rank desc, name))` or `count(distinct user)`")
}

/// The names that the broken item `tokens` seems to declare.
pub fn declared(tokens: &[Token]) -> Vec<&Token> {
    use TokenKind as T;
    let Some(first) = tokens.first() else {
        return Vec::new();
    };
    let named = match first.kind {
        T::Import => {
            let after_as = tokens.iter().skip_while(|t| t.kind != T::As).nth(1);
            after_as.or_else(|| {
                tokens
                    .iter()
                    .skip(1)
                    .take_while(|t| t.kind != T::Less && t.kind != T::OpenParen)
                    .filter(|token| is_name(token))
                    .last()
            })
        }
        T::Monotone | T::Morphism | T::Extern => tokens.get(2),
        T::Type
        | T::Record
        | T::Enum
        | T::Lattice
        | T::Fn
        | T::Const
        | T::Rules
        | T::Module
        | T::Node
        | T::Protocol
        | T::Spec => tokens.get(1),
        kind if kind.is_collection_kind() => tokens.get(1),
        _ => None,
    };
    named.into_iter().filter(|token| is_name(token)).collect()
}

/// Whether the token may be a name that an item declares.
pub fn is_name(token: &Token) -> bool {
    token.kind.is_lower_name() || token.kind == TokenKind::Upper
}

/// What the unit is called.
fn called(read: TokenKind) -> &'static str {
    match read {
        TokenKind::ReadItem => "the item",
        TokenKind::ReadHeader => "what stands before the block",
        TokenKind::ReadRule => "the rule",
        TokenKind::ReadStep => "the step",
        TokenKind::ReadSpecLine => "the line of the spec",
        TokenKind::ReadLatticePart => "this part of the lattice",
        TokenKind::ReadExternPart => "this part of the node",
        _ => "the text",
    }
}

fn found(kind: TokenKind, text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    match kind {
        TokenKind::StrMiddle | TokenKind::StrEnd => "the `}` of an interpolation".to_owned(),
        _ if text.chars().count() > SHOWN_MAX => {
            let start: String = text.chars().take(SHOWN_MAX).collect();
            format!("`{start}…`")
        }
        _ => format!("`{text}`"),
    }
}

/// Whether the terminal called `name` in the grammar is among those expected.
fn is_expected(expected: &[String], name: &str) -> bool {
    expected.iter().any(|e| e.trim_matches('"') == name)
}

/// The expected terminals in words, the many that start or continue an expression as one.
fn wanted(read: TokenKind, at: usize, expected: &[String]) -> String {
    if at == 0 {
        return match read {
            TokenKind::ReadItem => "a declaration or a rule",
            TokenKind::ReadRule | TokenKind::ReadSpecLine => "a rule",
            TokenKind::ReadStep => "a step of the test",
            TokenKind::ReadLatticePart => "`bottom = …;` or `merge(a, b) = …;`",
            TokenKind::ReadExternPart => "a collection or `path … -> …;`",
            TokenKind::ReadHeader => "the start of a block",
            _ => "an expression",
        }
        .to_owned();
    }
    let has = |name: &str| is_expected(expected, name);
    let expression = has("integer") && has("string") && has("(");
    let operators = has("*") && has("+");
    let name = has("lower");
    let ty = !expression && has("Upper") && has("fn") && has("(");
    let mut words: Vec<String> = Vec::new();
    if expression {
        words.push("an expression".to_owned());
    } else if ty {
        words.push("a type".to_owned());
    } else if name {
        words.push("a name".to_owned());
    } else if has("Upper") {
        words.push("an upper-case name".to_owned());
    }
    for terminal in expected {
        let terminal = terminal.trim_matches('"');
        let hidden = (expression && starts_expression(terminal))
            || (operators && continues_expression(terminal))
            || (name && is_word(terminal))
            || (ty && terminal == "(")
            || matches!(terminal, "lower" | "Upper");
        if !hidden {
            words.push(shown(terminal));
        }
    }
    words.dedup();
    joined(&words)
}

fn shown(terminal: &str) -> String {
    match terminal {
        "integer" | "float" => "a number".to_owned(),
        "duration" => "a duration".to_owned(),
        "string" | "string start" => "a string".to_owned(),
        "string middle" | "string end" => "the `}` of the interpolation".to_owned(),
        "bytes" => "a byte string".to_owned(),
        "address" => "an address".to_owned(),
        "R{" => "`{`".to_owned(),
        _ => format!("`{terminal}`"),
    }
}

fn starts_expression(terminal: &str) -> bool {
    matches!(
        terminal,
        "integer"
            | "float"
            | "duration"
            | "string"
            | "string start"
            | "bytes"
            | "address"
            | "true"
            | "false"
            | "self"
            | "_"
            | "("
            | "["
            | "{"
            | "match"
            | "-"
            | "!"
            | "if"
            | "let"
            | "|"
            | "distinct"
            | "not"
    )
}

fn continues_expression(terminal: &str) -> bool {
    matches!(
        terminal,
        "+" | "-"
            | "*"
            | "/"
            | "%"
            | ".."
            | "<"
            | ">"
            | "<="
            | ">="
            | "=="
            | "!="
            | "&&"
            | "||"
            | "."
            | "("
            | "R{"
            | "{"
            | "@"
            | "address"
            | "in"
            | "by"
    )
}

fn is_word(terminal: &str) -> bool {
    terminal.bytes().all(|byte| byte.is_ascii_lowercase())
        && !matches!(
            terminal,
            "integer" | "float" | "duration" | "string" | "bytes" | "address"
        )
}

fn joined(words: &[String]) -> String {
    const WORDS_MAX: usize = 6;
    match words {
        [] => "something else".to_owned(),
        [one] => one.clone(),
        [init @ .., last] if words.len() <= WORDS_MAX => format!("{} or {last}", init.join(", ")),
        _ => format!("{} or the like", words[..WORDS_MAX - 1].join(", ")),
    }
}

/// What the token would say in another language: the words between conditions of SQL, the arrow of Datalog.
fn foreign(
    text: &str,
    tokens: &[Token],
    at: usize,
    expected: &[String],
) -> Option<(&'static str, Option<Fix>)> {
    let token = &tokens[at];
    let instead = |span, by: &str| Some(Fix::replace(format!("write `{by}`"), place(span), by));
    match &text[token.span.range()] {
        "and" if is_expected(expected, ",") => Some((
            "the literals of a body are parted by commas",
            instead(token.span, ","),
        )),
        "or" if is_expected(expected, ",") && is_expected(expected, ";") => Some((
            "each alternative is a rule of its own, with the same head; of two conditions, `||` makes one",
            None,
        )),
        ":" | "=" if is_expected(expected, "<~") => {
            let next = tokens.get(at + 1).filter(|next| {
                next.span.start == token.span.end
                    && matches!(next.kind, TokenKind::Minus | TokenKind::Assign)
            });
            let arrow = Span::new(token.span.start, next.unwrap_or(token).span.end);
            Some((
                "a rule is written `head <= body`, or with another arrow where it is not about now",
                instead(arrow, "<="),
            ))
        }
        _ => None,
    }
}

/// What the author most likely meant.
fn hint(found: TokenKind, expected: &[String]) -> Option<&'static str> {
    let operator = is_expected(expected, "*");
    match found {
        TokenKind::LessMinus if operator => Some("`<-` is an arrow; write `x < -1` with spaces"),
        TokenKind::LessPlus if operator => Some("`<+` is an arrow; write `x < + …` with spaces"),
        TokenKind::Assign if operator => Some("equality is written `==`"),
        TokenKind::GreaterEqual if is_expected(expected, ">") => {
            Some("the longest token wins: write `> =` or `> =>` with a space")
        }
        TokenKind::EqualEqual if is_expected(expected, "=") => Some("a definition is written `=`"),
        TokenKind::Upper if is_expected(expected, "lower") => {
            Some("names of collections, columns, variables and functions are lower-case")
        }
        kind if kind.is_lower_name() && is_expected(expected, "Upper") => {
            Some("names of types, variants, nodes and protocols are upper-case")
        }
        TokenKind::Colon if is_expected(expected, "=>") => {
            Some("an arm is written `pattern => value`")
        }
        _ => None,
    }
}
