//! What is kept from one analysis of a program to the next, of which only rules may differ.
//!
//! All that was found stays, by the numbers of rules and places, and an edit is handed on from stage to stage: the rules
//! that came and went, then the topics of which something else is known, then the rules that asked about these, then the
//! places with other properties, then what is said of outputs and views that are derived from any of that. Each stage
//! gives what it would give from nothing, so the next one need not know which of the two it was.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use bloom_stdx::arena::Arena;
use rustc_hash::FxHashSet;

use super::askers::Part;
use super::asking::{Address, Topic};
use super::bodies::Bodies;
use super::body::{Basis, Known};
use super::certificate::{Grounds, Promises};
use super::dependencies::{Claims, Dependencies};
use super::fixpoint::{self, Asked, START, Seen};
use super::flow::KindFlow;
use super::found::Found;
use super::graph::{Edit, Graph};
use super::lineage::Sources;
use super::model::{At, Model, RuleAt};
use super::refine::forms::Forms;
use super::refine::leads::Leads;
use super::report::Report;
use super::sealing::Sealing;
use super::verdict::{self, Evidence, Fine};
use crate::hir::{NodeId, Program};

/// What was found of the rules and places of the program that was last analysed.
#[derive(Debug, Default)]
pub struct Remembered {
    kept: Option<(Graph, Parts)>,
    /// For how many rules the form was looked for then, rather than recalled.
    pub looked_for: usize,
}

#[derive(Debug)]
struct Parts {
    sealing: Sealing,
    leads: Leads,
    claims: Claims,
    forms: Forms,
    bodies: Bodies,
    found: Found,
    promises: Promises,
    grounds: Grounds,
    fine: Fine,
    sources: OnceCell<Sources>,
    /// Rules for which a literal in a test told something apart.
    tellers: BTreeSet<RuleAt>,
}

impl Remembered {
    /// The sources of places, if they were asked for.
    #[cfg(test)]
    pub fn sources(&self) -> Option<&Sources> {
        self.kept.as_ref()?.1.sources.get()
    }
}

/// What one program is found to be.
pub struct Analyzed {
    pub report: Report,
    /// Rules of which a literal in a test told something apart.
    pub told_apart: Arc<FxHashSet<Address>>,
}

/// Analyses a program, of which what is remembered may be known already; then it remembers this one.
pub fn analyze<T>(
    program: &Program,
    flows: &Arena<NodeId, KindFlow>,
    remembered: &mut Remembered,
    then: impl FnOnce(Known<'_, '_>, &Found, Analyzed) -> T,
) -> T {
    let warm = remembered.kept.take().and_then(|(mut graph, parts)| {
        let edit = graph.again(program, flows)?;
        Some((graph, parts, edit))
    });
    let (mut graph, parts, edit) = match warm {
        Some((graph, parts, edit)) => (graph, Some(parts), edit),
        None => (Graph::new(program, flows), None, Edit::default()),
    };
    let model = Model::new(program, flows, &graph);
    let (parts, due) = match parts.map(|parts| parts.again(&model, &edit)) {
        Some(Some((parts, due))) => (parts, Some(due)),
        Some(None) | None => (Parts::new(&model), None),
    };
    let (parts, looked_for, result) = parts.analyze(&model, due, then);
    graph.release(&edit.gone);
    remembered.kept = Some((graph, parts));
    remembered.looked_for = looked_for;
    result
}

/// What an edit asks to look at.
struct Due {
    /// Rules that came.
    came: Vec<RuleAt>,
    /// Topics of which something else is known.
    topics: Vec<Topic>,
    turned: Vec<At>,
    touched: Vec<At>,
}

impl Parts {
    fn new(model: &Model<'_>) -> Self {
        Parts {
            sealing: Sealing::new(model),
            leads: Leads::new(model),
            claims: Claims::default(),
            forms: Forms::default(),
            bodies: Bodies::new(model),
            found: Found::default(),
            promises: Promises::new(model),
            grounds: Grounds::default(),
            fine: Fine::default(),
            sources: OnceCell::new(),
            tellers: BTreeSet::new(),
        }
    }

    /// Goes over to another program, as far as places are concerned.
    fn again(mut self, model: &Model<'_>, edit: &Edit) -> Option<(Self, Due)> {
        for &rule in &edit.gone {
            self.forget(rule);
        }
        let mut topics = edit.topics.clone();
        let mut touched: Vec<At> = topics.iter().map(|topic| topic.place()).collect();
        touched.dedup();
        let sealed = self.sealing.again(model, &touched)?;
        topics.extend(sealed.into_iter().map(Topic::facts));
        if let Some(sources) = self.sources.get_mut() {
            sources.again(model, &touched);
        }
        Some((
            self,
            Due {
                came: edit.came.clone(),
                topics,
                turned: edit.turned.clone(),
                touched,
            },
        ))
    }

    fn forget(&mut self, rule: RuleAt) {
        self.forms.forget(rule, &mut self.bodies.askers);
        self.bodies.forget(rule);
        self.grounds.remove(rule);
    }

    /// Finds what is due, or all.
    fn analyze<T>(
        mut self,
        model: &Model<'_>,
        due: Option<Due>,
        then: impl FnOnce(Known<'_, '_>, &Found, Analyzed) -> T,
    ) -> (Self, usize, T) {
        self.bodies.reserve(model.rule_bound());
        self.found.rules.resize(model.rule_bound(), START);
        let Parts {
            sealing,
            leads,
            claims,
            mut forms,
            mut bodies,
            mut found,
            promises,
            mut grounds,
            mut fine,
            sources,
            mut tellers,
        } = self;
        let dependencies = Dependencies::new(model, &sealing, &claims);
        let basis = Basis {
            model,
            sealing: &sealing,
            dependencies: &dependencies,
            leads: &leads,
        };
        let (looked_at, mut asked) = match &due {
            Some(due) => forget(basis, due, &mut forms, &mut bodies),
            None => (model.rules().collect(), Asked::default()),
        };
        for &rule in &looked_at {
            forms.find(basis, rule, &mut bodies.askers);
        }
        let known = Known::new(basis, &forms);
        for &rule in due.iter().flat_map(|due| &due.came) {
            found.rules[rule] = START;
        }
        asked.rules.extend(&looked_at);
        let seen = due
            .is_some()
            .then(|| fixpoint::again(known, &mut bodies, &mut found, &asked));
        let seen = seen.flatten();
        if seen.is_none() {
            found = fixpoint::solve(known, &mut bodies);
        }
        let mut judged: Vec<RuleAt> = looked_at.clone();
        let changed = match (&due, seen) {
            (Some(due), Some(seen)) => {
                let Seen { rules, changed } = seen;
                let mut places = [due.touched.clone(), due.turned.clone(), changed].concat();
                places.extend(due.topics.iter().map(|topic| topic.place()));
                for rule in rules {
                    if grounds.find(known, &found, rule, &mut bodies) {
                        places.push(model.head(rule));
                    }
                    judged.push(rule);
                }
                Some(places)
            }
            (_, _) => {
                grounds = Grounds::default();
                for rule in model.rules() {
                    grounds.find(known, &found, rule, &mut bodies);
                    judged.push(rule);
                }
                None
            }
        };
        let told = |rule: &RuleAt| [forms.told_apart(*rule), bodies.told_apart(*rule)];
        let tells = |rule: &RuleAt| told(rule).iter().any(|told| !told.is_empty());
        tellers.retain(tells);
        tellers.extend(judged.into_iter().filter(tells));
        match changed {
            Some(changed) => fine.forget(model, changed),
            None => fine = Fine::default(),
        }
        let evidence = Evidence {
            promises: &promises,
            grounds: &grounds,
            sources: &sources,
        };
        let report = verdict::report(known, &found, evidence, &mut fine);
        let mut told_apart = model.take_told_apart();
        told_apart.extend(tellers.iter().flat_map(told).flatten());
        claims.told_apart(&mut told_apart);
        let analyzed = Analyzed {
            report,
            told_apart: Arc::new(told_apart),
        };
        let result = then(known, &found, analyzed);
        let count = looked_at.len();
        (
            Parts {
                sealing,
                leads,
                claims,
                forms,
                bodies,
                found,
                promises,
                grounds,
                fine,
                sources,
                tellers,
            },
            count,
            result,
        )
    }
}

/// Forgets what was found of rules that asked about what is known otherwise now: gives the rules of which the form is to be
/// looked for, and what else is to be looked at.
fn forget(
    basis: Basis<'_, '_>,
    due: &Due,
    forms: &mut Forms,
    bodies: &mut Bodies,
) -> (Vec<RuleAt>, Asked) {
    let model = basis.model;
    let mut topics = due.topics.clone();
    topics.extend(
        basis
            .dependencies
            .again(&topics)
            .into_iter()
            .map(Topic::facts),
    );
    topics.extend(
        basis
            .leads
            .again(model, &due.touched)
            .into_iter()
            .map(Topic::facts),
    );
    topics.sort_unstable();
    topics.dedup();
    let asked = topics
        .iter()
        .flat_map(|&topic| bodies.askers.of_topic(topic));
    let (of_form, of_body): (Vec<_>, Vec<_>) = asked.partition(|(_, part)| *part == Part::Form);
    let rules = |asked: Vec<(RuleAt, Part)>| asked.into_iter().map(|(rule, _)| rule);
    let mut looked_at: Vec<RuleAt> = rules(of_form).chain(due.came.iter().copied()).collect();
    looked_at.sort_unstable();
    looked_at.dedup();
    let mut judged: Vec<RuleAt> = rules(of_body).collect();
    judged.sort_unstable();
    judged.dedup();
    judged.retain(|rule| looked_at.binary_search(rule).is_err());
    for &rule in &looked_at {
        forms.forget(rule, &mut bodies.askers);
        bodies.forget(rule);
    }
    for &rule in &judged {
        bodies.forget(rule);
    }
    let mut places: Vec<At> = topics.iter().map(|topic| topic.place()).collect();
    places.extend(&due.turned);
    places.sort_unstable();
    places.dedup();
    let asked = Asked {
        rules: judged,
        places,
    };
    (looked_at, asked)
}
