//! What a failed expectation says: what a collection holds, against what it should.

use std::fmt::Write;

use bloom_plan::display;
use bloom_plan::plan::Plan;
use bloom_plan::types::TypeId;
use bloom_plan::value::Row;

use crate::world::Trouble;

/// How many rows of each sort a report shows.
const ROWS_SHOWN_MAX: usize = 20;

/// A collection of one node, as reports name it and write its rows.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    pub plan: &'a Plan,
    pub collection: &'a str,
    /// `a.heard`, or the collection alone where a test has one node without a name.
    pub title: String,
}

impl Subject<'_> {
    /// The contents are not the rows expected.
    pub fn rows_differ(&self, expected: &[Row], actual: &[Row]) -> String {
        let missing: Vec<&Row> = expected.iter().filter(|r| !actual.contains(r)).collect();
        let unexpected: Vec<&Row> = actual.iter().filter(|r| !expected.contains(r)).collect();
        let mut text = format!("`{}` does not hold exactly these rows", self.title);
        self.list(&mut text, "missing", &missing);
        self.list(&mut text, "unexpected", &unexpected);
        self.list(&mut text, "holds", &actual.iter().collect::<Vec<_>>());
        text
    }

    /// No row matches.
    pub fn none_matches(&self, actual: &[Row]) -> String {
        let mut text = format!("no row of `{}` matches", self.title);
        self.list(&mut text, "holds", &actual.iter().collect::<Vec<_>>());
        text
    }

    /// Rows match that should not.
    pub fn some_match(&self, matching: &[&Row]) -> String {
        let mut text = format!("`{}` holds what it should not", self.title);
        self.list(&mut text, "matching", matching);
        text
    }

    fn list(&self, text: &mut String, what: &str, rows: &[&Row]) {
        if rows.is_empty() {
            if what == "holds" {
                text.push_str("\n  it is empty");
            }
            return;
        }
        for (i, row) in rows.iter().take(ROWS_SHOWN_MAX).enumerate() {
            let label = if i == 0 { what } else { "" };
            push(text, format_args!("\n  {label:<11}{}", self.row(row)));
        }
        if rows.len() > ROWS_SHOWN_MAX {
            push(text, format_args!("\n  {:<11}… {} in all", "", rows.len()));
        }
    }

    fn row(&self, row: &Row) -> String {
        let relation = self
            .plan
            .relations
            .iter()
            .find(|r| r.name == self.collection);
        let columns: Vec<TypeId> = relation
            .map(|r| r.columns.iter().map(|c| c.ty).collect())
            .unwrap_or_default();
        display::row(&self.plan.types, &columns, row).to_string()
    }
}

/// What went wrong in a tick and no step expected.
pub fn unexpected_errors(troubles: &[Trouble]) -> String {
    let mut text = String::from(match troubles {
        [_] => "an unexpected error",
        _ => "unexpected errors",
    });
    for Trouble { node, error } in troubles.iter().take(ROWS_SHOWN_MAX) {
        push(
            &mut text,
            format_args!("\n  {} ({})", error.message, error.rule),
        );
        if !node.is_empty() {
            push(&mut text, format_args!(" at node `{node}`"));
        }
        if !error.row.is_empty() {
            push(&mut text, format_args!("\n    row {}", error.row));
        }
    }
    if troubles.len() > ROWS_SHOWN_MAX {
        push(&mut text, format_args!("\n  … {} in all", troubles.len()));
    }
    text
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes any text");
}
