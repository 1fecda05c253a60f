//! Arguments of commands about runs that were.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Coordination;

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// What `bloom run --record` wrote
    #[arg(value_name = "RECORDING")]
    pub(crate) recording: PathBuf,
    /// Run what was taken in on this program instead, to see where it does something else
    #[arg(long, value_name = "PATH")]
    pub(crate) program: Option<PathBuf>,
    /// Coordination to insert into that program
    #[arg(long, value_enum, default_value_t = Coordination::Auto, requires = "program")]
    pub(crate) coordination: Coordination,
    /// Print the rows of this collection as of the last tick, or of --tick
    #[arg(long, value_name = "NAME", group = "of_nodes")]
    pub(crate) dump: Vec<String>,
    /// Print a test of what each node took in and what its outputs held, for the end of the program's file
    #[arg(long, requires = "program", group = "of_nodes")]
    pub(crate) test: bool,
    /// Of this node alone
    #[arg(long, value_name = "NAME", requires = "of_nodes")]
    pub(crate) node: Option<String>,
    /// As of this tick of each node
    #[arg(long, value_name = "TICK", requires = "dump")]
    pub(crate) tick: Option<u64>,
    #[arg(long, value_enum, default_value_t = ReplayFormat::Human)]
    pub(crate) format: ReplayFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplayFormat {
    Human,
    /// One object a run
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// A recording, a `.fault` file, or a program with --recording
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// The row: `store{key: "a"}`, `store@n1{key: "a"}`, `store("a", _)`; what is left out may be anything
    #[arg(value_name = "ROW")]
    pub(crate) row: String,
    /// The recording of the program, which is compared with it
    #[arg(long, value_name = "FILE")]
    pub(crate) recording: Option<PathBuf>,
    /// At this node; by default where the row was last
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    /// In this tick of the node; by default the last in which the row is there
    #[arg(long, value_name = "TICK")]
    pub(crate) tick: Option<u64>,
    /// Of a recording with several runs, this one instead of the last
    #[arg(long, value_name = "N")]
    pub(crate) run: Option<usize>,
    /// Show every way in which each row came about, instead of the smallest derivation
    #[arg(long)]
    pub(crate) all: bool,
    #[arg(long, value_enum, default_value_t = WhyFormat::Human)]
    pub(crate) format: WhyFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhyFormat {
    Human,
    /// One document
    Json,
}
