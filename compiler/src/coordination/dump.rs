//! What coordination did, as text: what `--emit coord` prints, and tests compare.

use std::fmt::Write;

use smol_str::{SmolStr, format_smolstr};

use super::{Coordinated, Insertion, Strategy};
use crate::calm::Report;
use crate::hir::{Loc, Program};

impl Coordinated {
    /// Insertions and advice with their points, what is taken as it is, and each label before and after.
    pub fn dump(&self) -> String {
        let mut text = String::new();
        let mut line = |content: std::fmt::Arguments<'_>| {
            writeln!(text, "{content}").expect("writing to a string never fails");
        };
        let inserted = self.insertions.iter().map(|one| ("insert", one));
        let advised = self.advice.iter().map(|one| ("advise", one));
        for (verb, insertion) in inserted.chain(advised) {
            line(format_args!("{verb} {}", what(insertion)));
            for mended in &insertion.mends {
                line(format_args!("  mends {}.{}", mended.node, mended.name));
            }
            for &loc in &insertion.points {
                line(format_args!("  point {}", point(&self.program, loc)));
            }
            line(format_args!("  why {}", insertion.why));
            line(format_args!("  price {}", insertion.price.words));
        }
        for accepted in &self.accepted {
            let (node, name) = (&accepted.node, &accepted.name);
            line(format_args!("accept {node}.{name}: {}", accepted.reason));
        }
        for (before, after) in verdicts(&self.before)
            .into_iter()
            .zip(verdicts(&self.after))
        {
            match before == after {
                true => line(format_args!("{} {}", before.0, before.1)),
                false => line(format_args!("{} {} -> {}", before.0, before.1, after.1)),
            }
        }
        text
    }
}

/// `fifo "line-checkout" on line, checkout at Shop`
fn what(insertion: &Insertion) -> String {
    let mut text = insertion.strategy.name().to_owned();
    match &insertion.strategy {
        Strategy::Fifo { group: name } | Strategy::Order { log: name } if !name.is_empty() => {
            text += &format!(" \"{name}\"");
        }
        Strategy::Fifo { .. }
        | Strategy::Order { .. }
        | Strategy::Once
        | Strategy::Seal
        | Strategy::KeyOrder => {}
    }
    text += &format!(" on {}", insertion.on.join(", "));
    if !insertion.by.is_empty() {
        text += &format!(" by {}", insertion.by.join(", "));
    }
    text + &format!(" at {}", insertion.node)
}

/// A rule by its number among those of its node, else a collection.
fn point(program: &Program, loc: Loc) -> SmolStr {
    for node in program.nodes.values() {
        let mut rules = node.rules.values().zip(0..);
        if let Some((rule, number)) = rules.find(|(rule, _)| rule.loc == loc) {
            let head = &node.collections[rule.head.collection].name;
            return format_smolstr!("{}: rule {number}, of {head}", node.name);
        }
        let mut collections = node.collections.values();
        if let Some(collection) = collections.find(|collection| collection.loc == loc) {
            return format_smolstr!("{}: {}", node.name, collection.name);
        }
    }
    SmolStr::new("elsewhere")
}

fn verdicts(report: &Report) -> Vec<(String, &'static str)> {
    let outputs = report.outputs.iter().map(|output| {
        let name = format!("output {}.{}:", output.node, output.name);
        (name, output.label.name())
    });
    let views = report.views.iter().map(|view| {
        let verdict = match view.converges {
            true => "converges",
            false => "does not converge",
        };
        (format!("view {}.{}:", view.node, view.name), verdict)
    });
    outputs.chain(views).collect()
}
