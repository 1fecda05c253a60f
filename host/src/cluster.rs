//! A deployment: nodes in this process, each driven by a task of its own, and peers over TCP.
//!
//! Rows between nodes of this process go through their inboxes, rows to peers through a link each. All
//! queues are bounded; what does not fit is lost, as the language allows messages to be, and said in a
//! [`Event::Notice`]. A deployment is *quiet* when no arrival waits and no node has a reason to tick
//! except for timers.

mod driver;
mod links;
mod mail;
mod work;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bloom_delivery::{Endpoint, Setup};
use bloom_plan::plan::RelationId;
use bloom_plan::value::{Row, Value};
use bloom_runtime::{
    Config, Conflict, ErrorRow, Member, Node, OnConflict, Profile, Program, StartError,
};
use smol_str::SmolStr;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Stopwatch;
use crate::feed::Feed;
use crate::recording::{Journal, RecordingError, Start};
use crate::store::log::LogFile;
use crate::store::{Applied, Files, Opened, Store, StoreError};
use driver::{Arrival, Driver, Inbox};
use mail::Mail;
use work::Work;

/// Arrivals that wait for a node's next tick.
const INBOX_ARRIVALS_MAX: usize = 1 << 16;
/// Messages that wait for a peer to be reached.
const LINK_MESSAGES_MAX: usize = 1 << 14;
/// How long links may go on sending after the nodes have stopped.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// What to run.
#[derive(Debug)]
pub struct Deployment {
    /// Nodes of this process.
    pub nodes: Vec<Process>,
    /// Nodes elsewhere.
    pub peers: Vec<Member>,
    /// Where peers reach the nodes of this process.
    pub listen: Option<String>,
    pub on_conflict: OnConflict,
    pub seed: u64,
    /// Where durable tables are kept; without it they live as long as the process.
    pub data: Option<PathBuf>,
    /// Where to record what the nodes of this process take in.
    pub record: Option<PathBuf>,
    /// Ends when the feed has ended and the deployment is quiet.
    pub until_quiet: bool,
    /// Whether to measure where the nodes' time goes.
    pub measured: bool,
}

/// A node of this process.
#[derive(Clone, Debug)]
pub struct Process {
    pub address: SmolStr,
    pub program: Arc<Program>,
    pub parameters: Vec<Value>,
}

/// What a running deployment reports, in order for each node.
#[derive(Clone, Debug)]
pub enum Event {
    /// Rows of an `output` collection.
    Rows {
        node: usize,
        tick: u64,
        relation: RelationId,
        rows: Vec<Row>,
    },
    Stdout {
        node: usize,
        line: String,
    },
    Stderr {
        node: usize,
        line: String,
    },
    Error {
        node: usize,
        tick: u64,
        error: ErrorRow,
    },
    /// The node has stopped before the tick could take effect.
    Conflict {
        node: usize,
        conflict: Box<Conflict>,
    },
    /// Something that whoever runs it should know.
    Notice(String),
}

/// How a deployment ended.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// The greatest code that a node derived into `halt`.
    pub halt: Option<i64>,
    /// A node stopped at a key conflict.
    pub conflict: bool,
    /// What was measured of nodes, by their places among those of this process, in this order.
    pub profiles: Vec<(usize, Profile)>,
}

#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error("node {node}: {error}")]
    Start {
        node: SmolStr,
        error: Box<StartError>,
    },
    #[error("node {node}: {error}")]
    Store {
        node: SmolStr,
        error: Box<StoreError>,
    },
    #[error("node {node}: {error}")]
    Log {
        node: SmolStr,
        error: bloom_delivery::SetupError,
    },
    #[error(transparent)]
    Recording(#[from] RecordingError),
    #[error("cannot listen at {address}: {source}")]
    Listen { address: String, source: io::Error },
}

/// Ways from a node to all others, by address.
pub(crate) struct Routes {
    local: HashMap<SmolStr, Inbox>,
    remote: HashMap<SmolStr, mpsc::Sender<links::Outgoing>>,
    events: mpsc::Sender<Event>,
}

/// Runs a deployment until it ends by itself or `stop` becomes true.
pub async fn run(
    deployment: Deployment,
    feed: mpsc::Receiver<Feed>,
    stdin: Option<mpsc::Receiver<String>>,
    events: mpsc::Sender<Event>,
    stop: watch::Receiver<bool>,
) -> Result<Ending, ClusterError> {
    let work = Arc::new(Work::default());
    let (halt_all, halted) = watch::channel(false);
    let started = start(&deployment, &work, &events, &halted)?;
    let mut tasks = JoinSet::new();
    let listener = match &deployment.listen {
        Some(address) => {
            Some(
                TcpListener::bind(address)
                    .await
                    .map_err(|source| ClusterError::Listen {
                        address: address.clone(),
                        source,
                    })?,
            )
        }
        None => None,
    };
    let mut links = JoinSet::new();
    let hello = deployment
        .nodes
        .first()
        .map(|node| crate::wire::Hello::new(node.address.clone(), &node.program));
    let trust = links::Trust::new(&deployment.nodes, started.inboxes.clone());
    let mut remote = HashMap::new();
    for peer in &deployment.peers {
        let (sender, queue) = mpsc::channel(LINK_MESSAGES_MAX);
        remote.insert(peer.address.clone(), sender);
        if let Some(hello) = hello.clone() {
            let address = peer.address.clone();
            links.spawn(links::dial(
                address,
                hello,
                queue,
                events.clone(),
                trust.clone(),
            ));
        }
    }
    let local = deployment
        .nodes
        .iter()
        .map(|n| n.address.clone())
        .zip(started.inboxes.clone());
    let routes = Arc::new(Routes {
        local: local.collect(),
        remote,
        events: events.clone(),
    });
    if let (Some(listener), Some(hello)) = (listener, hello) {
        tasks.spawn(links::accept(listener, hello, routes.clone()));
    }
    trust.announce();
    let mut nodes = JoinSet::new();
    for driver in started.drivers {
        nodes.spawn(driver.run(routes.clone()));
    }
    drop(routes);
    tasks.spawn(sources(
        feed,
        stdin,
        started.inboxes,
        work,
        deployment.until_quiet,
        halt_all.clone(),
    ));
    tasks.spawn(forward_stop(stop, halt_all));
    let mut ending = Ending::default();
    while let Some(ended) = nodes.join_next().await {
        let ended = ended.expect("a driver is neither cancelled nor does it panic")?;
        ending.halt = ending.halt.max(ended.halt);
        ending.conflict |= ended.conflict;
        ending.profiles.extend(ended.profiles);
    }
    ending.profiles.sort_by_key(|(node, _)| *node);
    // Dropping the listener and the sources drops the last routes; then the links run dry and end.
    tasks.shutdown().await;
    let flushed = async { while links.join_next().await.is_some() {} };
    let _late = tokio::time::timeout(FLUSH_MAX, flushed).await;
    Ok(ending)
}

struct Started {
    drivers: Vec<Driver>,
    inboxes: Vec<Inbox>,
}

fn start(
    deployment: &Deployment,
    work: &Arc<Work>,
    events: &mpsc::Sender<Event>,
    stop: &watch::Receiver<bool>,
) -> Result<Started, ClusterError> {
    let own = deployment.nodes.iter().map(|node| Member {
        address: node.address.clone(),
        kind: node.program.plan().name.clone(),
    });
    let cluster: Vec<Member> = own.chain(deployment.peers.iter().cloned()).collect();
    let (mut drivers, mut inboxes) = (Vec::new(), Vec::new());
    let mut record = Start::default();
    for (index, process) in deployment.nodes.iter().enumerate() {
        let plan = process.program.plan();
        let failed = |error| ClusterError::Store {
            node: process.address.clone(),
            error: Box::new(error),
        };
        let opened = deployment
            .data
            .as_ref()
            .map(|folder| Store::open(&Files, &folder.join(folder_name(&process.address)), plan));
        let mut opened = opened.transpose().map_err(failed)?;
        let config = Config {
            address: process.address.clone(),
            parameters: process.parameters.clone(),
            cluster: cluster.clone(),
            seed: deployment.seed.wrapping_add(index as u64),
            start: driver::now(),
            on_conflict: deployment.on_conflict,
            durable: opened.as_mut().and_then(|opened| opened.restored.take()),
        };
        if deployment.record.is_some() {
            record.add(plan, &config);
        }
        let mut node =
            Node::new(process.program.clone(), config).map_err(|error| ClusterError::Start {
                node: process.address.clone(),
                error: Box::new(error),
            })?;
        if deployment.measured {
            node.measure(Arc::new(Stopwatch::start()));
        }
        if let Some(&Opened {
            torn: torn @ 1.., ..
        }) = opened.as_ref()
        {
            let _sent = events.try_send(Event::Notice(format!(
                "node {}: the last record of its durable tables was torn; {torn} bytes are dropped",
                process.address
            )));
        }
        let applied = opened
            .as_mut()
            .map(|opened| std::mem::take(&mut opened.applied));
        let store = opened.map(Opened::accept).transpose().map_err(failed)?;
        let mail = mail(deployment, process, &cluster, applied.unwrap_or_default())?;
        let (sender, receiver) = mpsc::channel(INBOX_ARRIVALS_MAX);
        inboxes.push(Inbox::new(sender, work.clone()));
        drivers.push(Driver::new(
            (index, process.address.clone()),
            node,
            receiver,
            (store, mail),
            events.clone(),
            work.clone(),
            stop.clone(),
        ));
    }
    if let Some(path) = &deployment.record {
        let journal = Journal::open(path)?;
        if journal.torn > 0 {
            let _sent = events.try_send(Event::Notice(format!(
                "{}: the last record was torn; {} bytes are dropped",
                path.display(),
                journal.torn
            )));
        }
        for (driver, recorder) in drivers.iter_mut().zip(journal.begin(&record)?) {
            Driver::record(driver, recorder);
        }
    }
    Ok(Started { drivers, inboxes })
}

/// The endpoint of a node, with what its earlier lives have written.
fn mail(
    deployment: &Deployment,
    process: &Process,
    cluster: &[Member],
    applied: Applied,
) -> Result<Mail, ClusterError> {
    let plan = process.program.plan();
    if !Endpoint::is_needed(plan) {
        return Ok(Mail::none());
    }
    let folder = deployment
        .data
        .as_ref()
        .map(|data| data.join(folder_name(&process.address)));
    let opened = folder
        .map(|folder| LogFile::open(&Files, &folder))
        .transpose();
    let opened = opened.map_err(|error| ClusterError::Store {
        node: process.address.clone(),
        error: Box::new(error),
    })?;
    let (file, saved) = opened.map_or_else(Default::default, |(file, saved)| (Some(file), saved));
    let now = driver::now();
    let setup = Setup {
        plan: Arc::clone(plan),
        address: process.address.clone(),
        cluster: cluster.to_vec(),
        // Time goes on between lives.
        life: u64::try_from(now).unwrap_or(1).max(1),
        seed: 0,
        now,
        saved,
        applied,
    };
    Mail::new(setup, file).map_err(|error| ClusterError::Log {
        node: process.address.clone(),
        error,
    })
}

/// An address as the name of a folder.
fn folder_name(address: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-.".contains(c) {
            c
        } else {
            '_'
        }
    };
    address.chars().map(safe).collect()
}

/// Hands what is fed to the nodes in order; when all has been fed and `until_quiet`, stops them when quiet.
async fn sources(
    mut feed: mpsc::Receiver<Feed>,
    stdin: Option<mpsc::Receiver<String>>,
    inboxes: Vec<Inbox>,
    work: Arc<Work>,
    until_quiet: bool,
    halt_all: watch::Sender<bool>,
) {
    let lines = async {
        let Some(mut stdin) = stdin else { return };
        while let Some(line) = stdin.recv().await {
            for inbox in &inboxes {
                inbox.push_waiting(Arrival::Stdin(line.clone())).await;
            }
        }
    };
    let rows = async {
        while let Some(item) = feed.recv().await {
            match item {
                Feed::Row {
                    node,
                    relation,
                    row,
                } => {
                    inboxes[node]
                        .push_waiting(Arrival::Row(relation, row))
                        .await;
                }
                Feed::Seal {
                    nodes,
                    relation,
                    key,
                } => {
                    for node in nodes {
                        inboxes[node]
                            .push_waiting(Arrival::Seal(relation, key.clone()))
                            .await;
                    }
                }
                Feed::Wait(duration) => tokio::time::sleep(duration).await,
                Feed::Settle => work.quiet().await,
            }
        }
    };
    tokio::join!(lines, rows);
    if until_quiet {
        work.quiet().await;
        halt_all.send_replace(true);
    }
}

async fn forward_stop(mut stop: watch::Receiver<bool>, halt_all: watch::Sender<bool>) {
    if stop.wait_for(|stop| *stop).await.is_ok() {
        halt_all.send_replace(true);
    }
}
