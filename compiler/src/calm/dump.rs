//! The properties and labels of a program as text: what `--emit labels` prints, and tests compare.

use std::fmt::Write;

use super::body::Known;
use super::found::Found;
use super::report::Report;

/// Of each place its properties, of each output and view its verdict and the reasons.
pub fn text(known: Known<'_, '_>, found: &Found, report: &Report) -> String {
    let mut text = String::new();
    let mut line = |content: std::fmt::Arguments<'_>| {
        writeln!(text, "{content}").expect("writing to a string never fails");
    };
    for at in known.model.places() {
        let node = &known.model.program.nodes[known.model.node_of(at)].name;
        let name = &known.model.collection(at).name;
        line(format_args!("{node}.{name}: {}", found.place(at)));
    }
    for output in &report.outputs {
        let (node, name) = (&output.node, &output.name);
        let bound = if output.lower_bound {
            ", a lower bound"
        } else {
            ""
        };
        line(format_args!(
            "output {node}.{name}: {}{bound}",
            output.label.name()
        ));
        for because in &output.because {
            line(format_args!("  {}", because.text));
        }
    }
    for view in &report.views {
        let (node, name) = (&view.node, &view.name);
        let verdict = if view.converges {
            "converges"
        } else {
            "does not converge"
        };
        let prefix = if view.prefix_safe { ", only grows" } else { "" };
        line(format_args!("view {node}.{name}: {verdict}{prefix}"));
        for because in &view.because {
            line(format_args!("  {}", because.text));
        }
    }
    text
}
