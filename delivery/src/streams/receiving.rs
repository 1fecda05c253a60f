//! The receiver's side: what was taken in, and what is held back because something before it is missing.

use std::collections::BTreeMap;

use bloom_plan::value::Row;
use smol_str::SmolStr;

use super::WINDOW_MAX;
use crate::packet::{Ack, Batch, Stream};
use crate::seen::Seen;

/// All streams to one receiver.
#[derive(Debug)]
pub struct Receiving {
    life: u64,
    streams: BTreeMap<(SmolStr, Stream), Incoming>,
    /// Sender and rows of the batches that the next tick is to take in.
    ready: Vec<(SmolStr, Vec<(SmolStr, Row)>)>,
    /// Streams from which something is ready.
    touched: Vec<(SmolStr, Stream)>,
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
    held: BTreeMap<u64, Vec<(SmolStr, Row)>>,
}

impl Receiving {
    pub fn new(life: u64) -> Receiving {
        Receiving {
            life,
            streams: BTreeMap::new(),
            ready: Vec::new(),
            touched: Vec::new(),
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
                self.ready.push((key.0.clone(), batch.rows));
            }
            Stream::Fifo(_) => {
                incoming.held.insert(batch.number, batch.rows);
                while let Some(rows) = incoming.held.remove(&(incoming.seen.through() + 1)) {
                    incoming.seen.insert(incoming.seen.through() + 1);
                    self.ready.push((key.0.clone(), rows));
                }
            }
        }
        self.touched.push(key);
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

    /// What the next tick is to take in: sender, channel and row.
    pub fn take_ready(&mut self) -> Vec<(SmolStr, SmolStr, Row)> {
        self.taken += self.ready.len() as u64;
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort();
        touched.dedup();
        for key in touched {
            let Some(incoming) = self.streams.get_mut(&key) else {
                continue;
            };
            incoming.taken = incoming.seen.clone();
            let (from, stream) = key;
            let ack = incoming.ack(stream, self.life);
            self.due.push((from, ack));
        }
        let ready = std::mem::take(&mut self.ready);
        let rows = ready.into_iter().flat_map(|(from, rows)| {
            let row = move |(channel, row)| (from.clone(), channel, row);
            rows.into_iter().map(row)
        });
        rows.collect()
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
