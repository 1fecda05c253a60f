//! What the project's tests share: the reference evaluator, random programs, and what runs both
//! against the engine. Nothing here is part of what users get.

pub mod generate;

pub mod histories;

pub mod reference;

pub mod program;

pub mod shrink;

pub mod compare;

pub mod soundness;

pub mod faults;
