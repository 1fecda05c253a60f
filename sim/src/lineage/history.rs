//! What happened: lives of nodes, run again on the nodes of production from what each took in, and from that which
//! rows every collection held in every tick, what was deferred, and what was sent.
//!
//! Rows are kept with the spans of ticks in which they were there, so that a row that stays costs once.

use std::sync::Arc;

use bloom_plan::plan::{Plan, RelationId};
use bloom_plan::testing::Observer;
use bloom_plan::value::Row;
use bloom_runtime::{Config, Input, Message, Node, Output, Pending, Program};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::machine::BOUNDS;

/// Rows and spans of all collections past which no history is kept.
const ROWS_MAX: usize = 20_000_000;

/// A node from a start to its end.
#[derive(Clone, Debug)]
pub struct Life {
    pub program: Arc<Program>,
    pub config: Config,
    pub ticks: Vec<Taken>,
    /// Of the node that is a spec: what its rows stand for.
    pub observer: Option<Observer>,
}

/// What a tick took in.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its place in time: what a node sent is there for ticks of greater places only.
    pub at: u64,
    pub input: Input,
    /// What its chance was drawn from, if that is known and it asks for any.
    pub chance: Option<u64>,
}

/// A tick of a life, by place and number; ticks count from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Moment {
    pub life: usize,
    pub tick: u64,
}

/// Ticks in which a row was there, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    pub first: u64,
    pub last: u64,
}

/// Whether what was sent at the first place in time could be taken in at the second.
pub type Carried = Box<dyn Fn(&Message, u64, u64) -> bool>;

pub struct History {
    pasts: Vec<Past>,
    /// When each message was sent.
    sends: FxHashMap<Message, Vec<Moment>>,
    carried: Carried,
}

struct Past {
    life: Life,
    relations: Vec<FxHashMap<Row, Vec<Span>>>,
    /// What each tick left for the next.
    pending: Vec<Pending>,
}

impl History {
    /// Runs lives again; `check` may refuse what a tick did. An error says which node cannot start, or what was
    /// refused.
    pub fn new(
        lives: Vec<Life>,
        carried: Carried,
        check: &mut dyn FnMut(Moment, &Node, &Output) -> Result<(), String>,
    ) -> Result<History, String> {
        let mut history = History {
            pasts: Vec::new(),
            sends: FxHashMap::default(),
            carried,
        };
        let mut room = ROWS_MAX;
        for (number, life) in lives.into_iter().enumerate() {
            let past = history.relive(number, life, &mut room, check)?;
            history.pasts.push(past);
        }
        Ok(history)
    }

    fn relive(
        &mut self,
        number: usize,
        life: Life,
        room: &mut usize,
        check: &mut dyn FnMut(Moment, &Node, &Output) -> Result<(), String>,
    ) -> Result<Past, String> {
        let address = life.config.address.clone();
        let node = Node::new(Arc::clone(&life.program), life.config.clone());
        let mut node = node.map_err(|error| format!("node {address}: {error}"))?;
        node.limit(BOUNDS);
        let relations = life.program.plan().relations.len();
        let mut past = Past {
            relations: (0..relations).map(|_| FxHashMap::default()).collect(),
            pending: Vec::new(),
            life,
        };
        for place in 0..past.life.ticks.len() {
            let taken = &past.life.ticks[place];
            if let Some(chance) = taken.chance {
                node.set_chance(chance);
            }
            let output = node.step(taken.input.clone());
            let tick = place as u64 + 1;
            let moment = Moment { life: number, tick };
            check(moment, &node, &output)?;
            if output.halted_by_conflict.is_some() || output.stopped.is_some() {
                // It took no effect; nothing follows.
                past.life.ticks.truncate(place);
                break;
            }
            for message in output.sends {
                self.sends.entry(message).or_default().push(moment);
            }
            past.look(&node, tick, room);
            past.pending.push(node.pending());
            if *room == 0 {
                return Err(format!(
                    "the run holds more than {ROWS_MAX} rows; record a shorter one"
                ));
            }
        }
        Ok(past)
    }

    pub fn lives(&self) -> impl Iterator<Item = (usize, &Life)> {
        self.pasts.iter().map(|past| &past.life).enumerate()
    }

    pub fn life(&self, life: usize) -> &Life {
        &self.pasts[life].life
    }

    pub fn plan(&self, life: usize) -> &Arc<Plan> {
        self.pasts[life].life.program.plan()
    }

    pub fn address(&self, life: usize) -> &SmolStr {
        &self.pasts[life].life.config.address
    }

    /// What a tick is called: of a spec, which looks after a tick of all nodes, the number of that.
    pub fn number(&self, moment: Moment) -> u64 {
        let past = &self.pasts[moment.life];
        match (&past.life.observer, moment.tick.checked_sub(1)) {
            (Some(_), Some(place)) => past.life.ticks[place as usize].at,
            (Some(_), None) | (None, _) => moment.tick,
        }
    }

    /// The last tick of a life; 0 if there is none.
    pub fn last_tick(&self, life: usize) -> u64 {
        self.pasts[life].life.ticks.len() as u64
    }

    /// What the tick took in.
    pub fn taken(&self, moment: Moment) -> &Taken {
        &self.pasts[moment.life].life.ticks[moment.tick as usize - 1]
    }

    pub fn relation(&self, life: usize, name: &str) -> Option<RelationId> {
        self.pasts[life].life.program.relation(name)
    }

    /// The rows of a collection at the end of a tick.
    pub fn rows(&self, moment: Moment, relation: RelationId) -> impl Iterator<Item = &Row> {
        let rows = self.pasts[moment.life].relations[relation.0 as usize].iter();
        let there = move |spans: &[Span]| span_of(spans, moment.tick).is_some();
        rows.filter(move |(_, spans)| there(spans))
            .map(|(row, _)| row)
    }

    /// All rows that a collection ever held, with when.
    pub fn all_rows(
        &self,
        life: usize,
        relation: RelationId,
    ) -> impl Iterator<Item = (&Row, &[Span])> {
        let rows = self.pasts[life].relations[relation.0 as usize].iter();
        rows.map(|(row, spans)| (row, spans.as_slice()))
    }

    /// When a row was there; none if it never was.
    pub fn spans(&self, life: usize, relation: RelationId, row: &Row) -> &[Span] {
        let spans = self.pasts[life].relations[relation.0 as usize].get(row);
        spans.map_or(&[], Vec::as_slice)
    }

    /// The span of a row around a tick.
    pub fn span(&self, moment: Moment, relation: RelationId, row: &Row) -> Option<Span> {
        span_of(self.spans(moment.life, relation, row), moment.tick)
    }

    /// What the tick before left for this one.
    pub fn left_for(&self, moment: Moment) -> Option<&Pending> {
        let before = (moment.tick as usize).checked_sub(2)?;
        self.pasts[moment.life].pending.get(before)
    }

    /// What the tick left for the next.
    pub fn left_by(&self, moment: Moment) -> Option<&Pending> {
        self.pasts[moment.life]
            .pending
            .get(moment.tick as usize - 1)
    }

    /// The ticks that sent a message which this tick could take in, the latest first.
    pub fn sent(&self, message: &Message, taken: Moment) -> impl Iterator<Item = Moment> + '_ {
        let now = self.taken(taken).at;
        let message = message.clone();
        let sent = self
            .sends
            .get(&message)
            .into_iter()
            .flatten()
            .rev()
            .copied();
        sent.filter(move |&moment| {
            let then = self.taken(moment).at;
            then < now && (self.carried)(&message, then, now)
        })
    }

    /// All that was sent over a channel, by whom and when.
    pub fn sent_over(&self, channel: &str) -> impl Iterator<Item = (&Message, &[Moment])> {
        let sends = self.sends.iter();
        let of_channel = sends.filter(move |(message, _)| message.channel == channel);
        of_channel.map(|(message, moments)| (message, moments.as_slice()))
    }

    /// The life with this address that was going on at that place in time, and its tick then.
    pub fn at(&self, address: &str, at: u64) -> Option<Moment> {
        let lives = self
            .lives()
            .filter(|(_, life)| life.config.address == address && life.observer.is_none());
        let moments = lives.filter_map(|(number, life)| {
            let tick = life.ticks.partition_point(|taken| taken.at <= at);
            (tick > 0).then_some(Moment {
                life: number,
                tick: tick as u64,
            })
        });
        moments.max_by_key(|moment| self.taken(*moment).at)
    }
}

fn span_of(spans: &[Span], tick: u64) -> Option<Span> {
    let place = spans.partition_point(|span| span.last < tick);
    spans.get(place).filter(|span| span.first <= tick).copied()
}

impl Past {
    /// Notes what the node holds after a tick.
    fn look(&mut self, node: &Node, tick: u64, room: &mut usize) {
        for (place, known) in self.relations.iter_mut().enumerate() {
            for row in node.rows(RelationId(place as u32)) {
                let spans = known.entry(row).or_default();
                match spans.last_mut() {
                    Some(span) if span.last + 1 == tick => span.last = tick,
                    Some(_) | None => {
                        *room = room.saturating_sub(1);
                        spans.push(Span {
                            first: tick,
                            last: tick,
                        });
                    }
                }
            }
        }
    }
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("History")
            .field("lives", &self.pasts.len())
            .finish_non_exhaustive()
    }
}
