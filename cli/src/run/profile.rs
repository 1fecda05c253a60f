//! `--profile`: where a run's time went, as tables by rule and by index, and as folded stacks.
//!
//! A folded stack is a line `outer;inner;innermost 1234`: the names of places, each entered from the one before it,
//! and the nanoseconds spent in the innermost and nowhere further in. Viewers of flame graphs read it (speedscope,
//! inferno, flamegraph.pl). Invariant: the numbers of all lines add up to what was measured.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use bloom_plan::plan::{Extent, IndexId, Plan, Version, VersionId};
use bloom_runtime::Profile;
use bloom_runtime::profile::{Place, Probes, Span};

use crate::outcome::Misuse;
use crate::terminal;

/// Lines of a table; the file has everything.
const LINES_MAX: usize = 40;
/// Characters of a rule's text that a line shows.
const RULE_CHARS_MAX: usize = 90;

/// What was measured of a node.
pub(super) struct Measured<'a> {
    /// Its name, where there may be several.
    pub(super) node: Option<&'a str>,
    pub(super) plan: &'a Plan,
    pub(super) profile: &'a Profile,
}

/// Tells where the time of nodes went, and of the phases around them.
pub(super) fn tell(
    nodes: &[Measured<'_>],
    phases: &[(&'static str, Duration)],
    file: &Path,
) -> Result<(), Misuse> {
    std::fs::write(file, folded(nodes, phases)).map_err(|e| Misuse::io(file, &e))?;
    terminal::report(&tables(nodes, phases));
    terminal::note(format_args!(
        "{} has the same as folded stacks; a viewer of flame graphs such as https://speedscope.app shows them",
        file.display()
    ));
    Ok(())
}

fn nanoseconds(phase: Duration) -> u64 {
    u64::try_from(phase.as_nanos()).unwrap_or(u64::MAX)
}

/// A rule or an index, summed over nodes of a kind.
#[derive(Default)]
struct Sum {
    time: u64,
    times: u64,
    read: u64,
    derived: u64,
    new: u64,
    probes: Probes,
}

/// All that the tables say.
#[derive(Default)]
struct Sums {
    rules: BTreeMap<String, Sum>,
    indexes: BTreeMap<String, Sum>,
    other: BTreeMap<String, Sum>,
    whole: u64,
}

impl Sums {
    fn add_node(&mut self, node: &Measured<'_>) {
        let Measured { plan, profile, .. } = node;
        let spans = profile.spans();
        // Of each span, the version that it is part of.
        let mut versions: Vec<Option<VersionId>> = Vec::with_capacity(spans.len());
        for span in spans {
            let version = match span.place {
                Place::Version(version) => Some(version),
                _ => span.parent.and_then(|parent| versions[parent]),
            };
            versions.push(version);
            self.whole += span.own;
            let of_rule = version.map(|version| self.rules.entry(rule(plan, version)).or_default());
            if let Some(sum) = of_rule {
                sum.time += span.own;
                if let Place::Version(_) = span.place {
                    sum.times += span.times;
                    sum.read += span.read;
                    sum.derived += span.derived;
                    sum.new += span.new;
                }
            }
            for (&index, &probes) in &span.probes {
                let of_index = self.indexes.entry(index_name(plan, index)).or_default();
                of_index.probes.add(probes);
                of_index.time += probes.nanoseconds();
                if let Some(version) = version {
                    let sum = self.rules.entry(rule(plan, version)).or_default();
                    sum.probes.add(probes);
                }
            }
            if let Place::Index(index) = span.place {
                let sum = self.indexes.entry(index_name(plan, index)).or_default();
                sum.time += span.own;
                sum.times += span.times;
            } else if version.is_none() {
                let sum = self.other.entry(place_name(plan, span.place)).or_default();
                sum.time += span.own;
                sum.times += span.times;
            }
        }
    }
}

fn tables(nodes: &[Measured<'_>], phases: &[(&'static str, Duration)]) -> String {
    let mut sums = Sums::default();
    for node in nodes {
        sums.add_node(node);
    }
    for &(name, time) in phases {
        let sum = sums.other.entry(name.to_owned()).or_default();
        sum.time += nanoseconds(time);
        sum.times += 1;
        sums.whole += nanoseconds(time);
    }
    let whole = sums.whole;
    let mut text = String::new();
    let rules = sums.rules.iter().map(|(name, sum)| {
        let Sum {
            times,
            read,
            derived,
            new,
            ..
        } = sum;
        let cells = vec![*times, *read, *derived, *new, sum.probes.count];
        (sum.time, cells, name.as_str())
    });
    let columns = ["runs", "rows read", "derived", "new", "probes", "rule"];
    table(&mut text, whole, &columns, rules.collect());
    let indexes = sums.indexes.iter().map(|(name, sum)| {
        let cells = vec![sum.probes.count, sum.probes.hits, sum.times];
        (sum.time, cells, name.as_str())
    });
    let columns = ["probes", "found", "brought up to date", "index"];
    table(&mut text, whole, &columns, indexes.collect());
    let other = sums.other.iter();
    let other = other.map(|(name, sum)| (sum.time, vec![sum.times], name.as_str()));
    table(&mut text, whole, &["times", "besides"], other.collect());
    text
}

type Line<'a> = (u64, Vec<u64>, &'a str);

/// Lines with milliseconds, their part of the whole, numbers and a name; those with most time first.
fn table(text: &mut String, whole: u64, columns: &[&str], mut lines: Vec<Line<'_>>) {
    if lines.is_empty() {
        return;
    }
    lines.sort_by_key(|(time, ..)| std::cmp::Reverse(*time));
    let others = lines.split_off(LINES_MAX.min(lines.len()));
    let mut rows = vec![vec!["ms".to_owned(), "%".to_owned()]];
    rows[0].extend(columns.iter().map(|&name| name.to_owned()));
    let shown = |time: u64| {
        let part = 100.0 * time as f64 / whole.max(1) as f64;
        vec![format!("{:.3}", time as f64 / 1e6), format!("{part:.1}")]
    };
    for (time, numbers, name) in lines {
        let mut row = shown(time);
        row.extend(numbers.iter().map(u64::to_string));
        row.push(name.to_owned());
        rows.push(row);
    }
    if !others.is_empty() {
        let mut row = shown(others.iter().map(|(time, ..)| time).sum());
        row.resize(columns.len() + 1, String::new());
        row.push(format!("{} more", others.len()));
        rows.push(row);
    }
    let widths: Vec<usize> = (0..=columns.len())
        .map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0))
        .collect();
    for row in rows {
        for (cell, width) in row.iter().zip(&widths) {
            write!(text, "{cell:>width$}  ").expect("writing to a string never fails");
        }
        text.push_str(&row[columns.len() + 1]);
        text.push('\n');
    }
    text.push('\n');
}

/// See the module's documentation.
fn folded(nodes: &[Measured<'_>], phases: &[(&'static str, Duration)]) -> String {
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for &(name, time) in phases {
        *lines.entry(name.to_owned()).or_default() += nanoseconds(time);
    }
    for node in nodes {
        let mut stacks: Vec<String> = Vec::new();
        for span in node.profile.spans() {
            let stack = stack(node, &stacks, span);
            let mut own = span.own;
            for (&index, probes) in &span.probes {
                // Estimates may be too large.
                let time = probes.nanoseconds().min(own);
                own -= time;
                let stack = format!("{stack};probe {}", index_name(node.plan, index));
                *lines.entry(stack).or_default() += time;
            }
            *lines.entry(stack.clone()).or_default() += own;
            stacks.push(stack);
        }
    }
    let mut text = String::new();
    for (stack, time) in lines.iter().filter(|(_, time)| **time > 0) {
        writeln!(text, "{stack} {time}").expect("writing to a string never fails");
    }
    text
}

fn stack(node: &Measured<'_>, stacks: &[String], span: &Span) -> String {
    let name = match span.place {
        Place::Version(id) => {
            let version = &node.plan.versions[id.0 as usize];
            let of = change_name(node.plan, version);
            let plain = rule(node.plan, id).trim_end_matches(';').replace(';', ",");
            format!("{plain}{of}")
        }
        place => place_name(node.plan, place),
    };
    match (span.parent, node.node) {
        (Some(parent), _) => format!("{};{name}", stacks[parent]),
        (None, Some(node)) => format!("{node};{name}"),
        (None, None) => name,
    }
}

/// What a version begins with, if it is a change.
fn change_name(plan: &Plan, version: &Version) -> String {
    match version.delta {
        Some(delta) => format!(" [changes of {}]", relation_name(plan, delta)),
        None => String::new(),
    }
}

fn relation_name(plan: &Plan, relation: bloom_plan::plan::RelationId) -> &str {
    &plan.relations[relation.0 as usize].name
}

/// A version's rule: where it stands and what it says.
fn rule(plan: &Plan, version: VersionId) -> String {
    let rule = plan.versions[version.0 as usize].rule;
    let rule = &plan.rules[rule.0 as usize];
    let text: Vec<&str> = rule.text.split_whitespace().collect();
    let text = text.join(" ");
    let cut = text.char_indices().nth(RULE_CHARS_MAX);
    match cut {
        Some((at, _)) => format!("{}  {}…", rule.at, &text[..at]),
        None => format!("{}  {text}", rule.at),
    }
}

fn index_name(plan: &Plan, index: IndexId) -> String {
    let index = &plan.indexes[index.0 as usize];
    let relation = &plan.relations[index.relation.0 as usize];
    let columns = index.columns.iter();
    let columns: Vec<&str> = columns
        .map(|&column| relation.columns[column as usize].name.as_str())
        .collect();
    let part = match index.part {
        Extent::Total | Extent::Delta => "",
        Extent::Before => " as it was",
        Extent::Founded => " of rows that came earlier",
    };
    format!("{}({}){part}", relation.name, columns.join(", "))
}

fn place_name(plan: &Plan, place: Place) -> String {
    match place {
        Place::Tick => "tick".to_owned(),
        Place::Changes => "deferred changes".to_owned(),
        Place::Sweep => "reclaiming values".to_owned(),
        Place::Arrivals => "arrivals".to_owned(),
        Place::Stratum(number) => format!("stratum {number}"),
        Place::Closing => "after all strata".to_owned(),
        Place::Code => "generate machine code".to_owned(),
        Place::Version(version) => rule(plan, version),
        Place::Index(index) => format!("bring {} up to date", index_name(plan, index)),
        Place::Derived(relation) => format!("into {}", relation_name(plan, relation)),
        Place::Groups(_) => "put groups together".to_owned(),
        Place::Merge(relation) => format!("merge {}", relation_name(plan, relation)),
        Place::Output => "output".to_owned(),
    }
}
