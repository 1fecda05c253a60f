//! Refinements of the properties: forms of rules that are better than their literals look, each with the
//! argument why.

pub mod guard;
pub mod parent;
pub mod threshold;

use super::body::Known;
use super::model::{At, RuleAt};

/// The places that a rule's properties depend on through refinements, besides those it reads.
pub fn looks_at(known: &Known<'_, '_>, rule: RuleAt) -> Vec<At> {
    parent::looks_at(known, rule)
}
