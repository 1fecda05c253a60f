//! Work that is shared by threads.

use std::panic::resume_unwind;
use std::thread;

/// What the work makes of each share, in their order. The first is done by the calling thread, each other by one of its own.
pub fn by_threads<S: Send, R: Send>(
    shares: impl IntoIterator<Item = S>,
    work: impl Fn(S) -> R + Sync,
) -> Vec<R> {
    let mut shares = shares.into_iter();
    let Some(first) = shares.next() else {
        return Vec::new();
    };
    let work = &work;
    thread::scope(|scope| {
        let later: Vec<_> = shares
            .map(|share| scope.spawn(move || work(share)))
            .collect();
        let mut done = Vec::with_capacity(1 + later.len());
        done.push(work(first));
        for thread in later {
            done.push(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::by_threads;

    #[test]
    fn what_is_made_comes_in_the_order_of_the_shares() {
        for count in 0..5 {
            let done = by_threads(0..count, |share| share * share);
            assert!(done.into_iter().eq((0..count).map(|share| share * share)));
        }
    }
}
