//! Which programs to search: the files as they are, or a spec on nodes that the command line names.

use bloom_compiler::base::{Diagnostic, FileId};
use bloom_compiler::dedalus::{self, Deployment, MISPLACED};
use bloom_plan::testing::FaultTest;
use bloom_sim::faults::{Report, Verdict};
use smol_str::SmolStr;

use crate::args::FaultsSelection;
use crate::outcome::Misuse;
use crate::sources::Sources;
use crate::{pipeline, report};

/// A program with fault tests, and the names of its nodes where they are not those of the text.
pub(super) struct Request {
    pub(super) sources: Sources,
    /// Of a Dedalus program: what to call its test, and its nodes by number.
    pub(super) deployed: Option<(String, Vec<SmolStr>)>,
}

impl Request {
    /// Gives the nodes of a test their own names.
    pub(super) fn rename(&self, test: &mut FaultTest) {
        let Some((name, nodes)) = &self.deployed else {
            return;
        };
        test.name.clone_from(name);
        test.file.clone_from(name);
        for (node, name) in test.nodes.iter_mut().zip(nodes) {
            node.name = name.clone();
        }
    }

    /// Refuses a Dedalus program that derives rows at places that are no nodes: there its rules do not mean what
    /// they say.
    pub(super) fn takes_place(&self, report: &Report) -> Result<(), Misuse> {
        let (Some((name, _)), Verdict::Counterexample(found)) = (&self.deployed, &report.verdict)
        else {
            return Ok(());
        };
        let mut broken = found.broken.iter().filter(|_| found.hypothesis.is_empty());
        let misplaced = broken.find_map(|(_, what, _)| {
            let row = what.strip_prefix("never ")?;
            row.starts_with(MISPLACED).then_some(row)
        });
        match misplaced {
            Some(row) => Err(Misuse::new(format_args!(
                "{name}: the first column says at which node a row is, and --nodes does not name all of them: {row}"
            ))),
            None => Ok(()),
        }
    }
}

/// The programs, each with its fault tests.
pub(super) fn programs(args: &FaultsSelection) -> Result<Vec<Request>, Misuse> {
    let mut nodes = args.nodes.iter().enumerate();
    if let Some((_, twice)) = nodes.find(|(place, node)| args.nodes[..*place].contains(node)) {
        return Err(Misuse::new(format_args!("--nodes names `{twice}` twice")));
    }
    let is_dedalus = |path: &std::path::PathBuf| pipeline::is_dedalus(&path.to_string_lossy());
    if args.paths.iter().any(is_dedalus) {
        if !args.paths.iter().all(is_dedalus) {
            return Err(Misuse::new("Dedalus and Bloom files are no one program"));
        }
        return Ok(vec![deployed(args)?]);
    }
    let mut programs = Vec::new();
    for path in &args.paths {
        for sources in Sources::load_all(path)? {
            programs.push(Request {
                sources: match args.nodes.is_empty() {
                    true => sources,
                    false => with_nodes(args, &sources)?,
                },
                deployed: None,
            });
        }
    }
    Ok(programs)
}

/// The Dedalus files as one program on the nodes that are named.
fn deployed(args: &FaultsSelection) -> Result<Request, Misuse> {
    let (Some(ticks), false) = (args.eot, args.nodes.is_empty()) else {
        return Err(Misuse::new(
            "a Dedalus program says neither its nodes nor how long it runs: --eot TICK --nodes NAMES",
        ));
    };
    let deployment = Deployment {
        nodes: args.nodes.iter().map(SmolStr::new).collect(),
        ticks,
        losses_until: args.eff.unwrap_or(0),
        crashes: args.crashes.unwrap_or(0),
    };
    let mut files = Vec::new();
    for path in &args.paths {
        // What it includes is read as a part of it.
        let sources = Sources::load(path)?;
        let parse = dedalus::parse(sources.texts.text(FileId::default()));
        if parse.diagnostics.iter().any(Diagnostic::is_error) {
            report::problems_to_stderr(&sources, &parse.diagnostics);
            let path = path.display();
            return Err(Misuse::new(format_args!("{path} cannot be read")));
        }
        files.push(parse.program);
    }
    let names: Vec<String> = args
        .paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let text = dedalus::deploy(&files, &deployment);
    let text = text.map_err(|problems| {
        Misuse::new(format_args!("{}: {}", names.join(" "), problems.join("; ")))
    })?;
    Ok(Request {
        sources: Sources::load_text("<deployed>", "dedalus", text)?,
        deployed: Some((names.join(" "), deployment.nodes)),
    })
}

/// The program with a fault test of its spec on the nodes of the command line.
fn with_nodes(args: &FaultsSelection, sources: &Sources) -> Result<Sources, Misuse> {
    let checked = pipeline::check(sources);
    if !checked.is_fine() {
        // What is wrong is told where the program is compiled.
        return Ok(sources.clone());
    }
    let path = sources.texts.path(FileId::default());
    let specs: Vec<&str> = checked
        .program
        .specs
        .iter()
        .map(|spec| spec.name.as_str())
        .collect();
    let spec = match (&args.spec, specs.as_slice()) {
        (Some(name), specs) if specs.contains(&name.as_str()) => name,
        (Some(name), _) => {
            return Err(Misuse::new(format_args!(
                "{path}: there is no spec `{name}`"
            )));
        }
        (None, [one]) => *one,
        (None, []) => {
            return Err(Misuse::new(format_args!(
                "{path}: there is no spec to check"
            )));
        }
        (None, several) => {
            let names = several.join(", ");
            return Err(Misuse::new(format_args!(
                "{path}: --spec says which of {names} to check"
            )));
        }
    };
    let kinds: Vec<&str> = checked
        .program
        .nodes
        .values()
        .map(|kind| kind.name.as_str())
        .collect();
    let mut steps = String::new();
    for node in &args.nodes {
        let (name, kind) = match node.split_once(':') {
            Some((name, kind)) => (name, kind),
            None => (node.as_str(), only(&kinds, path)?),
        };
        if !is_name(name) {
            return Err(Misuse::new(format_args!(
                "--nodes: `{name}` is not the name of a node"
            )));
        }
        if !kinds.contains(&kind) {
            return Err(Misuse::new(format_args!(
                "{path}: there is no kind of node `{kind}`"
            )));
        }
        steps.push_str(&format!("  node {name}: {kind};\n"));
    }
    let (eot, eff) = (args.eot.unwrap_or(1), args.eff.unwrap_or(0));
    let crashes = args.crashes.unwrap_or(0);
    Ok(sources.with_more(&format!(
        "\nfault test \"{spec}\" checks {spec}\n  with ticks {eot}, losses until {eff}, crashes {crashes} {{\n{steps}}}\n"
    )))
}

fn only<'k>(kinds: &[&'k str], path: &str) -> Result<&'k str, Misuse> {
    match kinds {
        [one] => Ok(one),
        several => Err(Misuse::new(format_args!(
            "{path}: --nodes says which kind each node is of, as NAME:KIND: there are {}",
            several.join(", ")
        ))),
    }
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
