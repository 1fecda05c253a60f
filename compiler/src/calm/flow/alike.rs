//! What of a rule the analysis does not look at, so that a change there leaves what it found.
//!
//! Of the literals that tests compare with, `amount > 5`, it asks three things only: whether two tests are the same
//! ([`super::super::refine::contained`]) or two rules are (`super::super::dependencies`), both of which the model notes
//! where all but such literals agrees; and how many rows pass a threshold. For that one number is another only below
//! two, or where it is asked for exactly.

use super::{Comparison, RuleSummary, Term, Test};
use crate::hir::LitKind;

/// From here on no number is told from another by what passes it: one row is as many as `n >= 1` and `n > 0` ask for.
const NUMBERS_TOLD_APART: i64 = 2;

impl RuleSummary {
    /// Whether the two differ in the literals of tests alone.
    pub fn is_alike(&self, other: &RuleSummary) -> bool {
        self.agrees(other, Test::is_alike)
    }

    /// Whether this may stand for the other, where neither was told from a rule or test by its literals.
    pub fn stands_for(&self, other: &RuleSummary) -> bool {
        self.agrees(other, Test::stands_for)
    }

    fn agrees(&self, other: &RuleSummary, of_tests: fn(&Test, &Test) -> bool) -> bool {
        let RuleSummary {
            head,
            arrow,
            bootstrap,
            columns,
            aggregates,
            atoms,
            bindings,
            tests,
            chance,
            origin,
        } = self;
        let mut pairs = tests.iter().zip(&other.tests);
        *head == other.head
            && *arrow == other.arrow
            && *bootstrap == other.bootstrap
            && *columns == other.columns
            && *aggregates == other.aggregates
            && *atoms == other.atoms
            && *bindings == other.bindings
            && tests.len() == other.tests.len()
            && pairs.all(|(a, b)| of_tests(a, b))
            && *chance == other.chance
            && *origin == other.origin
    }
}

impl Test {
    /// Whether the two differ in literals alone.
    fn is_alike(&self, other: &Test) -> bool {
        self == other || self.compares_as(other, Term::is_alike)
    }

    fn stands_for(&self, other: &Test) -> bool {
        let is_equality = matches!(
            self,
            Test::Compare {
                op: Comparison::Equal,
                ..
            }
        );
        self == other || !is_equality && self.compares_as(other, Term::passes_as_many)
    }

    /// Whether both are the same comparison, of terms that agree.
    fn compares_as(&self, other: &Test, agree: fn(&Term, &Term) -> bool) -> bool {
        match (self, other) {
            (
                Test::Compare { left, op, right },
                Test::Compare {
                    left: other_left,
                    op: other_op,
                    right: other_right,
                },
            ) => op == other_op && agree(left, other_left) && agree(right, other_right),
            _ => false,
        }
    }
}

impl Term {
    /// Whether the two are equal, or both some literal.
    pub fn is_alike(&self, other: &Term) -> bool {
        matches!((self, other), (Term::Literal(_), Term::Literal(_))) || self == other
    }

    /// Whether the two are equal, or both numbers that nothing tells apart.
    fn passes_as_many(&self, other: &Term) -> bool {
        match (self, other) {
            (Term::Literal(LitKind::Int(a)), Term::Literal(LitKind::Int(b))) => {
                a == b || *a.min(b) >= NUMBERS_TOLD_APART
            }
            _ => self == other,
        }
    }
}
