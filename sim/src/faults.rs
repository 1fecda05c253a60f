//! The search for faults that break a spec.
//!
//! One symbolic run of a deployment gives, for every row that a spec asks about, a formula over the faults there
//! may be (`run`, over `variables`, `lives`, `node`, `body`, `aggregate`, `annotated`, `circuit`). A SAT solver decides
//! whether some set of faults within the bounds breaks the spec, finds the smallest and all minimal ones
//! (`search`, `solver`), and each is run on the production engine before it is told (`concrete`). What cannot be
//! evaluated symbolically is said (`limit`); then runs are explained one by one (`alternating`, over `support`).
//!
//! The order of the modules below is their layering.

pub mod circuit;

pub mod limit;

pub mod ailment;

mod side;

pub mod hypothesis;

pub mod variables;

pub mod annotated;

mod aggregate;

mod body;

mod reads;

mod supported;

pub mod node;

mod lives;

mod histories;

pub mod run;

pub mod concrete;

pub mod reenacted;

mod space;

mod support;

pub mod proof;

mod counter;

mod solver;

pub mod contrast;

pub mod trace;

pub mod symmetry;

mod hunt;

pub mod search;

pub mod exhaustive;

pub mod random;

pub mod alternating;

pub use ailment::Ailment;
pub use concrete::{Execution, execute};
pub use hypothesis::{Crash, Fault, FaultSpec, Hypothesis, Side};
pub use search::{Counterexample, Engine, Minimal, Options, Report, Verdict, search};
