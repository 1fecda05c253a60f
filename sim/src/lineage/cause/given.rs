//! What a tick did not derive by itself: what it was given from outside, what others sent, and what the tick before
//! left for it.

use bloom_plan::plan::{Arrow, RelationKind};
use bloom_plan::value::{Row, Value};
use bloom_runtime::Message;

use super::{Edge, Explainer, Fact, Given, How, Premise};
use crate::lineage::firing::Derivation;
use crate::lineage::history::Moment;
use crate::lineage::tick::Trouble;

/// Senders of one message that are looked at.
const SENDERS_MAX: usize = 8;

impl Explainer<'_> {
    pub(super) fn given(
        &self,
        fact: &Fact,
        fits: &dyn Fn(&Row) -> bool,
        found: &mut Vec<(Row, Edge)>,
    ) {
        let moment = fact.moment;
        let life = self.history.life(moment.life);
        let declared = &self.history.plan(moment.life).relations[fact.relation.0 as usize];
        let input = &self.history.taken(moment).input;
        let mut give = |row: &Row, edge: Edge| found.push((row.clone(), edge));
        let is_outside = |given: Given| Edge {
            how: How::Given(given),
            premises: Vec::new(),
        };
        let fed = input
            .rows
            .iter()
            .filter(|(of, row)| *of == fact.relation && fits(row));
        for (_, row) in fed {
            give(row, self.fed(moment, &declared.name, row));
        }
        let given = match declared.kind {
            RelationKind::Periodic { .. } => Some(Given::Timer),
            RelationKind::Stdin => Some(Given::Line),
            RelationKind::Cluster => Some(Given::Start),
            RelationKind::Alive => Some(Given::Alive),
            RelationKind::Errors => Some(Given::Raised),
            RelationKind::Table { .. }
                if declared.name.ends_with(".seals")
                    || declared.name.ends_with(".seal.arrived") =>
            {
                Some(Given::Sealed)
            }
            RelationKind::Table { .. }
            | RelationKind::Scratch
            | RelationKind::Static
            | RelationKind::Input
            | RelationKind::Output
            | RelationKind::View
            | RelationKind::Channel { .. }
            | RelationKind::Loopback
            | RelationKind::Stdout
            | RelationKind::Stderr
            | RelationKind::Halt => None,
        };
        let restored = life.config.durable.iter().flatten();
        let of_table = restored.filter(|(table, _)| *table == declared.name);
        if moment.tick == 1 {
            for row in of_table.flat_map(|(_, rows)| rows).filter(|row| fits(row)) {
                give(row, is_outside(Given::Start));
            }
        }
        if let Some(given) = given {
            give(&fact.row, is_outside(given));
        }
    }

    /// Of a spec, a row that it is fed is one of a node.
    fn fed(&self, moment: Moment, relation: &str, row: &Row) -> Edge {
        let outside = |given: Given| Edge {
            how: How::Given(given),
            premises: Vec::new(),
        };
        let Some(observer) = &self.history.life(moment.life).observer else {
            return outside(Given::Fed);
        };
        let Some(seen) = observer
            .observed
            .iter()
            .find(|seen| seen.relation == relation)
        else {
            return outside(Given::Told);
        };
        let at = self.history.taken(moment).at;
        let seen = || {
            let [Value::Addr(address), columns @ ..] = row.as_slice() else {
                return None;
            };
            let node = self.history.at(address, at)?;
            let kind = &self.history.plan(node.life).name;
            let source = seen.sources.iter().find(|source| source.kind == *kind)?;
            let relation = self.history.relation(node.life, &source.collection)?;
            let fits = |row: &&Row| {
                let places = source.columns.iter().zip(columns);
                places
                    .into_iter()
                    .all(|(&place, value)| row[place as usize] == *value)
            };
            let row = self.history.rows(node, relation).find(fits)?;
            Some(self.fact(node, relation, row))
        };
        match seen() {
            Some(fact) => Edge {
                how: How::Seen,
                premises: vec![Premise::There(fact)],
            },
            None => outside(Given::Told),
        }
    }

    /// Messages that a channel took in.
    pub(super) fn messages(
        &mut self,
        fact: &Fact,
        fits: &dyn Fn(&Row) -> bool,
        found: &mut Vec<(Row, Edge)>,
    ) -> Result<(), Trouble> {
        let name = &self.history.plan(fact.moment.life).relations[fact.relation.0 as usize].name;
        let messages = self.history.taken(fact.moment).input.messages.iter();
        let messages: Vec<&Message> = messages
            .filter(|message| message.channel == *name && fits(&message.row))
            .collect();
        for message in messages {
            let senders = self.history.sent(message, fact.moment);
            let senders: Vec<Moment> = senders.take(SENDERS_MAX).collect();
            let before = found.len();
            for sender in senders {
                for edge in self.fired(sender, name, &message.row, Arrow::Async)? {
                    found.push((message.row.clone(), edge));
                }
            }
            if found.len() == before {
                let edge = Edge {
                    how: How::Given(Given::Message(message.from.clone())),
                    premises: Vec::new(),
                };
                found.push((message.row.clone(), edge));
            }
        }
        Ok(())
    }

    /// The rules other than `<=` that derived a row in a tick.
    pub fn fired(
        &mut self,
        moment: Moment,
        collection: &str,
        row: &Row,
        arrow: Arrow,
    ) -> Result<Vec<Edge>, Trouble> {
        let Some(relation) = self.history.relation(moment.life, collection) else {
            return Ok(Vec::new());
        };
        let Some(words) = self.evaluators[moment.life].words(relation, row) else {
            return Ok(Vec::new());
        };
        let evaluated = self.evaluated(moment)?;
        let fits = |derivation: &&Derivation| {
            let mut columns = derivation.columns.iter().zip(words.iter());
            derivation.arrow == arrow
                && columns.all(|(given, word)| given.is_none_or(|given| given == *word))
        };
        let is_sent = arrow == Arrow::Async;
        let derivations = evaluated.closing(relation).filter(fits);
        Ok(derivations
            .map(|derivation| self.rule(moment, derivation, is_sent))
            .collect())
    }

    /// What the tick before left: by `<+` and `<+-`, and over loopbacks.
    pub(super) fn left(
        &mut self,
        fact: &Fact,
        fits: &dyn Fn(&Row) -> bool,
        found: &mut Vec<(Row, Edge)>,
    ) -> Result<(), Trouble> {
        let Some(left) = self.history.left_for(fact.moment) else {
            return Ok(());
        };
        let before = Moment {
            tick: fact.moment.tick - 1,
            ..fact.moment
        };
        let plan = self.history.plan(fact.moment.life);
        let name = plan.relations[fact.relation.0 as usize].name.clone();
        let looped = left.loopback.iter().filter(|(of, _)| *of == fact.relation);
        let looped = looped.flat_map(|(_, rows)| rows).filter(|row| fits(row));
        for row in looped.cloned().collect::<Vec<Row>>() {
            for edge in self.fired(before, &name, &row, Arrow::Async)? {
                found.push((row.clone(), edge));
            }
        }
        let change = left.changes.iter().find(|(of, ..)| *of == fact.relation);
        let inserts = change.map_or(&[][..], |(_, _, inserts)| inserts);
        let keys = self.evaluators[fact.moment.life].shapes[fact.relation.0 as usize]
            .keys
            .clone();
        let same_key = |row: &Row| keys.iter().all(|&column| row[column] == fact.row[column]);
        if !inserts.iter().any(same_key) {
            return Ok(());
        }
        // Of a lattice several rules may have given parts of the row.
        let evaluated = self.evaluated(before)?;
        let of_head = evaluated.closing(fact.relation);
        let deferred = of_head.filter(|d| matches!(d.arrow, Arrow::Deferred | Arrow::Upsert));
        for derivation in deferred {
            let row = self.head(before.life, derivation, &fact.row);
            if fits(&row) {
                found.push((row, self.rule(before, derivation, false)));
            }
        }
        Ok(())
    }
}
