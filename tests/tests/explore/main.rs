//! The explorer of schedules on programs whose outcomes are known.

mod engines;
mod inserted;
mod outcomes;
mod witnesses;
