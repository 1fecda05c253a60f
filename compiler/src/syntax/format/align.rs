//! Lines up what stands in consecutive lines: the arrows of rules, the names of collections.

use super::WIDTH;
use super::line::{Line, LineKind};

/// Heads that differ in width by more are not lined up: the blanks would hide what belongs together.
const SPREAD_MAX: usize = 12;

pub fn align(lines: &mut [Line]) {
    let mut start = 0;
    while start < lines.len() {
        let len = lines[start..]
            .iter()
            .take_while(|line| alike(line, &lines[start]))
            .count()
            .max(1);
        let run = &mut lines[start..start + len];
        match run[0].kind {
            LineKind::Rule { .. } => align_rules(run),
            LineKind::Declaration => pad(run, |_| 1),
            LineKind::Blank | LineKind::Other => {}
        }
        start += len;
    }
}

fn alike(line: &Line, first: &Line) -> bool {
    let kind = matches!(
        (line.kind, first.kind),
        (LineKind::Rule { .. }, LineKind::Rule { .. })
            | (LineKind::Declaration, LineKind::Declaration)
    );
    kind && line.indent == first.indent
}

fn align_rules(run: &mut [Line]) {
    pad(run, arrow);
    pad(run, |line| arrow(line) + 1);
}

fn arrow(line: &Line) -> usize {
    match line.kind {
        LineKind::Rule { arrow } => arrow,
        LineKind::Blank | LineKind::Declaration | LineKind::Other => 0,
    }
}

/// Moves the word of each line that `column` gives to the right, to where the furthest is, if all fit.
fn pad(run: &mut [Line], column: impl Fn(&Line) -> usize) {
    let starts: Vec<usize> = run
        .iter()
        .map(|line| start_of(line, column(line)))
        .collect();
    let (Some(least), Some(most)) = (starts.iter().min(), starts.iter().max()) else {
        return;
    };
    let fits = |(line, start): (&Line, &usize)| line.width() + most - start <= WIDTH;
    if most - least > SPREAD_MAX || !run.iter().zip(&starts).all(fits) {
        return;
    }
    for (line, start) in run.iter_mut().zip(&starts) {
        let at = column(line);
        if let Some(word) = line.words.get_mut(at) {
            word.blanks += most - start;
        }
    }
}

/// How many characters stand before the word.
fn start_of(line: &Line, word: usize) -> usize {
    let before = line.words.iter().take(word);
    let texts: usize = before.map(|word| word.text.chars().count()).sum();
    let blanks: usize = line
        .words
        .iter()
        .take(word + 1)
        .skip(1)
        .map(|word| word.blanks)
        .sum();
    line.indent + texts + blanks
}
