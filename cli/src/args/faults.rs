//! `faults`: what to search for, and how far.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{duration, seed};

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
