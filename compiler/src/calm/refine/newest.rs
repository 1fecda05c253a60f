//! An export that carries its version, of which the receiver keeps the newest.
//!
//! In `report{to, from: self, version: n, total: s} <~ office{to}, size{n}, sum{s}` with `size{n: count()} <= sale{}` what is
//! sent is a function of the rows of `sale`, which only come; so where as many have come, the same have, and the greatest
//! number is that of all of them. Which smaller ones are sent is up to the schedule. But the rows with the greatest
//! version are decided by none: a receiver that keeps what it hears, and shows of each sender what came with its
//! greatest version, settles.
//!
//! What is sent with a version must not go away again as rows come, or a receiver would hear of a smaller one last. So
//! the body has no `not` and no condition, and what it aggregates is not joined with anything.

use crate::calm::body::Known;
use crate::calm::flow::{Atom, RuleSummary, Term};
use crate::calm::found::Found;
use crate::calm::model::{At, RuleAt};
use crate::calm::properties::Props;
use crate::calm::sealing::same_value;
use crate::hir::{AggregateFunction, Arrow, CollectionKind, VarId};

/// Rows are followed back through so many scratches.
const DEPTH_MAX: usize = 8;

/// The columns of a collection that say who sent a row, and with which version.
#[derive(Clone, Copy)]
struct Export {
    from: usize,
    version: usize,
}

/// The greatest version of each sender, or what came with it, by a rule over one table.
struct Best {
    table: At,
    /// Column of the head.
    from: usize,
    /// Column of the head that has the version itself.
    version: Option<usize>,
}

/// Whether what the rule gives settles, since it shows what came with the greatest version.
pub fn settles(known: &Known<'_, '_>, rule: RuleAt, found: &Found) -> bool {
    best(known, rule, Some(found)).is_some() || shows_newest(known, rule, found)
}

/// Whether the rule reads a table that is heard of together with the greatest version of each sender in it.
fn shows_newest(known: &Known<'_, '_>, rule: RuleAt, found: &Found) -> bool {
    let model = known.model;
    let summary = model.rule(rule);
    if !is_plain(summary) {
        return false;
    }
    let tables = summary.positive().filter_map(|(place, atom)| {
        let table = model.place(rule, atom.collection);
        Some((place, atom, table, export(known, table, None)?))
    });
    let mut pairs = tables.flat_map(|(place, rows, table, export)| {
        let greatest = summary.positive().filter(move |(_, greatest)| {
            let &[inner] = model.writers(model.place(rule, greatest.collection)) else {
                return false;
            };
            best(known, inner, Some(found)).is_some_and(|best| {
                best.table == table
                    && same_value(&greatest.terms[best.from], &rows.terms[export.from])
                    && best.version.is_some_and(|version| {
                        same_value(&greatest.terms[version], &rows.terms[export.version])
                    })
            })
        });
        greatest.map(move |(other, _)| [place, other])
    });
    pairs.any(|pair| {
        let mut rest = summary.atoms.iter().enumerate();
        rest.all(|(place, atom)| {
            let props = found.place(model.place(rule, atom.collection));
            pair.contains(&place) || props.has(Props::LIMIT)
        })
    })
}

/// What the rule finds in a table that is heard of; without properties, by form alone.
fn best(known: &Known<'_, '_>, rule: RuleAt, found: Option<&Found>) -> Option<Best> {
    let model = known.model;
    let summary = model.rule(rule);
    let [atom] = &summary.atoms[..] else {
        return None;
    };
    let fits = is_plain(summary)
        && !summary.aggregates.is_empty()
        && takes_all(atom)
        && summary.tests.is_empty()
        && summary.bindings.is_empty();
    if !fits {
        return None;
    }
    let table = model.place(rule, atom.collection);
    let export = export(known, table, found)?;
    let newest = &atom.terms[export.version];
    let mut best = Best {
        table,
        from: summary
            .columns
            .iter()
            .position(|column| same_value(column, &atom.terms[export.from]))?,
        version: None,
    };
    for (place, column) in summary.columns.iter().enumerate() {
        let mut aggregates = summary.aggregates.iter();
        let fits = match aggregates.find(|aggregate| aggregate.column as usize == place) {
            None => column.is_fixed() || same_value(column, &atom.terms[export.from]),
            Some(aggregate) => match (aggregate.function, &aggregate.operand, &aggregate.by[..]) {
                (AggregateFunction::Max, Some(operand), []) if same_value(operand, newest) => {
                    best.version = Some(place);
                    true
                }
                (AggregateFunction::Argmax, Some(_), [by]) => same_value(by, newest),
                _ => false,
            },
        };
        if !fits {
            return None;
        }
    }
    Some(best)
}

/// Of a table that keeps all that comes over a channel, with versions.
fn export(known: &Known<'_, '_>, table: At, found: Option<&Found>) -> Option<Export> {
    let model = known.model;
    let (channel, copy) = heard(known, table)?;
    let sent = sent(known, channel, found)?;
    let [atom] = &model.rule(copy).atoms[..] else {
        return None;
    };
    let column = |of: usize| {
        let mut columns = model.rule(copy).columns.iter();
        columns.position(|column| same_value(column, &atom.terms[of]))
    };
    Some(Export {
        from: column(sent.from)?,
        version: column(sent.version)?,
    })
}

/// The channel of which the table keeps all rows, and the rule by which it does.
fn heard(known: &Known<'_, '_>, table: At) -> Option<(At, RuleAt)> {
    let model = known.model;
    let mut inserters = model.inserters(table);
    let (Some(copy), None) = (inserters.next(), inserters.next()) else {
        return None;
    };
    let summary = model.rule(copy);
    let [atom] = &summary.atoms[..] else {
        return None;
    };
    let channel = model.place(copy, atom.collection);
    let is_channel = matches!(
        model.collection(channel).kind,
        CollectionKind::Channel { .. }
    );
    let fits = is_channel
        && model.collection(table).kind == CollectionKind::Table
        && model.only_gains(table)
        && is_plain(summary)
        && summary.aggregates.is_empty()
        && summary.tests.is_empty()
        && summary.bindings.is_empty()
        && takes_all(atom)
        && is_without_lattices(known, table)
        && !known.dependencies.has_conflict(table)
        && !known.dependencies.has_conflict(channel);
    fits.then_some((channel, copy))
}

/// The columns of a channel over which one rule sends what it makes of a table that only grows, with how much
/// that is.
fn sent(known: &Known<'_, '_>, channel: At, found: Option<&Found>) -> Option<Export> {
    let model = known.model;
    let &[sending] = model.writers(channel) else {
        return None;
    };
    let summary = model.rule(sending);
    let simple = summary.arrow == Arrow::AsyncMerge
        && !summary.bootstrap
        && !summary.chance
        && summary.aggregates.is_empty()
        && summary.tests.is_empty()
        && summary.bindings.is_empty();
    let location = model.location(channel)?;
    let mut columns = (0..summary.columns.len()).filter(|&column| column != location);
    let from = columns.find(|&column| summary.columns[column] == Term::SelfAddr);
    let (Some(from), true) = (from, simple) else {
        return None;
    };
    let versions = summary.positive().filter_map(|(_, atom)| {
        let (column, table) = counted_table(known, sending, atom)?;
        let version = (0..summary.columns.len()).find(|&place| {
            place != location && same_value(&summary.columns[place], &atom.terms[column])
        })?;
        Some((version, table))
    });
    let mut versions = versions.filter(|&(_, table)| {
        let settles =
            found.is_none_or(|found| found.place(table).has(Props::GROWS.with(Props::LIMIT)));
        let mut atoms = summary.atoms.iter();
        settles && atoms.all(|atom| follows(known, sending, atom, table, found))
    });
    versions.next().map(|(version, _)| Export { from, version })
}

/// The column of the atom that counts all rows of a table, and the table.
fn counted_table(known: &Known<'_, '_>, rule: RuleAt, atom: &Atom) -> Option<(usize, At)> {
    let model = known.model;
    let at = model.place(rule, atom.collection);
    let &[counting] = model.writers(at) else {
        return None;
    };
    let of = model.rule(counting);
    let [rows] = &of.atoms[..] else {
        return None;
    };
    let mut counts = of.aggregates.iter().filter(|aggregate| {
        aggregate.function == AggregateFunction::Count && aggregate.operand.is_none()
    });
    let column = counts.next()?.column as usize;
    let table = model.place(counting, rows.collection);
    let all = (0..of.columns.len()).all(|place| {
        let mut aggregates = of.aggregates.iter();
        of.columns[place].is_fixed() || aggregates.any(|a| a.column as usize == place)
    });
    let fits = !model.is_kept(at)
        && is_plain(of)
        && of.tests.is_empty()
        && of.bindings.is_empty()
        && all
        && takes_all(rows)
        && model.collection(table).kind == CollectionKind::Table
        && model.only_gains(table)
        && is_without_lattices(known, table)
        && !known.dependencies.has_conflict(table);
    fits.then_some((column, table))
}

/// Whether what the sending rule reads is a function of the table's rows alone, of which no match goes as they
/// come, but for values that are aggregated and only handed on.
fn follows(
    known: &Known<'_, '_>,
    sending: RuleAt,
    atom: &Atom,
    table: At,
    found: Option<&Found>,
) -> bool {
    let model = known.model;
    let at = model.place(sending, atom.collection);
    if atom.negated || !is_without_lattices(known, at) {
        return false;
    }
    if matches!(model.collection(at).kind, CollectionKind::Periodic { .. }) {
        return atom.terms.iter().all(Term::is_any);
    }
    if comes_of(known, at, table, found, DEPTH_MAX) {
        return true;
    }
    let &[inner] = model.writers(at) else {
        return false;
    };
    let (of, outer) = (model.rule(inner), model.rule(sending));
    let location = model.location(model.head(sending));
    let handed_on = of.aggregates.iter().all(|aggregate| {
        let term = &atom.terms[aggregate.column as usize];
        match term {
            Term::Any => true,
            Term::Var(var) => {
                let uses = outer.atoms.iter().flat_map(|atom| &atom.terms);
                let uses = uses.filter(|term| term.vars().contains(var)).count();
                uses == 1 && location.is_none_or(|place| !same_value(&outer.columns[place], term))
            }
            Term::Literal(_) | Term::Constant(_) | Term::SelfAddr | Term::Of { .. } => false,
        }
    });
    is_derived(known, at)
        && is_plain(of)
        && handed_on
        && of.atoms.iter().all(|atom| {
            let from = model.place(inner, atom.collection);
            !atom.negated && comes_of(known, from, table, found, DEPTH_MAX)
        })
}

/// Whether the collection has, of what is constant and of the table's rows, what never goes as these come.
fn comes_of(known: &Known<'_, '_>, at: At, table: At, found: Option<&Found>, depth: usize) -> bool {
    let model = known.model;
    // What is constant is known by its properties; by form alone it is taken to be.
    let constant = found.is_none_or(|found| found.place(at).has(Props::CONSTANT));
    if at == table || (constant && !is_derived(known, at)) {
        return true;
    }
    if found.is_some_and(|found| found.place(at).has(Props::CONSTANT)) {
        return true;
    }
    depth > 0
        && is_derived(known, at)
        && is_without_lattices(known, at)
        && !known.dependencies.has_conflict(at)
        && model.writers(at).iter().all(|&writer| {
            let of = model.rule(writer);
            let mut atoms = of.atoms.iter();
            is_plain(of)
                && of.aggregates.is_empty()
                && atoms.all(|atom| {
                    let from = model.place(writer, atom.collection);
                    !atom.negated && comes_of(known, from, table, found, depth - 1)
                })
        })
}

fn is_derived(known: &Known<'_, '_>, at: At) -> bool {
    matches!(
        known.model.collection(at).kind,
        CollectionKind::Scratch | CollectionKind::View
    ) && !known.model.writers(at).is_empty()
}

/// A rule of one tick that runs in all of them.
fn is_plain(summary: &RuleSummary) -> bool {
    summary.arrow == Arrow::Merge && !summary.bootstrap && !summary.chance
}

fn is_without_lattices(known: &Known<'_, '_>, at: At) -> bool {
    let mut columns = known.model.shape(at).columns.iter();
    !columns.any(|column| column.lattice)
}

/// Whether the atom reads each row of its collection.
fn takes_all(atom: &Atom) -> bool {
    let mut vars: Vec<VarId> = Vec::new();
    !atom.negated
        && atom.terms.iter().all(|term| match term {
            Term::Any => true,
            Term::Var(var) if !vars.contains(var) => {
                vars.push(*var);
                true
            }
            Term::Var(_)
            | Term::Literal(_)
            | Term::Constant(_)
            | Term::SelfAddr
            | Term::Of { .. } => false,
        })
}
