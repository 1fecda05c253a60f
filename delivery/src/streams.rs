//! Numbered streams: at-least-once sending and at-most-once taking in, which together are once.
//!
//! A sender numbers what each of its ticks sends to a receiver, keeps it until it is acknowledged, and
//! sends it again, less and less often, until then. A receiver takes each number in once: as it comes for
//! [`Stream::Once`](crate::packet::Stream); for `Fifo` in order of the numbers, one in a tick, holding back
//! what comes too early. It acknowledges what a tick has taken in, not what has merely arrived, so that
//! nothing is lost with a crash in between.
//!
//! *Lives.* A node that crashes forgets its numbers. So batches carry the life of their sender, and a later
//! life starts anew at the receiver; and they carry the life of the receiver, once it is known, so that a
//! receiver that has forgotten what it took in tells its sender to say from where it must go on (`base`),
//! and takes in nothing that was meant for its earlier life.

mod receiving;
mod sending;

pub use receiving::Receiving;
pub use sending::Sending;

/// How far beyond the first unacknowledged batch a sender sends, and a receiver takes in or holds back.
pub const WINDOW_MAX: u64 = 1024;
