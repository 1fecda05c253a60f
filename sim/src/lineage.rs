//! Why a row is there, and why another is not.
//!
//! Nothing is kept while nodes run but what they take in. When somebody asks, the lives of the nodes are run again
//! on the nodes of production (`history`), ticks that matter are evaluated rule by rule with every derivation
//! (`contents`, `firing`, `tick`), and of these the ways to a fact are read off across ticks and nodes (`cause`), and
//! the smallest (`derivation`). An evaluation that ends otherwise than the run is an error, never an answer.
//!
//! Sources: why-provenance, Buneman, Khanna and Tan, 2001; of messages and time, Zhou et al., *ExSPAN*, 2010.
//!
//! The order of the modules below is their layering.

pub mod history;

mod contents;

mod chance;

mod firing;

mod tick;

pub mod cause;

pub mod derivation;

mod registers;

mod nearest;

pub mod missing;

pub use cause::{Absence, Edge, Explainer, Fact, Fired, Given, How, Premise};
pub use derivation::{Lineage, lineage};
pub use firing::{Group, Shown};
pub use history::{History, Life, Moment, Span, Taken};
pub use missing::{Lack, Missing, Reason, missing};
pub use tick::Trouble;
