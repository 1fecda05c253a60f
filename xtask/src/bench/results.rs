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

pub struct Page {
    /// By id, in the order of the page.
    sections: Vec<(String, String)>,
}

impl Page {
    /// Empty if there is none yet.
    pub fn read(root: &Path) -> Result<Page, String> {
        let path = root.join("bench/results.md");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Page::parse(&text)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Page::parse("")),
            Err(e) => Err(format!("{}: {e}", path.display())),
        }
    }

    fn parse(text: &str) -> Page {
        let mut sections = Vec::<(String, String)>::new();
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                let id = title.split(':').next().unwrap_or(title);
                sections.push((id.to_owned(), String::new()));
            }
            if let Some((_, section)) = sections.last_mut() {
                section.push_str(line);
                section.push('\n');
            }
        }
        Page { sections }
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

    fn text(&self) -> String {
        let sections = self.sections.iter().map(|(_, text)| text.trim_end());
        let sections: Vec<&str> = sections.collect();
        format!("{HEAD}{}\n", sections.join("\n\n"))
    }

    pub fn write(&self, root: &Path) -> Result<(), String> {
        let path = root.join("bench/results.md");
        fs::write(&path, self.text()).map_err(|e| format!("{}: {e}", path.display()))
    }
}

/// The last line of a section.
pub fn measured_on(root: &Path, options: &Options, load: &str) -> Result<String, String> {
    let bloom = peers::bloom(root, peers::Profile::Release);
    let version = output(Command::new(&bloom).arg("--version"))?;
    let rustc = output(Command::new("rustc").arg("--version"))?;
    let commit = output(
        Command::new("git")
            .args(["describe", "--always", "--dirty"])
            .current_dir(root),
    )?;
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

pub fn met(is_met: bool) -> &'static str {
    match is_met {
        true => "met",
        false => "**missed**",
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
        let mut page =
            Page::parse("# Results\n\nold head\n\n## B2: two\n\nb\n\n## B10: ten\n\nc\n");
        page.replace("B9", "## B9: nine\n\nnew\n".into());
        page.replace("B2", "## B2: two\n\nnewer\n".into());
        let text = page.text();
        assert!(text.starts_with(HEAD));
        let rest = "## B2: two\n\nnewer\n\n## B9: nine\n\nnew\n\n## B10: ten\n\nc\n";
        assert!(text.ends_with(rest), "{text}");
        assert_eq!(Page::parse(&text).text(), text);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4, 1, 2, 3]), 2);
    }
}
