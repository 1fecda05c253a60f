//! The explorer of schedules on programs whose outcomes are known.

mod engines;
mod outcomes;
mod witnesses;
