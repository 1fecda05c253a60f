//! An ordered log: a sequence of entries on which all replicas of a kind of node agree.
//!
//! Raft (Ongaro and Ousterhout 2014), as the crate `raft` has it, whose state machine does no I/O either:
//! what it wants sent and written comes out of [`OrderedLog::flush`]. Around it stands what Raft leaves to
//! its clients. *Sessions* (Ongaro's thesis, §6.3): each proposer numbers its entries and proposes them
//! again until it sees them in the log, and all replicas pass over an entry that is not the next of its
//! proposer. So each entry takes effect once, and those of one proposer in their order.
//!
//! Invariants: every replica gives out the same entries in the same order; a proposal is forgotten only
//! when it was given out; nothing that Raft says leaves before what it has promised is written.
//!
//! Randomness is taken out of Raft: election timeouts are fixed, another for each replica, so that the
//! same inputs give the same outputs and votes are not split again and again.

mod raft_form;
mod session;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bloom_plan::value::Row;
use raft::storage::MemStorage;
use raft::{Config, RawNode, StateRole};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::TICK;
use crate::packet::{LogPacket, SavedLog, Write};
use session::{Proposal, Sessions};

/// Proposals under way at a time; others wait for these.
const PROPOSED_MAX: usize = 64;
const HEARTBEAT_TICKS: usize = 2;
/// The shortest election timeout; each replica waits some ticks longer than the one before it.
const ELECTION_TICKS: usize = 10;
const ELECTION_STEP_TICKS: usize = 3;
/// Ticks after which what was proposed and did not appear is proposed again.
const AGAIN_TICKS: u32 = 20;
/// Ticks after which proposals that do not appear are worth a notice.
const NOTICE_TICKS: u32 = 100;
/// Ticks that one call makes up for.
const LATE_TICKS_MAX: i64 = 20;
/// Bytes of entries a message.
const MESSAGE_BYTES_MAX: u64 = 1 << 20;
const IN_FLIGHT_MAX: usize = 256;

/// Something that all replicas are to take in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Arrival {
    /// A row fed to an input.
    Row { input: SmolStr, row: Row },
    /// A partition of an input declared complete.
    Seal { input: SmolStr, key: Row },
    /// A message from another node.
    Message {
        from: SmolStr,
        channel: SmolStr,
        row: Row,
    },
}

/// An entry as every replica takes it in, in one tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    pub index: u64,
    pub proposer: SmolStr,
    pub arrivals: Vec<Arrival>,
    /// An earlier life took it in already.
    pub again: bool,
}

/// How a replica of a log starts.
#[derive(Clone, Debug)]
pub struct Replica {
    pub log: SmolStr,
    pub address: SmolStr,
    /// Addresses of all replicas, the same at each, in any order.
    pub replicas: Vec<SmolStr>,
    /// Above that of every earlier life.
    pub life: u64,
    /// Says which replica calls the first election; the same at each.
    pub seed: u64,
    pub now: i64,
    /// What earlier lives wrote.
    pub saved: Option<SavedLog>,
    /// Entries through this one were taken in by earlier lives.
    pub applied: u64,
    /// Whether to give those out again, marked so.
    pub replay: bool,
}

/// A log whose parts do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "ordered log `{log}`: entries through {applied} were taken in, but only those through {commit} are saved"
)]
pub struct Behind {
    pub log: SmolStr,
    pub applied: u64,
    pub commit: u64,
}

pub struct OrderedLog {
    name: SmolStr,
    address: SmolStr,
    /// In order: Raft's id of a replica is its place, from 1.
    replicas: Vec<SmolStr>,
    group: u64,
    life: u64,
    disk: u64,
    /// What each other replica wrote to when it was first heard.
    disks: BTreeMap<SmolStr, u64>,
    raft: RawNode<MemStorage>,
    /// Time of the last tick.
    ticked: i64,
    /// Number of the next proposal.
    next: u64,
    proposals: VecDeque<(u64, Vec<u8>)>,
    /// No leader was heard since the start, or since it was asked to listen.
    unheard: bool,
    /// Term and leader at which the proposals were last proposed.
    proposed_at: Option<(u64, u64)>,
    /// Ticks since something of ours was proposed or appeared.
    waited: u32,
    /// Ticks since something of ours appeared.
    stalled: u32,
    sessions: Sessions,
    /// Notices that were given.
    said: BTreeSet<String>,
    committed: VecDeque<Committed>,
    replay_through: u64,
    given_out: u64,
    writes: Vec<Write>,
    packets: Vec<(SmolStr, LogPacket)>,
    notices: Vec<String>,
}

impl OrderedLog {
    pub fn new(replica: Replica) -> Result<OrderedLog, Behind> {
        let mut replicas = replica.replicas;
        replicas.sort();
        replicas.dedup();
        let place = replicas.iter().position(|r| *r == replica.address);
        let place = place.expect("a replica is among its replicas");
        let is_new = replica.saved.is_none();
        let saved = replica.saved.unwrap_or_else(|| SavedLog {
            disk: replica.life,
            ..SavedLog::default()
        });
        if replica.applied > saved.commit {
            return Err(Behind {
                log: replica.log,
                applied: replica.applied,
                commit: saved.commit,
            });
        }
        let skipped = if replica.replay { 0 } else { replica.applied };
        let mut sessions = Sessions::default();
        for entry in &saved.entries[..skipped as usize] {
            // What an earlier life took in is not given out again, but counts.
            let _taken = sessions.admit(&entry.data);
        }
        let ranks = session::ranks(replica.seed, &replica.log, replicas.len());
        let config = Config {
            applied: skipped,
            ..config(place, ranks[place])
        };
        let mut log = OrderedLog {
            group: session::fingerprint(&replica.log, &replicas),
            name: replica.log,
            address: replica.address,
            life: replica.life,
            disk: saved.disk,
            disks: BTreeMap::new(),
            raft: raft_form::node(&config, replicas.len(), saved),
            replicas,
            ticked: replica.now,
            next: 1,
            proposals: VecDeque::new(),
            unheard: true,
            proposed_at: None,
            waited: 0,
            stalled: 0,
            sessions,
            said: BTreeSet::new(),
            committed: VecDeque::new(),
            replay_through: replica.applied,
            given_out: 0,
            writes: Vec::new(),
            packets: Vec::new(),
            notices: Vec::new(),
        };
        if is_new {
            let (log_name, disk) = (log.name.clone(), log.disk);
            let begin = Write::Begin {
                log: log_name,
                disk,
            };
            log.writes.push(begin);
        }
        if log.replicas.len() == 1 || (is_new && ranks[place] == 0) {
            let called = log.raft.campaign();
            debug_assert!(called.is_ok(), "a follower may always stand for election");
        }
        log.work();
        Ok(log)
    }

    /// Wants the arrivals in the log, as one entry.
    pub fn propose(&mut self, arrivals: Vec<Arrival>) {
        let proposal = Proposal {
            proposer: self.address.clone(),
            life: self.life,
            number: self.next,
            arrivals,
        };
        if self.proposals.is_empty() {
            (self.waited, self.stalled) = (0, 0);
        }
        self.proposals.push_back((self.next, proposal.encode()));
        self.next += 1;
        let under_way = self.proposals.len() <= PROPOSED_MAX;
        if under_way && self.proposed_at == self.leadership() && self.proposed_at.is_some() {
            self.propose_from(self.proposals.len() - 1);
        }
        self.work();
    }

    pub fn receive(&mut self, from: &SmolStr, packet: LogPacket) {
        if packet.group != self.group {
            let text = format!(
                "ordered log `{}`: {from} knows other replicas of it; its messages are left out",
                self.name
            );
            self.note(text);
            return;
        }
        let known = *self.disks.entry(from.clone()).or_insert(packet.disk);
        let message = raft_form::message(packet.message);
        // One that has forgotten its vote and its entries must not vote or count again.
        if known != packet.disk && !raft_form::is_proposal(&message) {
            let text = format!(
                "ordered log `{}`: {from} has lost what it had saved of it; it does not count any more",
                self.name
            );
            self.note(text);
            return;
        }
        let (sender, leads) = (message.from, raft_form::is_of_leader(&message));
        // What Raft refuses (a stranger's, or one of an old term) needs no answer.
        let _refused = self.raft.step(message);
        if leads && self.raft.raft.leader_id == sender {
            self.unheard = false;
        }
        self.work();
    }

    /// Lets time pass.
    pub fn pass(&mut self, now: i64) {
        let late = (now - self.ticked) / TICK;
        for _ in 0..late.min(LATE_TICKS_MAX) {
            self.raft.tick();
            self.waited = self.waited.saturating_add(1);
            self.stalled = self.stalled.saturating_add(1);
        }
        self.ticked += late.max(0) * TICK;
        if self.waited >= AGAIN_TICKS && !self.proposals.is_empty() {
            self.proposed_at = None;
        }
        if self.stalled >= NOTICE_TICKS && !self.proposals.is_empty() {
            self.stalled = 0;
            let text = format!(
                "ordered log `{}`: {} entries of {} wait for a majority of its {} replicas",
                self.name,
                self.proposals.len(),
                self.address,
                self.replicas.len()
            );
            self.notices.push(text);
        }
        self.work();
    }

    /// When time should pass next.
    pub fn wake(&self) -> Option<i64> {
        (self.replicas.len() > 1).then(|| self.ticked.saturating_add(TICK))
    }

    /// What is to be written, then what is to be sent, to whom.
    pub fn flush(&mut self) -> (Vec<Write>, Vec<(SmolStr, LogPacket)>) {
        let writes = std::mem::take(&mut self.writes);
        (writes, std::mem::take(&mut self.packets))
    }

    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    pub fn has_committed(&self) -> bool {
        !self.committed.is_empty()
    }

    /// The next entry to take in. What it rests on must have been flushed.
    pub fn take_committed(&mut self) -> Option<Committed> {
        assert!(
            self.writes.is_empty(),
            "an entry is written before it is taken in"
        );
        let entry = self.committed.pop_front();
        self.given_out += u64::from(entry.is_some());
        entry
    }

    /// Takes it that nothing is known of the others: there is something to do until a leader was heard.
    pub fn listen(&mut self) {
        self.unheard = true;
    }

    /// Entries of its own that did not appear in the log yet.
    pub fn waiting(&self) -> usize {
        self.proposals.len()
    }

    /// Whether entries of an earlier life are still to be given out again.
    pub fn is_replaying(&self) -> bool {
        self.committed.front().is_some_and(|entry| entry.again)
    }

    /// Whether there is something to do, here or (as far as a leader knows) at another replica.
    pub fn is_busy(&self) -> bool {
        let log = &self.raft.raft.raft_log;
        let last = log.last_index();
        let behind = |(_, progress): (&u64, &raft::Progress)| {
            progress.matched < last || progress.committed_index < log.committed
        };
        !self.proposals.is_empty()
            || (self.unheard && !self.is_leader())
            || !self.committed.is_empty()
            || log.committed < last
            || (self.is_leader() && self.raft.raft.prs().iter().any(behind))
    }

    /// Changes whenever something of what there is to do was done.
    pub fn progress(&self) -> u64 {
        let raft = &self.raft.raft;
        let mut sum = raft.raft_log.committed + raft.raft_log.last_index() + self.given_out;
        if self.is_leader() {
            let others = raft.prs().iter();
            sum += others
                .map(|(_, progress)| progress.matched + progress.committed_index)
                .sum::<u64>();
        }
        sum
    }

    fn is_leader(&self) -> bool {
        self.raft.raft.state == StateRole::Leader
    }

    /// Term and leader, if there is one.
    fn leadership(&self) -> Option<(u64, u64)> {
        let raft = &self.raft.raft;
        (raft.leader_id != raft::INVALID_ID).then_some((raft.term, raft.leader_id))
    }

    /// Proposes again under a new leader, or if what was proposed seems lost.
    fn propose_again(&mut self) {
        let leadership = self.leadership();
        if leadership.is_some() && leadership != self.proposed_at && !self.proposals.is_empty() {
            self.proposed_at = leadership;
            self.waited = 0;
            self.propose_from(0);
        }
    }

    fn propose_from(&mut self, first: usize) {
        let window = first..self.proposals.len().min(PROPOSED_MAX);
        for (_, data) in self.proposals.range(window) {
            if self.raft.propose(Vec::new(), data.clone()).is_err() {
                // No leader after all, or too much under way.
                self.proposed_at = None;
                return;
            }
        }
    }

    /// Lets Raft do all that it can do now.
    fn work(&mut self) {
        self.propose_again();
        while self.raft.has_ready() {
            let mut ready = self.raft.ready();
            self.post(ready.take_messages());
            let committed = ready.take_committed_entries();
            let entries = ready.take_entries();
            if !entries.is_empty() {
                let appended = self.raft.mut_store().wl().append(&entries);
                appended.expect("Raft appends without gaps");
                self.writes.push(Write::Append {
                    log: self.name.clone(),
                    entries: entries.iter().map(raft_form::saved_entry).collect(),
                });
            }
            if let Some(state) = ready.hs() {
                let state = state.clone();
                self.save_state(state);
            }
            self.post(ready.take_persisted_messages());
            let mut light = self.raft.advance(ready);
            if let Some(commit) = light.commit_index() {
                let mut state = self.raft.store().rl().hard_state().clone();
                state.commit = commit;
                self.save_state(state);
            }
            self.post(light.take_messages());
            self.admit(committed);
            self.admit(light.take_committed_entries());
            self.raft.advance_apply();
            self.propose_again();
        }
    }

    fn save_state(&mut self, state: raft::eraftpb::HardState) {
        self.writes.push(Write::State {
            log: self.name.clone(),
            term: state.term,
            vote: state.vote,
            commit: state.commit,
        });
        self.raft.mut_store().wl().set_hardstate(state);
    }

    fn post(&mut self, messages: Vec<raft::eraftpb::Message>) {
        for message in messages {
            let Some(to) = self.replicas.get(message.to as usize - 1) else {
                continue;
            };
            let packet = LogPacket {
                log: self.name.clone(),
                group: self.group,
                disk: self.disk,
                message: raft_form::packed(message),
            };
            self.packets.push((to.clone(), packet));
        }
    }

    /// Takes what Raft has committed, and passes over what sessions do not admit.
    fn admit(&mut self, entries: Vec<raft::eraftpb::Entry>) {
        for entry in entries {
            let Some(proposal) = self.sessions.admit(&entry.data) else {
                continue;
            };
            if proposal.proposer == self.address && proposal.life == self.life {
                let first = self.proposals.pop_front();
                debug_assert_eq!(first.map(|(number, _)| number), Some(proposal.number));
                (self.waited, self.stalled) = (0, 0);
                // Room for one more under way.
                if self.proposals.len() >= PROPOSED_MAX {
                    self.propose_from(PROPOSED_MAX - 1);
                }
            }
            self.committed.push_back(Committed {
                index: entry.index,
                proposer: proposal.proposer,
                arrivals: proposal.arrivals,
                again: entry.index <= self.replay_through,
            });
        }
    }

    /// Says something once.
    fn note(&mut self, text: String) {
        if self.said.insert(text.clone()) {
            self.notices.push(text);
        }
    }
}

impl std::fmt::Debug for OrderedLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderedLog")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("term", &self.raft.raft.term)
            .field("leader", &self.raft.raft.leader_id)
            .field("waiting", &self.proposals.len())
            .finish_non_exhaustive()
    }
}

/// Of the replica at a place of the list, which is `rank` in the order of election.
fn config(place: usize, rank: usize) -> Config {
    let timeout = ELECTION_TICKS + ELECTION_STEP_TICKS * rank;
    Config {
        id: place as u64 + 1,
        election_tick: ELECTION_TICKS,
        heartbeat_tick: HEARTBEAT_TICKS,
        // A range of one: Raft draws its timeout from it.
        min_election_tick: timeout,
        max_election_tick: timeout + 1,
        max_size_per_msg: MESSAGE_BYTES_MAX,
        max_inflight_msgs: IN_FLIGHT_MAX,
        check_quorum: true,
        pre_vote: true,
        ..Config::default()
    }
}
