//! Runs that take long: says on stderr how far they have come, and stops them at Ctrl-C with a report
//! instead of none.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bloom_runtime::Watch;

use crate::terminal;

/// What ends sooner is not worth a word.
const QUIET: Duration = Duration::from_secs(3);
/// How often a terminal is told.
const PACE: Duration = Duration::from_secs(1);
/// Elsewhere each message comes after twice the time, at most after this.
const PACE_MAX: Duration = Duration::from_secs(60);

/// What Ctrl-C stops.
static RUNNING: Mutex<Option<Arc<Watch>>> = Mutex::new(None);

/// Tells about a run, and lets Ctrl-C stop it, until it is dropped.
pub(crate) struct Progress {
    /// Dropped to end the thread.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Of the ticks of one node.
    pub(crate) fn of_ticks(watch: &Arc<Watch>) -> Progress {
        static LISTEN: Once = Once::new();
        LISTEN.call_once(listen);
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(watch));
        let watch = Arc::clone(watch);
        Self::telling(move || {
            format!(
                "tick {}, {} iterations, {} rows; Ctrl-C stops",
                watch.ticks() + 1,
                watch.iterations(),
                watch.rows()
            )
        })
    }

    /// Tells what `state` says.
    pub(crate) fn telling(state: impl Fn() -> String + Send + 'static) -> Progress {
        let (end, ended) = channel::<()>();
        let on_terminal = std::io::stderr().is_terminal();
        let thread = std::thread::spawn(move || {
            let start = Instant::now();
            let mut pace = QUIET;
            let mut told = false;
            while ended.recv_timeout(pace) == Err(RecvTimeoutError::Timeout) {
                let seconds = start.elapsed().as_secs();
                let text = format!("{seconds} s: {}", state());
                if on_terminal {
                    terminal::report(&format!("\r\x1b[K{text}"));
                    pace = PACE;
                } else {
                    terminal::note(text);
                    pace = (pace * 2).min(PACE_MAX);
                }
                told = true;
            }
            if told && on_terminal {
                terminal::report("\r\x1b[K");
            }
        });
        Progress {
            end: Some(end),
            thread: Some(thread),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = None;
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // What it tells is no part of the run.
            let _told = thread.join();
        }
    }
}

/// The first Ctrl-C asks the run to stop; a second one, or one outside of runs, ends the process.
fn listen() {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build();
    // Without it Ctrl-C ends the process, as it does by itself.
    let Ok(runtime) = runtime else { return };
    let _guard = runtime.enter();
    let Ok(mut interrupt) = signal(SignalKind::interrupt()) else {
        return;
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            while interrupt.recv().await.is_some() {
                let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
                match &*running {
                    Some(watch) if !watch.is_stopped() => watch.stop(),
                    Some(_) | None => std::process::exit(130),
                }
            }
        });
    });
}
