//! Which outputs are the same however messages come (the CALM theorem: Hellerstein and Alvaro, CACM
//! 2020), and why the others are not.
//!
//! For each collection of each kind of node, five properties of its contents over the ticks of a
//! run with fixed inputs: never change (C), only grow (G), only shrink (S), settle on a limit that no
//! schedule decides (L), and have a union over all ticks that no schedule decides (U). They are the
//! greatest fixpoint over the rules of all kinds together. A captured output needs U, a view L.

pub mod report;
pub mod violation;

pub use report::Report;
pub use violation::Violation;
