//! The properties of what a rule's body gives, from those of the collections that it reads.
//!
//! Each literal has a [`Share`]: the properties of its rows as the rule reads them. Of the shares together:
//! C, G and S if all have them; L if all have it, or one fades, which leaves nothing; U in three cases.
//! (1) All grow to a limit, so in the end every combination is seen. (2) All are constant. (3) All are
//! constant but one, which has U and of which the body is a join homomorphism: then the union of what the
//! body gives in each tick is what it gives for the union. Two literals that are not constant are seen
//! together in some ticks of some schedules only, also where they are two uses of one collection.

use super::dependencies::Dependencies;
use super::flow::{Atom, RuleSummary, Term};
use super::found::Found;
use super::model::{At, Model, RuleAt};
use super::properties::Props;
use super::refine::contained::Redundant;
use super::refine::forms::Forms;
use super::refine::leads::Leads;
use super::refine::{allotted, double, handled, manifest, newest, parent, threshold};
use super::sealing::{Sealing, groups, is_guard};
use crate::analysis::{Growth, Reading};
use crate::hir::CollectionKind;

/// How a rule depends on one literal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    pub props: Props,
    /// Whether the body gives for a join of contents the join of what it gives for each.
    pub distributes: bool,
    /// Whether without rows there is no result.
    pub positive: bool,
}

/// What a rule's body gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Body {
    pub props: Props,
    /// Whether it is constant but for being of the first tick only.
    pub constant: bool,
    /// Of a rule with aggregates: its body as if they were not there, for who only asks whether there are
    /// enough rows.
    pub plain: Share,
    /// Of an insertion: whether what it would give, did it not ask for what takes its rows away again, is decided by
    /// no schedule, in the end and in all ticks together.
    pub buried: bool,
}

/// What is known of a program by the form of its rules.
#[derive(Clone, Copy)]
pub struct Basis<'k, 'a> {
    pub model: &'k Model<'a>,
    pub sealing: &'k Sealing,
    pub dependencies: &'k Dependencies<'k, 'a>,
    pub leads: &'k Leads,
}

/// What the analysis of one program knows besides properties.
#[derive(Clone, Copy)]
pub struct Known<'k, 'a> {
    pub model: &'k Model<'a>,
    pub sealing: &'k Sealing,
    pub dependencies: &'k Dependencies<'k, 'a>,
    pub leads: &'k Leads,
    pub forms: &'k Forms,
}

impl Share {
    /// Of what is the same in every tick of every run.
    pub const FIXED: Share = Share {
        props: Props::FIXED,
        distributes: true,
        positive: true,
    };
}

impl<'k, 'a> Known<'k, 'a> {
    pub fn new(basis: Basis<'k, 'a>, forms: &'k Forms) -> Self {
        Known {
            model: basis.model,
            sealing: basis.sealing,
            dependencies: basis.dependencies,
            leads: basis.leads,
            forms,
        }
    }

    pub fn basis(&self) -> Basis<'k, 'a> {
        Basis {
            model: self.model,
            sealing: self.sealing,
            dependencies: self.dependencies,
            leads: self.leads,
        }
    }

    /// The body of a rule.
    pub fn body(&self, rule: RuleAt, found: &Found) -> Body {
        let summary = self.model.rule(rule);
        let mut shares = self.shares(rule, found);
        let plain = plain_share(&shares);
        let buried = self.is_buried(rule, &shares);
        let constant =
            !summary.chance && shares.iter().all(|share| share.props.has(Props::CONSTANT));
        if summary.bootstrap {
            shares.push(START);
        }
        let mut props = self.whole(rule, &shares);
        if let Some((place, share)) = handled::share(self, rule, &shares, found) {
            let mut lasting = shares.clone();
            lasting[place] = share;
            props = props.with(self.whole(rule, &lasting).and(Props::UNION));
        }
        if summary.chance {
            props = props.and(Props::FADES.with(Props::LIMIT).with(Props::EMPTY));
            if !props.has(Props::FADES) {
                props = Props::NONE;
            }
        }
        if newest::settles(self, rule, found) {
            props = props.with(Props::LIMIT);
        }
        match self.forms.redundant(rule) {
            Redundant::No => {}
            // It is the union of all rules that is the same, so what this one grows to need not be.
            Redundant::OverTheRun if props.closed().has(Props::LIMIT) => {
                props = props.with(Props::UNION);
            }
            Redundant::OverTheRun => props = props.without(Props::GROWS).with(Props::UNION),
            Redundant::InEveryTick => props = Props::ALL,
        }
        Body {
            constant: constant || props.has(Props::EMPTY),
            props: props.closed(),
            plain,
            buried,
        }
    }

    fn is_buried(&self, rule: RuleAt, shares: &[Share]) -> bool {
        let guards = self.forms.buried(rule);
        let rest = (0..shares.len()).filter(|place| !guards.contains(place));
        let rest: Vec<Share> = rest.map(|place| shares[place]).collect();
        !guards.is_empty() && compose(&rest).has(Props::UNION.with(Props::LIMIT))
    }

    /// The properties of a body with its aggregates.
    fn whole(&self, rule: RuleAt, shares: &[Share]) -> Props {
        let summary = self.model.rule(rule);
        if summary.aggregates.is_empty() || self.forms.is_single(rule) {
            return self.with_beats(rule, shares);
        }
        if !summary.aggregates_whole() {
            let morphism = summary
                .aggregates
                .iter()
                .all(|a| a.growth == Growth::Morphism);
            let shares: Vec<Share> = shares
                .iter()
                .map(|share| Share {
                    distributes: share.distributes && morphism,
                    ..*share
                })
                .collect();
            return compose(&shares);
        }
        // A group is aggregated over rows that no longer change, or it is live.
        let groups = groups(summary);
        let mut atoms = summary.atoms.iter().enumerate().zip(shares);
        let settled = atoms.all(|((place, atom), share)| {
            share.props.has(Props::CONSTANT)
                || self.is_guard(rule, atom, &groups)
                || allotted::is_gate(self, rule, place, &groups)
        });
        let seals_are_groups = summary.atoms.iter().all(|atom| {
            !self.sealing.is_seal(self.model, rule, atom) || self.is_guard(rule, atom, &groups)
        });
        let all = compose(shares);
        match settled && seals_are_groups {
            true => self.with_beats(rule, shares),
            false => all.and(
                Props::LIMIT
                    .with(Props::FADES)
                    .with(Props::EMPTY)
                    .with(Props::when(all.has(Props::CONSTANT), Props::FIXED)),
            ),
        }
    }

    /// Whether the atom only says whether there is the group.
    pub fn is_guard(&self, rule: RuleAt, atom: &Atom, groups: &[Term]) -> bool {
        let lasting = self
            .dependencies
            .lasts(self.model.place(rule, atom.collection));
        is_guard(self.model, rule, atom, groups, lasting)
    }

    /// The shares of the atoms, in order.
    pub fn shares(&self, rule: RuleAt, found: &Found) -> Vec<Share> {
        let summary = self.model.rule(rule);
        let atoms = summary.atoms.iter().enumerate();
        atoms
            .map(|(place, atom)| self.share(rule, place, atom, found))
            .collect()
    }

    fn share(&self, rule: RuleAt, place: usize, atom: &Atom, found: &Found) -> Share {
        let at = self.model.place(rule, atom.collection);
        let props = found.place(at);
        if self.forms.is_implied(rule, place) {
            return Share::FIXED;
        }
        if self.is_frozen(rule, atom, found) {
            return Share {
                positive: !atom.negated,
                ..Share::FIXED
            };
        }
        if atom.negated {
            let props = match props.has(Props::EMPTY) {
                true => Props::FIXED,
                false => props.negated(),
            };
            let refined = parent::of_negation(self, rule, atom, found);
            let asked = double::negated_twice(self, rule, atom, found);
            return Share {
                props: props.with(refined).with(asked.unwrap_or(Props::NONE)),
                distributes: asked.is_some(),
                positive: false,
            };
        }
        if let Some(share) = threshold::share(self, rule, place, found) {
            return Share {
                props: share.props.with(props.and(Props::LIMIT.with(Props::FADES))),
                ..share
            };
        }
        of_reading(props, atom.reading)
    }

    /// Whether the rule reads the atom only when its rows no longer change, and no schedule decides them: its
    /// seals have come, or none is missing.
    pub fn is_frozen(&self, rule: RuleAt, atom: &Atom, found: &Found) -> bool {
        self.is_frozen_by_seals(rule, atom, found)
            || manifest::is_complete(self, rule, atom, found)
            || allotted::is_complete(self, rule, atom, found)
    }

    /// Whether seals alone do that.
    pub fn is_frozen_by_seals(&self, rule: RuleAt, atom: &Atom, found: &Found) -> bool {
        let at = self.model.place(rule, atom.collection);
        self.is_settled_once_sealed(at, found) && self.sealing.is_frozen(self.model, rule, atom)
    }

    /// Whether no schedule decides the rows that are there once seals have come.
    pub fn is_settled_once_sealed(&self, at: At, found: &Found) -> bool {
        found.place(at).has(match self.model.is_kept(at) {
            true => Props::UNION,
            false => Props::LIMIT,
        })
    }

    /// The shares together, where a timer only says that there is a moment: it comes again and again, so what
    /// grows to a limit is seen whole in the end (gossip, resending; under fairness).
    fn with_beats(&self, rule: RuleAt, shares: &[Share]) -> Props {
        let summary = self.model.rule(rule);
        let is_beat = |place: usize| {
            summary.atoms.get(place).is_some_and(|atom| {
                !atom.negated && self.is_timer(rule, atom) && is_unused(summary, place)
            })
        };
        let guarded = self.forms.guards(rule);
        let mut props = compose(shares);
        let beats = (0..shares.len()).any(is_beat);
        if beats || !guarded.is_empty() {
            let places = 0..shares.len();
            let rest: Vec<Share> = places
                .filter(|&place| !is_beat(place) && !guarded.contains(&place))
                .map(|place| shares[place])
                .collect();
            let rest = compose(&rest);
            let seen = match beats {
                true => rest.has(Props::GROWS.with(Props::LIMIT)),
                false => rest.has(Props::UNION),
            };
            props = props.with(Props::when(seen, Props::UNION));
        }
        props
    }

    fn is_timer(&self, rule: RuleAt, atom: &Atom) -> bool {
        let at = self.model.place(rule, atom.collection);
        matches!(
            self.model.collection(at).kind,
            CollectionKind::Periodic { .. }
        )
    }
}

/// The first tick, as a literal.
const START: Share = Share {
    props: Props::EVENTS.with(Props::SHRINKS),
    distributes: true,
    positive: true,
};

/// How a positive row is read.
fn of_reading(props: Props, reading: Reading) -> Share {
    let seen = match reading {
        Reading::Morphism | Reading::Monotone | Reading::Variables => props,
        Reading::Complete => props.and(
            Props::LIMIT
                .with(Props::FADES)
                .with(Props::EMPTY)
                .with(Props::when(props.has(Props::CONSTANT), Props::FIXED)),
        ),
    };
    Share {
        props: seen,
        distributes: matches!(reading, Reading::Morphism | Reading::Variables),
        positive: true,
    }
}

/// Whether no column of the atom has a part in the rest of the rule.
fn is_unused(summary: &RuleSummary, place: usize) -> bool {
    summary.atoms[place].terms.iter().all(|term| match term {
        Term::Any => true,
        Term::Var(var) => {
            !summary.is_used_beside(*var, place)
                && !summary.tests.iter().any(|test| test.reads(*var))
                && !is_aggregated(summary)
        }
        Term::Literal(_) | Term::Constant(_) | Term::SelfAddr | Term::Of { .. } => false,
    })
}

fn is_aggregated(summary: &RuleSummary) -> bool {
    !summary.aggregates.is_empty()
}

/// The properties of the join of literals.
pub fn compose(shares: &[Share]) -> Props {
    let all = |property: Props| shares.iter().all(|share| share.props.has(property));
    let some = |property: Props| {
        shares
            .iter()
            .any(|share| share.positive && share.props.has(property))
    };
    if some(Props::EMPTY) {
        return Props::ALL;
    }
    let mut live = shares
        .iter()
        .filter(|share| !share.props.has(Props::CONSTANT));
    let union = match (live.next(), live.next()) {
        (None, _) => true,
        (Some(only), None) => only.distributes && only.props.has(Props::UNION),
        (Some(_), Some(_)) => false,
    };
    let (grows, fades) = (all(Props::GROWS), some(Props::FADES));
    let limit = fades || all(Props::LIMIT);
    Props::when(all(Props::CONSTANT), Props::CONSTANT)
        .with(Props::when(grows, Props::GROWS))
        .with(Props::when(all(Props::SHRINKS), Props::SHRINKS))
        .with(Props::when(limit, Props::LIMIT))
        .with(Props::when(fades, Props::FADES))
        .with(Props::when(union || (grows && limit), Props::UNION))
        .closed()
}

/// The shares as one, for who looks through.
fn plain_share(shares: &[Share]) -> Share {
    Share {
        props: compose(shares),
        distributes: true,
        positive: true,
    }
}
