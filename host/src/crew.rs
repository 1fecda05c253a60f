//! Threads that a node's ticks may use.
//!
//! They start with the first work that is shared, and from then on wait for more: a while awake, since a fixpoint shares
//! work every few dozen microseconds and to wake a thread takes longer than that, then asleep.

#![expect(
    unsafe_code,
    reason = "threads that outlive a piece of work borrow it while they do it"
)]

use std::fmt::{self, Debug};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::{Builder, JoinHandle, yield_now};
use std::time::{Duration, Instant};

use bloom_runtime::Crew;

/// How long a thread that has nothing to do stays awake.
const AWAKE: Duration = Duration::from_micros(500);
/// Looks for work between two looks at the clock.
const LOOKS: usize = 1 << 6;

/// So many threads, the one that asks among them.
#[derive(Debug)]
pub struct Threads {
    size: NonZeroUsize,
    team: OnceLock<Team>,
}

/// The other threads.
struct Team {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// How many pieces of work there have been.
    round: AtomicUsize,
    /// The next job of this piece that nobody has begun.
    next: AtomicUsize,
    /// How many threads are at it, but for the one that asked. Grows under the lock of `state` alone.
    inside: AtomicUsize,
    panicked: AtomicBool,
    /// Held by who asks, until all is done.
    turn: Mutex<()>,
    state: Mutex<State>,
    /// Told when there is work.
    wake: Condvar,
    /// Told when the last of those inside has left, if that is waited for.
    left: Condvar,
}

#[derive(Default)]
struct State {
    task: Option<Task>,
    asleep: usize,
    /// Whether who asked sleeps until the others are done.
    is_awaited: bool,
    closed: bool,
}

/// Jobs, as [`Crew::run`] has them.
#[derive(Clone, Copy)]
struct Task {
    jobs: usize,
    job: *const (dyn Fn(usize) + Sync),
}

// SAFETY: what it leads to is `Sync`; when it may be followed, `Shared::work` says.
unsafe impl Send for Task {}

impl Threads {
    pub fn new(size: NonZeroUsize) -> Threads {
        Threads {
            size,
            team: OnceLock::new(),
        }
    }
}

impl Crew for Threads {
    fn size(&self) -> usize {
        self.size.get()
    }

    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync)) {
        let others = self.size().min(jobs).saturating_sub(1);
        if others == 0 {
            return (0..jobs).for_each(job);
        }
        let team = self.team.get_or_init(|| Team::start(self.size() - 1));
        team.run(jobs, job);
    }
}

impl Team {
    fn start(count: usize) -> Team {
        let shared = Arc::<Shared>::default();
        let thread = |_| {
            let shared = Arc::clone(&shared);
            Builder::new()
                .name("worker".into())
                .spawn(move || shared.serve())
        };
        // Where no more threads can be had, those that there are do the work.
        let threads = (0..count).map_while(|number| thread(number).ok()).collect();
        Team { shared, threads }
    }

    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync)) {
        let _turn = match self.shared.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
            // Another piece of work is under way, of this thread or of one beside.
            Err(TryLockError::WouldBlock) => return (0..jobs).for_each(job),
        };
        // SAFETY: the type alone changes; that nobody follows the pointer when this function has returned, `Asked` sees to.
        let job: *const (dyn Fn(usize) + Sync) = unsafe {
            std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const (dyn Fn(usize) + Sync)>(
                job,
            )
        };
        let task = Task { jobs, job };
        let asked = self.shared.ask(task);
        // SAFETY: it is borrowed for as long as this function runs.
        unsafe { self.shared.work(task) };
        drop(asked);
        if self.shared.panicked.load(Ordering::Relaxed) {
            resume_unwind(Box::new("a job panicked on another thread"));
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        self.shared.round.fetch_add(1, Ordering::Release);
        drop(state);
        self.shared.wake.notify_all();
        for thread in self.threads.drain(..) {
            // Panics of jobs are caught.
            let _ended = thread.join();
        }
    }
}

impl Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Team")
            .field("threads", &self.threads.len())
            .finish_non_exhaustive()
    }
}

/// A piece of work that threads may be at; once it is dropped none is.
struct Asked<'s>(&'s Shared);

impl Drop for Asked<'_> {
    /// Waits until all others have left: awake, for a while.
    fn drop(&mut self) {
        let shared = self.0;
        // Whoever comes from now on finds nothing to do.
        shared.state().task = None;
        let is_over = || shared.inside.load(Ordering::Acquire) == 0;
        if shared.watch(&is_over) {
            return;
        }
        let mut state = shared.state();
        state.is_awaited = true;
        while !is_over() {
            let told = shared.left.wait(state);
            state = told.unwrap_or_else(PoisonError::into_inner);
        }
        state.is_awaited = false;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers work to all threads. Of who holds `turn`.
    fn ask(&self, task: Task) -> Asked<'_> {
        let mut state = self.state();
        self.next.store(0, Ordering::Relaxed);
        self.panicked.store(false, Ordering::Relaxed);
        state.task = Some(task);
        self.round.fetch_add(1, Ordering::Release);
        let wakes = state.asleep > 0;
        drop(state);
        if wakes {
            self.wake.notify_all();
        }
        Asked(self)
    }

    /// Does jobs until all have been begun.
    ///
    /// # Safety
    /// What the task borrows is there: its [`Asked`] is.
    unsafe fn work(&self, task: Task) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= task.jobs {
                return;
            }
            // SAFETY: the caller's.
            unsafe { (*task.job)(number) };
        }
    }

    /// What a thread does all its life.
    fn serve(&self) {
        let mut seen = 0;
        loop {
            self.wait_for_more(&mut seen);
            let state = self.state();
            if state.closed {
                return;
            }
            let Some(task) = state.task else { continue };
            self.inside.fetch_add(1, Ordering::Relaxed);
            drop(state);
            // SAFETY: there was a task while the lock was held, and its `Asked` waits for who is inside.
            let done = catch_unwind(AssertUnwindSafe(|| unsafe { self.work(task) }));
            if done.is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
            self.inside.fetch_sub(1, Ordering::Release);
            if self.state().is_awaited {
                self.left.notify_one();
            }
        }
    }

    /// Waits for work after that of the round that was seen last.
    fn wait_for_more(&self, seen: &mut usize) {
        let is_new = || self.round.load(Ordering::Acquire) != *seen;
        if !self.watch(&is_new) {
            self.sleep(&is_new);
        }
        *seen = self.round.load(Ordering::Acquire);
    }

    /// Looks whether it is so, again and again for a while; whether it came to be.
    fn watch(&self, is_so: &impl Fn() -> bool) -> bool {
        let mut since = None;
        for looks in 1_usize.. {
            if is_so() {
                return true;
            }
            if !looks.is_multiple_of(LOOKS) {
                std::hint::spin_loop();
                continue;
            }
            if since.get_or_insert_with(Instant::now).elapsed() > AWAKE {
                break;
            }
            yield_now();
        }
        false
    }

    /// Waits until it is woken for something new.
    fn sleep(&self, is_new: &impl Fn() -> bool) {
        let mut state = self.state();
        state.asleep += 1;
        while !is_new() {
            let woken = self.wake.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        state.asleep -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::{AWAKE, Threads};
    use bloom_runtime::Crew;

    fn threads(count: usize) -> Threads {
        Threads::new(NonZeroUsize::new(count).expect("above 0"))
    }

    /// Adds up what each job was called with, in memory of this function's own.
    fn check(threads: &Threads, jobs: usize) {
        let done: Vec<AtomicU64> = (0..jobs).map(|_| AtomicU64::new(0)).collect();
        threads.run(jobs, &|job| {
            done[job].fetch_add(1, Ordering::Relaxed);
        });
        assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn every_job_is_done_once() {
        for count in [1, 2, 5] {
            let threads = threads(count);
            for round in 0..500 {
                check(&threads, round % 40);
            }
            threads.run(0, &|job| panic!("there is no job {job}"));
        }
    }

    #[test]
    fn threads_that_sleep_are_woken() {
        let threads = threads(3);
        for _ in 0..5 {
            check(&threads, 40);
            std::thread::sleep(4 * AWAKE);
        }
    }

    #[test]
    fn work_within_work_and_beside_it_is_done() {
        let threads = threads(2);
        let count = AtomicU64::new(0);
        let run = |jobs| {
            threads.run(jobs, &|_| {
                threads.run(3, &|_| {
                    count.fetch_add(1, Ordering::Relaxed);
                });
            });
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..50).for_each(|_| run(7)));
            }
        });
        assert_eq!(count.into_inner(), 4 * 50 * 7 * 3);
    }

    #[test]
    fn a_panic_of_a_job_reaches_who_asked_and_nobody_else() {
        let threads = threads(2);
        for place in 0..20 {
            let run = catch_unwind(AssertUnwindSafe(|| {
                threads.run(20, &|job| {
                    std::thread::sleep(Duration::from_micros(20));
                    assert!(job != place, "on purpose");
                });
            }));
            assert!(run.is_err());
            check(&threads, 30);
        }
        let all_panic = catch_unwind(AssertUnwindSafe(|| {
            threads.run(20, &|job| panic!("job {job}, on purpose"));
        }));
        assert!(all_panic.is_err());
        check(&threads, 30);
    }

    #[test]
    fn who_asked_waits_for_a_long_job_asleep() {
        let threads = threads(2);
        for _ in 0..3 {
            let done = AtomicU64::new(0);
            threads.run(2, &|job| {
                std::thread::sleep(8 * AWAKE * job as u32);
                done.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(done.into_inner(), 2);
        }
    }
}
