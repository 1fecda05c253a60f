//! All schedules of a small deployment: the ground truth of what may differ between runs.
//!
//! A state is what every node holds, what is on its way, and what has been seen outside; an action
//! lets one node take in any small subset of what is on its way to it, in one tick. [`explore`]
//! follows every schedule in which each message arrives some day, and gives the distinct
//! [`Outcome`]s with a shortest schedule of each. Only an exploration that ends by itself says
//! anything; one that does not says which bound it met. [`find_witness`] makes up deployments and
//! inputs until a collection has two outcomes; that it finds none proves nothing.
//!
//! The order of the modules below is their layering.

mod deployment;

mod outcome;

mod depends;

mod messages;

mod local;

mod sets;

mod state;

mod frontier;

mod session;

mod search;

mod ending;

mod values;

mod domain;

mod shape;

mod inputs;

mod witness;

mod diagram;

pub use bloom_plan::plan::Delivery;

pub use deployment::{Deployment, Fed, Feed, Observed, Options};
pub use outcome::{Arrival, Contents, Outcome, Outcomes, Schedule, Step, Tick, Unexplored};
pub use search::explore;
pub use session::Session;
pub use shape::Hints;
pub use witness::{Budget, Difference, Run, Search, Target, Witness, find_witness};
