//! A run under a hypothesis with all that is needed to ask why: what each node and each spec took in, and what the
//! network did with what was sent.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use bloom_plan::plan::{Plan, RelationId};
use bloom_plan::testing::FaultTest;
use bloom_plan::value::Row;
use bloom_runtime::{Config, Input, Message, Node, Output, Program};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::concrete::{Execution, execute_on};
use super::hypothesis::{FaultSpec, Hypothesis};
use super::run::Programs;
use crate::lineage::{History, Life, Taken};
use crate::machine::{self, Kinds, Machine};
use crate::world::World;

/// What came of a run, and its history. Ticks of the history are those of the run.
pub fn reenact(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    hypothesis: &Hypothesis,
) -> Result<(Execution, History), String> {
    let noted = Noting {
        programs: machine::Programs(programs),
        all: programs,
        lives: Rc::default(),
        clock: Rc::default(),
        test,
    };
    let clock = Rc::clone(&noted.clock);
    let mut tell = |tick: u32, _: &World<'_, Noting<'_>>| clock.set(u64::from(tick));
    let execution = execute_on(&noted, programs, test, spec, hypothesis, &mut tell)?;
    let mut lives = noted.lives.borrow().clone();
    for life in &mut lives {
        let mut observers = test.observers.iter();
        let kind = &life.program.plan().name;
        life.observer = observers.find(|observer| observer.kind == *kind).cloned();
    }
    // When what was sent over a link in a tick arrived.
    let mut carried: FxHashMap<(SmolStr, SmolStr, SmolStr, u64), Vec<u64>> = FxHashMap::default();
    for (tick, sent) in (1..).zip(&execution.traffic) {
        for sent in sent {
            let link = (
                sent.from.clone(),
                sent.to.clone(),
                sent.channel.clone(),
                tick,
            );
            let after = sent.after.iter().map(|&after| u64::from(after));
            carried.entry(link).or_default().extend(after);
        }
    }
    let arrives = move |message: &Message, sent: u64, taken: u64| {
        let link = (
            message.from.clone(),
            message.to.clone(),
            message.channel.clone(),
            sent,
        );
        carried
            .get(&link)
            .is_some_and(|after| after.contains(&(taken - sent)))
    };
    let history = History::new(lives, Box::new(arrives), &mut |_, _, _| Ok(()))?;
    Ok((execution, history))
}

/// Nodes that note what they take in.
struct Noting<'p> {
    programs: machine::Programs<'p>,
    all: &'p Programs,
    lives: Rc<RefCell<Vec<Life>>>,
    /// The last tick that all nodes have done.
    clock: Rc<Cell<u64>>,
    test: &'p FaultTest,
}

struct Noted {
    node: Node,
    number: usize,
    lives: Rc<RefCell<Vec<Life>>>,
    clock: Rc<Cell<u64>>,
    is_observer: bool,
}

impl Kinds for Noting<'_> {
    type Node = Noted;

    fn plan(&self, kind: &str) -> Option<&Plan> {
        self.programs.plan(kind)
    }

    fn start(&self, kind: &str, config: Config) -> Result<Noted, String> {
        let node = self.programs.start(kind, config.clone())?;
        let found = self.all.iter().find(|(name, _)| name == kind);
        let (_, program): &(SmolStr, Arc<Program>) = found.ok_or("there is no such kind")?;
        let mut lives = self.lives.borrow_mut();
        lives.push(Life {
            program: Arc::clone(program),
            config,
            ticks: Vec::new(),
            observer: None,
        });
        Ok(Noted {
            node,
            number: lives.len() - 1,
            lives: Rc::clone(&self.lives),
            clock: Rc::clone(&self.clock),
            is_observer: self.test.observers.iter().any(|o| o.kind == kind),
        })
    }
}

impl Machine for Noted {
    fn step(&mut self, input: Input) -> Output {
        let mut lives = self.lives.borrow_mut();
        let ticks = &mut lives[self.number].ticks;
        ticks.push(Taken {
            // Specs look once the nodes have ticked.
            at: self.clock.get() + u64::from(!self.is_observer),
            input: input.clone(),
            chance: None,
        });
        self.node.step(input)
    }

    fn rows(&self, relation: RelationId) -> Vec<Row> {
        self.node.rows(relation)
    }

    fn wants_tick(&self) -> bool {
        self.node.wants_tick()
    }

    fn next_timer(&self) -> Option<i64> {
        self.node.next_timer()
    }
}
