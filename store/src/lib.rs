//! What outlives a node: its durable tables and its part of ordered logs, written to a disk that is handed in.
//!
//! The disk is a trait of the few operations that are needed (`disk`), so that the same code runs on files in
//! production and on a simulated disk that fails: no I/O here. The order of the modules below is their layering.

pub mod disk;

pub mod shape;

pub mod records;

pub mod tables;

pub mod log;

pub use disk::{Disk, DiskFile};
pub use tables::{Applied, Opened, Restored, Store, StoreError};
