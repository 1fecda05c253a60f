//! A derivation as data, from which it is shown to people and as JSON.

use std::collections::HashSet;

use bloom_host::schema::Schema;
use bloom_plan::display;
use bloom_plan::plan::{Arrow, Column, Plan, RelationId};
use bloom_plan::value::{Row, Value};
use bloom_sim::lineage::{
    Absence, Edge, Fact, Fired, Given, History, How, Lineage, Moment, Premise, Shown,
};
use serde::Serialize;
use serde_json::Value as Json;

/// A row, and how it came about.
#[derive(Serialize)]
pub(super) struct Step {
    pub(super) node: String,
    pub(super) collection: String,
    pub(super) row: Json,
    /// As reports write it.
    #[serde(skip)]
    pub(super) shown: String,
    pub(super) tick: u64,
    /// The last tick of those from then on in which it is there; none for a value that something was joined to.
    pub(super) until: Option<u64>,
    /// No row by itself: it was joined to one with its key.
    pub(super) part: bool,
    /// It is explained where it stands first.
    pub(super) again: bool,
    pub(super) ways: Vec<Way>,
}

/// One way in which a row came about.
#[derive(Serialize)]
pub(super) struct Way {
    /// `rule`, `sent`, `joined`, `seen`, or what is from outside: `fed`, `message`, `timer`, …
    pub(super) how: &'static str,
    pub(super) rule: Option<Rule>,
    /// Of a message: who sent it.
    pub(super) from: Option<String>,
    pub(super) because: Vec<Because>,
}

#[derive(Serialize)]
pub(super) struct Rule {
    pub(super) at: String,
    pub(super) text: String,
    pub(super) node: String,
    /// The tick in which it was evaluated.
    pub(super) tick: u64,
    /// Of a group-by: how many matches the group has.
    pub(super) matches: Option<usize>,
    /// One of these matches decides and is shown.
    pub(super) one_decides: bool,
    /// Some columns are drawn from chance.
    pub(super) by_chance: bool,
    #[serde(skip)]
    pub(super) deferred: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Because {
    There(Box<Step>),
    Absent(Absent),
}

/// There is no such row; a column that is left out may have any value.
#[derive(Serialize)]
pub(super) struct Absent {
    pub(super) node: String,
    pub(super) collection: String,
    pub(super) tick: u64,
    pub(super) absent: Json,
    #[serde(skip)]
    pub(super) shown: String,
}

pub(super) fn step(history: &History, lineage: &Lineage, goal: &Fact, all: bool) -> Step {
    let mut writer = Writer {
        history,
        lineage,
        all,
        known: HashSet::new(),
    };
    writer.step(goal)
}

pub(super) fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("rows fit their types");
    format!("{text}\n")
}

struct Writer<'w> {
    history: &'w History,
    lineage: &'w Lineage,
    all: bool,
    known: HashSet<Fact>,
}

impl Writer<'_> {
    fn step(&mut self, fact: &Fact) -> Step {
        let history = self.history;
        let (life, relation) = (fact.moment.life, fact.relation);
        let plan = history.plan(life);
        let schema = Schema::new(&plan.types, &plan.relations[relation.0 as usize]);
        let again = !self.known.insert(fact.clone());
        let edges: Vec<&Edge> = match (again, self.all) {
            (true, _) => Vec::new(),
            (false, true) => self.lineage.all(fact).iter().collect(),
            (false, false) => self.lineage.best(fact).into_iter().collect(),
        };
        let span = history.span(fact.moment, relation, &fact.row);
        let row = serde_json::to_value(schema.json_of_row(&fact.row));
        Step {
            node: history.address(life).to_string(),
            collection: schema.relation.name.to_string(),
            row: row.expect("rows fit their types"),
            shown: shown(history, fact),
            tick: history.number(fact.moment),
            until: span.filter(|_| !fact.part).map(|span| {
                let tick = span.last;
                history.number(Moment { life, tick })
            }),
            part: fact.part,
            again,
            ways: edges.into_iter().map(|edge| self.way(edge)).collect(),
        }
    }

    fn way(&mut self, edge: &Edge) -> Way {
        let (how, rule, from) = match &edge.how {
            How::Rule(fired) => ("rule", Some(self.rule(fired)), None),
            How::Sent(fired) => {
                let from = self.history.address(fired.moment.life).to_string();
                ("sent", Some(self.rule(fired)), Some(from))
            }
            How::Joined => ("joined", None, None),
            How::Seen => ("seen", None, None),
            How::Given(Given::Message(from)) => ("message", None, Some(from.to_string())),
            How::Given(given) => (outside(given), None, None),
        };
        let because = edge.premises.iter().map(|premise| match premise {
            Premise::There(fact) => Because::There(Box::new(self.step(fact))),
            Premise::Absent(absence) => Because::Absent(absent(self.history, absence)),
        });
        Way {
            how,
            rule,
            from,
            because: because.collect(),
        }
    }

    fn rule(&self, fired: &Fired) -> Rule {
        let life = fired.moment.life;
        let tick = self.history.number(fired.moment);
        let rule = &self.history.plan(life).rules[fired.rule.0 as usize];
        Rule {
            at: rule.at.to_string(),
            text: rule.text.to_string(),
            node: self.history.address(life).to_string(),
            tick,
            matches: fired.group.map(|group| group.matches),
            one_decides: fired
                .group
                .is_some_and(|group| group.shown == Shown::Deciding),
            by_chance: fired.by_chance,
            deferred: fired.arrow != Arrow::Merge,
        }
    }
}

fn outside(given: &Given) -> &'static str {
    match given {
        Given::Fed => "fed",
        Given::Message(_) => "message",
        Given::Timer => "timer",
        Given::Line => "stdin",
        Given::Sealed => "sealed",
        Given::Start => "start",
        Given::Alive => "alive",
        Given::Raised => "raised",
        Given::Told => "told",
        Given::Unknown => "unknown",
    }
}

/// `store{key: "a", value: 1}`; where columns have no names, `lacking("a")`.
pub(super) fn shown(history: &History, fact: &Fact) -> String {
    pattern_of(history, fact.moment.life, fact.relation, &fact.row)
}

pub(super) fn pattern_of(
    history: &History,
    life: usize,
    relation: RelationId,
    row: &Row,
) -> String {
    // What is not known of a row may be anything.
    let values = row
        .iter()
        .map(|value| Some(value).filter(|value| **value != Value::Bottom));
    pattern(history.plan(life), relation, values)
}

/// A row of which some columns may have any value.
fn pattern<'v>(
    plan: &Plan,
    relation: RelationId,
    values: impl Iterator<Item = Option<&'v Value>>,
) -> String {
    let declared = &plan.relations[relation.0 as usize];
    let is_nameless = |column: &Column| column.name.starts_with(|c: char| c.is_ascii_digit());
    let by_place = !declared.columns.is_empty() && declared.columns.iter().all(is_nameless);
    let columns = declared
        .columns
        .iter()
        .zip(values)
        .filter_map(|(column, value)| {
            let shown = value.map(|value| display::value(&plan.types, column.ty, value));
            match (shown, by_place) {
                (Some(value), true) => Some(value.to_string()),
                (None, true) => Some("_".to_owned()),
                (Some(value), false) => Some(format!("{}: {value}", column.name)),
                (None, false) => None,
            }
        });
    let columns = columns.collect::<Vec<_>>().join(", ");
    match by_place {
        true => format!("{}({columns})", declared.name),
        false => format!("{}{{{columns}}}", declared.name),
    }
}

pub(super) fn absent(history: &History, absence: &Absence) -> Absent {
    let life = absence.moment.life;
    let tick = history.number(absence.moment);
    let plan = history.plan(life);
    let declared = &plan.relations[absence.relation.0 as usize];
    let columns = || declared.columns.iter().zip(&absence.columns);
    let shown = pattern(
        plan,
        absence.relation,
        absence.columns.iter().map(Option::as_ref),
    );
    let given = columns().filter_map(|(column, value)| {
        let value = value.as_ref()?;
        let json = bloom_host::json::Typed::new(&plan.types, column.ty, value);
        let json = serde_json::to_value(json).expect("values fit their types");
        Some((column.name.to_string(), json))
    });
    Absent {
        node: history.address(life).to_string(),
        collection: declared.name.to_string(),
        tick,
        absent: Json::Object(given.collect()),
        shown,
    }
}
