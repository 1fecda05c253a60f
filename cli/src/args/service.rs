//! What runs programs: `run`, and what `build` makes.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};
use serde::{Deserialize, Serialize};

use super::{ColorChoice, STYLES, duration, seed};

#[derive(Debug, Args)]
pub(crate) struct RunCommand {
    /// A file, a package folder, or `-` for standard input
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) args: RunArgs,
}

/// What `bloom build` made, as a command of its own. Its name is the program's.
#[derive(Debug, Parser)]
#[command(styles = STYLES, max_term_width = 100)]
pub(crate) struct BuiltCli {
    /// When to use colors. `NO_COLOR` in the environment means never.
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) args: RunArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// A file, a package folder, or `-` for standard input
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// What to write; by default the program's name, or NAME.o
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What to make
    #[arg(long, value_enum, default_value_t = BuildEmit::Executable, value_name = "WHAT")]
    pub(crate) emit: BuildEmit,
    /// The machine that an object file is for, such as x86_64-unknown-linux-gnu; an executable is for this one
    #[arg(long, value_name = "TRIPLE")]
    pub(crate) target: Option<String>,
    /// Coordination that a service has unless it is told otherwise when it starts
    #[arg(long, value_enum, default_value_t = Coordination::Auto, value_name = "WHAT")]
    pub(crate) coordination: Coordination,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BuildEmit {
    /// A copy of this executable with the compiled program
    Executable,
    /// Machine code and plans for a linker
    Object,
}

/// How a program runs.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Folder with a file NAME.csv, .tsv, .facts, .jsonl or .parquet for each collection to fill
    #[arg(short = 'F', long, value_name = "DIR", help_heading = "Batch")]
    pub(crate) facts: Option<PathBuf>,
    /// Folder to write the outputs to; without it they are printed
    #[arg(short = 'D', long, value_name = "DIR", help_heading = "Batch")]
    pub(crate) out: Option<PathBuf>,
    /// How rows are written or printed [default: csv]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Batch")]
    pub(crate) out_format: Option<OutFormat>,
    /// Write this collection too, whatever its kind
    #[arg(long, value_name = "NAME", help_heading = "Batch")]
    pub(crate) dump: Vec<String>,
    /// Print rows, ticks, time by phase and peak memory as JSON to stderr
    #[arg(long, help_heading = "Batch")]
    pub(crate) stats: bool,
    /// End with an error when a tick derives more rows than this
    #[arg(long, value_name = "N", help_heading = "Batch")]
    pub(crate) rows_max: Option<u64>,
    /// Threads to evaluate with [default: as many as the machine has cores]
    #[arg(long, value_name = "N", help_heading = "Batch")]
    pub(crate) workers: Option<NonZeroUsize>,

    /// Tell at the end where time went, by rule and index, and write it to FILE [default: profile.folded] as
    /// folded stacks, which viewers of flame graphs open
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "profile.folded")]
    pub(crate) profile: Option<PathBuf>,
    /// The kind of node to run, where the program has several
    #[arg(long, value_name = "KIND", env = "BLOOM_NODE")]
    pub(crate) node: Option<String>,
    /// Run a local cluster: N nodes of each kind (or of --node), or KIND=N,…
    #[arg(long, value_name = "N", help_heading = "Service", conflicts_with_all = ["listen", "peers"])]
    pub(crate) nodes: Option<NodeCounts>,
    /// Where other nodes reach this one; it is the node's address
    #[arg(
        long,
        value_name = "ADDR",
        env = "BLOOM_LISTEN",
        help_heading = "Service"
    )]
    pub(crate) listen: Option<SocketAddr>,
    /// The other nodes. NAME is a kind of node of the program, or any name for one of the same kind
    #[arg(
        long,
        value_name = "NAME=ADDR",
        value_delimiter = ',',
        env = "BLOOM_PEERS",
        help_heading = "Service"
    )]
    pub(crate) peers: Vec<Peer>,
    /// Where durable tables are kept
    #[arg(
        long,
        value_name = "DIR",
        env = "BLOOM_DATA_DIR",
        help_heading = "Service"
    )]
    pub(crate) data_dir: Option<PathBuf>,
    /// Feed the lines of this file (or `-`): {"node": "n1"?, "collection": "put", "row": {…}}
    #[arg(long = "in", value_name = "FILE", help_heading = "Service")]
    pub(crate) input: Option<PathBuf>,
    /// End when all input is in and nothing is under way, whatever timers are yet to fire; the default with
    /// --in, unless peers may call
    #[arg(long, help_heading = "Service", conflicts_with = "peers")]
    pub(crate) until_quiet: bool,
    /// Go on after the input has ended
    #[arg(long, help_heading = "Service", conflicts_with = "until_quiet")]
    pub(crate) keep_running: bool,
    /// End after this long
    #[arg(long = "for", value_name = "DURATION", value_parser = duration, allow_hyphen_values = true, help_heading = "Service")]
    pub(crate) time_limit: Option<std::time::Duration>,
    /// What a key conflict does: end the run (a batch's default), or drop the rows and go on (a service's)
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) on_conflict: Option<ConflictChoice>,
    /// What `random()` and `fresh_id()` are drawn from
    #[arg(long, value_name = "N", value_parser = seed, allow_hyphen_values = true)]
    pub(crate) seed: Option<u64>,
    /// How rows are evaluated; this version has one engine
    #[arg(long, value_enum, default_value_t = Engine::Native, value_name = "ENGINE")]
    pub(crate) engine: Engine,
    /// Coordination to insert into a service; a batch has all its input at once and needs none
    #[arg(long, value_enum, default_value_t = Coordination::Auto)]
    pub(crate) coordination: Coordination,
    /// Record what the nodes take in, for `bloom replay`, `why` and `why-not`; goes on behind what FILE has
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// A parameter of the node; `--NAME VALUE` does the same
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Native,
    /// Designed and not built.
    #[value(hide = true)]
    Timely,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Coordination {
    /// The cheapest that suffices
    Auto,
    /// None: the program as it is written
    Off,
    /// Logs only, where replicas are to agree
    Order,
}

impl Coordination {
    /// As it is written on the command line.
    pub(crate) fn value_name(self) -> &'static str {
        match self {
            Coordination::Auto => "auto",
            Coordination::Off => "off",
            Coordination::Order => "order",
        }
    }
}

impl From<Coordination> for bloom_compiler::coordination::Coordination {
    fn from(chosen: Coordination) -> Self {
        match chosen {
            Coordination::Auto => Self::Auto,
            Coordination::Off => Self::Off,
            Coordination::Order => Self::Order,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutFormat {
    Csv,
    Tsv,
    Jsonl,
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConflictChoice {
    Halt,
    Continue,
}

/// `3`, or `Coordinator=1,Participant=2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NodeCounts {
    Each(usize),
    ByKind(Vec<(String, usize)>),
}

/// Nodes that one process may run.
const NODES_MAX: usize = 1000;

impl std::str::FromStr for NodeCounts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let count = |text: &str| {
            let number = text
                .parse()
                .ok()
                .filter(|number| (1..=NODES_MAX).contains(number));
            number.ok_or_else(|| format!("expected a number from 1 to {NODES_MAX}, found `{text}`"))
        };
        if !text.contains('=') {
            return count(text).map(NodeCounts::Each);
        }
        let pair = |part: &str| match part.split_once('=') {
            Some((kind, number)) => Ok((kind.trim().to_owned(), count(number.trim())?)),
            None => Err(format!("expected KIND=N, found `{part}`")),
        };
        text.split(',')
            .map(pair)
            .collect::<Result<_, _>>()
            .map(NodeCounts::ByKind)
    }
}

/// `NAME=ADDR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) address: String,
}

impl std::str::FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, address)) if address.contains(':') => Ok(Peer {
                name: name.to_owned(),
                address: address.to_owned(),
            }),
            _ => Err("expected NAME=HOST:PORT".into()),
        }
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
