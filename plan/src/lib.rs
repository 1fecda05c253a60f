//! Placeholder header, replaced when the crate's first module lands.
