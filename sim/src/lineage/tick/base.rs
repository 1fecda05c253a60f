//! What a relation has before the rules of a tick run: what stayed, what was deferred, and what arrived.

use bloom_plan::plan::{RelationId, RelationKind};
use bloom_plan::value::{Row, Value};
use bloom_runtime::Input;

use super::Evaluator;
use crate::lineage::history::{History, Moment};
use crate::shape::Words;

/// Of a relation that rules derive: what was there before they ran, and what the node held at the end.
#[derive(Default)]
pub(super) struct Base {
    pub(super) earlier: Vec<Words>,
    pub(super) arrived: Vec<Words>,
    pub(super) held: Vec<Words>,
}

pub(super) fn base(
    history: &History,
    evaluator: &mut Evaluator,
    moment: Moment,
    id: RelationId,
    input: &Input,
) -> Base {
    let earlier = earlier(history, moment, id);
    let arrived = arrivals(history, moment, id, input);
    let held: Vec<Row> = history.rows(moment, id).cloned().collect();
    let mut words = |rows: Vec<Row>| -> Vec<Words> {
        let rows = rows.iter();
        rows.filter_map(|row| evaluator.words(id, row)).collect()
    };
    Base {
        earlier: words(earlier),
        arrived: words(arrived),
        held: words(held),
    }
}

/// What a collection held when the tick began: rows that stayed, with what was deferred for it.
fn earlier(history: &History, moment: Moment, id: RelationId) -> Vec<Row> {
    let plan = history.plan(moment.life);
    let declared = &plan.relations[id.0 as usize];
    let Some(left) = history.left_for(moment) else {
        let config = &history.life(moment.life).config;
        let durable = config.durable.iter().flatten();
        let of_table = durable.filter(|(table, _)| *table == declared.name);
        return of_table.flat_map(|(_, rows)| rows.clone()).collect();
    };
    let change = left.changes.iter().find(|(of, ..)| *of == id);
    let mut rows: Vec<Row> = Vec::new();
    if !declared.kind.is_transient() {
        let before = Moment {
            tick: moment.tick - 1,
            ..moment
        };
        let deleted = change.map_or(&[][..], |(_, deletes, _)| deletes);
        let kept = history
            .rows(before, id)
            .filter(|row| !deleted.contains(row));
        rows.extend(kept.cloned());
    }
    rows.extend(
        change
            .into_iter()
            .flat_map(|(_, _, inserts)| inserts.clone()),
    );
    rows
}

/// What arrived for a collection that rules derive, too.
fn arrivals(history: &History, moment: Moment, id: RelationId, input: &Input) -> Vec<Row> {
    let plan = history.plan(moment.life);
    let declared = &plan.relations[id.0 as usize];
    let fed = input.rows.iter().filter(|(of, _)| *of == id);
    let mut rows: Vec<Row> = fed.map(|(_, row)| row.clone()).collect();
    let sent = input.messages.iter().filter(|m| m.channel == declared.name);
    rows.extend(sent.map(|message| message.row.clone()));
    if declared.kind == RelationKind::Stdin {
        let lines = input.stdin.iter();
        rows.extend(lines.map(|line| vec![Value::string(line)]));
    }
    let looped = history.left_for(moment).into_iter();
    let looped = looped.flat_map(|left| &left.loopback);
    let looped = looped.filter(|(of, _)| *of == id);
    rows.extend(looped.flat_map(|(_, rows)| rows.clone()));
    rows
}
