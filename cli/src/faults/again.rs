//! The command that runs one random run again.

use std::fmt::Write;

use crate::args::FaultsSelection;

impl FaultsSelection {
    /// The command for the run of a test that has this seed.
    pub(super) fn again(&self, test: &str, seed: u64) -> String {
        let mut text = "bloom faults".to_owned();
        for path in &self.paths {
            push(&mut text, &quoted(&path.to_string_lossy()));
        }
        let numbers = [
            ("--eot", self.eot),
            ("--eff", self.eff),
            ("--crashes", self.crashes),
        ];
        for (option, number) in numbers {
            if let Some(number) = number {
                push(&mut text, &format!("{option} {number}"));
            }
        }
        if !self.nodes.is_empty() {
            push(
                &mut text,
                &format!("--nodes {}", quoted(&self.nodes.join(","))),
            );
        }
        if let Some(spec) = &self.spec {
            push(&mut text, &format!("--spec {}", quoted(spec)));
        }
        if self.mute_crashes {
            push(&mut text, "--mute-crashes");
        }
        if self.nodes.is_empty() {
            push(&mut text, &format!("--filter {}", quoted(test)));
        }
        push(&mut text, &format!("--random 0s --seed {seed}"));
        text
    }
}

fn push(text: &mut String, word: &str) {
    write!(text, " {word}").expect("a string takes any text");
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("a/b.bloom"), "a/b.bloom");
        assert_eq!(quoted("2PC 6/3/1"), "'2PC 6/3/1'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
