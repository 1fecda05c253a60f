//! Numbered streams under random schedules: loss, repetition, reordering, crashes of either side.

use bloom_delivery::TICK;
use bloom_delivery::packet::{Ack, Batch, Stream};
use bloom_delivery::streams::{Receiving, Sending};
use bloom_plan::value::Value;
use bloom_stdx::random::Random;
use smol_str::SmolStr;

const SCHEDULES: u64 = 1500;
const BATCHES: usize = 30;

enum Flying {
    Batch(Batch),
    Ack(Ack),
}

/// One sender, one receiver, and a network between them that does what it likes.
struct Run {
    random: Random,
    stream: Stream,
    now: i64,
    sending: Sending,
    receiving: Receiving,
    flying: Vec<Flying>,
    sent: usize,
    /// Numbers as ticks of the receiver took them in.
    taken: Vec<i64>,
}

impl Run {
    fn new(seed: u64, stream: Stream) -> Run {
        Run {
            random: Random::new(seed),
            stream,
            now: 0,
            sending: Sending::new(1),
            receiving: Receiving::new(1),
            flying: Vec::new(),
            sent: 0,
            taken: Vec::new(),
        }
    }

    fn send(&mut self) {
        let rows = vec![("c".into(), vec![Value::Int(self.sent as i64)])];
        self.sent += 1;
        let (to, stream) = (SmolStr::new("b"), self.stream.clone());
        self.sending.send(self.now, to, stream, rows);
    }

    fn collect(&mut self) {
        let batches = self.sending.take_out().into_iter();
        self.flying
            .extend(batches.map(|(_, batch)| Flying::Batch(batch)));
        let acks = self.receiving.take_out().into_iter();
        self.flying.extend(acks.map(|(_, ack)| Flying::Ack(ack)));
    }

    /// Delivers one of what is under way, anywhere in the queue.
    fn deliver(&mut self) {
        if self.flying.is_empty() {
            return;
        }
        let place = self.random.below(self.flying.len());
        match self.flying.swap_remove(place) {
            Flying::Batch(batch) => {
                if self.random.chance(1, 4) {
                    self.flying.push(Flying::Batch(batch.clone()));
                }
                self.receiving.receive("a".into(), batch);
            }
            Flying::Ack(ack) => self.sending.acknowledge(self.now, &"b".into(), &ack),
        }
    }

    /// A tick of the receiver.
    fn take(&mut self) {
        for (_, _, row) in self.receiving.take_ready() {
            let Value::Int(number) = row[0] else {
                panic!("a number was sent")
            };
            self.taken.push(number);
        }
        self.receiving.taken_in();
    }

    fn pass(&mut self) {
        self.now += TICK * 4;
        self.sending.pass(self.now);
    }

    fn one_step(&mut self) {
        match self.random.below(10) {
            0 | 1 if self.sent < BATCHES => self.send(),
            2 if !self.flying.is_empty() => {
                let lost = self.random.below(self.flying.len());
                self.flying.swap_remove(lost);
            }
            3 => self.pass(),
            4 | 5 => self.take(),
            _ => self.deliver(),
        }
        self.collect();
    }

    /// The network is fair from now on.
    fn finish(&mut self) {
        for _ in 0..100_000 {
            if self.sending.is_done() && self.sent == BATCHES {
                return;
            }
            if self.sent < BATCHES {
                self.send();
            }
            self.collect();
            while !self.flying.is_empty() {
                self.deliver();
                self.collect();
            }
            self.take();
            self.pass();
        }
        panic!("the stream does not end");
    }
}

#[test]
fn a_fifo_stream_is_taken_in_as_it_was_sent() {
    for seed in 0..SCHEDULES {
        let mut run = Run::new(seed, Stream::Fifo("g".into()));
        for _ in 0..400 {
            run.one_step();
            let sequence: Vec<i64> = (0..run.taken.len() as i64).collect();
            assert_eq!(run.taken, sequence, "seed {seed}");
        }
        run.finish();
        assert_eq!(run.taken.len(), BATCHES, "seed {seed}");
    }
}

#[test]
fn each_message_of_a_once_stream_is_taken_in_once() {
    let mut reordered = 0;
    for seed in 0..SCHEDULES {
        let mut run = Run::new(seed, Stream::Once);
        for _ in 0..400 {
            run.one_step();
        }
        run.finish();
        reordered += usize::from(!run.taken.is_sorted());
        run.taken.sort_unstable();
        let all: Vec<i64> = (0..BATCHES as i64).collect();
        assert_eq!(run.taken, all, "seed {seed}");
    }
    assert!(reordered > SCHEDULES as usize / 2, "the order is free");
}

#[test]
fn a_receiver_that_crashed_goes_on_where_it_had_taken_in() {
    for seed in 0..SCHEDULES {
        let mut run = Run::new(seed, Stream::Fifo("g".into()));
        let mut life = 1;
        for _ in 0..400 {
            run.one_step();
            if run.random.chance(1, 80) {
                life += 1;
                run.receiving = Receiving::new(life);
                // What was on its way to the crashed node is lost.
                run.flying.retain(|f| matches!(f, Flying::Ack(_)));
            }
        }
        run.finish();
        // What was taken in but not acknowledged by the crash comes again; nothing is skipped.
        let mut next = 0;
        for &number in &run.taken {
            assert!(number <= next, "seed {seed}: {:?}", run.taken);
            next = next.max(number + 1);
        }
        assert_eq!(next, BATCHES as i64, "seed {seed}");
    }
}

#[test]
fn a_sender_that_crashed_starts_anew() {
    for seed in 0..SCHEDULES {
        let mut run = Run::new(seed, Stream::Fifo("g".into()));
        for _ in 0..200 {
            run.one_step();
        }
        let before = run.sent as i64;
        run.sending = Sending::new(2);
        for _ in 0..200 {
            run.one_step();
        }
        run.finish();
        let (old, new): (Vec<i64>, Vec<i64>) = run.taken.iter().partition(|&&n| n < before);
        // Of the first life a prefix, of the second all, and none of the first after the second.
        assert_eq!(
            old,
            (0..old.len() as i64).collect::<Vec<_>>(),
            "seed {seed}"
        );
        assert_eq!(
            new,
            (before..BATCHES as i64).collect::<Vec<_>>(),
            "seed {seed}"
        );
        assert!(run.taken.is_sorted(), "seed {seed}");
    }
}

#[test]
fn more_than_the_window_gets_through() {
    let mut run = Run::new(1, Stream::Fifo("g".into()));
    let count = 3 * bloom_delivery::streams::WINDOW_MAX as usize;
    while run.sent < count {
        run.send();
    }
    while !run.sending.is_done() {
        run.collect();
        while !run.flying.is_empty() {
            run.deliver();
            run.collect();
        }
        run.take();
        run.pass();
    }
    assert_eq!(run.taken, (0..count as i64).collect::<Vec<_>>());
}
