//! What stands around a node: files of rows, JSON, the network, the clock, the disk.
//!
//! The node itself (`bloom_runtime`) is a pure state machine; this crate performs with tokio and the
//! file system what the node asks for, and brings it what arrives. It knows nothing of source text or
//! of the compiler.

pub mod crew;

pub mod clock;

pub mod json;

pub mod schema;

pub mod tables;

pub mod feed;

pub mod store;

pub mod recording;

pub mod wire;

pub mod cluster;
