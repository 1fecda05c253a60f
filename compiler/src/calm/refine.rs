//! Refinements of the properties: forms of rules that are better than their literals look, each with the
//! argument why.

pub mod allotted;
pub mod bounded;
pub mod buried;
pub mod contained;
pub mod covered;
pub mod double;
pub mod entailed;
mod forms;
pub mod guard;
pub mod handled;
pub mod implied;
pub mod leads;
pub mod manifest;
pub mod newest;
pub mod parent;
pub mod threshold;

pub use forms::{Forms, Remembered};

use super::body::Known;
use super::model::{At, RuleAt};

/// The places that a rule's properties depend on through refinements, besides those it reads.
pub fn looks_at(known: &Known<'_, '_>, rule: RuleAt) -> Vec<At> {
    [parent::looks_at(known, rule), newest::looks_at(known, rule)].concat()
}
