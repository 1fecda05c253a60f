//! `bench/results.md`: sections that are replaced one by one, and what all of them say at their ends.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::options::Options;
use super::peers;
use crate::figures::{machine, output};

const HEAD: &str = "\
# Results

Written by `cargo xtask bench`, section by section; do not edit. A time counts only if the answers of its run are
those of all others, row for row. [README.md](README.md) says what the works are and how they are measured.

";

/// Where the reasons stand for what is missed, by sections that have the ids of those of the page.
const REASONS: &str = "profiles.md";

pub struct Page {
    /// By id, in the order of the page.
    sections: Vec<(String, String)>,
    reasons: Reasons,
}

/// Where on their page reasons stand, by id.
struct Reasons(Vec<(String, String)>);

impl Reasons {
    fn parse(text: &str) -> Reasons {
        let titles = text.lines().filter_map(|line| line.strip_prefix("## "));
        let placed =
            titles.filter_map(|title| Some((title.split_once(':')?.0.to_owned(), anchor(title))));
        Reasons(placed.collect())
    }

    fn of(&self, id: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == id);
        found.map(|(_, anchor)| &**anchor)
    }
}

/// What a link to the section with this title ends with.
fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|c| c.is_alphanumeric() || *c == '-')
        .collect()
}

impl Page {
    /// Empty if there is none yet.
    pub fn read(root: &Path) -> Result<Page, String> {
        let text = |name: &str| {
            let path = root.join("bench").join(name);
            match fs::read_to_string(&path) {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
                read => read.map_err(|e| format!("{}: {e}", path.display())),
            }
        };
        Ok(Page::parse(&text("results.md")?, &text(REASONS)?))
    }

    fn parse(text: &str, reasons: &str) -> Page {
        let mut sections = Vec::<(String, String)>::new();
        for line in text.lines() {
            if line == MISSED {
                // It follows from the others.
                break;
            }
            if let Some(title) = line.strip_prefix("## ") {
                let id = title.split(':').next().unwrap_or(title);
                sections.push((id.to_owned(), String::new()));
            }
            if let Some((_, section)) = sections.last_mut() {
                section.push_str(line);
                section.push('\n');
            }
        }
        Page {
            sections,
            reasons: Reasons::parse(reasons),
        }
    }

    pub fn replace(&mut self, id: &str, text: String) {
        self.sections.retain(|(other, _)| other != id);
        self.sections.push((id.to_owned(), text));
        let number = |id: &str| {
            id.trim_start_matches('B')
                .parse::<u32>()
                .unwrap_or(u32::MAX)
        };
        self.sections.sort_by_key(|(id, _)| number(id));
    }

    /// Whether the section is there and was measured at this commit.
    pub fn is_of(&self, id: &str, commit: &str) -> bool {
        let commit = format!("({commit})");
        let section = self.sections.iter().find(|(other, _)| other == id);
        section.is_some_and(|(_, text)| text.contains(&commit))
    }

    fn text(&self) -> String {
        let sections = self.sections.iter().map(|(_, text)| text.trim_end());
        let mut sections: Vec<&str> = sections.collect();
        let missed = self.missed();
        sections.push(missed.trim_end());
        format!("{HEAD}{}\n", sections.join("\n\n"))
    }

    /// The targets that are missed, by section: where a line says so, what it is about, and where the reason stands.
    fn missed(&self) -> String {
        let mut text = format!("{MISSED}\n\n");
        for (id, section) in &self.sections {
            let lines = section.lines().filter(|line| line.contains(MISS));
            let subjects = lines.map(|line| match line.strip_prefix("| ") {
                Some(row) => row.split(" | ").next().unwrap_or(row),
                None => line.split([',', ':']).next().unwrap_or(line),
            });
            let mut subjects: Vec<&str> = subjects.collect();
            subjects.dedup();
            if !subjects.is_empty() {
                let why = match self.reasons.of(id) {
                    Some(anchor) => format!(" ([profile]({REASONS}#{anchor}))"),
                    None => ", without a profile".to_owned(),
                };
                text += &format!("- {id}: {}{why}\n", subjects.join("; "));
            }
        }
        text
    }

    pub fn write(&self, root: &Path) -> Result<(), String> {
        let path = root.join("bench/results.md");
        fs::write(&path, self.text()).map_err(|e| format!("{}: {e}", path.display()))
    }
}

/// What is checked out, and whether anything but this page differs from it.
pub fn commit(root: &Path) -> Result<String, String> {
    let git = |arguments: &[&str]| output(Command::new("git").args(arguments).current_dir(root));
    let commit = git(&["rev-parse", "--short", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--", ".", ":!bench/results.md"])?;
    match changed.is_empty() {
        true => Ok(commit),
        false => Ok(commit + ", changed"),
    }
}

/// The last line of a section.
pub fn measured_on(
    root: &Path,
    options: &Options,
    commit: &str,
    load: &str,
) -> Result<String, String> {
    let bloom = peers::bloom(root, peers::Profile::Release);
    let version = output(Command::new(&bloom).arg("--version"))?;
    let rustc = output(Command::new("rustc").arg("--version"))?;
    let scale = match options.scale {
        1.0 => String::new(),
        scale => format!(", at scale {scale}"),
    };
    Ok(format!(
        "Measured with {version} ({commit}), built by {rustc}, on {}{scale}, seed {}; {load}.",
        machine(),
        options.seed
    ))
}

/// What else the machine had to do, as far as it tells.
pub fn load() -> String {
    let told = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    match told.split_whitespace().next() {
        Some(load) => format!("before it began, {load} other threads wanted a core on average"),
        None => "the machine does not tell what else it had to do".to_owned(),
    }
}

const MISSED: &str = "## Missed targets";
const MISS: &str = "**missed**";

/// Whether a target is met.
pub fn met(is_met: bool) -> &'static str {
    match is_met {
        true => "met",
        false => MISS,
    }
}

/// Whether a goal is, which is further off.
pub fn reached(is_met: bool) -> &'static str {
    match is_met {
        true => "met",
        false => "not yet",
    }
}

/// The median, for the even the lower of the two in the middle.
pub fn median<T: Copy + PartialOrd>(values: &[T]) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).expect("times are numbers"));
    sorted[(sorted.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_the_others_stay() {
        let mut page = Page::parse(
            "# Results\n\nold head\n\n## B2: two\n\nb\n\n## B10: ten\n\nc\n",
            "",
        );
        page.replace("B9", "## B9: nine\n\nnew\n".into());
        page.replace("B2", "## B2: two\n\nnewer\n".into());
        let text = page.text();
        assert!(text.starts_with(HEAD));
        let rest =
            "## B2: two\n\nnewer\n\n## B9: nine\n\nnew\n\n## B10: ten\n\nc\n\n## Missed targets\n";
        assert!(text.contains(rest), "{text}");
        assert_eq!(Page::parse(&text, "").text(), text);
    }

    #[test]
    fn what_is_missed_is_listed() {
        let mut page = Page::parse("", "# Why\n\n## B11: memory, and rows\n\ntext\n");
        let table = "| chain | 2.00 | **missed** | not yet |\n| grid | 0.5 | met | not yet |\n";
        page.replace("B1", format!("## B1: one\n\n{table}"));
        page.replace("B8", "## B8: eight\n\nall is met (abc)\n".into());
        let flat = "\nBytes a row, of two numbers: 4: **missed**\n";
        page.replace("B11", format!("## B11: eleven\n{flat}"));
        let text = page.text();
        let listed = "\n- B1: chain, without a profile\n\
                      - B11: Bytes a row ([profile](profiles.md#b11-memory-and-rows))\n";
        assert!(text.ends_with(listed), "{text}");
        assert!(page.is_of("B8", "abc") && !page.is_of("B8", "abd") && !page.is_of("B2", "abc"));
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4, 1, 2, 3]), 2);
    }
}
