//! What could have been in the standard library: nothing here knows of Bloom.

pub mod aligned;
pub mod arena;
mod edit_distance;
mod ends;
mod fitted;
pub mod graph;
pub mod random;
mod shares;

pub use edit_distance::{edit_distance, nearest};
pub use ends::{common_end, common_ends, common_start, common_text};
pub use fitted::{fitted, fitted_thin};
pub use shares::by_threads;
