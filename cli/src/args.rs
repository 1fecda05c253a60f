//! The command line, as clap reads it.

mod faults;
mod runs;
mod service;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use faults::{FaultsArgs, FaultsFormat, FaultsSelection};
pub(crate) use runs::{ReplayArgs, ReplayFormat, WhyArgs, WhyFormat};
pub(crate) use service::{
    BuildArgs, BuildEmit, BuiltCli, ConflictChoice, Coordination, Engine, NodeCounts, OutFormat,
    RunArgs, RunCommand,
};

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
