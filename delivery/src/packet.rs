//! What endpoints say to each other, and what they write to disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use bloom_plan::value::Row;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// From one node's endpoint to another's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Packet {
    pub from: SmolStr,
    pub to: SmolStr,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Body {
    Batch(Batch),
    Ack(Ack),
    Log(LogPacket),
}

/// Messages of one sender to one receiver that are numbered together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stream {
    /// Of all channels that are `once`.
    Once,
    /// Of all channels of a group.
    Fifo(SmolStr),
}

/// Channel and row of each message. Shared, since the sender keeps them until they are acknowledged.
pub type Rows = Arc<Vec<(SmolStr, Row)>>;

/// What one tick sent over one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    pub stream: Stream,
    /// Of the sender: numbers start anew in each, and each is above the one before.
    pub life: u64,
    /// Of the receiver as far as the sender knows it, else 0.
    pub to_life: u64,
    /// All before it are acknowledged.
    pub base: u64,
    pub number: u64,
    pub rows: Rows,
}

/// Which batches a tick of the receiver has taken in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ack {
    pub stream: Stream,
    /// Of the batches' sender.
    pub life: u64,
    /// Of who acknowledges.
    pub own_life: u64,
    pub through: u64,
    /// Ranges beyond, both ends included.
    pub beyond: Vec<(u64, u64)>,
}

/// A message of the consensus on a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogPacket {
    pub log: SmolStr,
    /// Tells a log from one with other replicas.
    pub group: u64,
    /// Of the sender: another one means that it has lost what it promised to keep.
    pub disk: u64,
    pub message: RaftMessage,
}

/// A message of `raft`, in a form of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RaftMessage {
    pub kind: u8,
    pub to: u64,
    pub from: u64,
    pub term: u64,
    pub log_term: u64,
    pub index: u64,
    pub entries: Vec<RaftEntry>,
    pub commit: u64,
    pub commit_term: u64,
    pub request_snapshot: u64,
    pub reject: bool,
    pub reject_hint: u64,
    pub context: Vec<u8>,
    pub priority: i64,
}

/// A place of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RaftEntry {
    pub term: u64,
    pub index: u64,
    /// Empty where a leader begins its term.
    pub data: Vec<u8>,
}

/// What must be on disk before the packets that come with it leave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Write {
    /// The log is new on this disk, which has this number from now on.
    Begin { log: SmolStr, disk: u64 },
    State {
        log: SmolStr,
        term: u64,
        vote: u64,
        commit: u64,
    },
    /// Replaces what there is from the first entry's index on.
    Append {
        log: SmolStr,
        entries: Vec<RaftEntry>,
    },
}

/// The writes of an endpoint's earlier lives put together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    pub logs: BTreeMap<SmolStr, SavedLog>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedLog {
    pub disk: u64,
    pub term: u64,
    pub vote: u64,
    pub commit: u64,
    /// From index 1 on, without gaps.
    pub entries: Vec<RaftEntry>,
}

impl Saved {
    /// Adds a write; false if it cannot follow those before.
    #[must_use]
    pub fn record(&mut self, write: Write) -> bool {
        match write {
            Write::Begin { log, disk } => {
                let new = SavedLog {
                    disk,
                    ..SavedLog::default()
                };
                self.logs.insert(log, new).is_none()
            }
            Write::State {
                log,
                term,
                vote,
                commit,
            } => self.logs.get_mut(&log).is_some_and(|saved| {
                (saved.term, saved.vote, saved.commit) = (term, vote, commit);
                true
            }),
            Write::Append { log, entries } => self
                .logs
                .get_mut(&log)
                .is_some_and(|saved| saved.append(entries)),
        }
    }
}

impl SavedLog {
    fn append(&mut self, entries: Vec<RaftEntry>) -> bool {
        let Some(first) = entries.first() else {
            return true;
        };
        let kept = first.index.saturating_sub(1) as usize;
        let follows = first.index > 0 && kept <= self.entries.len();
        if follows {
            self.entries.truncate(kept);
            self.entries.extend(entries);
        }
        follows
    }
}
