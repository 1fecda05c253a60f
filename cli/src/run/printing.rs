//! What a running node reports, as text.

use bloom_runtime::ErrorRow;

use crate::terminal;

/// Errors of one run that are printed; what comes after them is counted.
const ERRORS_PRINTED_MAX: u64 = 100;

/// Prints row errors, up to a bound.
#[derive(Debug, Default)]
pub(super) struct Errors {
    count: u64,
}

impl Errors {
    pub(super) fn report(&mut self, node: Option<&str>, error: &ErrorRow) {
        self.count += 1;
        if self.count > ERRORS_PRINTED_MAX {
            return;
        }
        let node = node.map(|node| format!("{node}: ")).unwrap_or_default();
        terminal::warning(format_args!(
            "{node}{}: {}: {}",
            error.rule, error.message, error.row
        ));
    }

    pub(super) fn finish(&self) {
        if self.count > ERRORS_PRINTED_MAX {
            let more = self.count - ERRORS_PRINTED_MAX;
            terminal::warning(format_args!("… and {more} more row errors"));
        }
    }
}
