//! Which outputs are the same however messages come (the CALM theorem: Hellerstein and Alvaro, CACM
//! 2020), and why the others are not.
//!
//! For each collection of each kind of node, five properties of its contents over the ticks of a
//! run with fixed inputs: never change (C), only grow (G), only shrink (S), settle on a limit that no
//! schedule decides (L), and have a union over all ticks that no schedule decides (U). They are the
//! greatest fixpoint over the rules of all kinds together. A captured output needs U, a view L.
//!
//! The stages: [`flow`] summarises each rule by itself; `model` connects the summaries of a program;
//! `sealing` and `dependencies` find what follows from forms alone; `fixpoint` solves, with the
//! transfer function of `body` and its `refine`ments; `verdict` and `blame` make the [`Report`].
//!
//! After an edit, `again` gives the report of a program that the analysis would not tell from the one before; else `remembered`
//! has what was found of the rules of which nothing has changed that was asked about them.

pub mod fixes;
pub mod flow;
pub mod properties;
pub mod report;
pub mod violation;

mod again;
mod asking;
mod blame;
mod bodies;
mod body;
mod certificate;
mod dependencies;
mod dump;
mod fifo;
mod fixpoint;
mod found;
mod lineage;
mod model;
mod moments;
mod notes;
mod paths;
mod points;
mod recall;
mod refine;
mod remembered;
mod sealing;
mod verdict;
mod warnings;
mod wording;

#[cfg(test)]
mod tests;

pub use recall::Recall;
pub use report::Report;
pub use violation::Violation;
pub use warnings::warnings;

use std::sync::Arc;

use bloom_stdx::aligned::Aligned;
use bloom_stdx::arena::{Arena, Id};

use crate::analysis::Analysis;
use crate::hir::{NodeId, Program, RuleId};
use crate::typing::Typed;
use again::Standing;
use bodies::Bodies;
use body::{Basis, Known};
use dependencies::Dependencies;
use flow::{Declared, KindFlow};
use found::Found;
use model::Model;
use recall::{OfKind, OfRule, STANDING_MAX};
use refine::forms::Forms;
use refine::leads::Leads;
use remembered::{Kept, Remembered};
use sealing::Sealing;

/// Summarises every rule of a well-typed program.
pub fn summarize(program: &Program, typed: &Typed, analysis: &Analysis) -> Arena<NodeId, KindFlow> {
    summarize_with(program, typed, analysis, &mut Recall::default(), 0)
}

/// As [`summarize`]; rules that were summarised before are not summarised again. `generation` is that
/// of the recall by which the program was typed.
pub fn summarize_with(
    program: &Program,
    typed: &Typed,
    analysis: &Analysis,
    recall: &mut Recall,
    generation: u64,
) -> Arena<NodeId, KindFlow> {
    recall.begin(generation);
    let declared = Declared::new(program);
    program.nodes.map(|node, kind| {
        let types = &typed.nodes[node];
        if recall.kinds.len() == node.index() {
            recall.kinds.push(OfKind {
                shapes: Arc::new(flow::shapes(kind, types, typed)),
                rules: Aligned::default(),
            });
        }
        let OfKind { shapes, rules } = &mut recall.kinds[node.index()];
        let setting = flow::Setting {
            declared: &declared,
            typed,
            kind,
            types,
            shapes,
        };
        let of_rules = &analysis.nodes[node].rules;
        let all = kind.rules.values().zip(types.rules.values());
        let keys: Vec<recall::Key> = all
            .zip(of_rules.values())
            .map(|((rule, types), analysis)| recall::key(rule, types, analysis))
            .collect();
        let change = rules.update(&keys, |at| {
            let id = RuleId::from_index(at);
            let rule = &kind.rules[id];
            OfRule {
                _of: (
                    Arc::clone(rule),
                    Arc::clone(&types.rules[id]),
                    Arc::clone(&of_rules[id]),
                ),
                summary: Arc::new(flow::summarize(setting, rule, &of_rules[id].literals)),
            }
        });
        recall.summarized += change.made;
        let summaries = rules.found().iter().map(|found| Arc::clone(&found.summary));
        KindFlow {
            rules: summaries.collect(),
            shapes: Arc::clone(shapes),
        }
    })
}

/// The report of a program, from the summaries of its rules.
pub fn analyze(program: &Program, flows: &Arena<NodeId, KindFlow>) -> Report {
    solved(program, flows, &mut Remembered::default(), verdict::report)
}

/// As [`analyze`]; where the analysis would go as one of the last went, nothing is analysed. The flows are those that
/// [`summarize_with`] gave for the recall.
pub fn analyze_with(
    program: &Program,
    flows: &Arena<NodeId, KindFlow>,
    recall: &mut Recall,
) -> Report {
    let mut all = recall.standing.iter_mut().enumerate().rev();
    let again = all.find_map(|(at, one)| Some((at, one.again(program, flows)?)));
    recall.is_analyzed = again.is_none();
    if let Some((at, report)) = again {
        let newest = recall.standing.remove(at);
        recall.standing.push(newest);
        return report;
    }
    let (report, told_apart) = solved(program, flows, &mut recall.remembered, |known, found| {
        let report = verdict::report(known, found);
        (report, known.model.take_told_apart())
    });
    if recall.standing.len() == STANDING_MAX {
        recall.standing.remove(0);
    }
    let standing = Standing::new(program, flows, told_apart, report.clone());
    recall.standing.push(standing);
    report
}

/// The properties of each place, and the labels, as text: part of what `--emit labels` prints.
pub fn dump(program: &Program, flows: &Arena<NodeId, KindFlow>) -> String {
    solved(
        program,
        flows,
        &mut Remembered::default(),
        |known, found| dump::text(known, found, &verdict::report(known, found)),
    )
}

fn solved<T>(
    program: &Program,
    flows: &Arena<NodeId, KindFlow>,
    remembered: &mut Remembered,
    then: impl FnOnce(Known<'_, '_>, &Found) -> T,
) -> T {
    let model = Model::new(program, flows);
    let sealing = Sealing::new(&model);
    let dependencies = Dependencies::new(&model, &sealing);
    let leads = Leads::new(&model);
    let basis = Basis {
        model: &model,
        sealing: &sealing,
        dependencies: &dependencies,
        leads: &leads,
    };
    let kept = Kept::new(basis, remembered);
    let forms = Forms::new(basis, &kept);
    let known = Known::new(basis, &forms);
    let mut bodies = Bodies::new(known, &kept);
    let found = fixpoint::solve(known, &mut bodies);
    let result = then(known, &found);
    let looked_for = kept.missing();
    let claims = dependencies.answers();
    *remembered = Remembered::new(forms, bodies, sealing, leads, claims, looked_for);
    result
}
