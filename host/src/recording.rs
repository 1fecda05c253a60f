//! Recordings of runs: what every node took in, tick by tick, and with what it started. Since a tick is a function
//! of state and input, nothing else is needed to run it again.
//!
//! One file a process: a magic line, then records (length, checksum, body). A run begins with the version of Bloom
//! and a [`Start`]; then comes a [`Tick`] for each tick of any node, in the order in which they ended, so that what
//! was sent stands before what took it in. A tick is in the file, though not synced to disk, before anything of it
//! leaves the node: a process that is killed leaves a recording of all that others know of it. Another run with the
//! same file goes on behind the last.
//!
//! Invariant: a file is a prefix of whole records; of what a crash has torn at its end nothing is read, and it is
//! said how much that was.

mod digest;
mod read;
pub mod replay;
mod write;

use std::io;
use std::path::PathBuf;

use bloom_plan::plan::Plan;
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Config, Input, Member, OnConflict};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

pub use digest::{Digest, PARTS};
pub use read::{Recording, Ticks};
pub use write::{Journal, Recorder};

const MAGIC: &[u8] = b"bloom recording 1\n";

/// Of this program, told by what it records.
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: this is no recording", .0.display())]
    Foreign(PathBuf),
    #[error("{}: the recording is damaged at byte {at}", path.display())]
    Damaged { path: PathBuf, at: u64 },
    #[error("{}: another process records to this file", .0.display())]
    Locked(PathBuf),
    #[error("{}: recorded by bloom {recorded}, whose plans this bloom, {VERSION}, cannot read", path.display())]
    Version { path: PathBuf, recorded: String },
}

/// A run of a process: its nodes, and how each began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The kinds of its nodes.
    pub plans: Vec<Plan>,
    pub nodes: Vec<Beginning>,
    /// Rows of outputs are no part of what ticks gave out.
    pub keeps_outputs: bool,
}

impl Start {
    /// Adds a node that starts so.
    pub fn add(&mut self, plan: &Plan, config: &Config) {
        let known = self.plans.iter().position(|known| known.name == plan.name);
        let kind = known.unwrap_or_else(|| {
            self.plans.push(plan.clone());
            self.plans.len() - 1
        });
        self.nodes.push(Beginning::new(kind, config));
    }
}

/// How a node began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// Its kind, by place among the plans.
    pub kind: usize,
    pub address: SmolStr,
    pub parameters: Vec<Value>,
    /// Address and kind of each node of the deployment.
    pub cluster: Vec<(SmolStr, SmolStr)>,
    pub seed: u64,
    pub start: i64,
    pub halts_on_conflict: bool,
    /// Rows of durable tables, if it came back after a crash.
    pub durable: Option<Vec<(SmolStr, Vec<Row>)>>,
}

impl Beginning {
    fn new(kind: usize, config: &Config) -> Beginning {
        let members = config.cluster.iter();
        Beginning {
            kind,
            address: config.address.clone(),
            parameters: config.parameters.clone(),
            cluster: members
                .map(|member| (member.address.clone(), member.kind.clone()))
                .collect(),
            seed: config.seed,
            start: config.start,
            halts_on_conflict: config.on_conflict == OnConflict::Halt,
            durable: config.durable.clone(),
        }
    }

    pub fn config(&self) -> Config {
        let members = self.cluster.iter().cloned();
        Config {
            address: self.address.clone(),
            parameters: self.parameters.clone(),
            cluster: members
                .map(|(address, kind)| Member { address, kind })
                .collect(),
            seed: self.seed,
            start: self.start,
            on_conflict: match self.halts_on_conflict {
                true => OnConflict::Halt,
                false => OnConflict::Continue,
            },
            durable: self.durable.clone(),
        }
    }
}

/// What a node took in, and what came of it.
#[derive(Clone, Debug)]
pub struct Tick {
    /// By place among the nodes of its run.
    pub node: usize,
    pub input: Input,
    /// What its chance was drawn from, if the program asks for any.
    pub chance: Option<u64>,
    pub did: Digest,
}

/// The first byte of a record: what it is.
const VERSION_TAG: u8 = 0;
const START_TAG: u8 = 1;
const TICK_TAG: u8 = 2;

/// A name that the run's beginning has, by place, or by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Name {
    Known(u32),
    Other(SmolStr),
}

/// A tick as it is written.
#[derive(Deserialize)]
struct Written {
    node: u32,
    now: i64,
    chance: Option<u64>,
    rows: Vec<(u32, Row)>,
    /// Sender, by place in the cluster; channel, by place in the plan; the row. It is for the node itself.
    messages: Vec<(Name, Name, Row)>,
    alive: Option<Vec<SmolStr>>,
    stdin: Vec<String>,
    seals: Vec<(u32, Row)>,
}
