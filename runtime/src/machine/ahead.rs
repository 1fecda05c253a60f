//! Memory on its way before generated code asks for it (see [`Ahead`](crate::schedule::Ahead)).

use bloom_plan::plan::VersionId;

use super::Machine;

/// Rows with which a version begins whose look-ups are made ahead.
const AHEAD_ROWS_MAX: usize = 1 << 10;

impl Machine {
    /// Has the memory on its way that the version's first look-ups take, if they are few enough to stay in the
    /// processor's cache until then.
    pub(super) fn look_ahead(&self, version: VersionId) {
        let Some(ahead) = &self.program.schedule().ahead[version.0 as usize] else {
            return;
        };
        let from = &self.relations[ahead.from.0 as usize];
        let rows = match ahead.delta {
            true => from.delta(),
            false => from.total(),
        };
        let stride = from.shape().stride;
        if (2 * stride..=AHEAD_ROWS_MAX * stride).contains(&rows.len()) {
            self.relations[ahead.into.0 as usize].warm_keys(rows, stride, &ahead.columns);
        }
    }
}
