//! Counts what is still to be done, so that a deployment can tell when it is quiet.
//!
//! Every arrival counts from before it enters an inbox until the tick that took it has handed on its own
//! messages; a node that wants another tick counts once. So the count never touches zero in between.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(super) struct Work {
    pending: AtomicUsize,
    done: Notify,
}

impl Work {
    pub(super) fn begin(&self) {
        self.pending.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn end(&self, count: usize) {
        let before = self.pending.fetch_sub(count, Ordering::SeqCst);
        assert!(before >= count, "work ends once");
        if before == count {
            self.done.notify_waiters();
        }
    }

    /// Returns when nothing is pending.
    pub(super) async fn quiet(&self) {
        loop {
            // Registered before the look, so that no wake-up is missed.
            let done = self.done.notified();
            tokio::pin!(done);
            done.as_mut().enable();
            if self.pending.load(Ordering::SeqCst) == 0 {
                return;
            }
            done.await;
        }
    }
}
