//! `unsafe` stands only in `runtime`, in what starts threads for it and in what gives pages back to the system, and each
//! use under a comment that says why it holds: `// SAFETY:` for a block or an `impl`, `# Safety` for a function.

use super::Violation;
use super::source::SourceFile;

const PACKAGE: &str = "runtime";
const FILES: [&str; 2] = [
    // Threads that outlive what they are asked to do borrow it while they do it.
    "host/src/crew.rs",
    // Which pages hold what the system has on file, it is told.
    "cli/src/pages.rs",
];

pub fn check(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files {
        let lines: Vec<&str> = file.text.lines().collect();
        for number in uses(&lines) {
            let place = format!("{}:{}", file.place, number + 1);
            let is_known = FILES.iter().any(|known| file.place.ends_with(known));
            if file.package != PACKAGE && !is_known {
                violations.push(Violation::new(
                    place,
                    format!("`unsafe` outside of `{PACKAGE}` and {}", FILES.join(", ")),
                ));
            } else if !is_explained(&lines, number) {
                violations.push(Violation::new(
                    place,
                    "`unsafe` without `// SAFETY:` above it",
                ));
            }
        }
    }
    violations
}

pub fn count(files: &[SourceFile]) -> usize {
    files
        .iter()
        .map(|file| uses(&file.text.lines().collect::<Vec<_>>()).len())
        .sum()
}

/// Lines that open a block, an `impl` or a function. Types of unsafe functions, and functions that
/// are only declared to be called from outside, promise nothing by themselves.
fn uses(lines: &[&str]) -> Vec<usize> {
    let opens = |line: &&str| {
        let code = line.split("//").next().unwrap_or(line);
        ["unsafe {", "unsafe impl", "unsafe fn"]
            .iter()
            .any(|form| match code.find(form) {
                Some(at) => !code[..at].contains('"'),
                None => false,
            })
    };
    (0..)
        .zip(lines)
        .filter(|(_, line)| opens(line))
        .map(|(number, _)| number)
        .collect()
}

/// Whether the comments directly above have the word, with attributes, and the start of the
/// statement that the block is in, between.
fn is_explained(lines: &[&str], number: usize) -> bool {
    const STATEMENT_LINES_MAX: usize = 6;
    let mut skipped = 0;
    for line in lines[..number].iter().rev() {
        let line = line.trim();
        if line.contains("SAFETY:") || line.contains("# Safety") {
            return true;
        }
        let is_comment = line.starts_with("//") || line.starts_with("#[");
        if !is_comment {
            skipped += 1;
            if skipped > STATEMENT_LINES_MAX || line.is_empty() || line.ends_with([';', '}']) {
                return false;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(package: &'static str, text: &str) -> usize {
        let file = SourceFile {
            package,
            path: "code".to_owned(),
            place: "code".to_owned(),
            text: text.to_owned(),
        };
        check(&[file]).len()
    }

    #[test]
    fn a_reason_above_is_enough() {
        let text = "// SAFETY: it is valid\n// for the frame's life.\nlet x = unsafe { *p };";
        assert_eq!(check_text("runtime", text), 0);
        assert_eq!(check_text("plan", text), 1);
    }

    #[test]
    fn a_reason_for_another_statement_is_not() {
        let text = "// SAFETY: fine.\nunsafe { f() };\nunsafe { g() };";
        assert_eq!(check_text("runtime", text), 1);
    }
}
