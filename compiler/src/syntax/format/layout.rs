//! Puts tokens and comments into lines.

use super::brackets::Role;
use super::line::{Line, LineKind, Word};
use super::spacing::blank_between;
use super::{INDENT, WIDTH};
use crate::syntax::lexer::{Comment, Lexed};
use crate::syntax::parser::after_attributes;
use crate::syntax::split::{Body, Piece};
use crate::syntax::token::TokenKind;

pub fn lines(text: &str, lexed: &Lexed, pieces: &[Piece], roles: &[Role]) -> Vec<Line> {
    let mut layout = Layout {
        text,
        lexed,
        roles,
        lines: Vec::new(),
        line: Line::default(),
        block_depth: 0,
        brackets: 0,
        in_unit: false,
        strings: 0,
        assigned: false,
        inline: false,
        last: None,
        written_upto: 0,
        comments_done: 0,
    };
    layout.pieces(pieces);
    layout.comments_before(lexed.tokens.len());
    layout.end_line();
    layout.lines
}

struct Layout<'t> {
    text: &'t str,
    lexed: &'t Lexed,
    roles: &'t [Role],
    lines: Vec<Line>,
    /// The line being written.
    line: Line,
    block_depth: usize,
    /// How many brackets of the unit are open.
    brackets: usize,
    /// Whether the first token of a unit is written and the last is not.
    in_unit: bool,
    /// How many strings are open; one must end on its line.
    strings: usize,
    /// Whether the arrow or `=` of the unit is written.
    assigned: bool,
    /// Whether the block being written is on one line.
    inline: bool,
    /// The role of the last token on the line.
    last: Option<Role>,
    /// The text up to here is written.
    written_upto: usize,
    comments_done: usize,
}

impl Layout<'_> {
    fn pieces(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            let first = self.lines.len();
            let alone = self.line.words.is_empty();
            self.unit(piece);
            match &piece.body {
                Some(body) => self.block(piece, body),
                None if !self.inline => {
                    self.end_unit_line(piece, first, alone);
                }
                None => {}
            }
        }
    }

    /// Ends the last line of a unit that is no block; one that had just this line may be lined up.
    fn end_unit_line(&mut self, piece: &Piece, first: usize, alone: bool) {
        let own = self.lines[first..].iter().all(|line| line.words.is_empty());
        if alone && own && !self.line.words.is_empty() {
            self.line.kind = self.kind_of(piece);
        }
        self.trailing_comment(piece.end());
        self.end_line();
    }

    fn kind_of(&self, piece: &Piece) -> LineKind {
        let tokens = &self.lexed.tokens[piece.tokens.clone()];
        if tokens.len() != self.line.words.len() {
            return LineKind::Other;
        }
        let declares = tokens[0].kind.is_collection_kind()
            && tokens
                .get(1)
                .is_some_and(|token| token.kind.is_lower_name());
        if declares {
            return LineKind::Declaration;
        }
        let mut depth = 0usize;
        for (i, token) in tokens.iter().enumerate() {
            let role = self.roles[piece.tokens.start + i];
            if role.opens() {
                depth += 1;
            } else if role.closes() {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && is_arrow(token.kind) && i > 2 {
                return LineKind::Rule { arrow: i };
            }
        }
        LineKind::Other
    }

    fn block(&mut self, piece: &Piece, body: &Body) {
        let outer_inline = self.inline;
        self.inline = outer_inline || self.fits_inline(piece, body);
        self.brackets = 0;
        self.block_depth += 1;
        if !self.inline {
            self.trailing_comment(piece.tokens.end);
            self.end_line();
        }
        self.pieces(&body.pieces);
        let close = body.end - 1;
        if !self.inline {
            self.comments_before(close);
            self.end_line();
        }
        self.block_depth -= 1;
        self.token(close, true);
        self.inline = outer_inline;
        if !self.inline {
            self.trailing_comment(body.end);
            self.end_line();
        }
    }

    /// Whether the block is on one line in the text and fits on one.
    fn fits_inline(&self, piece: &Piece, body: &Body) -> bool {
        let tokens = piece.tokens.start..body.end;
        let one_line = self.lexed.tokens[tokens.start + 1..tokens.end]
            .iter()
            .all(|token| !token.first_on_line);
        let comments = &self.lexed.comments;
        let plain = !comments
            .iter()
            .any(|comment| tokens.contains(&comment.before) && comment.before > tokens.start);
        if !one_line || !plain || self.line.comment.is_some() {
            return false;
        }
        let body_start = piece.tokens.end;
        let width: usize = (body_start..body.end)
            .map(|at| {
                let blank = blank_between(self.roles[at - 1], self.roles[at]);
                self.token_text(at).chars().count() + usize::from(blank)
            })
            .sum();
        self.line.width() + width <= WIDTH
    }

    fn unit(&mut self, piece: &Piece) {
        self.brackets = 0;
        self.assigned = false;
        let word = after_attributes(&self.lexed.tokens, piece.tokens.start, piece.tokens.end);
        for at in piece.tokens.clone() {
            self.token(at, at == piece.tokens.start || at == word);
            self.in_unit = true;
        }
        self.in_unit = false;
    }

    /// Writes the token at `at`; `starts` a unit or ends a block.
    fn token(&mut self, at: usize, starts: bool) {
        self.comments_before(at);
        let role = self.roles[at];
        let token = self.lexed.tokens[at];
        if role.closes() {
            self.brackets = self.brackets.saturating_sub(1);
        }
        let start = token.span.start as usize;
        let on_new_line = self.text[self.written_upto.min(start)..start].contains('\n');
        let indent = self.indent(role, starts);
        let glued = self
            .last
            .is_some_and(|last| !blank_between(last, role) && !last.opens() && !role.closes());
        if on_new_line && !self.line.words.is_empty() && !glued {
            self.end_line();
        }
        self.keep_blank_line(token.span.start as usize);
        if self.line.words.is_empty() {
            self.line.indent = indent;
        }
        let blanks = self.last.is_some_and(|last| blank_between(last, role));
        if role.opens() {
            self.brackets += 1;
        }
        let text = self.token_text(at).to_owned();
        match token.kind {
            TokenKind::StrBegin => self.strings += 1,
            TokenKind::StrEnd => self.strings = self.strings.saturating_sub(1),
            _ => {}
        }
        let may_break =
            self.strings == 0 && (role == Role::Comma || self.is_definition(token.kind));
        self.line.words.push(Word {
            text,
            blanks: usize::from(blanks),
            depth: self.brackets,
            may_break,
            indent,
        });
        self.line.kind = LineKind::Other;
        self.last = Some(role);
        self.written_upto = token.span.end as usize;
    }

    /// Whether this is the arrow or the first `=` of the unit.
    fn is_definition(&mut self, kind: TokenKind) -> bool {
        let defines =
            self.brackets == 0 && (is_arrow(kind) || (kind == TokenKind::Assign && !self.assigned));
        self.assigned |= defines;
        defines
    }

    fn token_text(&self, at: usize) -> &str {
        &self.text[self.lexed.tokens[at].span.range()]
    }

    /// How far in a line is that starts with a token of this role.
    fn indent(&self, role: Role, starts: bool) -> usize {
        let inner = match self.brackets {
            _ if starts => 0,
            0 if role.closes() => 0,
            brackets => brackets.max(1),
        };
        INDENT * (self.block_depth + inner)
    }

    // ---- Lines ----

    fn end_line(&mut self) {
        self.last = None;
        let line = std::mem::take(&mut self.line);
        if !line.words.is_empty() || line.comment.is_some() {
            self.lines.extend(line.broken());
        }
    }

    /// Keeps one empty line where the text has some before `start`, but not at the start of a block.
    fn keep_blank_line(&mut self, start: usize) {
        let between = &self.text[self.written_upto.min(start)..start];
        let empty_lines = between.matches('\n').count() > 1;
        let opens = self.lines.last().is_none_or(|line| {
            line.kind == LineKind::Blank || line.words.last().is_some_and(|word| word.text == "{")
        });
        let closes = self.text[start..].starts_with('}');
        if empty_lines && self.line.words.is_empty() && !opens && !closes {
            self.lines.push(Line::default());
        }
    }

    // ---- Comments ----

    /// Writes the comments that stand before the token at `at`.
    fn comments_before(&mut self, at: usize) {
        while let Some(comment) = self.lexed.comments.get(self.comments_done) {
            if comment.before > at {
                break;
            }
            self.comments_done += 1;
            self.comment(*comment);
        }
    }

    /// Writes the comments that stand on the line of the token before the one at `end`.
    fn trailing_comment(&mut self, end: usize) {
        while let Some(comment) = self.lexed.comments.get(self.comments_done) {
            if comment.before != end || self.on_new_line(comment) {
                break;
            }
            self.comments_done += 1;
            self.comment(*comment);
        }
    }

    fn on_new_line(&self, comment: &Comment) -> bool {
        let start = comment.span.start as usize;
        self.text[self.written_upto.min(start)..start].contains('\n')
    }

    fn comment(&mut self, comment: Comment) {
        let text = self.text[comment.span.range()].trim_end();
        let to_line_end = text.starts_with("//");
        let start = comment.span.start as usize;
        if self.on_new_line(&comment) {
            self.end_line();
        }
        self.keep_blank_line(start);
        if self.line.words.is_empty() {
            self.line.indent = self.comment_indent();
        }
        self.line.kind = LineKind::Other;
        self.written_upto = comment.span.end as usize;
        if to_line_end {
            self.line.comment = Some(text.to_owned());
            self.end_line();
            return;
        }
        self.line.words.push(Word {
            text: text.to_owned(),
            blanks: 1,
            depth: self.brackets,
            may_break: false,
            indent: self.comment_indent(),
        });
        self.last = Some(Role::Infix);
    }

    /// How far in a comment on a line of its own is.
    fn comment_indent(&self) -> usize {
        let inner = if self.in_unit {
            self.brackets.max(1)
        } else {
            0
        };
        INDENT * (self.block_depth + inner)
    }
}

fn is_arrow(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        kind,
        T::LessEqual | T::LessPlus | T::LessMinus | T::LessPlusMinus | T::LessTilde
    )
}
