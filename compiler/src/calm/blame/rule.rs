//! Which literals of a rule are at fault where it lacks a property.

use super::{Search, Step, Want, wanted};
use crate::analysis::Reading;
use crate::calm::body::Share;
use crate::calm::flow::{Atom, RuleSummary};
use crate::calm::model::{At, RuleAt};
use crate::calm::properties::Props;
use crate::calm::refine::threshold;
use crate::calm::report::Cause;
use crate::calm::sealing::groups;
use crate::hir::CollectionKind;

impl Search<'_, '_> {
    pub(super) fn root_at(&self, rule: RuleAt, atom: usize, cause: Cause) -> Step {
        let summary = self.known.model.rule(rule);
        match summary.atoms.get(atom) {
            Some(of) => Step::Root {
                rule: Some(rule),
                atom: Some(atom),
                cause,
                over: self.known.model.place(rule, of.collection),
            },
            None => Step::Root {
                rule: Some(rule),
                atom: None,
                cause,
                over: self.known.model.head(rule),
            },
        }
    }

    pub(super) fn of_rule(&self, rule: RuleAt, want: Want) -> Vec<Step> {
        let summary = self.known.model.rule(rule);
        if summary.chance {
            return vec![Step::Root {
                rule: Some(rule),
                atom: None,
                cause: Cause::Nondeterministic,
                over: self.known.model.head(rule),
            }];
        }
        let shares = self.known.shares(rule, self.found);
        if want == Want::Limit {
            return self.lacking(rule, summary, &shares, Props::LIMIT, Want::Limit);
        }
        if summary.aggregates_whole() && !self.known.forms.is_single(rule) {
            let live = self.aggregated(rule, summary, &shares);
            if !live.is_empty() {
                return live;
            }
        }
        if want == Want::Grows {
            return self.lacking(rule, summary, &shares, Props::GROWS, Want::Grows);
        }
        let live: Vec<usize> = (0..shares.len())
            .filter(|&place| !shares[place].props.has(Props::CONSTANT))
            .collect();
        if let [only] = live[..] {
            return vec![self.alone(rule, summary, &shares, only)];
        }
        let once = Props::GROWS.with(Props::LIMIT);
        let culprits = live.iter().filter(|&&place| !shares[place].props.has(once));
        let steps: Vec<Step> = culprits
            .flat_map(|&place| self.culprit(rule, summary, &shares, &live, place))
            .collect();
        match steps.is_empty() && summary.aggregates_whole() {
            // Each literal is fine by itself, and so is their join: it is what is made of it in one tick.
            true => vec![self.root_at(rule, live.first().copied().unwrap_or(0), Cause::Aggregate)],
            false => steps,
        }
    }

    /// The rows that are aggregated although they may still change.
    fn aggregated(&self, rule: RuleAt, summary: &RuleSummary, shares: &[Share]) -> Vec<Step> {
        let groups = groups(summary);
        let model = self.known.model;
        let live = summary.atoms.iter().zip(shares).enumerate();
        live.filter(|(_, (atom, share))| {
            !share.props.has(Props::CONSTANT)
                && !self.known.is_guard(rule, atom, &groups)
                && !self.known.sealing.is_seal(model, rule, atom)
        })
        .map(|(place, _)| self.root_at(rule, place, Cause::Aggregate))
        .take(1)
        .collect()
    }

    /// The only literal that is not constant.
    fn alone(&self, rule: RuleAt, summary: &RuleSummary, shares: &[Share], place: usize) -> Step {
        let atom = &summary.atoms[place];
        let at = self.known.model.place(rule, atom.collection);
        if atom.negated {
            return self.root_at(rule, place, Cause::Negation);
        }
        if self.is_timer(at) {
            return self.root_at(rule, place, Cause::Nondeterministic);
        }
        if let Some(inner) = threshold::aggregating_rule(self.known.basis(), rule, place)
            && !shares[place].distributes
        {
            return self.root_at(inner, 0, Cause::Aggregate);
        }
        match atom.reading {
            Reading::Complete => self.root_at(rule, place, Cause::Reveal),
            Reading::Monotone if self.props(at).has(Props::UNION) => {
                self.root_at(rule, place, Cause::Function)
            }
            Reading::Morphism | Reading::Monotone | Reading::Variables => {
                match self.props(at).has(Props::UNION) {
                    // Rows of the first tick only.
                    true => self.root_at(rule, place, Cause::Batch),
                    false => Step::Up {
                        at,
                        want: Want::Union,
                        rule,
                        atom: Some(place),
                    },
                }
            }
        }
    }

    fn is_timer(&self, at: At) -> bool {
        matches!(
            self.known.model.collection(at).kind,
            CollectionKind::Periodic { .. } | CollectionKind::Alive | CollectionKind::Errors
        )
    }

    /// One of several literals that are not constant, which does not grow to a limit.
    fn culprit(
        &self,
        rule: RuleAt,
        summary: &RuleSummary,
        shares: &[Share],
        live: &[usize],
        place: usize,
    ) -> Vec<Step> {
        let atom: &Atom = &summary.atoms[place];
        let at = self.known.model.place(rule, atom.collection);
        if atom.negated {
            return vec![self.root_at(rule, place, Cause::Negation)];
        }
        if self.is_timer(at) {
            return vec![self.root_at(rule, place, Cause::Nondeterministic)];
        }
        if atom.reading == Reading::Complete {
            return vec![self.root_at(rule, place, Cause::Reveal)];
        }
        let props = self.props(at);
        if props.has(Props::UNION.with(Props::FADES)) || self.known.model.is_asynchronous(at) {
            // What it may miss is another literal, rather one that is kept.
            let others = live.iter().copied().filter(|&other| other != place);
            let fades = |other: &usize| shares[*other].props.has(Props::FADES);
            let missed = others
                .clone()
                .find(|other| !fades(other))
                .or_else(|| others.clone().next_back());
            return vec![match missed {
                Some(missed) if summary.atoms[missed].negated => {
                    self.root_at(rule, missed, Cause::Negation)
                }
                Some(missed) => self.root_at(rule, missed, Cause::Batch),
                None => self.root_at(rule, place, Cause::Batch),
            }];
        }
        // What is kept lacks one or both: what comes may differ, and what is taken away.
        let kept = self.known.model.is_kept(at);
        let mut wants = vec![Want::Grows];
        if kept && !props.has(Props::UNION) {
            wants.push(Want::Union);
        }
        wants.retain(|&want| !props.has(wanted(want)));
        if wants.is_empty() {
            return vec![self.root_at(rule, place, Cause::Batch)];
        }
        let up = |want| Step::Up {
            at,
            want,
            rule,
            atom: Some(place),
        };
        wants.into_iter().map(up).collect()
    }

    fn lacking(
        &self,
        rule: RuleAt,
        summary: &RuleSummary,
        shares: &[Share],
        property: Props,
        want: Want,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        for (place, atom) in summary.atoms.iter().enumerate() {
            if shares[place].props.has(property) {
                continue;
            }
            let at = self.known.model.place(rule, atom.collection);
            steps.push(match want {
                _ if self.is_timer(at) => self.root_at(rule, place, Cause::Nondeterministic),
                Want::Limit => Step::Up {
                    at,
                    want,
                    rule,
                    atom: Some(place),
                },
                Want::Grows | Want::Union if atom.negated => {
                    self.root_at(rule, place, Cause::Negation)
                }
                Want::Grows | Want::Union if atom.reading == Reading::Complete => {
                    self.root_at(rule, place, Cause::Reveal)
                }
                Want::Grows | Want::Union if self.known.model.is_asynchronous(at) => {
                    self.root_at(rule, place, Cause::Batch)
                }
                Want::Grows | Want::Union => Step::Up {
                    at,
                    want,
                    rule,
                    atom: Some(place),
                },
            });
        }
        steps
    }
}
