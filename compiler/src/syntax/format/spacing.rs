//! Whether there is a blank between two tokens on one line.

use super::brackets::Role;

pub fn blank_between(left: Role, right: Role) -> bool {
    use Role as R;
    match (left, right) {
        // `{{` in a string is a brace, so a set in an interpolation keeps its distance.
        (R::OpenHole | R::MiddleHole, R::OpenSet | R::OpenSpaced) => true,
        (R::OpenHole | R::MiddleHole, _) | (_, R::MiddleHole) => false,
        (R::OpenBlock, R::CloseBlock) | (R::OpenSpaced, R::CloseSpaced) => false,
        (R::OpenBlock | R::OpenSpaced, _) | (_, R::CloseBlock | R::CloseSpaced) => true,
        (_, R::OpenBlock) => true,
        (
            R::Open | R::OpenRow | R::OpenSet | R::OpenAngle | R::OpenBar | R::Prefix | R::Tight,
            _,
        ) => false,
        (
            _,
            R::Close
            | R::CloseRow
            | R::CloseSet
            | R::CloseAngle
            | R::CloseBar
            | R::Tight
            | R::Comma
            | R::Semicolon
            | R::Colon
            | R::OpenAngle
            | R::OpenRow
            | R::Attached,
        ) => false,
        (_, R::Open) => !left.ends_operand(),
        _ => true,
    }
}
