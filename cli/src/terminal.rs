//! The only place that writes to the standard streams. A reader that goes away ends the process quietly.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::args::ColorChoice;

static COLOR_OUT: AtomicBool = AtomicBool::new(false);
static COLOR_ERROR: AtomicBool = AtomicBool::new(false);

/// Decides on colors for both streams: what was asked for, else `NO_COLOR`, else whether it is a terminal.
pub(crate) fn choose_color(choice: ColorChoice) {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let decide = |is_terminal: bool| match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && !refused,
    };
    COLOR_OUT.store(decide(io::stdout().is_terminal()), Ordering::Relaxed);
    COLOR_ERROR.store(decide(io::stderr().is_terminal()), Ordering::Relaxed);
}

pub(crate) fn colors_stdout() -> bool {
    COLOR_OUT.load(Ordering::Relaxed)
}

pub(crate) fn colors_stderr() -> bool {
    COLOR_ERROR.load(Ordering::Relaxed)
}

/// Writes results.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    finish(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Writes results without a string in between.
pub(crate) fn print_with(write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) {
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout());
    finish(write(&mut out).and_then(|()| out.flush()));
}

/// Writes to stderr as it is.
pub(crate) fn report(text: &str) {
    let mut out = io::stderr().lock();
    finish(out.write_all(text.as_bytes()));
}

pub(crate) fn error(message: impl std::fmt::Display) {
    labelled("error", "31", &message.to_string());
}

pub(crate) fn warning(message: impl std::fmt::Display) {
    labelled("warning", "33", &message.to_string());
}

pub(crate) fn note(message: impl std::fmt::Display) {
    labelled("note", "36", &message.to_string());
}

fn labelled(label: &str, color: &str, message: &str) {
    if colors_stderr() {
        report(&format!("\x1b[1;{color}m{label}\x1b[0m: {message}\n"));
    } else {
        report(&format!("{label}: {message}\n"));
    }
}

/// `text` in a color of the terminal, on stdout.
pub(crate) fn painted(text: &str, color: Color) -> String {
    match colors_stdout() {
        true => color.paint(text),
        false => text.to_owned(),
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Color {
    Green,
    Red,
    Yellow,
    Faint,
    Bold,
}

impl Color {
    /// `text` between the terminal's marks for the color.
    pub(crate) fn paint(self, text: &str) -> String {
        let code = match self {
            Color::Green => "32",
            Color::Red => "31",
            Color::Yellow => "33",
            Color::Faint => "2",
            Color::Bold => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

fn finish(written: io::Result<()>) {
    match written {
        Ok(()) => {}
        // `bloom … | head`: whoever read has what they wanted.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        // Nothing is left to say it on.
        Err(_) => std::process::exit(2),
    }
}
