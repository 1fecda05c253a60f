//! What stands between a node and the network, where a collection asks for more than the network
//! gives: messages that arrive once, or in the order of their sender, or in one order at all replicas.
//!
//! A pure state machine beside [`bloom_runtime::Node`], which whoever drives a node puts around each of
//! its ticks: packets, fed rows and time come in as data; packets, what is to be on disk and the
//! arrivals of the next tick go out as data. So the simulator runs what production runs. Consensus is
//! the crate `raft`, which is known to [`log`] alone. The order of the modules below is their layering:
//! each names only modules declared before it.

pub mod packet;

pub mod seen;

pub mod streams;

pub mod log;

pub mod endpoint;

pub use endpoint::{Endpoint, Entry, Flush, Setup, SetupError};
pub use packet::{Packet, Saved, Write};

/// Nanoseconds between two ticks of the clock by which elections are held and messages sent again.
pub const TICK: i64 = 50_000_000;
