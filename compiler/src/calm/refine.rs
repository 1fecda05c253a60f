//! Refinements of the properties: forms of rules that are better than their literals look, each with the
//! argument why.

pub mod allotted;
pub mod bounded;
pub mod buried;
pub mod contained;
pub mod covered;
pub mod double;
pub mod entailed;
pub mod forms;
pub mod guard;
pub mod handled;
pub mod implied;
pub mod leads;
pub mod manifest;
pub mod newest;
pub mod parent;
pub mod threshold;
