//! The command line, as clap reads it.

mod runs;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use serde::{Deserialize, Serialize};

pub(crate) use runs::{ReplayArgs, ReplayFormat, WhyArgs, WhyFormat};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Bloom: a declarative language for distributed programs.
#[derive(Debug, Parser)]
#[command(name = "bloom", version, styles = STYLES, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// When to use colors. `NO_COLOR` in the environment means never.
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a package with a working service and its test
    New(NewArgs),
    /// Check syntax, names, types, lattices and stratification
    Check(CheckArgs),
    /// Tell which outputs depend on the order of messages, why, and what coordination mends them
    Calm(CalmArgs),
    /// Draw the dataflow graph, coloured by what `calm` says
    Graph(GraphArgs),
    /// Compile and run a program
    Run(Box<RunCommand>),
    /// Make one executable of a program, which needs nothing but itself where it runs
    Build(BuildArgs),
    /// Run the `test` blocks
    Test(TestArgs),
    /// Search for faults that break a spec, or certify that none within the bounds does
    Faults(FaultsArgs),
    /// Tell why a row is there, in a recorded run or a saved counterexample
    Why(WhyArgs),
    /// Tell why a row is not there: which rules nearly derived it, and what they lacked
    WhyNot(WhyArgs),
    /// Run a recording again, tick by tick, and tell whether it does the same
    Replay(ReplayArgs),
    /// Format files in place
    Fmt(FmtArgs),
    /// Explain a diagnostic code
    Explain(ExplainArgs),
    /// Print the program after module expansion
    Expand(ExpandArgs),
    /// Type in rules and facts, see what follows from them
    Repl(ReplArgs),
    /// Serve an editor: the language server, over standard input and output
    Lsp(LspArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LspArgs {
    /// As it is without: editors pass it to servers that know other ways
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Name of the package, and of the folder it is made in: a-z, 0-9, _
    pub(crate) name: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(crate) format: CheckFormat,
    /// Print what a stage of the compiler made of the program, and nothing else
    #[arg(long, value_enum, value_name = "STAGE")]
    pub(crate) emit: Option<Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    Human,
    /// One object a line
    Json,
    /// SARIF 2.1.0
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    Tokens,
    Ast,
    Hir,
    Types,
    Labels,
    Coord,
    Rir,
    RirOpt,
    Plan,
    Clif,
}

#[derive(Debug, Args)]
pub(crate) struct CalmArgs {
    /// A file, a package folder, or `-` for standard input
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    #[arg(long, value_enum, default_value_t = CalmFormat::Human)]
    pub(crate) format: CalmFormat,
    /// Which coordination to insert: the cheapest that suffices, none, or logs alone
    #[arg(long, value_enum, default_value_t = Coordination::Auto, value_name = "WHAT")]
    pub(crate) coordination: Coordination,
    /// Hold the program to what its outputs promised: exit 1 if a guarantee is weaker than FILE says. FILE is
    /// written if it is missing; by default it is `calm.lock` of the package, or `NAME.calm.lock`
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) lock: Option<Option<PathBuf>>,
    /// With --lock: write FILE anew, whatever it says
    #[arg(long)]
    pub(crate) update: bool,
    /// Do not search for two runs that end differently
    #[arg(long)]
    pub(crate) no_witness: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalmFormat {
    Human,
    /// One document
    Json,
    /// The dataflow graph for Graphviz
    Dot,
    /// One page that needs no other file
    Html,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// A file, a package folder, or `-` for standard input
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    #[arg(long, value_enum, default_value_t = GraphFormat::Svg)]
    pub(crate) format: GraphFormat,
    /// Which coordination to show: the cheapest that suffices, none, or logs alone
    #[arg(long, value_enum, default_value_t = Coordination::Auto, value_name = "WHAT")]
    pub(crate) coordination: Coordination,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    Svg,
    Dot,
    Html,
}

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

fn duration(text: &str) -> Result<std::time::Duration, String> {
    let nanoseconds = bloom_host::json::duration(text).and_then(|n| u64::try_from(n).ok());
    nanoseconds
        .map(std::time::Duration::from_nanos)
        .ok_or_else(|| "expected a duration such as 500ms or 2s".into())
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("expected a number from 0 to {}", u64::MAX))
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Files, folders, or `-` for standard input; `.fault` files are counterexamples that `bloom faults` saved
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Run each test with so many seeds
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seeds: u64,
    /// The first seed, as a failure prints it
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = seed, allow_hyphen_values = true)]
    pub(crate) seed: u64,
    /// Coordination to insert; tests say themselves what arrives when, so by default there is none
    #[arg(long, value_enum, default_value_t = Coordination::Off)]
    pub(crate) coordination: Coordination,
    /// Only tests whose name has this in it
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    #[arg(long, value_enum, default_value_t = TestFormat::Human)]
    pub(crate) format: TestFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    Human,
    /// One object a line
    Json,
    /// JUnit XML
    Junit,
}

#[derive(Debug, Args)]
pub(crate) struct FaultsArgs {
    #[command(flatten)]
    pub(crate) selection: FaultsSelection,
    /// Also run every hypothesis one by one, as long as they are few, and compare
    #[arg(long)]
    pub(crate) exhaustive: bool,
    /// Run random hypotheses over all faults there are for so long, one at least, instead of the formula
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["exhaustive", "sweep"])]
    pub(crate) random: Option<std::time::Duration>,
    /// The seed of the first random hypothesis; each has the next
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = seed)]
    pub(crate) seed: u64,
    /// Widen the bounds for so long, and tell how far the test is certified
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "exhaustive")]
    pub(crate) sweep: Option<std::time::Duration>,
    /// Write the counterexample to a file, which `bloom test` runs again
    #[arg(long, value_name = "FILE.fault")]
    pub(crate) save: Option<PathBuf>,
    /// Write what proves a certificate: the formula as FILE.cnf in DIMACS, its refutation as FILE.drat
    #[arg(long, value_name = "FILE")]
    pub(crate) proof: Option<PathBuf>,
    /// Write a picture of the counterexample in space and time
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) svg: Option<PathBuf>,
    /// Write the run of the counterexample as text, tick by tick
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// List every minimal set of faults
    #[arg(long)]
    pub(crate) all: bool,
    /// So many minimal sets are looked for
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) minimal_max: usize,
    /// Only fault tests whose name has this in it
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    #[arg(long, value_enum, default_value_t = FaultsFormat::Human)]
    pub(crate) format: FaultsFormat,
}

/// Which programs on which nodes, and the bounds.
#[derive(Debug, Args)]
pub(crate) struct FaultsSelection {
    /// Files, folders, or `-` for standard input; several `.ded` files are one Dedalus program
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The last tick
    #[arg(long, value_name = "TICK", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) eot: Option<u32>,
    /// Messages sent before this tick may be lost
    #[arg(long, value_name = "TICK", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) eff: Option<u32>,
    /// How many nodes may crash
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) crashes: Option<u32>,
    /// Messages sent before --eff may be late by up to so many ticks
    #[arg(long, value_name = "TICKS", value_parser = clap::value_parser!(u32).range(0..=16))]
    pub(crate) delays: Option<u32>,
    /// Messages sent before --eff may arrive again, a tick later
    #[arg(long)]
    pub(crate) duplicates: bool,
    /// So often may some nodes be cut off from the others for a while, before --eff
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=16))]
    pub(crate) partitions: Option<u32>,
    /// So often may a node be slow for a while, before --eff: what it sends is 2 ticks late, or --delays
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=16))]
    pub(crate) slow: Option<u32>,
    /// So many nodes may have a clock of half or twice the speed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=16))]
    pub(crate) skews: Option<u32>,
    /// So many nodes that crashed may come back, with what their disks hold
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=16))]
    pub(crate) restarts: Option<u32>,
    /// The nodes to run, for a spec without a fault test: NAME, or NAME:KIND where there are several kinds
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "eot")]
    pub(crate) nodes: Vec<String>,
    /// The spec to check on --nodes, where there are several
    #[arg(long, value_name = "NAME", requires = "nodes")]
    pub(crate) spec: Option<String>,
    /// A crashed node only sends nothing, as other tools have it
    #[arg(long)]
    pub(crate) mute_crashes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FaultsFormat {
    Human,
    /// One object a line
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// Files, folders, or `-` to format standard input to standard output
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Change nothing; exit 1 if some file is not formatted
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Such as E0301; without it all codes are listed
    pub(crate) code: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExpandArgs {
    /// A file, a package folder, or `-` for standard input
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Print the plans instead
    #[arg(long)]
    pub(crate) plan: bool,
    /// Coordination to insert
    #[arg(long, value_enum, default_value_t = Coordination::Auto)]
    pub(crate) coordination: Coordination,
}

#[derive(Debug, Args)]
pub(crate) struct ReplArgs {
    /// A program to start from
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}
