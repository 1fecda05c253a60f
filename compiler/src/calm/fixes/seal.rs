//! A rule that waits until the partition it reads is complete, and sources whose producers say so.

use super::{Context, Effort, Proposal, inserted};
use crate::base::Edit;
use crate::calm::report::Place;
use crate::calm::violation::Violation;

/// What one source is sealed by, and the rule's variables for that.
struct Partition {
    source: Place,
    /// Names of the source's columns with the variables of the gate that have their values.
    columns: Vec<(String, String)>,
    is_declared: bool,
}

pub(super) fn propose(cx: Context<'_>, violation: &Violation) -> Option<Proposal> {
    let here = violation.rule.node;
    if violation.changing.is_empty() || violation.changing.iter().any(|source| source.node != here)
    {
        return None;
    }
    let partitions: Option<Vec<Partition>> = violation
        .changing
        .iter()
        .map(|&source| partition(cx, violation, source))
        .collect();
    let partitions = partitions?;
    let mut edits = Vec::new();
    for partition in partitions.iter().filter(|partition| !partition.is_declared) {
        edits.push(declare(cx, partition)?);
    }
    edits.push(wait(cx, violation, &partitions)?);
    let (effort, title) = match partitions.iter().all(|partition| partition.is_declared) {
        true => (
            Effort::Wait,
            format!("wait until {} is sealed", names(cx, &partitions)),
        ),
        false => {
            let columns: Vec<&str> = partitions[0]
                .columns
                .iter()
                .map(|(column, _)| column.as_str())
                .collect();
            let title = format!(
                "let producers of {} seal each `{}`, and wait for that",
                names(cx, &partitions),
                columns.join(", ")
            );
            (Effort::Seal, title)
        }
    };
    Some(Proposal::new(effort, title, edits))
}

/// The columns of a source that the gate determines: those that it is sealed by, or all that could be.
fn partition(cx: Context<'_>, violation: &Violation, source: Place) -> Option<Partition> {
    let collection = cx.collection(source);
    let gate: Vec<(u32, &str)> = violation
        .gate
        .iter()
        .flat_map(|gate| {
            let origins = gate.origins.iter().filter(|origin| origin.source == source);
            origins.map(|origin| (origin.column, gate.name.as_str()))
        })
        .collect();
    let variable = |column: u32| {
        gate.iter()
            .find(|(of, _)| *of == column)
            .map(|&(_, name)| name)
    };
    let is_declared = !collection.sealed_by.is_empty();
    let chosen: Vec<u32> = match is_declared {
        true => collection.sealed_by.clone(),
        false => {
            let mut columns: Vec<u32> = gate.iter().map(|&(column, _)| column).collect();
            columns.sort_unstable();
            columns.dedup();
            columns
        }
    };
    if chosen.is_empty() {
        return None;
    }
    let named = |column: u32| {
        let name = &collection.columns[column as usize].name;
        Some((name.to_string(), variable(column)?.to_owned()))
    };
    Some(Partition {
        source,
        columns: chosen.into_iter().map(named).collect::<Option<_>>()?,
        is_declared,
    })
}

fn declare(cx: Context<'_>, partition: &Partition) -> Option<Edit> {
    let columns = partition.columns.iter();
    let columns: Vec<&str> = columns.map(|(column, _)| column.as_str()).collect();
    cx.declaration(cx.collection(partition.source))?
        .sealed_by(&columns)
}

/// Adds the seals to the rule's body.
fn wait(cx: Context<'_>, violation: &Violation, partitions: &[Partition]) -> Option<Edit> {
    let rule = cx.rule(violation.rule);
    let last = cx.place_of(rule.loc.at(rule.literals.last()?.span));
    let literals = partitions.iter().map(|partition| {
        let columns = partition
            .columns
            .iter()
            .map(|(column, variable)| match column == variable {
                true => column.clone(),
                false => format!("{column}: {variable}"),
            });
        let columns: Vec<String> = columns.collect();
        let name = &cx.collection(partition.source).name;
        format!(", {name}.sealed{{{}}}", columns.join(", "))
    });
    Some(inserted(last, last.span.end, literals.collect::<String>()))
}

fn names(cx: Context<'_>, partitions: &[Partition]) -> String {
    let names = partitions
        .iter()
        .map(|partition| format!("`{}`", cx.collection(partition.source).name));
    names.collect::<Vec<_>>().join(" and ")
}
