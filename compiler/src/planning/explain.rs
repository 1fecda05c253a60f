//! What a plan says of its strata, in words: when one, or a rule of it, is evaluated whole although little has changed,
//! and why.
//!
//! Lines of comments, since they follow from the plan and are no part of it. What decides is in `upkeep`, and in the
//! runtime's `machine::memo`.

use std::fmt::Write;

use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::{Plan, RelationId, Role, Rule, RuleId, Stratum, Upkeep};

use super::reorder::is_volatile;

/// A line for each reason for which a stratum may be evaluated whole, and for each rule that may be by itself.
pub fn explain(plan: &Plan) -> String {
    let fallible = Fallible::of(plan);
    let mut text = String::new();
    for (number, stratum) in plan.strata.iter().enumerate() {
        let heads = heads(plan, stratum);
        let names = heads
            .iter()
            .map(|id| plan.relations[id.0 as usize].name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        for reason in reasons(plan, stratum, &heads, &fallible) {
            writeln!(
                text,
                "; stratum {number} ({names}) is evaluated whole {reason}"
            )
            .expect("writing to a string never fails");
        }
        for rule in far(plan, stratum) {
            writeln!(
                text,
                "; {} is evaluated whole when something goes that it may have derived: what else supports a row could \
                 be found only by going through all rows of a relation",
                rule.at
            )
            .expect("writing to a string never fails");
        }
    }
    text
}

fn heads(plan: &Plan, stratum: &Stratum) -> Vec<RelationId> {
    let rules = stratum
        .initial
        .iter()
        .map(|v| plan.versions[v.0 as usize].rule);
    let mut heads: Vec<RelationId> = rules.map(|rule| plan.rules[rule.0 as usize].head).collect();
    heads.sort_unstable();
    heads.dedup();
    heads
}

fn reasons(
    plan: &Plan,
    stratum: &Stratum,
    heads: &[RelationId],
    fallible: &Fallible,
) -> Vec<String> {
    let has = |id: &RelationId, role: Role| {
        let mut columns = plan.relations[id.0 as usize].columns.iter();
        columns.any(|column| column.role == role)
    };
    let mut reasons = Vec::new();
    let mut add = |reason: &str| reasons.push(reason.to_owned());
    match stratum.upkeep {
        // Its relations keep their rows or are empty when a tick begins.
        Upkeep::Flow => return reasons,
        Upkeep::Anew => {
            let rule = asks(plan, stratum).expect("else changes are followed");
            let at = &plan.rules[rule.0 as usize].at;
            add(&format!(
                "in every tick: {at} asks for the time, for chance or for fresh numbers"
            ));
        }
        Upkeep::Counting => add(
            "a second time, when it first has a change to follow: derivations are counted from then on",
        ),
        Upkeep::Rederive => {
            let ordered = heads.iter().any(|id| !has(id, Role::Lattice));
            let lasts = heads.iter().any(|id| keeps_rows(plan, *id));
            if ordered && !lasts && heads.len() > 1 && !stratum.recursive.is_empty() {
                add(
                    "a second time, when a row that it reads first goes: rows of relations that depend on each other \
                     are stamped from then on with the order in which they came",
                );
            }
        }
    }
    let fails = stratum.initial.iter().any(|version| {
        let nest = &plan.versions[version.0 as usize].nest;
        let mut exprs = nest.iter().flat_map(|op| op.exprs());
        exprs.any(|expr| fallible.expr(expr))
    });
    if fails || heads.iter().any(|id| has(id, Role::Value)) {
        add("while a row error or a key conflict lasts in it, so that reports stay the same");
    }
    reasons
}

/// A rule of the stratum that may give something else each time.
fn asks(plan: &Plan, stratum: &Stratum) -> Option<RuleId> {
    let versions = stratum.initial.iter().map(|v| &plan.versions[v.0 as usize]);
    let mut asking = versions.filter(|version| is_volatile(plan, version));
    asking.next().map(|version| version.rule)
}

/// The rules that run from their start where something that they may have derived goes.
fn far<'p>(plan: &'p Plan, stratum: &'p Stratum) -> impl Iterator<Item = &'p Rule> {
    let versions = stratum.support.iter();
    let versions = versions.map(|v| &plan.versions[v.0 as usize]);
    let far = versions.filter(|version| version.delta.is_none());
    far.map(|version| &plan.rules[version.rule.0 as usize])
}

fn keeps_rows(plan: &Plan, id: RelationId) -> bool {
    !plan.relations[id.0 as usize].kind.is_transient()
}
