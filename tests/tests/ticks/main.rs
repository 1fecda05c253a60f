//! Ticks of hand-made plans on generated code: what a node does, apart from the language's front
//! end. Cases stand by concern in the modules; `build` makes plans.

mod build;
mod changes;
mod conflicts;
mod fixpoints;
