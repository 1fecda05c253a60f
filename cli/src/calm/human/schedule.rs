//! A witness as a small diagram: its runs side by side, a line a tick.

use crate::calm::document::{Run, Witness, set};

/// Columns of the terminal that both runs share; past it they stand one below the other.
const WIDTH_MAX: usize = 110;

/// The output or view that a witness is of.
#[derive(Clone, Copy)]
pub(super) struct Watched<'a> {
    pub(super) name: &'a str,
    pub(super) is_view: bool,
}

/// The lines of the diagram.
pub(super) fn diagram(witness: &Witness, watched: Watched<'_>) -> Vec<String> {
    let runs: Vec<Vec<String>> = (1u32..)
        .zip(&witness.runs)
        .map(|(number, run)| {
            let mut lines = lines(run, watched);
            if witness.runs.len() > 1 {
                lines.insert(0, format!("run {number}"));
            }
            lines
        })
        .collect();
    let width_of = |run: &Vec<String>| run.iter().map(|row| row.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = runs.iter().map(width_of).collect();
    if widths.iter().map(|width| width + 3).sum::<usize>() > WIDTH_MAX {
        return runs.concat();
    }
    let height = runs.iter().map(Vec::len).max().unwrap_or(0);
    let row = |at: usize| {
        let cells = runs.iter().zip(&widths).map(|(run, &width)| {
            // The outcome stands last in each, and the shorter run waits before it.
            let gap = height - run.len();
            let cell = match at + 1 {
                last if last == height => run.last(),
                _ if at + 1 < run.len() => run.get(at),
                _ if gap == 0 => run.get(at),
                _ => None,
            };
            let cell = cell.map_or("", String::as_str);
            format!("{cell:<width$}")
        });
        cells.collect::<Vec<_>>().join("   ").trim_end().to_owned()
    };
    (0..height).map(row).collect()
}

fn lines(run: &Run, watched: Watched<'_>) -> Vec<String> {
    let one_node = run
        .ticks
        .windows(2)
        .all(|pair| pair[0].node == pair[1].node);
    let mut lines = Vec::new();
    for tick in &run.ticks {
        let place = match one_node {
            true => format!("tick {}", tick.tick),
            false => format!("{} tick {}", tick.node, tick.tick),
        };
        if tick.again {
            lines.push("  from here on again and again".to_owned());
        }
        let arrivals = match tick.arrivals.as_slice() {
            [] => "nothing arrives".to_owned(),
            arrivals => arrivals.join(", "),
        };
        lines.push(format!("  {place}: {arrivals}"));
        let sent = tick
            .sends
            .iter()
            .map(|sent| format!("    sends {} to {}", sent.row, sent.to));
        lines.extend(sent);
        lines.extend(
            tick.errors
                .iter()
                .map(|error| format!("    error: {error}")),
        );
        if !tick.rows.is_empty() {
            let word = if watched.is_view { "holds" } else { "gives" };
            lines.push(format!("    {word} {}", set(&tick.rows)));
        }
    }
    lines.push(format!("  {}", run.outcome(watched.name)));
    lines
}
