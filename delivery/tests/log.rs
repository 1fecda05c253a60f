//! The ordered log under random schedules: loss, repetition, reordering, partitions, crashes.

use std::collections::{BTreeMap, BTreeSet};

use bloom_delivery::TICK;
use bloom_delivery::log::{Arrival, OrderedLog, Replica};
use bloom_delivery::packet::{LogPacket, Saved};
use bloom_plan::value::Value;
use bloom_stdx::random::Random;
use smol_str::SmolStr;

const SCHEDULES: u64 = 2000;

struct Peer {
    log: Option<OrderedLog>,
    saved: Saved,
    life: u64,
    /// Through where entries were taken in: on disk with what they did.
    applied: u64,
    /// Proposer and number of the entries as they were taken in, first times only.
    taken: Vec<(usize, i64)>,
    /// Of a replay: how many entries came again so far.
    again: usize,
    /// Numbers proposed in this life, of which the log says that it still waits for the last ones.
    proposed: Vec<i64>,
}

struct Run {
    random: Random,
    seed: u64,
    replay: bool,
    now: i64,
    peers: Vec<Peer>,
    flying: Vec<(usize, usize, LogPacket)>,
    /// Peers of the same number reach each other.
    side: Vec<usize>,
    next: i64,
    acknowledged: BTreeSet<i64>,
    sent: usize,
}

impl Run {
    fn new(seed: u64, replicas: usize, replay: bool) -> Run {
        let peer = || Peer {
            log: None,
            saved: Saved::default(),
            life: 0,
            applied: 0,
            taken: Vec::new(),
            again: 0,
            proposed: Vec::new(),
        };
        let mut run = Run {
            random: Random::new(seed),
            seed,
            replay,
            now: 0,
            peers: (0..replicas).map(|_| peer()).collect(),
            flying: Vec::new(),
            side: vec![0; replicas],
            next: 0,
            acknowledged: BTreeSet::new(),
            sent: 0,
        };
        for place in 0..replicas {
            run.start(place);
        }
        run
    }

    fn address(place: usize) -> SmolStr {
        SmolStr::new(format!("n{place}"))
    }

    fn start(&mut self, place: usize) {
        let replicas = (0..self.peers.len()).map(Run::address).collect();
        let peer = &mut self.peers[place];
        peer.life += 1;
        peer.again = 0;
        peer.proposed.clear();
        let log = OrderedLog::new(Replica {
            log: "log".into(),
            address: Run::address(place),
            replicas,
            life: peer.life,
            seed: self.seed,
            now: self.now,
            saved: peer.saved.logs.get("log").cloned(),
            applied: peer.applied,
            replay: self.replay,
        });
        peer.log = Some(log.expect("its parts fit together"));
    }

    fn crash(&mut self, place: usize) {
        self.peers[place].log = None;
        self.flying.retain(|(_, to, _)| *to != place);
    }

    fn propose(&mut self, place: usize) {
        let peer = &mut self.peers[place];
        let Some(log) = &mut peer.log else { return };
        let row = vec![Value::Int(self.next)];
        let input = "in".into();
        log.propose(vec![Arrival::Row { input, row }]);
        peer.proposed.push(self.next);
        self.next += 1;
    }

    /// Writes, sends and takes in what there is. A crash may come between writing and sending.
    fn flush(&mut self, place: usize, crash: bool) {
        let peer = &mut self.peers[place];
        let Some(log) = &mut peer.log else { return };
        let (writes, packets) = log.flush();
        for write in writes {
            assert!(peer.saved.record(write), "writes follow each other");
        }
        if crash {
            return self.crash(place);
        }
        for (to, packet) in packets {
            let to = (0..self.side.len())
                .find(|&p| Run::address(p) == to)
                .expect("a replica");
            self.sent += 1;
            if self.side[place] == self.side[to] {
                self.flying.push((place, to, packet));
            }
        }
        while let Some(entry) = log.take_committed() {
            let [Arrival::Row { row, .. }] = &entry.arrivals[..] else {
                panic!("a row was proposed")
            };
            let Value::Int(number) = row[0] else {
                panic!("a number was proposed")
            };
            let proposer = entry.proposer[1..].parse().expect("a replica");
            if entry.again {
                assert_eq!(peer.taken[peer.again], (proposer, number));
                peer.again += 1;
                continue;
            }
            peer.applied = entry.index;
            peer.taken.push((proposer, number));
        }
        // What its proposer does not wait for any more must never be lost.
        let done = peer.proposed.len() - log.waiting();
        self.acknowledged.extend(&peer.proposed[..done]);
    }

    fn deliver(&mut self, place: usize) {
        let (from, to, packet) = self.flying.swap_remove(place);
        if self.random.chance(1, 10) {
            self.flying.push((from, to, packet.clone()));
        }
        if self.side[from] == self.side[to]
            && let Some(log) = &mut self.peers[to].log
        {
            log.receive(&Run::address(from), packet);
        }
        self.flush(to, false);
    }

    fn pass(&mut self) {
        self.now += TICK;
        for place in 0..self.peers.len() {
            if let Some(log) = &mut self.peers[place].log {
                log.pass(self.now);
            }
            self.flush(place, false);
        }
    }

    fn one_step(&mut self) {
        let place = self.random.below(self.peers.len());
        match self.random.below(100) {
            0..10 if self.next < 25 => {
                self.propose(place);
                let crash = self.random.chance(1, 20);
                self.flush(place, crash);
            }
            10..25 => self.pass(),
            25..30 if !self.flying.is_empty() => {
                let lost = self.random.below(self.flying.len());
                self.flying.swap_remove(lost);
            }
            30 => {
                let sides: Vec<usize> = self.side.iter().map(|_| self.random.below(2)).collect();
                self.side = sides;
            }
            31 | 32 => self.side.fill(0),
            33 => self.crash(place),
            34..38 if self.peers[place].log.is_none() => {
                self.start(place);
                self.flush(place, false);
            }
            _ if !self.flying.is_empty() => {
                let next = self.random.below(self.flying.len());
                self.deliver(next);
            }
            _ => {}
        }
        self.agree();
    }

    /// What any two have taken in is, for one of them, the beginning of what the other has.
    fn agree(&self) {
        let longest = self.peers.iter().map(|p| &p.taken).max_by_key(|t| t.len());
        let longest = longest.expect("there are replicas");
        for peer in &self.peers {
            assert_eq!(
                peer.taken,
                longest[..peer.taken.len()],
                "seed {}",
                self.seed
            );
        }
    }

    fn is_busy(&self) -> bool {
        let logs = self.peers.iter().filter_map(|p| p.log.as_ref());
        { logs }.any(OrderedLog::is_busy)
    }

    /// Everybody is up, and the network is fair.
    fn finish(&mut self) {
        self.side.fill(0);
        for place in 0..self.peers.len() {
            if self.peers[place].log.is_none() {
                self.start(place);
            }
            if let Some(log) = &mut self.peers[place].log {
                log.listen();
            }
            self.flush(place, false);
        }
        for _ in 0..2000 {
            self.round();
            if !self.is_busy() {
                return;
            }
        }
        panic!("seed {}: the log does not come to rest", self.seed);
    }

    /// All that is under way arrives, then time passes.
    fn round(&mut self) {
        for _ in 0..self.flying.len() {
            self.deliver(0);
        }
        self.pass();
    }
}

fn hold(seed: u64, replicas: usize, replay: bool) -> Run {
    let mut run = Run::new(seed, replicas, replay);
    for _ in 0..600 {
        run.one_step();
    }
    run.finish();
    let taken = &run.peers[0].taken;
    for peer in &run.peers {
        assert_eq!(&peer.taken, taken, "seed {seed}");
    }
    let mut of: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for &(proposer, number) in taken {
        of.entry(proposer).or_default().push(number);
    }
    let each_in_order = |numbers: &Vec<i64>| numbers.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(of.values().all(each_in_order), "seed {seed}: {of:?}");
    let all: BTreeSet<i64> = taken.iter().map(|&(_, number)| number).collect();
    assert_eq!(all.len(), taken.len(), "seed {seed}: each once");
    assert!(run.acknowledged.is_subset(&all), "seed {seed}");
    run
}

#[test]
fn replicas_take_in_the_same_and_lose_nothing_acknowledged() {
    let (mut taken, mut lives) = (0, 0);
    for seed in 0..SCHEDULES {
        let run = hold(seed, 3, seed % 2 == 0);
        taken += run.peers[0].taken.len();
        lives += run.peers.iter().map(|p| p.life).sum::<u64>();
    }
    assert!(
        taken > 15 * SCHEDULES as usize,
        "{taken} entries: too few to tell"
    );
    assert!(
        lives > 5 * SCHEDULES,
        "{lives} lives: too few crashes to tell"
    );
}

#[test]
fn five_replicas_agree_as_well() {
    for seed in 0..SCHEDULES / 4 {
        hold(seed, 5, true);
    }
}

#[test]
fn one_replica_agrees_with_itself_at_once() {
    let mut run = Run::new(1, 1, true);
    for _ in 0..5 {
        run.propose(0);
        run.flush(0, false);
    }
    assert_eq!(run.peers[0].taken.len(), 5);
    assert_eq!(run.sent, 0, "nobody is told");
    run.crash(0);
    run.start(0);
    run.flush(0, false);
    assert_eq!(run.peers[0].again, 5);
}

#[test]
fn the_same_schedule_gives_the_same_packets() {
    let record = |seed| {
        let mut run = Run::new(seed, 3, true);
        let mut packets = Vec::new();
        for _ in 0..600 {
            run.one_step();
            packets.push(run.flying.clone());
        }
        packets
    };
    for seed in 0..20 {
        assert!(record(seed) == record(seed), "seed {seed}");
    }
}

#[test]
fn a_minority_waits_and_says_so() {
    let mut run = Run::new(3, 3, true);
    run.finish();
    run.side = vec![0, 1, 2];
    run.propose(0);
    let mut notices = Vec::new();
    for _ in 0..150 {
        run.round();
        let log = run.peers[0].log.as_mut().expect("it is up");
        notices.extend(log.take_notices());
    }
    assert!(run.peers[0].taken.is_empty());
    assert_eq!(
        notices,
        ["ordered log `log`: 1 entries of n0 wait for a majority of its 3 replicas"]
    );
    run.side.fill(0);
    run.finish();
    assert_eq!(run.peers[2].taken, [(0, 0)]);
}

#[test]
fn a_replica_that_lost_its_disk_does_not_count() {
    let mut run = Run::new(3, 3, true);
    run.propose(0);
    run.finish();
    run.crash(2);
    run.peers[2].saved = Saved::default();
    run.peers[2].applied = 0;
    run.peers[2].taken.clear();
    run.start(2);
    run.crash(1);
    run.propose(0);
    for _ in 0..300 {
        run.round();
    }
    assert_eq!(run.peers[0].taken.len(), 1, "one of three is no majority");
    let log = run.peers[0].log.as_mut().expect("it is up");
    let notices = log.take_notices();
    assert!(
        notices
            .iter()
            .any(|n| n.contains("n2 has lost what it had saved")),
        "{notices:?}"
    );
}

/// Where nothing fails an entry is a quorum round trip: to the leader, to all, back, and to all that it counts.
#[test]
fn the_price_of_an_entry() {
    for replicas in [1, 3, 5] {
        let mut run = Run::new(0, replicas, true);
        run.finish();
        for _ in 0..20 {
            run.round();
        }
        for place in [0, replicas - 1] {
            let (mut rounds, sent) = (0, run.sent);
            let have = run.peers[0].taken.len();
            run.propose(place);
            run.flush(place, false);
            while run.peers.iter().any(|p| p.taken.len() == have) {
                run.round();
                rounds += 1;
                assert!(rounds < 20, "an entry takes a few rounds");
            }
            let (most, each) = if replicas == 1 { (0, 0) } else { (4, 8) };
            let sent = run.sent - sent;
            assert!(rounds <= most, "{rounds} rounds of {replicas} replicas");
            assert!(
                sent <= each * replicas,
                "{sent} messages of {replicas} replicas"
            );
        }
    }
}
