//! Diagnostics as text: for people, as JSON lines, as SARIF.
//!
//! The one place where user errors become text.

mod human;
mod json;
mod sarif;
#[cfg(test)]
mod tests;

pub use human::{excerpt, human};
pub use json::json_line;
pub use sarif::sarif;

use super::codes::Severity;

/// As the outputs for machines name it.
fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
