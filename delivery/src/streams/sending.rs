//! The sender's side: what is not acknowledged yet, and when it is sent again.

use std::collections::BTreeMap;
use std::sync::Arc;

use bloom_plan::value::Row;
use smol_str::SmolStr;

use super::WINDOW_MAX;
use crate::TICK;
use crate::packet::{Ack, Batch, Rows, Stream};

/// Batches to one receiver that wait to be acknowledged; with more of them the stream is given up.
pub const UNACKNOWLEDGED_MAX: usize = 1 << 16;
/// Batches that are sent again at a time.
const AGAIN_MAX: usize = 64;
const AGAIN_FIRST: i64 = 4 * TICK;
const AGAIN_MOST: i64 = 20 * TICK;

/// All streams of one sender.
#[derive(Debug)]
pub struct Sending {
    life: u64,
    streams: BTreeMap<(SmolStr, Stream), Outgoing>,
    /// Receiver and batch, on their way out.
    out: Vec<(SmolStr, Batch)>,
    notices: Vec<String>,
    /// How many batches were acknowledged.
    acknowledged: u64,
}

#[derive(Debug)]
struct Outgoing {
    /// Of the next batch.
    next: u64,
    waiting: BTreeMap<u64, Rows>,
    to_life: u64,
    again_at: i64,
    again_after: i64,
    given_up: bool,
}

impl Sending {
    pub fn new(life: u64) -> Sending {
        Sending {
            life,
            streams: BTreeMap::new(),
            out: Vec::new(),
            notices: Vec::new(),
            acknowledged: 0,
        }
    }

    /// Numbers what a tick sends and sends it.
    pub fn send(&mut self, now: i64, to: SmolStr, stream: Stream, rows: Vec<(SmolStr, Row)>) {
        let outgoing = self.streams.entry((to.clone(), stream.clone()));
        let outgoing = outgoing.or_insert_with(|| Outgoing::new(now));
        if outgoing.given_up {
            return;
        }
        if outgoing.waiting.len() >= UNACKNOWLEDGED_MAX {
            outgoing.given_up = true;
            outgoing.waiting.clear();
            self.notices.push(format!(
                "{to} has not acknowledged {UNACKNOWLEDGED_MAX} batches: nothing more is sent to it over {stream}"
            ));
            return;
        }
        if outgoing.waiting.is_empty() {
            outgoing.delay(now);
        }
        let number = outgoing.next;
        outgoing.next += 1;
        outgoing.waiting.insert(number, Arc::new(rows));
        if number < outgoing.base() + WINDOW_MAX {
            let batch = outgoing.batch(stream, self.life, number);
            self.out.push((to, batch));
        }
    }

    pub fn acknowledge(&mut self, now: i64, from: &SmolStr, ack: &Ack) {
        let key = (from.clone(), ack.stream.clone());
        let Some(outgoing) = self.streams.get_mut(&key) else {
            return;
        };
        if ack.life != self.life {
            return;
        }
        let before = outgoing.waiting.len();
        let base = outgoing.base();
        outgoing.waiting.retain(|&number, _| {
            let mut beyond = ack.beyond.iter();
            let is_beyond = beyond.any(|&(first, last)| (first..=last).contains(&number));
            number > ack.through && !is_beyond
        });
        let acknowledged = before - outgoing.waiting.len();
        self.acknowledged += acknowledged as u64;
        if acknowledged > 0 {
            outgoing.delay(now);
        }
        // What had no room in the window has some now.
        let window = base + WINDOW_MAX..outgoing.base() + WINDOW_MAX;
        let entered: Vec<u64> = outgoing.waiting.range(window).map(|(&n, _)| n).collect();
        for number in entered {
            let batch = outgoing.batch(ack.stream.clone(), self.life, number);
            self.out.push((from.clone(), batch));
        }
        if ack.own_life > outgoing.to_life {
            let known = outgoing.to_life != 0;
            outgoing.to_life = ack.own_life;
            // The receiver has forgotten what it had not taken in, or refused what was not meant for it.
            if known || acknowledged == 0 {
                outgoing.again_at = now;
                self.pass(now);
            }
        }
    }

    /// Sends again what has waited too long.
    pub fn pass(&mut self, now: i64) {
        for ((to, stream), outgoing) in &mut self.streams {
            if outgoing.waiting.is_empty() || outgoing.again_at > now {
                continue;
            }
            let window = ..outgoing.base() + WINDOW_MAX;
            let numbers = outgoing.waiting.range(window).take(AGAIN_MAX);
            let numbers: Vec<u64> = numbers.map(|(&number, _)| number).collect();
            for number in numbers {
                let batch = outgoing.batch(stream.clone(), self.life, number);
                self.out.push((to.clone(), batch));
            }
            outgoing.again_at = now.saturating_add(outgoing.again_after);
            outgoing.again_after = (outgoing.again_after * 2).min(AGAIN_MOST);
        }
    }

    /// When there is something to send again.
    pub fn wake(&self) -> Option<i64> {
        let waiting = self.streams.values().filter(|o| !o.waiting.is_empty());
        waiting.map(|outgoing| outgoing.again_at).min()
    }

    pub fn is_done(&self) -> bool {
        self.streams.values().all(|o| o.waiting.is_empty())
    }

    /// Grows with every batch that is acknowledged.
    pub fn progress(&self) -> u64 {
        self.acknowledged
    }

    pub fn take_out(&mut self) -> Vec<(SmolStr, Batch)> {
        std::mem::take(&mut self.out)
    }

    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }
}

impl Outgoing {
    fn new(now: i64) -> Outgoing {
        let mut outgoing = Outgoing {
            next: 1,
            waiting: BTreeMap::new(),
            to_life: 0,
            again_at: 0,
            again_after: 0,
            given_up: false,
        };
        outgoing.delay(now);
        outgoing
    }

    fn delay(&mut self, now: i64) {
        self.again_at = now.saturating_add(AGAIN_FIRST);
        self.again_after = AGAIN_FIRST * 2;
    }

    /// The first that is not acknowledged.
    fn base(&self) -> u64 {
        let first = self.waiting.first_key_value();
        first.map_or(self.next, |(&number, _)| number)
    }

    fn batch(&self, stream: Stream, life: u64, number: u64) -> Batch {
        Batch {
            stream,
            life,
            to_life: self.to_life,
            base: self.base(),
            number,
            rows: Arc::clone(&self.waiting[&number]),
        }
    }
}

impl std::fmt::Display for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stream::Once => f.write_str("channels that are `once`"),
            Stream::Fifo(group) => write!(f, "channels of the group `{group}`"),
        }
    }
}
