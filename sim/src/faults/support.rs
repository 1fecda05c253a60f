//! What a good outcome rests on: faults that there were and faults that there were not, such that every hypothesis
//! which agrees in them comes out well, too.
//!
//! A spec holds if its collections have no more rows than they should (`never`, `pre`) and all that they need (`post`).
//! So there are two kinds of questions. That a row is there rests on its smallest derivation, as the lineage of the run
//! has it: on rows, on messages that arrived, on nodes that were up. That a collection holds *no more* than it does
//! rests on all its rules: a rule that asks for rows derives no more if those collections hold no more, and a rule
//! that asks for none if those rows stay there. So where there is no negation, losing more never matters. What is
//! neither, such as aggregates and keys that have one value, rests on all that its rules read.
//!
//! Where a program is beyond that (chance, restarts, wrong clocks, what is delivered in order), the support of a run is
//! the run: all faults but what would happen to links over which nothing is sent.
//!
//! Sources: lineage as support of an outcome, Alvaro, Rosen and Hellerstein, *Lineage-driven Fault Injection*, 2015;
//! explanations by polarity instead of their approximation of negation are as in negative provenance, Köhler, Ludäscher
//! and Zinn, 2013.

mod outside;

use bloom_plan::plan::{Arrow, Delivery, RelationId};
use bloom_plan::testing::Observer;
use bloom_plan::value::Value;
use rustc_hash::FxHashSet;

use crate::lineage::{Edge, Explainer, Fact, Given, History, How, Moment, Premise, lineage};
use crate::shape::Shape;

use super::concrete::Execution;
use super::hypothesis::Hypothesis;
use super::reads::{Rule, rules};
use super::space::{Space, Support};
use super::supported::supported;

/// Questions of one run past which its support is the whole run.
const QUESTIONS_MAX: usize = 400_000;

/// Whether what the program sends shows in the traffic of a run.
pub fn shows_all_traffic(history: &History) -> bool {
    let mut plans = history.lives().map(|(life, _)| history.plan(life));
    plans.all(|plan| plan.relations.iter().all(|r| r.delivery == Delivery::Free))
}

/// What the good outcome of a run rests on; none where that is all of it.
pub fn support(
    space: &Space<'_>,
    hypothesis: &Hypothesis,
    execution: &Execution,
    history: &History,
) -> Option<Support> {
    let mut plans = history.lives().map(|(life, _)| history.plan(life));
    if !space.is_plain(hypothesis) || !plans.all(|plan| supported(plan).is_ok()) {
        return None;
    }
    let mut asking = Asking {
        space,
        hypothesis,
        execution,
        history,
        explainer: Explainer::new(history).ok()?,
        rules: history
            .lives()
            .map(|(l, _)| rules(history.plan(l)))
            .collect(),
        sets: history.lives().map(|(l, _)| sets(history, l)).collect(),
        support: Support::new(),
        open: Vec::new(),
        seen: FxHashSet::default(),
    };
    asking.outcome()?;
    while let Some(question) = asking.open.pop() {
        asking.answer(question)?;
        if asking.seen.len() > QUESTIONS_MAX {
            return None;
        }
    }
    Some(asking.support)
}

/// By relation, whether a key is a whole row, so that no row stands in the way of another.
fn sets(history: &History, life: usize) -> Vec<bool> {
    let relations = history.plan(life).relations.iter();
    relations.map(|r| Shape::new(r).is_set()).collect()
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Question {
    /// Why a fact holds in a tick.
    Has(Fact, u64),
    /// Why a collection holds no more than it does.
    NoMore(Moment, RelationId),
    /// Why it holds just what it does.
    Just(Moment, RelationId),
}

struct Asking<'a, 'h> {
    space: &'a Space<'a>,
    hypothesis: &'a Hypothesis,
    execution: &'a Execution,
    history: &'h History,
    explainer: Explainer<'h>,
    /// By life.
    rules: Vec<Vec<Rule>>,
    sets: Vec<Vec<bool>>,
    support: Support,
    open: Vec<Question>,
    seen: FxHashSet<Question>,
}

impl<'h> Asking<'_, 'h> {
    fn ask(&mut self, question: Question) {
        if self.seen.insert(question.clone()) {
            self.open.push(question);
        }
    }

    fn no_more(&mut self, moment: Moment, relation: RelationId) {
        self.ask(Question::NoMore(moment, relation));
    }

    fn just(&mut self, moment: Moment, relation: RelationId) {
        self.ask(Question::Just(moment, relation));
    }

    /// Asks what makes the specs hold.
    fn outcome(&mut self) -> Option<()> {
        let eot = u64::from(self.space.spec.eot);
        let lives = self
            .history
            .lives()
            .map(|(number, life)| (number, life.observer.clone()));
        let observers: Vec<(usize, Observer)> = lives.filter_map(|(n, o)| Some((n, o?))).collect();
        for (life, observer) in observers {
            let last = self.history.last_tick(life);
            for moment in (1..=last).map(|tick| Moment { life, tick }) {
                for name in &observer.never {
                    let relation = self.history.relation(life, name)?;
                    self.no_more(moment, relation);
                }
                for (_, name) in &observer.history {
                    let relation = self.history.relation(life, name)?;
                    self.just(moment, relation);
                }
            }
            if !observer.checkers.is_empty() {
                for node in 0..self.space.test.nodes.len() {
                    self.up_as_it_is(node, eot);
                }
            }
            let Some(pre) = &observer.pre else { continue };
            let moment = Moment { life, tick: last };
            let pre = self.history.relation(life, pre)?;
            self.no_more(moment, pre);
            let post = self.history.relation(life, observer.post.as_ref()?)?;
            for row in self.history.rows(moment, pre).cloned().collect::<Vec<_>>() {
                let fact = self.explainer.fact(moment, post, &row);
                self.ask(Question::Has(fact, last));
            }
        }
        Some(())
    }

    fn answer(&mut self, question: Question) -> Option<()> {
        match question {
            Question::Has(fact, tick) => self.has(&fact, tick),
            Question::NoMore(moment, relation) => self.holds_no_more(moment, relation),
            Question::Just(moment, relation) => self.holds_just(moment, relation),
        }
    }

    // Why a row is there.

    fn has(&mut self, goal: &Fact, tick: u64) -> Option<()> {
        if self.stands_alone(goal, tick)? {
            return Some(());
        }
        let all = lineage(&mut self.explainer, goal).ok()?;
        let mut open = vec![goal.clone()];
        let mut told: FxHashSet<Fact> = FxHashSet::default();
        while let Some(fact) = open.pop() {
            if !told.insert(fact.clone()) {
                continue;
            }
            let edge = all.best(&fact)?.clone();
            let (moment, body) = self.way(&fact, &edge)?;
            for premise in body {
                match premise {
                    Premise::Absent(absence) => self.no_more(absence.moment, absence.relation),
                    Premise::There(there) => {
                        let question = Question::Has(there.clone(), moment.tick);
                        if self.seen.insert(question) && !self.stands_alone(&there, moment.tick)? {
                            open.push(there);
                        }
                    }
                }
            }
        }
        Some(())
    }

    /// Asks that a row which came stays until a tick. Whether that is all there is to ask: of a collection whose rows
    /// may stand in each other's way it is asked for all that it holds.
    fn stands_alone(&mut self, fact: &Fact, tick: u64) -> Option<bool> {
        let Moment { life, tick: came } = fact.moment;
        if let Some(node) = self.node(life) {
            self.up_as_it_is(node, tick);
        }
        if !self.sets[life][fact.relation.0 as usize] || fact.part {
            self.just(Moment { life, tick }, fact.relation);
            return Some(true);
        }
        for tick in came..tick {
            let moment = Moment { life, tick };
            // It went, and came again at once: that is more than a row that stays.
            let left = self.history.left_by(moment)?;
            let mut gone = left.changes.iter().filter(|(of, ..)| *of == fact.relation);
            if gone.any(|(_, deletes, _)| deletes.contains(&fact.row)) {
                return None;
            }
            self.rules_derive_no_more(moment, fact.relation, |arrow| arrow == Arrow::Delete);
        }
        Some(false)
    }

    /// What one way to a fact rests on, and when it was taken.
    fn way(&mut self, fact: &Fact, edge: &Edge) -> Option<(Moment, Vec<Premise>)> {
        match &edge.how {
            How::Rule(fired) | How::Sent(fired) => {
                if fired.by_chance {
                    return None;
                }
                if matches!(edge.how, How::Sent(_))
                    && let (Some(from), Some(to)) =
                        (self.node(fired.moment.life), self.node(fact.moment.life))
                    && from != to
                {
                    self.up_as_it_is(from, fired.moment.tick);
                    self.link(from, to, fired.moment.tick);
                }
                if fired.group.is_none() {
                    return Some((fired.moment, edge.premises.clone()));
                }
                // Another match may change what a group gives.
                let name =
                    &self.history.plan(fact.moment.life).relations[fact.relation.0 as usize].name;
                let head = self.history.relation(fired.moment.life, name)?;
                for rule in self.rules_for(fired.moment.life, head, |_| true) {
                    if rule.aggregates {
                        rule.all().for_each(|read| self.just(fired.moment, read));
                    }
                }
                Some((fired.moment, Vec::new()))
            }
            How::Seen => {
                let Some(Premise::There(seen)) = edge.premises.first() else {
                    return None;
                };
                // Specs look at what is there then.
                let at = self.history.taken(fact.moment).at;
                let moment = Moment {
                    life: seen.moment.life,
                    tick: at,
                };
                Some((moment, edge.premises.clone()))
            }
            How::Given(Given::Fed | Given::Timer | Given::Line | Given::Start) => {
                Some((fact.moment, Vec::new()))
            }
            How::Given(Given::Alive | Given::Told) => {
                self.told(fact)?;
                Some((fact.moment, Vec::new()))
            }
            How::Joined
            | How::Given(Given::Message(_) | Given::Sealed | Given::Raised | Given::Unknown) => {
                None
            }
        }
    }

    /// A row that says of a node that it is up, or down.
    fn told(&mut self, fact: &Fact) -> Option<()> {
        let Some(Value::Addr(name)) = fact.row.first() else {
            return None;
        };
        let node = self
            .space
            .test
            .nodes
            .iter()
            .position(|node| node.name == *name)?;
        self.up_as_it_is(node, self.history.taken(fact.moment).at);
        Some(())
    }

    // Why there are no more rows.

    fn rules_for(&self, life: usize, head: RelationId, of: impl Fn(Arrow) -> bool) -> Vec<Rule> {
        let rules = self.rules[life].iter();
        let rules = rules.filter(|rule| rule.head == head && of(rule.arrow));
        rules.cloned().collect()
    }

    /// That rules for a collection derive no more in a tick than they do.
    fn rules_derive_no_more(
        &mut self,
        moment: Moment,
        head: RelationId,
        of: impl Fn(Arrow) -> bool,
    ) {
        for rule in self.rules_for(moment.life, head, of) {
            if rule.bootstrap && moment.tick > 1 {
                continue;
            }
            if rule.aggregates {
                rule.all().for_each(|read| self.just(moment, read));
                continue;
            }
            let history = self.history;
            let mut some = rule.some.iter();
            // Where one of its collections is empty, it is enough that this one stays so.
            if let Some(&empty) = some.find(|&&read| history.rows(moment, read).next().is_none()) {
                self.no_more(moment, empty);
                continue;
            }
            for &read in &rule.some {
                self.no_more(moment, read);
            }
            for &read in &rule.none {
                self.has_all(moment, read);
            }
        }
    }

    /// That all rows of a collection stay there.
    fn has_all(&mut self, moment: Moment, relation: RelationId) {
        for row in self
            .history
            .rows(moment, relation)
            .cloned()
            .collect::<Vec<_>>()
        {
            let fact = self.explainer.fact(moment, relation, &row);
            self.ask(Question::Has(fact, moment.tick));
        }
    }

    fn holds_no_more(&mut self, moment: Moment, relation: RelationId) -> Option<()> {
        if moment.tick == 0 || self.is_over(moment)? {
            return Some(());
        }
        if !self.sets[moment.life][relation.0 as usize] {
            self.just(moment, relation);
            return Some(());
        }
        self.rules_derive_no_more(moment, relation, |arrow| arrow == Arrow::Merge);
        let before = Moment {
            tick: moment.tick - 1,
            ..moment
        };
        let kind = self.history.plan(moment.life).relations[relation.0 as usize].kind;
        if before.tick > 0 {
            let defers = |arrow| matches!(arrow, Arrow::Deferred | Arrow::Upsert);
            self.rules_derive_no_more(before, relation, defers);
            if !kind.is_transient() {
                self.no_more(before, relation);
                let left = self.history.left_by(before)?;
                let mut changes = left.changes.iter();
                // What went is to go.
                if changes.any(|(of, deletes, _)| *of == relation && !deletes.is_empty()) {
                    for rule in self.rules_for(moment.life, relation, |a| a == Arrow::Delete) {
                        rule.all().for_each(|read| self.just(before, read));
                    }
                }
            }
        }
        self.arrives(moment, relation, false)
    }

    /// Whether the node is down in the tick, which is what the answer then rests on.
    fn is_over(&mut self, moment: Moment) -> Option<bool> {
        let Some(node) = self.node(moment.life) else {
            return (moment.tick <= self.history.last_tick(moment.life)).then_some(false);
        };
        let is_over = !self.is_up(node, moment.tick);
        if is_over {
            self.up_as_it_is(node, moment.tick);
        }
        Some(is_over)
    }

    fn holds_just(&mut self, moment: Moment, relation: RelationId) -> Option<()> {
        if moment.tick == 0 || self.is_over(moment)? {
            return Some(());
        }
        if let Some(node) = self.node(moment.life) {
            self.up_as_it_is(node, moment.tick);
        }
        if self.sets[moment.life][relation.0 as usize] {
            self.has_all(moment, relation);
            self.no_more(moment, relation);
            return Some(());
        }
        let before = Moment {
            tick: moment.tick - 1,
            ..moment
        };
        for rule in self.rules_for(moment.life, relation, |arrow| arrow != Arrow::Async) {
            let when = if rule.arrow == Arrow::Merge {
                moment
            } else {
                before
            };
            if when.tick > 0 && !(rule.bootstrap && when.tick > 1) {
                rule.all().for_each(|read| self.just(when, read));
            }
        }
        let kind = self.history.plan(moment.life).relations[relation.0 as usize].kind;
        if !kind.is_transient() && before.tick > 0 {
            self.just(before, relation);
        }
        self.arrives(moment, relation, true)
    }
}
