//! The text of the relational IR, as that of plans: it prints and parses back.

use bloom_plan::forms;
use bloom_plan::text::{self, ParseError};

use super::{Head, Literal, Program, Rule};

pub fn print(program: &Program) -> String {
    text::print(program)
}

pub fn parse(text: &str) -> Result<Program, ParseError> {
    text::parse(text)
}

forms! {
    Program { "rir" = Program { declarations, rules, strata, closing }; }
    Rule { "rule" = Rule { variables, literals, head }; }
    Head {
        "row" = Head::Row(columns);
        "group" = Head::Group { group, arguments, columns };
    }
    Literal {
        "atom" = Literal::Atom { relation, columns };
        "not" = Literal::Not { relation, columns };
        "condition" = Literal::Condition(condition);
        "let" = Literal::Let { guard, bind };
        "each" = Literal::Each { source, ty, into };
        "range" = Literal::Range { from, to, into };
    }
}
