//! The threads on which answers are computed.
//!
//! A job goes to the first thread that has nothing to do, and a thread is started only while all have; so the jobs of a
//! client that waits for each answer run on one thread. The allocator keeps pages of every size of block for each
//! thread: what an analysis holds, spread over several, takes as many times the room in the end. A thread that has had
//! nothing to do for a while ends, and what it was done with goes back to the system: the allocator is asked to give
//! it back, which by itself it does only while there is more to do.

use std::any::Any;
use std::collections::VecDeque;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

/// Jobs wait for each other's queries, so more at once bring little.
const THREADS_MAX: usize = 4;

/// A thread with nothing to do waits so long for more.
const IDLE_MAX: Duration = Duration::from_secs(1);

/// Deep programs recurse deeply.
const STACK_BYTES: usize = 64 << 20;

/// Gives what tells its result. The thread is idle by then, so that the next job comes to it.
type Job = Box<dyn FnOnce() -> Box<dyn FnOnce()> + Send>;

/// Ends its threads when it is dropped, once they have done what they were given.
pub struct Threads(Arc<Shared>);

/// Gives the memory back to the system that the calling thread's work has left free.
pub type GiveBack = fn();

struct Shared {
    inner: Mutex<Inner>,
    idle_max: Duration,
    give_back: GiveBack,
}

#[derive(Default)]
struct Inner {
    threads: Vec<Thread>,
    /// What no thread has begun: empty while one is idle.
    waiting: VecDeque<Job>,
    is_closed: bool,
}

struct Thread {
    woken: Arc<Condvar>,
    next: Option<Job>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Busy,
    Idle,
    /// Another may be started in its place.
    Ended,
}

impl Threads {
    pub fn new(give_back: GiveBack) -> Self {
        Self::ending_after(IDLE_MAX, give_back)
    }

    fn ending_after(idle_max: Duration, give_back: GiveBack) -> Self {
        Self(Arc::new(Shared {
            inner: Mutex::default(),
            idle_max,
            give_back,
        }))
    }

    /// What comes of the job, or what it panicked with.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Box<dyn Any + Send>> {
        let (sender, receiver) = oneshot::channel();
        let run = move || {
            let done = panic::catch_unwind(AssertUnwindSafe(job));
            let tell = move || {
                // Who asked may have gone.
                let _unread = sender.send(done);
            };
            Box::new(tell) as Box<dyn FnOnce()>
        };
        let given = self.give(Box::new(run));
        match (given, receiver.await) {
            (Ok(()), Ok(done)) => done,
            (Err(error), _) => Err(Box::new(error)),
            (Ok(()), Err(gone)) => Err(Box::new(gone)),
        }
    }

    /// An error if there is no thread, and the system gives none.
    fn give(&self, job: Job) -> io::Result<()> {
        let mut inner = self.0.lock();
        let is = |state: State| move |thread: &Thread| thread.state == state;
        if let Some(idle) = inner.threads.iter().position(is(State::Idle)) {
            let thread = &mut inner.threads[idle];
            thread.state = State::Busy;
            thread.next = Some(job);
            thread.woken.notify_one();
            return Ok(());
        }
        let ended = inner.threads.iter().position(is(State::Ended));
        let number = ended.unwrap_or(inner.threads.len());
        if number < THREADS_MAX {
            match self.start(number) {
                Ok(thread) if ended.is_some() => inner.threads[number] = thread,
                Ok(thread) => inner.threads.push(thread),
                // Those that there are will come to it.
                Err(_) if inner.threads.iter().any(is(State::Busy)) => {}
                Err(error) => return Err(error),
            }
        }
        inner.waiting.push_back(job);
        Ok(())
    }

    /// Who starts it holds the lock until it stands among the others.
    fn start(&self, number: usize) -> io::Result<Thread> {
        let shared = Arc::clone(&self.0);
        let woken = Arc::new(Condvar::new());
        let wakes = Arc::clone(&woken);
        let _runs_by_itself = thread::Builder::new()
            .name(format!("answers-{number}"))
            .stack_size(STACK_BYTES)
            .spawn(move || shared.work(number, &wakes))?;
        Ok(Thread {
            woken,
            next: None,
            state: State::Busy,
        })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let mut inner = self.0.lock();
        inner.is_closed = true;
        inner.threads.iter().for_each(|thread| {
            thread.woken.notify_one();
        });
    }
}

impl Shared {
    /// No job runs under it, so nothing in it is half done.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread of this number does.
    fn work(&self, number: usize, woken: &Condvar) {
        let mut inner = self.lock();
        loop {
            // It is there: whoever started the thread held the lock until then.
            let given = inner.threads[number].next.take();
            if let Some(job) = given.or_else(|| inner.waiting.pop_front()) {
                drop(inner);
                let tell = job();
                inner = self.lock();
                if inner.waiting.is_empty() {
                    inner.threads[number].state = State::Idle;
                }
                drop(inner);
                tell();
                inner = self.lock();
                continue;
            }
            if inner.is_closed {
                return;
            }
            inner.threads[number].state = State::Idle;
            let is_unused =
                |inner: &mut Inner| inner.threads[number].next.is_none() && !inner.is_closed;
            let woke = woken.wait_timeout_while(inner, self.idle_max, is_unused);
            let (woke, waited) = woke.unwrap_or_else(PoisonError::into_inner);
            inner = woke;
            if waited.timed_out() {
                inner.threads[number].state = State::Ended;
                drop(inner);
                (self.give_back)();
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{State, THREADS_MAX, Threads};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Barrier, mpsc};
    use std::thread;
    use std::time::Duration;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("the system has threads").block_on(future)
    }

    #[test]
    fn jobs_in_turns_run_on_one_thread() {
        let threads = Threads::new(|| {});
        let ids = block_on(async {
            let mut ids = Vec::new();
            for _ in 0..100 {
                ids.push(threads.run(|| thread::current().id()).await.ok());
            }
            ids
        });
        assert!(ids[0].is_some());
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }

    #[test]
    fn jobs_that_wait_for_each_other_run_at_once_and_more_run_later() {
        let threads = Threads::new(|| {});
        let meeting = Arc::new(Barrier::new(THREADS_MAX));
        let (sender, receiver) = mpsc::channel();
        for number in 0..3 * THREADS_MAX {
            let (meeting, sender) = (Arc::clone(&meeting), sender.clone());
            let job = move || {
                meeting.wait();
                let tell = move || sender.send(number).expect("the test waits for all");
                Box::new(tell) as Box<dyn FnOnce()>
            };
            threads.give(Box::new(job)).expect("the system has threads");
        }
        let mut done: Vec<usize> = receiver.iter().take(3 * THREADS_MAX).collect();
        done.sort_unstable();
        assert_eq!(done, (0..3 * THREADS_MAX).collect::<Vec<_>>());
    }

    #[test]
    fn a_thread_with_nothing_to_do_ends_and_another_comes_in_its_place() {
        static GIVEN_BACK: AtomicUsize = AtomicUsize::new(0);
        let give_back = || {
            GIVEN_BACK.fetch_add(1, Ordering::Relaxed);
        };
        let threads = Threads::ending_after(Duration::ZERO, give_back);
        let id = || block_on(threads.run(|| thread::current().id())).ok();
        let first = id();
        while threads.0.lock().threads[0].state != State::Ended {
            thread::yield_now();
        }
        let second = id();
        assert!(first.is_some() && second.is_some() && first != second);
        assert_eq!(threads.0.lock().threads.len(), 1);
        while GIVEN_BACK.load(Ordering::Relaxed) < 2 {
            thread::yield_now();
        }
    }

    #[test]
    fn a_panic_is_told_and_its_thread_goes_on() {
        let threads = Threads::new(|| {});
        let (failed, next) = block_on(async {
            let failed = threads
                .run(|| std::panic::resume_unwind(Box::new("no")))
                .await;
            let failed: Result<(), _> = failed;
            (failed.is_err(), threads.run(|| 7).await.ok())
        });
        assert_eq!((failed, next), (true, Some(7)));
    }
}
