//! The receiver's side: what was taken in, and what is held back because something before it is missing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bloom_plan::value::Row;
use smol_str::SmolStr;

use super::WINDOW_MAX;
use crate::packet::{Ack, Batch, Rows, Stream};
use crate::seen::Seen;

/// All streams to one receiver.
#[derive(Debug)]
pub struct Receiving {
    life: u64,
    streams: BTreeMap<(SmolStr, Stream), Incoming>,
    /// Streams from which something is ready.
    ready: BTreeSet<(SmolStr, Stream)>,
    /// Of what a tick is just taking in.
    due: Vec<(SmolStr, Ack)>,
    out: Vec<(SmolStr, Ack)>,
    /// How many batches were taken in.
    taken: u64,
}

#[derive(Debug)]
struct Incoming {
    /// Of the sender.
    life: u64,
    /// What is ready, or was.
    seen: Seen,
    /// What was taken in by a tick.
    taken: Seen,
    held: BTreeMap<u64, Rows>,
    /// What the next ticks are to take in.
    ready: VecDeque<(u64, Rows)>,
}

impl Receiving {
    pub fn new(life: u64) -> Receiving {
        Receiving {
            life,
            streams: BTreeMap::new(),
            ready: BTreeSet::new(),
            due: Vec::new(),
            out: Vec::new(),
            taken: 0,
        }
    }

    pub fn receive(&mut self, from: SmolStr, batch: Batch) {
        let key = (from, batch.stream.clone());
        if batch.to_life != 0 && batch.to_life != self.life {
            if batch.to_life < self.life {
                self.tell_life(key, &batch);
            }
            return;
        }
        let incoming = self.streams.entry(key.clone());
        let incoming = incoming.or_insert_with(|| Incoming::new(&batch));
        if batch.life < incoming.life {
            return;
        }
        if batch.life > incoming.life {
            *incoming = Incoming::new(&batch);
        }
        incoming.skip_to(batch.base);
        if incoming.taken.contains(batch.number) {
            let ack = incoming.ack(key.1, self.life);
            self.out.push((key.0, ack));
            return;
        }
        let through = incoming.seen.through();
        if incoming.seen.contains(batch.number) || batch.number > through + WINDOW_MAX {
            return;
        }
        match batch.stream {
            Stream::Once => {
                incoming.seen.insert(batch.number);
                incoming.ready.push_back((batch.number, batch.rows));
            }
            Stream::Fifo(_) => {
                incoming.held.insert(batch.number, batch.rows);
                let next = |incoming: &Incoming| incoming.seen.through() + 1;
                while let Some(rows) = incoming.held.remove(&next(incoming)) {
                    incoming.ready.push_back((next(incoming), rows));
                    incoming.seen.insert(next(incoming));
                }
            }
        }
        if !incoming.ready.is_empty() {
            self.ready.insert(key);
        }
    }

    /// A batch for an earlier life of ours: its sender is to know this one.
    fn tell_life(&mut self, (from, stream): (SmolStr, Stream), batch: &Batch) {
        let ack = Ack {
            stream,
            life: batch.life,
            own_life: self.life,
            through: 0,
            beyond: Vec::new(),
        };
        self.out.push((from, ack));
    }

    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// What the next tick is to take in: sender, channel and row. Of a stream in order one batch, since a tick
    /// knows no order among its arrivals.
    pub fn take_ready(&mut self) -> Vec<(SmolStr, SmolStr, Row)> {
        let mut rows = Vec::new();
        for (from, stream) in std::mem::take(&mut self.ready) {
            let Some(incoming) = self.streams.get_mut(&(from.clone(), stream.clone())) else {
                continue;
            };
            let count = match stream {
                Stream::Once => incoming.ready.len(),
                Stream::Fifo(_) => 1.min(incoming.ready.len()),
            };
            for (number, batch) in incoming.ready.drain(..count) {
                incoming.taken.insert(number);
                let row = |(channel, row)| (from.clone(), channel, row);
                // Over a network nobody else has it.
                rows.extend(Arc::unwrap_or_clone(batch).into_iter().map(row));
            }
            self.taken += count as u64;
            let ack = incoming.ack(stream.clone(), self.life);
            self.due.push((from.clone(), ack));
            if !incoming.ready.is_empty() {
                self.ready.insert((from, stream));
            }
        }
        rows
    }

    /// The tick that took in what was ready last has taken effect.
    pub fn taken_in(&mut self) {
        self.out.append(&mut self.due);
    }

    /// Grows with every batch that is taken in.
    pub fn progress(&self) -> u64 {
        self.taken
    }

    pub fn take_out(&mut self) -> Vec<(SmolStr, Ack)> {
        std::mem::take(&mut self.out)
    }
}

impl Incoming {
    fn new(batch: &Batch) -> Incoming {
        let before = Seen::through_only(batch.base.saturating_sub(1));
        Incoming {
            life: batch.life,
            seen: before.clone(),
            taken: before,
            held: BTreeMap::new(),
            ready: VecDeque::new(),
        }
    }

    /// All before `base` was taken in by an earlier life of ours.
    fn skip_to(&mut self, base: u64) {
        let before = base.saturating_sub(1);
        if before > self.seen.through() {
            self.held = self.held.split_off(&base);
        }
        self.seen.skip_through(before);
        self.taken.skip_through(before);
    }

    fn ack(&self, stream: Stream, own_life: u64) -> Ack {
        Ack {
            stream,
            life: self.life,
            own_life,
            through: self.taken.through(),
            beyond: self.taken.ranges(),
        }
    }
}
