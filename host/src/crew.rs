//! Threads that a node's ticks may use.
//!
//! They live as long as what they are asked to do: a tick asks for them only where there is work for many times
//! what starting one costs.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use bloom_runtime::Crew;

/// So many threads, the one that asks among them.
#[derive(Clone, Copy, Debug)]
pub struct Threads(NonZeroUsize);

impl Threads {
    pub fn new(count: NonZeroUsize) -> Threads {
        Threads(count)
    }
}

impl Crew for Threads {
    fn size(&self) -> usize {
        self.0.get()
    }

    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= jobs {
                    return;
                }
                job(number);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.size().min(jobs) {
                // Where no more threads can be had, those that there are do the work.
                let _started = std::thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Threads;
    use bloom_runtime::Crew;

    #[test]
    fn every_job_is_done_once() {
        for count in [1, 2, 5] {
            let threads = Threads::new(NonZeroUsize::new(count).expect("above 0"));
            let done: Vec<AtomicU64> = (0..40).map(|_| AtomicU64::new(0)).collect();
            threads.run(done.len(), &|job| {
                done[job].fetch_add(1, Ordering::Relaxed);
            });
            assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1));
            threads.run(0, &|job| panic!("there is no job {job}"));
        }
    }
}
