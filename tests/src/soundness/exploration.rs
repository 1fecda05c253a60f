//! Explores a subject's deployment under one set of inputs.

use bloom_plan::plan::RelationId;
use bloom_plan::testing::{Action, Test};
use bloom_plan::{display, types::TypeId};
use bloom_sim::explore::{
    Arrival, Contents, Deployment, Fed, Feed, Observed, Options, Outcome, Outcomes, Schedule, Step,
    Unexplored, explore,
};
use bloom_sim::world::Setup;
use bloom_sim::{Kinds, Programs};

use super::judge::{Found, Run, Witness};
use super::subject::{Event, Kind, Subject};
use crate::program::Loaded;

/// States of one exploration: what is larger counts as not explored.
const STATES_MAX: usize = 4_000;

/// An output or view of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub role: usize,
    pub collection: String,
}

/// What exploring one set of inputs found.
pub struct Explored {
    /// For each place the distinct contents, each with a schedule that leads to them.
    pub runs: Vec<Vec<Run>>,
    /// Whether all schedules were followed.
    pub complete: bool,
    pub states: usize,
}

/// All runs of a deployment with one node a role.
pub fn explore_set(
    subject: &Subject,
    loaded: &Loaded,
    set: usize,
    places: &[Place],
    repeats: bool,
) -> Result<Explored, Unexplored> {
    let test = &loaded.tests[set];
    let node = |role: usize| subject.roles.len() - 1 - role;
    let deployment = Deployment {
        nodes: nodes(test),
        ..Deployment::default()
    };
    let feeds = feeds(subject, test, &subject.sets[set]);
    let observed: Vec<Observed> = places
        .iter()
        .map(|place| Observed {
            node: node(place.role),
            collection: place.collection.as_str().into(),
        })
        .collect();
    let programs = Programs(&loaded.programs);
    let outcomes = explore(
        &programs,
        &deployment,
        &feeds,
        &observed,
        &options(subject, repeats),
    )?;
    let names = Names {
        subject,
        set,
        programs: &programs,
        test,
        observed: &observed,
    };
    let runs = (0..places.len())
        .map(|place| names.runs(&outcomes, place))
        .collect();
    Ok(Explored {
        runs,
        complete: outcomes.complete && !is_timed(subject),
        states: outcomes.states,
    })
}

/// Whether time passes in it: a timer fires for ever, of which an exploration sees the beginning.
pub fn is_timed(subject: &Subject) -> bool {
    let mut collections = subject.roles.iter().flat_map(|role| &role.collections);
    collections.any(|c| c.kind == Kind::Periodic)
}

/// What exploring one set tells of one place: whether there are two outcomes, or, if `agreement` is all
/// that is asked for, whether two replicas end differently in one run.
pub fn explore_replicas(
    subject: &Subject,
    loaded: &Loaded,
    set: usize,
    place: &Place,
    agreement: bool,
) -> Found {
    let test = &loaded.tests[set];
    let replicas = if agreement { 2 } else { 1 };
    let one = &nodes(test)[0];
    let setups = (0..replicas).map(|number| Setup {
        name: format!("{}{number}", one.name).into(),
        ..one.clone()
    });
    let deployment = Deployment {
        nodes: setups.collect(),
        ..Deployment::default()
    };
    let mut feeds = feeds(subject, test, &subject.sets[set]);
    for feed in &mut feeds {
        feed.to = (0..replicas).collect();
    }
    let observed: Vec<Observed> = (0..replicas)
        .map(|node| Observed {
            node,
            collection: place.collection.as_str().into(),
        })
        .collect();
    let options = Options {
        replicas: if agreement {
            vec![vec![0, 1]]
        } else {
            Vec::new()
        },
        ..options(subject, false)
    };
    let programs = Programs(&loaded.programs);
    let Ok(outcomes) = explore(&programs, &deployment, &feeds, &observed, &options) else {
        return Found::Bounded;
    };
    let names = Names {
        subject,
        set,
        programs: &programs,
        test,
        observed: &observed,
    };
    let runs = match outcomes.split {
        Some(number) => (0..replicas)
            .map(|node| names.run(&outcomes.outcomes[number], node))
            .collect(),
        None if agreement => Vec::new(),
        None => names.runs(&outcomes, 0),
    };
    let restless = runs.iter().any(|run| !run.settles);
    match (runs.len() > 1, restless) {
        (true, _) => Found::Two(Box::new(Witness {
            set,
            runs,
            repeated: false,
        })),
        (false, true) => Found::Unsettled(Box::new(Witness {
            set,
            runs,
            repeated: false,
        })),
        (false, false) if outcomes.complete => Found::One,
        (false, false) => Found::Bounded,
    }
}

/// Whether rules write what is declared `immutable`.
pub fn promises(subject: &Subject) -> bool {
    let own = subject.roles.iter().flat_map(|role| &role.collections);
    let mut written = own
        .chain(&subject.channels)
        .filter(|c| c.kind != Kind::Input);
    written.any(|collection| collection.immutable)
}

fn options(subject: &Subject, repeats: bool) -> Options {
    let collections = subject.roles.iter().flat_map(|role| &role.collections);
    let timers = collections.filter(|c| c.kind == Kind::Periodic).count() as u8;
    Options {
        message_repeats: u8::from(repeats),
        feed_repeats: u8::from(repeats),
        firings: timers.min(1),
        // What one timer sends on its last beat, another may wait for.
        closings: timers,
        states_max: STATES_MAX,
        ..Options::default()
    }
}

fn nodes(test: &Test) -> Vec<Setup> {
    let setup = |node: &bloom_plan::testing::TestNode| Setup {
        name: node.name.clone(),
        kind: node.kind.clone(),
        parameters: node.arguments.clone(),
    };
    test.nodes.iter().map(setup).collect()
}

/// What a test feeds; a seal comes after the rows of its partition.
fn feeds(subject: &Subject, test: &Test, events: &[Event]) -> Vec<Feed> {
    let fed = test.steps.iter().filter_map(|step| match &step.action {
        Action::Feed {
            node,
            collection,
            row,
        } => Some((
            *node,
            Fed::Row {
                collection: collection.clone(),
                row: row.clone(),
            },
        )),
        Action::Seal {
            node,
            collection,
            key,
        } => Some((
            *node,
            Fed::Seal {
                collection: collection.clone(),
                key: key.clone(),
            },
        )),
        Action::Start { .. }
        | Action::Tick { .. }
        | Action::Settle
        | Action::Advance { .. }
        | Action::Crash { .. }
        | Action::Restart { .. }
        | Action::Partition { .. }
        | Action::Heal
        | Action::Drop { .. }
        | Action::ExpectRows { .. }
        | Action::ExpectMatch { .. }
        | Action::ExpectError { .. } => None,
    });
    let feeds: Vec<Feed> = fed
        .zip(events)
        .map(|((node, what), event)| Feed {
            to: vec![node],
            what,
            after: partition(subject, events, event),
        })
        .collect();
    assert_eq!(
        feeds.len(),
        events.len(),
        "a test has a step for each event"
    );
    feeds
}

/// Numbers of the rows that are in the partition that the event seals.
fn partition(subject: &Subject, events: &[Event], seal: &Event) -> Vec<usize> {
    let Some(of) = subject.collection(seal.role, &seal.collection) else {
        return Vec::new();
    };
    let column = |name: &String| of.columns.iter().position(|c| c.name == *name);
    let places: Vec<usize> = seal.sealed.iter().filter_map(column).collect();
    let is_in = |event: &Event| {
        let same = (event.role, &event.collection) == (seal.role, &seal.collection);
        let key = || places.iter().map(|&at| &event.values[at]);
        same && event.sealed.is_empty() && key().eq(&seal.values)
    };
    let rows = events.iter().enumerate().filter(|(_, event)| is_in(event));
    match seal.sealed.is_empty() {
        true => Vec::new(),
        false => rows.map(|(number, _)| number).collect(),
    }
}

/// How things are called in reports.
struct Names<'a> {
    subject: &'a Subject,
    set: usize,
    programs: &'a Programs<'a>,
    test: &'a Test,
    observed: &'a [Observed],
}

impl Names<'_> {
    /// The distinct contents of one place, each with the first schedule.
    fn runs(&self, outcomes: &Outcomes, place: usize) -> Vec<Run> {
        let mut seen: Vec<&Contents> = Vec::new();
        let mut runs = Vec::new();
        for outcome in &outcomes.outcomes {
            let contents = &outcome.contents[place];
            // In a run that goes on for ever a timer would fire, which is not explored.
            let is_unfair = is_timed(self.subject) && outcome.schedule.repeats_from.is_some();
            // A program that breaks a promise of its own channel is told so by an error.
            let is_broken = promises(self.subject) && outcome.schedule.has_errors();
            if is_unfair || is_broken || seen.contains(&contents) {
                continue;
            }
            seen.push(contents);
            runs.push(self.run(outcome, place));
        }
        runs
    }

    fn run(&self, outcome: &Outcome, place: usize) -> Run {
        let contents = &outcome.contents[place];
        Run {
            schedule: self.schedule(&outcome.schedule),
            contents: self.contents(contents, place),
            settles: *contents != Contents::Oscillates,
        }
    }

    fn contents(&self, contents: &Contents, place: usize) -> String {
        let observed = &self.observed[place];
        match contents {
            Contents::Oscillates => "changes for ever".to_owned(),
            Contents::Rows(rows) => {
                let rows = rows
                    .iter()
                    .map(|row| self.row(observed.node, &observed.collection, row));
                format!("{{ {} }}", rows.collect::<Vec<String>>().join(", "))
            }
        }
    }

    /// Replicas beyond the test's nodes are of the first.
    fn name(&self, node: usize) -> String {
        match self.test.nodes.get(node) {
            Some(own) => own.name.to_string(),
            None => format!("{} (replica {node})", self.test.nodes[0].name),
        }
    }

    fn row(&self, node: usize, collection: &str, row: &bloom_plan::value::Row) -> String {
        let node = self.test.nodes.get(node).unwrap_or(&self.test.nodes[0]);
        let plan = self.programs.plan(&node.kind);
        let plan = plan.expect("the kinds of a test's nodes are the program's");
        let place = plan.relations.iter().position(|r| r.name == collection);
        let relation = RelationId(place.expect("the node has it") as u32);
        let columns = &plan.relations[relation.0 as usize].columns;
        let types: Vec<TypeId> = columns.iter().map(|column| column.ty).collect();
        display::row(&plan.types, &types, row).to_string()
    }

    fn schedule(&self, schedule: &Schedule) -> String {
        let mut text = String::new();
        for (number, step) in schedule.steps.iter().enumerate() {
            if schedule.repeats_from == Some(number) {
                text += "  from here on for ever:\n";
            }
            match step {
                Step::Loss(message) => {
                    text += &format!("  lost: {}\n", self.message(message));
                }
                Step::Tick(tick) => {
                    let arrivals = tick
                        .arrivals
                        .iter()
                        .map(|arrival| self.arrival(tick.node, arrival));
                    let timer = tick.fires.then(|| "the timer".to_owned());
                    let all: Vec<String> = arrivals.chain(timer).collect();
                    let name = self.name(tick.node);
                    text += &format!("  {name} takes {}\n", all.join(" and "));
                }
            }
        }
        text
    }

    fn arrival(&self, node: usize, arrival: &Arrival) -> String {
        match arrival {
            Arrival::Feed(number) => {
                let event = &self.subject.sets[self.set][*number];
                event.text(&self.name(node))
            }
            Arrival::Message(message) => self.message(message),
            Arrival::Loopback { collection, row } => {
                format!("{collection}{}", self.row(node, collection, row))
            }
        }
    }

    fn message(&self, message: &bloom_runtime::Message) -> String {
        let to = self
            .test
            .nodes
            .iter()
            .position(|node| node.name == message.to);
        match to {
            Some(node) => format!(
                "{}{}",
                message.channel,
                self.row(node, &message.channel, &message.row)
            ),
            None => format!("{} to nobody", message.channel),
        }
    }
}
