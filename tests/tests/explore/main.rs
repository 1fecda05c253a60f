//! The explorer of schedules on programs whose outcomes are known.

mod outcomes;
mod witnesses;
