//! Bounds the height of trees before they are built.
//!
//! Brackets nest, and so do operators, postfixes and the branches of `if` one after the other: `a+a+a` is a
//! tree as high as it is long. What is counted is at least the height of the tree.

use super::DEPTH_MAX;
use super::token::{Token, TokenKind};

/// The first of `tokens`, those of one unit, at which the tree may be higher than [`DEPTH_MAX`].
pub fn too_deep(tokens: &[Token]) -> Option<usize> {
    // For each open bracket, the links of the chain since its last comma; and their sum.
    let mut chains: Vec<usize> = vec![0];
    let mut height = 0;
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::OpenParen
            | TokenKind::OpenBracket
            | TokenKind::OpenBrace
            | TokenKind::StrBegin => {
                chains.push(0);
                height += 1;
            }
            TokenKind::CloseParen
            | TokenKind::CloseBracket
            | TokenKind::CloseBrace
            | TokenKind::StrEnd => {
                height -= leave(&mut chains);
                link(&mut chains, &mut height);
            }
            TokenKind::Comma | TokenKind::Semicolon | TokenKind::StrMiddle => {
                if let Some(chain) = chains.last_mut() {
                    height -= std::mem::take(chain);
                }
            }
            kind if is_link(kind) => link(&mut chains, &mut height),
            _ => {}
        }
        if height >= DEPTH_MAX {
            return Some(i);
        }
    }
    None
}

fn link(chains: &mut [usize], height: &mut usize) {
    if let Some(chain) = chains.last_mut() {
        *chain += 1;
        *height += 1;
    }
}

/// How much lower the tree is outside the innermost bracket.
fn leave(chains: &mut Vec<usize>) -> usize {
    if chains.len() == 1 {
        return std::mem::take(&mut chains[0]);
    }
    chains.pop().map_or(0, |chain| chain + 1)
}

/// Whether the token makes the tree one higher: an operator, a postfix, a branch.
fn is_link(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        kind,
        T::Dot
            | T::DotDot
            | T::Question
            | T::Bar
            | T::Fn
            | T::If
            | T::LetWord
            | T::Match
            | T::Desc
            | T::Distinct
            | T::Less
            | T::Greater
            | T::LessEqual
            | T::GreaterEqual
            | T::EqualEqual
            | T::NotEqual
            | T::OrOr
            | T::AndAnd
            | T::Bang
            | T::Plus
            | T::Minus
            | T::Star
            | T::Slash
            | T::Percent
    )
}
