//! How a command ends, and the exit code of each way.

use std::path::Path;
use std::process::ExitCode;

use crate::terminal;

/// What every command returns.
pub(crate) type Outcome = Result<Verdict, Misuse>;

/// The command did its work; what did it find?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// 0
    Fine,
    /// 1: the program has errors, a test failed, a file is not formatted.
    Failed,
    /// What the program itself gave to `halt`.
    Halted(u8),
}

/// 2: wrong use or unreadable input; the command could not do its work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misuse(String);

pub(crate) const INTERNAL_ERROR: u8 = 3;

/// Ends the process, after telling what was wrong with how it was used.
pub(crate) fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(verdict) => verdict.exit_code(),
        Err(misuse) => {
            terminal::error(misuse);
            ExitCode::from(2)
        }
    }
}

impl Misuse {
    pub(crate) fn new(message: impl std::fmt::Display) -> Self {
        Self(message.to_string())
    }

    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl Verdict {
    pub(crate) fn of(fine: bool) -> Self {
        if fine { Verdict::Fine } else { Verdict::Failed }
    }

    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            Verdict::Fine => ExitCode::SUCCESS,
            Verdict::Failed => ExitCode::from(1),
            Verdict::Halted(code) => ExitCode::from(code),
        }
    }
}
