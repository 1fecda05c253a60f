//! Runs a node: a pure state machine from (state, input) to (state, output), one tick a step.
//!
//! Knows the plan and its machine code. Knows no clock, file, socket, thread or source of
//! randomness: time, arrivals and seeds come in as data, messages and changes to be made durable
//! go out as data. The order of the modules below is their layering: each names only modules
//! declared before it.

pub mod bounds;

pub mod api;

pub mod store;

pub mod code;

pub mod context;

pub mod builtins;

pub mod crew;

mod growth;
mod rows;

pub mod planner;

pub mod profile;

mod relation;

mod pieces;

mod deferred;

mod aggregate;

mod schedule;

pub mod program;

mod report;

pub mod cells;

mod machine;

pub mod interpret;

pub mod node;

pub use bounds::{Bounds, Stopped, Watch};

pub use crew::{Crew, Work};

pub use planner::Planner;

pub use profile::{Clock, Profile};

pub use cells::{Cell, Feed, Form, Rows};

pub use api::{
    Claim, Config, Conflict, DurableChange, ErrorKind, ErrorRow, Input, LoadError, Member, Message,
    Misfit, OnConflict, Output, Pending, StartError, Stats,
};
pub use interpret::Interpreter;
pub use node::{Node, Snapshot};
pub use program::Program;
