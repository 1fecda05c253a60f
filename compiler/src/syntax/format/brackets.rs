//! What each token is to the layout: which brackets are of blocks, rows or sets, which `<` is of a type.

use crate::syntax::split::Piece;
use crate::syntax::token::{Token, TokenKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A name, a literal, a closing bracket: after it an operator is binary and a bracket is a call's.
    Operand,
    /// An operand that belongs to what stands before: the end of a string, the address of a location.
    Attached,
    /// The text of a string before an interpolation, and between two.
    OpenHole,
    MiddleHole,
    /// A word that is no name here.
    Keyword,
    /// An operator between two operands, an arrow, `=`.
    Infix,
    /// `-` or `!` before an operand, `#`, the `@` of a column.
    Prefix,
    /// `.`, `..`, the `@` of a location, `?`.
    Tight,
    Comma,
    Semicolon,
    Colon,
    /// The `:` before the protocols of a module.
    HeaderColon,
    /// `<` of types
    OpenAngle,
    /// `>` of types
    CloseAngle,
    /// `(` or `[`
    Open,
    /// `)` or `]`
    Close,
    /// The braces of a row or a record's value.
    OpenRow,
    CloseRow,
    /// Braces with blanks inside: of a match, a declaration, a set of rows.
    OpenSpaced,
    CloseSpaced,
    /// Braces of a set or map.
    OpenSet,
    CloseSet,
    /// Braces of a block of units.
    OpenBlock,
    CloseBlock,
    /// The bars around a lambda's parameters.
    OpenBar,
    CloseBar,
}

impl Role {
    /// Whether this opens a bracket, the braces of blocks aside.
    pub fn opens(self) -> bool {
        matches!(
            self,
            Role::Open | Role::OpenRow | Role::OpenSpaced | Role::OpenSet
        )
    }

    pub fn closes(self) -> bool {
        matches!(
            self,
            Role::Close | Role::CloseRow | Role::CloseSpaced | Role::CloseSet
        )
    }

    /// Whether an operand ends here.
    pub fn ends_operand(self) -> bool {
        matches!(
            self,
            Role::Operand | Role::Attached | Role::CloseAngle | Role::CloseBlock
        ) || self.closes()
    }
}

/// The role of each token.
pub fn roles(tokens: &[Token], pieces: &[Piece], angles: &[u32]) -> Vec<Role> {
    let mut roles = Roles {
        tokens,
        angles: angles.to_vec(),
        roles: Vec::with_capacity(tokens.len()),
        open: Vec::new(),
        bar_open: false,
        match_open: Vec::new(),
    };
    roles.angles.sort_unstable();
    roles.pieces(pieces);
    roles.roles
}

struct Roles<'t> {
    tokens: &'t [Token],
    angles: Vec<u32>,
    roles: Vec<Role>,
    /// The roles that the open brackets will be closed with.
    open: Vec<Role>,
    bar_open: bool,
    /// For each `match` before its brace, how many brackets are open around it.
    match_open: Vec<usize>,
}

impl Roles<'_> {
    fn pieces(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            self.unit(piece);
            if let Some(body) = &piece.body {
                self.pieces(&body.pieces);
                self.roles.push(Role::CloseBlock);
            }
        }
    }

    fn unit(&mut self, piece: &Piece) {
        let range = piece.tokens.clone();
        let declares = self.tokens[range.clone()]
            .iter()
            .find(|token| matches!(token.kind, TokenKind::Record | TokenKind::Enum));
        let mut declares = declares.is_some() && piece.body.is_none();
        for at in range.clone() {
            let first = at == range.start;
            let block = piece.body.is_some() && at + 1 == range.end;
            let role = match self.tokens[at].kind {
                _ if block => Role::OpenBlock,
                TokenKind::OpenBrace if declares && self.open.is_empty() => {
                    declares = false;
                    self.opened(Role::OpenSpaced, Role::CloseSpaced)
                }
                TokenKind::Colon if piece.body.is_some() && self.open.is_empty() => {
                    Role::HeaderColon
                }
                kind => self.role(at, kind, first),
            };
            self.roles.push(role);
        }
        self.open.clear();
        self.match_open.clear();
        self.bar_open = false;
    }

    fn opened(&mut self, role: Role, closing: Role) -> Role {
        self.open.push(closing);
        role
    }

    fn role(&mut self, at: usize, kind: TokenKind, first: bool) -> Role {
        use TokenKind as T;
        let after_operand = !first && self.roles.last().is_some_and(|role| role.ends_operand());
        match kind {
            T::OpenParen | T::OpenBracket => self.opened(Role::Open, Role::Close),
            T::OpenBrace => self.brace(at, after_operand),
            T::StrBegin => Role::OpenHole,
            T::StrMiddle => Role::MiddleHole,
            T::StrEnd => Role::Attached,
            T::Address if after_operand => Role::Attached,
            T::CloseParen | T::CloseBracket | T::CloseBrace => {
                self.open.pop().unwrap_or(Role::Close)
            }
            T::Comma => Role::Comma,
            T::Semicolon => Role::Semicolon,
            T::Colon => Role::Colon,
            T::Dot | T::DotDot | T::Question => Role::Tight,
            T::Less if self.is_angle(at) => Role::OpenAngle,
            T::Greater if self.is_angle(at) => Role::CloseAngle,
            T::At if after_operand => Role::Tight,
            T::At | T::Hash | T::Bang => Role::Prefix,
            T::Minus if !after_operand => Role::Prefix,
            T::Bar if self.bar_open => {
                self.bar_open = false;
                Role::CloseBar
            }
            T::Bar if !after_operand => {
                self.bar_open = true;
                Role::OpenBar
            }
            T::SelfWord | T::True | T::False | T::Underscore => Role::Operand,
            T::Match => {
                self.match_open.push(self.open.len());
                self.word(at, after_operand)
            }
            T::Fn => Role::Operand,
            kind if kind.is_reserved() => self.word(at, after_operand),
            T::Expect | T::Partition | T::Advance if first => Role::Keyword,
            kind if kind.is_contextual() && after_operand => self.contextual(at),
            kind if is_operand(kind) => Role::Operand,
            _ => Role::Infix,
        }
    }

    /// A contextual word after an operand: a keyword, unless it is the name that a keyword introduces.
    fn contextual(&self, at: usize) -> Role {
        let next = self.tokens.get(at + 1).map(|token| token.kind);
        let lex_or_by = matches!(
            self.tokens[at].kind,
            TokenKind::By | TokenKind::Lex | TokenKind::Distinct
        );
        match next {
            Some(TokenKind::OpenParen) if lex_or_by && !self.follows_declaration(at) => {
                Role::Keyword
            }
            _ => Role::Operand,
        }
    }

    /// Whether the word before the one at `at` declares a collection.
    fn follows_declaration(&self, at: usize) -> bool {
        at > 0 && self.tokens[at - 1].kind.is_collection_kind()
    }

    /// A reserved word: a keyword, or a column's name where `:` follows.
    fn word(&self, at: usize, after_operand: bool) -> Role {
        let next = self.tokens.get(at + 1).map(|token| token.kind);
        match next {
            Some(TokenKind::Colon) if !after_operand => Role::Operand,
            _ => Role::Keyword,
        }
    }

    fn brace(&mut self, at: usize, after_operand: bool) -> Role {
        let after_match = self
            .tokens
            .get(at.wrapping_sub(1))
            .is_some_and(|token| token.kind == TokenKind::Match);
        if self.match_open.last() == Some(&self.open.len()) && !after_match {
            self.match_open.pop();
            return self.opened(Role::OpenSpaced, Role::CloseSpaced);
        }
        if after_operand {
            return self.opened(Role::OpenRow, Role::CloseRow);
        }
        let next = self.tokens.get(at + 1).map(|token| token.kind);
        match next {
            Some(TokenKind::OpenParen | TokenKind::OpenBrace) => {
                self.opened(Role::OpenSpaced, Role::CloseSpaced)
            }
            _ => self.opened(Role::OpenSet, Role::CloseSet),
        }
    }

    fn is_angle(&self, at: usize) -> bool {
        let start = self.tokens[at].span.start;
        self.angles.binary_search(&start).is_ok()
    }
}

fn is_operand(kind: TokenKind) -> bool {
    use TokenKind as T;
    kind.is_contextual()
        || matches!(
            kind,
            T::Lower | T::Upper | T::Int | T::Float | T::Duration | T::Str | T::Bytes | T::Address
        )
}
