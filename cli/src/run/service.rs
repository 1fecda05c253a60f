//! A service: a local cluster in this process, or one node that talks to peers over TCP.
//!
//! Each row of an `output` collection is printed as a line of JSON:
//! `{"node":"n1","tick":3,"collection":"got","row":{…}}`; lines that the program writes to its `stdout`
//! are printed as they are.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use bloom_host::cluster::{self, Deployment, Event, Process};
use bloom_host::feed::{Feed, Reader, Target};
use bloom_host::schema::Schema;
use bloom_plan::plan::RelationKind;
use bloom_runtime::{Member, OnConflict, Program};
use smol_str::SmolStr;
use tokio::sync::{mpsc, watch};

use super::parameters;
use super::printing::Errors;
use super::profile::{self, Measured};
use crate::args::{ConflictChoice, NodeCounts, RunArgs};
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::pages::{give_back_code, use_small_pages};
use crate::terminal;

/// Fed rows on the way to the nodes, and events on the way to the terminal.
const QUEUE_MAX: usize = 1024;

pub(super) fn run(args: &RunArgs, programs: &[Arc<Program>]) -> Outcome {
    use_small_pages();
    give_back_code();
    let plans = programs.iter().map(|program| &**program.plan());
    parameters::refuse_unknown(plans, &args.parameters)?;
    let nodes = processes(args, programs)?;
    let source = Source::open(args, &nodes)?;
    tell_how_to_feed(args, &nodes);
    let has_stdin = reads_stdin(&nodes) && args.input.as_deref() != Some(Path::new("-"));
    let deployment = Deployment {
        peers: peers(args, programs)?,
        listen: args.listen.map(|address| address.to_string()),
        on_conflict: match args.on_conflict {
            Some(ConflictChoice::Halt) => OnConflict::Halt,
            Some(ConflictChoice::Continue) | None => OnConflict::Continue,
        },
        seed: args.seed.unwrap_or_else(super::fresh_seed),
        data: args.data_dir.clone(),
        record: args.record.clone(),
        until_quiet: ends_when_quiet(args, &nodes),
        measured: args.profile.is_some(),
        nodes,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(
            std::thread::available_parallelism()
                .map_or(2, usize::from)
                .max(2),
        )
        .enable_all()
        .build()
        .map_err(|e| Misuse::new(format_args!("cannot start threads: {e}")))?;
    let outcome = runtime.block_on(drive(args, deployment, source, has_stdin));
    // A thread that reads standard input cannot be woken; it ends with the process.
    runtime.shutdown_background();
    outcome
}

/// A service that waits for what nobody gives it looks as if it hung.
fn tell_how_to_feed(args: &RunArgs, nodes: &[Process]) {
    let acts = has(nodes, |kind| {
        matches!(kind, RelationKind::Periodic { .. } | RelationKind::Stdin)
    });
    let is_given = args.input.is_some() || args.listen.is_some() || args.until_quiet;
    if acts || is_given {
        return;
    }
    let name = |node: &Process| format!("{} as {}", node.program.plan().name, node.address);
    let names: Vec<String> = nodes.iter().map(name).collect();
    terminal::note(format_args!(
        "running {}; feed it with --in FILE (`-`: standard input), Ctrl-C ends",
        names.join(", ")
    ));
}

async fn drive(args: &RunArgs, deployment: Deployment, source: Source, has_stdin: bool) -> Outcome {
    let nodes = deployment.nodes.clone();
    let (feed, fed) = mpsc::channel(QUEUE_MAX);
    let (events, mut reported) = mpsc::channel(QUEUE_MAX);
    let (stop, stopped) = watch::channel(false);
    let refused = source.start(&nodes, feed);
    let stdin = has_stdin.then(stdin_lines);
    tokio::spawn(stop_on_signal(stop.clone()));
    if let Some(limit) = args.time_limit {
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(limit).await;
            stop.send_replace(true);
        });
    }
    let running = tokio::spawn(cluster::run(deployment, fed, stdin, events, stopped));
    let mut printer = Printer {
        nodes: &nodes,
        errors: Errors::default(),
    };
    let mut batch = Vec::new();
    while reported.recv_many(&mut batch, QUEUE_MAX).await > 0 {
        printer.print(&mut batch);
    }
    printer.errors.finish();
    let ended = running
        .await
        .map_err(|e| Misuse::new(format_args!("the cluster broke off: {e}")))?;
    let ending = ended.map_err(Misuse::new)?;
    if let Some(file) = &args.profile {
        let measured = ending.profiles.iter().map(|(node, profile)| Measured {
            node: Some(&nodes[*node].address),
            plan: nodes[*node].program.plan(),
            profile,
        });
        profile::tell(&measured.collect::<Vec<_>>(), &[], file)?;
    }
    if refused.is_some_and(|refused| refused.load(std::sync::atomic::Ordering::Relaxed)) {
        return Err(Misuse::new("some lines of the input were refused"));
    }
    Ok(match ending.halt {
        _ if ending.conflict => Verdict::Failed,
        Some(code) => super::halted(code),
        None => Verdict::Fine,
    })
}

/// The nodes of this process.
fn processes(args: &RunArgs, programs: &[Arc<Program>]) -> Result<Vec<Process>, Misuse> {
    if let Some(address) = args.listen {
        let [program] = programs else {
            return Err(Misuse::new(
                "--listen runs one node: choose its kind with --node",
            ));
        };
        let parameters = parameters::values(program.plan(), &args.parameters)?;
        return Ok(vec![Process {
            address: SmolStr::new(address.to_string()),
            program: program.clone(),
            parameters,
        }]);
    }
    if !args.peers.is_empty() {
        return Err(Misuse::new(
            "--peers needs --listen: peers must be able to answer",
        ));
    }
    let count = |kind: &str| match &args.nodes {
        None => 1,
        Some(NodeCounts::Each(count)) => *count,
        Some(NodeCounts::ByKind(counts)) => counts
            .iter()
            .find(|(name, _)| name == kind)
            .map_or(0, |(_, count)| *count),
    };
    if let Some(NodeCounts::ByKind(counts)) = &args.nodes {
        let unknown = |kind: &str| programs.iter().all(|program| program.plan().name != kind);
        if let Some((kind, _)) = counts.iter().find(|(kind, _)| unknown(kind)) {
            return Err(Misuse::new(format_args!(
                "--nodes: the program has no node `{kind}`"
            )));
        }
    }
    let mut nodes = Vec::new();
    for program in programs {
        let kind = &program.plan().name;
        let parameters = parameters::values(program.plan(), &args.parameters)?;
        let stem = if programs.len() == 1 {
            "n".to_owned()
        } else {
            kind.to_lowercase()
        };
        for number in 1..=count(kind) {
            nodes.push(Process {
                address: SmolStr::new(format!("{stem}{number}")),
                program: program.clone(),
                parameters: parameters.clone(),
            });
        }
    }
    Ok(nodes)
}

/// The nodes elsewhere. A name that is no kind of the program is one for a node of our own kind.
fn peers(args: &RunArgs, programs: &[Arc<Program>]) -> Result<Vec<Member>, Misuse> {
    let own = args.listen.map(|address| address.to_string());
    let own_kind = programs
        .first()
        .map(|program| program.plan().name.clone())
        .unwrap_or_default();
    let mut peers = Vec::<Member>::new();
    for peer in &args.peers {
        if peers.iter().any(|other| other.address == peer.address) {
            return Err(Misuse::new(format_args!(
                "--peers names {} twice",
                peer.address
            )));
        }
        // The same list may be given to every node.
        if own.as_ref() != Some(&peer.address) {
            let is_kind = peer.name.starts_with(|c: char| c.is_ascii_uppercase());
            let kind = if is_kind {
                SmolStr::new(&peer.name)
            } else {
                own_kind.clone()
            };
            peers.push(Member {
                address: SmolStr::new(&peer.address),
                kind,
            });
        }
    }
    Ok(peers)
}

fn reads_stdin(nodes: &[Process]) -> bool {
    has(nodes, |kind| matches!(kind, RelationKind::Stdin))
}

fn has(nodes: &[Process], is: impl Fn(&RelationKind) -> bool) -> bool {
    nodes
        .iter()
        .any(|node| node.program.plan().relations.iter().any(|r| is(&r.kind)))
}

/// Whether the run ends when its input has ended and nothing is under way: if asked to; with `--in`, unless
/// peers may still call; and where nothing else can ever come, since only standard input was read.
fn ends_when_quiet(args: &RunArgs, nodes: &[Process]) -> bool {
    if args.keep_running || args.listen.is_some() {
        return args.until_quiet;
    }
    let stdin_only =
        reads_stdin(nodes) && !has(nodes, |kind| matches!(kind, RelationKind::Periodic { .. }));
    let fed = args.input.is_some() && args.time_limit.is_none();
    args.until_quiet || fed || (stdin_only && args.input.is_none())
}

/// Where fed rows come from.
enum Source {
    None,
    /// A file, read whole before anything is taken in.
    Lines(Vec<Feed>),
    Stdin,
}

impl Source {
    fn open(args: &RunArgs, nodes: &[Process]) -> Result<Source, Misuse> {
        let Some(path) = &args.input else {
            return Ok(Source::None);
        };
        if path == Path::new("-") {
            return Ok(Source::Stdin);
        }
        let file = File::open(path).map_err(|e| Misuse::io(path, &e))?;
        let mut reader = Reader::new(targets(nodes));
        let mut feeds = Vec::new();
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(|e| Misuse::io(path, &e))?;
            let feed = reader.line(&line).map_err(|message| {
                Misuse::new(format_args!("{}:{}: {message}", path.display(), number + 1))
            })?;
            feeds.extend(feed);
        }
        Ok(Source::Lines(feeds))
    }

    /// Feeds from a thread of its own. For standard input, where lines come while the nodes run, a line
    /// that does not fit is refused by itself; the flag tells whether one was.
    fn start(
        self,
        nodes: &[Process],
        feed: mpsc::Sender<Feed>,
    ) -> Option<Arc<std::sync::atomic::AtomicBool>> {
        match self {
            Source::None => None,
            Source::Lines(feeds) => {
                tokio::spawn(async move {
                    for item in feeds {
                        if feed.send(item).await.is_err() {
                            return;
                        }
                    }
                });
                None
            }
            Source::Stdin => {
                let refused = Arc::new(std::sync::atomic::AtomicBool::new(false));
                let (nodes, flag) = (nodes.to_vec(), refused.clone());
                std::thread::spawn(move || {
                    let mut reader = Reader::new(targets(&nodes));
                    for (number, line) in std::io::stdin().lock().lines().enumerate() {
                        let parsed = line
                            .map_err(|e| e.to_string())
                            .and_then(|l| reader.line(&l));
                        match parsed {
                            Ok(None) => {}
                            Ok(Some(item)) => {
                                if feed.blocking_send(item).is_err() {
                                    return;
                                }
                            }
                            Err(message) => {
                                flag.store(true, std::sync::atomic::Ordering::Relaxed);
                                terminal::error(format_args!("-:{}: {message}", number + 1));
                            }
                        }
                    }
                });
                Some(refused)
            }
        }
    }
}

fn targets<'a>(nodes: &'a [Process]) -> Vec<Target<'a>> {
    let target = |node: &'a Process| {
        let Process {
            address, program, ..
        } = node;
        Target {
            name: address.as_str(),
            plan: program.plan(),
        }
    };
    nodes.iter().map(target).collect()
}

/// Lines of standard input, for programs that read them.
fn stdin_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(QUEUE_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The first signal lets ticks finish; a second one does not.
async fn stop_on_signal(stop: watch::Sender<bool>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return;
    };
    for _ in 0..2 {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if stop.send_replace(true) {
            std::process::exit(130);
        }
    }
}

struct Printer<'a> {
    nodes: &'a [Process],
    errors: Errors,
}

impl Printer<'_> {
    fn print(&mut self, events: &mut Vec<Event>) {
        let mut text = Vec::new();
        for event in events.drain(..) {
            match event {
                Event::Rows {
                    node,
                    tick,
                    relation,
                    rows,
                } => {
                    let plan = self.nodes[node].program.plan();
                    let schema = Schema::new(&plan.types, &plan.relations[relation.0 as usize]);
                    for row in rows {
                        let line = Line {
                            node: &self.nodes[node].address,
                            tick,
                            collection: &schema.relation.name,
                            row: schema.json_of_row(&row),
                        };
                        serde_json::to_writer(&mut text, &line).expect("rows fit their types");
                        text.push(b'\n');
                    }
                }
                Event::Stdout { line, .. } => {
                    text.extend(line.as_bytes());
                    text.push(b'\n');
                }
                Event::Stderr { line, .. } => terminal::report(&format!("{line}\n")),
                Event::Error { node, error, .. } => {
                    self.errors.report(Some(&self.nodes[node].address), &error);
                }
                Event::Conflict { node, conflict } => {
                    terminal::error(format_args!("{}: {conflict}", self.nodes[node].address));
                }
                Event::Notice(text) => terminal::note(text),
            }
        }
        terminal::print_with(|out| out.write_all(&text));
    }
}

/// A row of an output.
#[derive(serde::Serialize)]
struct Line<'a> {
    node: &'a str,
    tick: u64,
    collection: &'a str,
    row: bloom_host::schema::JsonRow<'a>,
}
