//! Pieces of work that threads do side by side, and whose results are taken one after the other in the order of
//! the pieces.
//!
//! A thread begins the next piece that nobody has, and waits with its result until all before have been taken. So the
//! first piece that is not done is always somebody's who does not wait, however few threads there are, and no thread holds
//! more than one result.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use bloom_runtime::Crew;

/// Makes a piece of work in a buffer that may have been used before.
type Make<'m, B, E> = dyn Fn(usize, &mut B) -> Result<(), E> + Sync + 'm;
/// Takes what was made.
type Take<'t, B, E> = dyn FnMut(&mut B) -> Result<(), E> + Send + 't;

/// Makes so many pieces by a crew and takes each in its turn. The first error in the order of the pieces ends it; what a piece
/// that fails has made before is taken, too.
pub(super) fn in_turn<B: Default, E: Send>(
    crew: &dyn Crew,
    pieces: usize,
    make: &Make<'_, B, E>,
    take: &mut Take<'_, B, E>,
) -> Result<(), E> {
    if crew.size() < 2 || pieces < 2 {
        let mut buffer = B::default();
        return (0..pieces).try_for_each(|piece| {
            let made = make(piece, &mut buffer);
            take(&mut buffer).and(made)
        });
    }
    let queue = Queue {
        begun: AtomicUsize::new(0),
        turn: Mutex::new(Turn {
            piece: 0,
            take,
            outcome: Ok(()),
            is_over: false,
        }),
        moved: Condvar::new(),
    };
    crew.run(crew.size().min(pieces), &|_| queue.work(pieces, make));
    let turn = queue.turn.into_inner();
    let turn = turn.unwrap_or_else(PoisonError::into_inner);
    assert!(
        turn.outcome.is_err() || turn.piece == pieces,
        "what was not taken is told"
    );
    turn.outcome
}

struct Queue<'t, B, E> {
    /// Pieces that somebody has begun.
    begun: AtomicUsize,
    turn: Mutex<Turn<'t, B, E>>,
    moved: Condvar,
}

struct Turn<'t, B, E> {
    /// The one that is to be taken next.
    piece: usize,
    take: &'t mut Take<'t, B, E>,
    outcome: Result<(), E>,
    is_over: bool,
}

impl<'t, B: Default, E> Queue<'t, B, E> {
    fn work(&self, pieces: usize, make: &Make<'_, B, E>) {
        let _ended = EndOnPanic(self);
        let mut buffer = B::default();
        loop {
            let piece = self.begun.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                return;
            }
            let made = make(piece, &mut buffer);
            let mut turn = self.lock();
            while turn.piece != piece && !turn.is_over {
                let waited = self.moved.wait(turn);
                turn = waited.unwrap_or_else(PoisonError::into_inner);
            }
            if turn.is_over {
                return;
            }
            let outcome = (turn.take)(&mut buffer).and(made);
            turn.is_over = outcome.is_err();
            turn.outcome = outcome;
            turn.piece += 1;
            drop(turn);
            self.moved.notify_all();
        }
    }
}

impl<'t, B, E> Queue<'t, B, E> {
    fn lock(&self) -> MutexGuard<'_, Turn<'t, B, E>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody waits for a piece whose thread is gone.
struct EndOnPanic<'q, 't, B, E>(&'q Queue<'t, B, E>);

impl<B, E> Drop for EndOnPanic<'_, '_, B, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().is_over = true;
            self.0.moved.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::time::Duration;

    use bloom_runtime::Crew;

    use super::in_turn;
    use crate::crew::Threads;

    /// One thread that is asked as if it were many, and begins with the last job.
    #[derive(Debug)]
    struct Backwards;

    impl Crew for Backwards {
        fn size(&self) -> usize {
            3
        }

        fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync)) {
            (0..jobs).rev().for_each(job);
        }
    }

    fn crews() -> Vec<Box<dyn Crew>> {
        let threads = [1, 2, 5].map(|count| NonZeroUsize::new(count).expect("above 0"));
        let threads = threads.map(|count| Box::new(Threads::new(count)) as Box<dyn Crew>);
        let mut crews = Vec::from(threads);
        crews.push(Box::new(Backwards));
        crews
    }

    /// Makes the number of a piece, of which some take longer; those from `bad` on fail.
    fn made(crew: &dyn Crew, pieces: usize, bad: usize) -> (Vec<usize>, Result<(), usize>) {
        let mut taken = Vec::new();
        let make = |piece: usize, buffer: &mut usize| {
            if piece.is_multiple_of(7) {
                std::thread::sleep(Duration::from_micros(300));
            }
            *buffer = piece;
            if piece >= bad { Err(piece) } else { Ok(()) }
        };
        let outcome = in_turn(crew, pieces, &make, &mut |piece| {
            taken.push(*piece);
            Ok(())
        });
        (taken, outcome)
    }

    #[test]
    fn what_is_made_is_taken_in_order() {
        for crew in crews() {
            for pieces in [0, 1, 2, 60] {
                let (taken, outcome) = made(&*crew, pieces, usize::MAX);
                assert_eq!(outcome, Ok(()));
                assert!(taken.into_iter().eq(0..pieces));
            }
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        for crew in crews() {
            let (taken, outcome) = made(&*crew, 60, 23);
            assert_eq!(outcome, Err(23));
            assert!(taken.into_iter().eq(0..24));
            let mut room = 5;
            let outcome = in_turn(&*crew, 60, &|_, _: &mut ()| Ok(()), &mut |()| {
                room -= 1;
                if room == 0 { Err("it is full") } else { Ok(()) }
            });
            assert_eq!((outcome, room), (Err("it is full"), 0));
        }
    }

    #[test]
    fn nobody_waits_for_who_panicked() {
        for crew in crews() {
            let run = std::panic::AssertUnwindSafe(|| {
                in_turn(
                    &*crew,
                    60,
                    &|piece, _: &mut ()| -> Result<(), ()> {
                        assert_ne!(piece, 9, "a bug");
                        Ok(())
                    },
                    &mut |()| Ok(()),
                )
            });
            assert!(std::panic::catch_unwind(run).is_err());
        }
    }
}
