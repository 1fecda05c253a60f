//! A good run and a bad one side by side: what came about in the one and not in the other, from what is broken back to
//! the faults that made the difference.
//!
//! What is broken is a row that only one of the runs has. Of its smallest derivation there, all that the other run has
//! as well is passed over; what it lacks is followed, and of a row that one run asks not to be there and the other has,
//! the derivation in the other. So the steps alternate between the runs and end where both had the same, and a message
//! did not arrive or a node was down. Source of following two derivations side by side: Chen, Wu, Haeberlen, Zhou and
//! Loo, *The Good, the Bad, and the Differences*, SIGCOMM 2016.

use bloom_plan::plan::{RelationId, Role};
use bloom_plan::testing::FaultTest;
use bloom_plan::value::Row;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::concrete::Execution;
use super::hypothesis::{FaultSpec, Hypothesis};
use super::reenacted::reenact;
use super::run::Programs;
use crate::lineage::{
    Absence, Edge, Explainer, Fact, History, How, Moment, Premise, Trouble, lineage,
};
use crate::watch::{Broken, shown};

/// Steps that are told.
const STEPS_MAX: usize = 60;

/// Which of the two runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Run {
    Good,
    Bad,
}

/// A row that one run has and the other lacks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// How many steps led to it.
    pub depth: usize,
    /// The run that has it.
    pub run: Run,
    /// Where; none for a spec.
    pub node: Option<SmolStr>,
    pub row: String,
    /// The tick in which it came.
    pub tick: u64,
    pub difference: Difference,
}

/// Why the other run lacks a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// Because of what stands below.
    Follows,
    /// It was sent in that tick there, too, and lost, or was late.
    Lost { from: SmolStr, sent: u64 },
    /// This node was down.
    Down(SmolStr),
    /// This node had it, crashed, and came back without it.
    Forgotten(SmolStr),
    /// It is told above.
    Again,
    /// Nothing that the derivation rests on differs: rows with its key, or those of a group, stood in its way.
    Otherwise,
}

/// The first row that is broken, with why the runs differ in it. None where both runs have it, as of a history.
pub fn contrast(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    hypothesis: &Hypothesis,
) -> Result<Option<Vec<Step>>, String> {
    let (_, good) = reenact(programs, test, spec, &Hypothesis::default())?;
    let (execution, bad) = reenact(programs, test, spec, hypothesis)?;
    let Some(broken) = execution.broken.first() else {
        return Ok(None);
    };
    let mut comparing = Comparing {
        good: Side::new(&good).map_err(|trouble| trouble.to_string())?,
        bad: Side::new(&bad).map_err(|trouble| trouble.to_string())?,
        execution: &execution,
        steps: Vec::new(),
        told: FxHashSet::default(),
    };
    let Some((run, goal)) = comparing.goal(broken) else {
        return Ok(None);
    };
    let followed = comparing.follow(run, &goal, goal.moment, 0);
    followed.map_err(|trouble| trouble.to_string())?;
    Ok(Some(comparing.steps))
}

struct Side<'h> {
    history: &'h History,
    explainer: Explainer<'h>,
}

impl<'h> Side<'h> {
    fn new(history: &'h History) -> Result<Side<'h>, Trouble> {
        Ok(Side {
            history,
            explainer: Explainer::new(history)?,
        })
    }

    /// The spec's life, and its last tick.
    fn observer(&self, spec: &str) -> Option<Moment> {
        let mut lives = self.history.lives();
        let found = lives.find(|(_, life)| life.observer.as_ref().is_some_and(|o| o.spec == spec));
        let life = found?.0;
        Some(Moment {
            life,
            tick: self.history.last_tick(life),
        })
    }

    /// The tick of a life that has the place in time of another run's.
    fn like(&self, other: &History, moment: Moment) -> Option<Moment> {
        let at = other.taken(moment).at;
        let found = match &other.life(moment.life).observer {
            None => self.history.at(other.address(moment.life), at)?,
            Some(observer) => {
                let life = self.observer(&observer.spec)?.life;
                let ticks = &self.history.life(life).ticks;
                let tick = ticks.iter().position(|taken| taken.at == at)?;
                Moment {
                    life,
                    tick: tick as u64 + 1,
                }
            }
        };
        (self.history.taken(found).at == at).then_some(found)
    }

    fn find(
        &self,
        moment: Moment,
        relation: RelationId,
        row: impl Fn(&Row) -> bool,
    ) -> Option<Fact> {
        let mut rows: Vec<&Row> = self
            .history
            .rows(moment, relation)
            .filter(|r| row(r))
            .collect();
        rows.sort();
        Some(self.explainer.fact(moment, relation, rows.first()?))
    }
}

struct Comparing<'c, 'h> {
    good: Side<'h>,
    bad: Side<'h>,
    /// Of the bad run.
    execution: &'c Execution,
    steps: Vec<Step>,
    told: FxHashSet<(bool, Fact)>,
}

impl<'h> Comparing<'_, 'h> {
    fn side(&mut self, run: Run) -> &mut Side<'h> {
        match run {
            Run::Good => &mut self.good,
            Run::Bad => &mut self.bad,
        }
    }

    fn sides(&self, run: Run) -> (&Side<'h>, &Side<'h>) {
        match run {
            Run::Good => (&self.good, &self.bad),
            Run::Bad => (&self.bad, &self.good),
        }
    }

    /// The row in which the runs differ: of `post` the good one has it, of a `never` the bad one.
    fn goal(&self, (spec, what, tick): &Broken) -> Option<(Run, Fact)> {
        let bad = self.bad.observer(spec)?;
        let observer = self.bad.history.life(bad.life).observer.as_ref()?;
        let plan = self.bad.history.plan(bad.life);
        if let Some(rest) = what.strip_prefix("never ") {
            let mut ticks = self.bad.history.life(bad.life).ticks.iter();
            let place = ticks.position(|taken| taken.at == u64::from(*tick))?;
            let moment = Moment {
                tick: place as u64 + 1,
                ..bad
            };
            return observer.never.iter().find_map(|name| {
                let relation = self.bad.history.relation(bad.life, name)?;
                let is_it = |row: &Row| format!("{name}{}", shown(plan, relation, row)) == rest;
                let fact = self.bad.find(moment, relation, is_it)?;
                Some((Run::Bad, fact))
            });
        }
        let rest = what.strip_prefix("post")?;
        let pre = self
            .bad
            .history
            .relation(bad.life, observer.pre.as_ref()?)?;
        let is_it = |row: &Row| shown(plan, pre, row) == rest;
        let asked = self.bad.find(bad, pre, is_it)?;
        let good = self.good.observer(spec)?;
        let post = self
            .good
            .history
            .relation(good.life, observer.post.as_ref()?)?;
        let has = self.good.find(good, post, |row| *row == asked.row);
        // Where it fulfils nothing in the good run either, it is not asked for there.
        Some(has.map_or((Run::Bad, asked), |fact| (Run::Good, fact)))
    }

    /// Tells why one run has a fact, which it used in a tick, and the other lacks it.
    fn follow(&mut self, run: Run, fact: &Fact, used: Moment, depth: usize) -> Result<(), Trouble> {
        if self.steps.len() >= STEPS_MAX {
            return Ok(());
        }
        let place = self.steps.len();
        let step = self.step(run, fact, depth);
        self.steps.push(step);
        if !self.told.insert((run == Run::Good, fact.clone())) {
            self.steps[place].difference = Difference::Again;
            return Ok(());
        }
        let down = self.down(run, fact.moment);
        if let Some(node) = down.or_else(|| self.down(run, used)) {
            self.steps[place].difference = Difference::Down(node);
            return Ok(());
        }
        let all = lineage(&mut self.side(run).explainer, fact)?;
        let Some(edge) = all.best(fact).cloned() else {
            return Ok(());
        };
        let differ = self.differences(run, fact, &edge);
        for (run, fact, used) in &differ {
            self.follow(*run, fact, *used, depth + 1)?;
        }
        if differ.is_empty() {
            let forgotten = self.forgotten(run, fact, used);
            let cut = forgotten.map_or_else(|| self.cut(run, fact, &edge), Difference::Forgotten);
            let instead = self.instead(run, fact, used);
            if let (Difference::Otherwise, Some((run, other, used))) = (&cut, instead) {
                return self.follow(run, &other, used, depth + 1);
            }
            self.steps[place].difference = cut;
        }
        Ok(())
    }

    fn step(&self, run: Run, fact: &Fact, depth: usize) -> Step {
        let history = self.sides(run).0.history;
        let life = fact.moment.life;
        let plan = history.plan(life);
        let relation = &plan.relations[fact.relation.0 as usize];
        let is_spec = history.life(life).observer.is_some();
        Step {
            depth,
            run,
            node: (!is_spec).then(|| history.address(life).clone()),
            row: format!("{}{}", relation.name, shown(plan, fact.relation, &fact.row)),
            tick: history.taken(fact.moment).at,
            difference: Difference::Follows,
        }
    }

    /// The node of a fact, if it is down in the other run.
    fn down(&self, run: Run, moment: Moment) -> Option<SmolStr> {
        let (own, other) = self.sides(run);
        let is_node = own.history.life(moment.life).observer.is_none();
        let is_down = is_node && other.like(own.history, moment).is_none();
        is_down.then(|| own.history.address(moment.life).clone())
    }

    /// What a way to a fact rests on and the other run has otherwise: facts that it lacks, and of those that are to be
    /// absent, such as it has.
    fn differences(&self, run: Run, fact: &Fact, edge: &Edge) -> Vec<(Run, Fact, Moment)> {
        let moment = match &edge.how {
            How::Rule(fired) | How::Sent(fired) => fired.moment,
            How::Joined | How::Seen | How::Given(_) => fact.moment,
        };
        let premises = edge.premises.iter();
        let differ = premises.filter_map(|premise| match premise {
            Premise::There(there) => {
                // A spec sees what is there when it looks.
                let used = match edge.how {
                    How::Seen => self.seen_at(run, moment, there),
                    How::Rule(_) | How::Sent(_) | How::Joined | How::Given(_) => moment,
                };
                (!self.other_has(run, used, there)).then(|| (run, there.clone(), used))
            }
            Premise::Absent(absence) => self.other_breaks(run, absence),
        });
        differ.collect()
    }

    fn seen_at(&self, run: Run, looked: Moment, seen: &Fact) -> Moment {
        let history = self.sides(run).0.history;
        let at = history.taken(looked).at;
        let there = history.at(history.address(seen.moment.life), at);
        there.unwrap_or(seen.moment)
    }

    fn other_has(&self, run: Run, used: Moment, fact: &Fact) -> bool {
        let (own, other) = self.sides(run);
        let Some(moment) = other.like(own.history, used) else {
            return false;
        };
        // What was joined is there in that form for a moment only.
        fact.part
            || other
                .find(moment, fact.relation, |row| *row == fact.row)
                .is_some()
    }

    /// A row of the other run that one asks not to be there.
    fn other_breaks(&self, run: Run, absence: &Absence) -> Option<(Run, Fact, Moment)> {
        let (own, other) = self.sides(run);
        let moment = other.like(own.history, absence.moment)?;
        let fits = |row: &Row| {
            let mut columns = absence.columns.iter().zip(row);
            columns.all(|(asked, value)| asked.as_ref().is_none_or(|asked| asked == value))
        };
        let fact = other.find(moment, absence.relation, fits)?;
        let run = match run {
            Run::Good => Run::Bad,
            Run::Bad => Run::Good,
        };
        Some((run, fact, moment))
    }

    /// What the key of a fact has in the other run when the fact is used.
    fn instead(&self, run: Run, fact: &Fact, used: Moment) -> Option<(Run, Fact, Moment)> {
        let (own, other) = self.sides(run);
        let moment = other.like(own.history, used)?;
        let plan = own.history.plan(fact.moment.life);
        let columns = plan.relations[fact.relation.0 as usize].columns.iter();
        let keys: Vec<usize> = (0..)
            .zip(columns)
            .filter(|(_, column)| column.role == Role::Key)
            .map(|(place, _)| place)
            .collect();
        let same_key = |row: &Row| keys.iter().all(|&key| row[key] == fact.row[key]);
        let held = other.find(moment, fact.relation, |row| {
            same_key(row) && *row != fact.row
        })?;
        let run = match run {
            Run::Good => Run::Bad,
            Run::Bad => Run::Good,
        };
        Some((run, held, moment))
    }

    /// The node of a fact, if in the other run it crashed after the fact came and was another one when it is used.
    fn forgotten(&self, run: Run, fact: &Fact, used: Moment) -> Option<SmolStr> {
        let (own, other) = self.sides(run);
        if own.history.life(fact.moment.life).observer.is_some() {
            return None;
        }
        let (came, used) = (
            other.like(own.history, fact.moment)?,
            other.like(own.history, used)?,
        );
        (came.life != used.life).then(|| own.history.address(fact.moment.life).clone())
    }

    /// Why a fact is not there though all that it rests on is.
    fn cut(&self, run: Run, fact: &Fact, edge: &Edge) -> Difference {
        let history = self.sides(run).0.history;
        match &edge.how {
            How::Sent(fired) => {
                let from = history.address(fired.moment.life).clone();
                if let Some(node) = self.down(run, fired.moment) {
                    return Difference::Down(node);
                }
                let sent = history.taken(fired.moment).at;
                let to = history.address(fact.moment.life);
                let traffic = self.execution.traffic.get(sent as usize - 1);
                let mut traffic = traffic.into_iter().flatten();
                // In the run without faults everything arrives.
                let disturbed = traffic.any(|message| {
                    message.from == from && message.to == *to && message.after != [1]
                });
                match disturbed {
                    true => Difference::Lost { from, sent },
                    false => Difference::Otherwise,
                }
            }
            How::Seen => {
                let Some(Premise::There(seen)) = edge.premises.first() else {
                    return Difference::Otherwise;
                };
                let used = self.seen_at(run, fact.moment, seen);
                self.down(run, used)
                    .map_or(Difference::Otherwise, Difference::Down)
            }
            // A spec is told of nodes that are up, and of those that are down.
            How::Given(_) => match fact.row.first() {
                Some(bloom_plan::value::Value::Addr(node)) => Difference::Down(node.clone()),
                Some(_) | None => Difference::Otherwise,
            },
            How::Rule(_) | How::Joined => Difference::Otherwise,
        }
    }
}
