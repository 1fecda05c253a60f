//! `bloom fmt`.

use std::fs;
use std::path::Path;

use bloom_compiler::base::Sources as Texts;

use crate::args::FmtArgs;
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::sources::{programs_under, read, stdin};
use crate::{pipeline, report, terminal};

pub(crate) fn fmt(args: &FmtArgs) -> Outcome {
    let mut fine = true;
    for path in &args.paths {
        if path == Path::new("-") {
            fine &= standard_input(args.check)?;
            continue;
        }
        let mut files = Vec::new();
        if path.is_dir() {
            programs_under(path, &["bloom"], &mut files)?;
            files.sort();
        } else {
            files.push(path.clone());
        }
        for file in files {
            fine &= format_file(&file, args.check)?;
        }
    }
    Ok(Verdict::of(fine))
}

fn standard_input(check: bool) -> Result<bool, Misuse> {
    let text = stdin()?;
    match formatted("<stdin>", &text) {
        Some(formatted) if check => Ok(formatted == text),
        Some(formatted) => {
            terminal::print(&formatted);
            Ok(true)
        }
        None => Ok(false),
    }
}

fn format_file(path: &Path, check: bool) -> Result<bool, Misuse> {
    if path.extension().is_some_and(|extension| extension == "ded") {
        return Err(Misuse::new(format_args!(
            "{}: only Bloom is formatted",
            path.display()
        )));
    }
    let text = read(path)?;
    let Some(formatted) = formatted(&path.display().to_string(), &text) else {
        return Ok(false);
    };
    if formatted == text {
        return Ok(true);
    }
    if check {
        terminal::print(&format!("{}\n", path.display()));
        return Ok(false);
    }
    replace(path, &formatted).map_err(|e| Misuse::io(path, &e))?;
    Ok(true)
}

/// The text formatted; none, and a report, if it has syntax errors.
fn formatted(shown: &str, text: &str) -> Option<String> {
    match pipeline::format(text) {
        Ok(formatted) => Some(formatted),
        Err(diagnostics) => {
            let texts = Texts::single(shown, text);
            for diagnostic in &diagnostics {
                terminal::report(&report::human(diagnostic, &texts));
            }
            report::count_to_stderr(&diagnostics);
            None
        }
    }
}

/// Replaces the file in one step, so that no interruption leaves half of it.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let target = path.canonicalize()?;
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let fresh = target.with_file_name(name);
    fs::write(&fresh, text)?;
    fs::set_permissions(&fresh, fs::metadata(&target)?.permissions())?;
    fs::rename(&fresh, &target).inspect_err(|_| {
        // The file stays as it was; only our copy goes.
        let _gone = fs::remove_file(&fresh);
    })
}
