//! Nodes as processes that talk over TCP on loopback, fed through their standard input. They end when
//! their deployment is dropped, also where a run has failed.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Instant;

/// A row of an output.
pub(super) struct Said {
    pub at: Instant,
    pub collection: String,
    row: serde_json::Value,
}

impl Said {
    fn read(at: Instant, line: &str) -> Result<Self, String> {
        let strange = || format!("a replica said `{line}`");
        let mut line: serde_json::Value = serde_json::from_str(line).map_err(|_| strange())?;
        let collection = line["collection"].as_str().map(str::to_owned);
        Ok(Self {
            at,
            collection: collection.ok_or_else(strange)?,
            row: line["row"].take(),
        })
    }

    pub fn number(&self, column: &str) -> Result<i64, String> {
        self.row[column]
            .as_i64()
            .ok_or_else(|| format!("`{}` without `{column}`", self.collection))
    }
}

struct Process {
    child: Child,
    /// Lines for its standard input, written by a thread of its own.
    lines: Sender<String>,
}

pub(super) struct Deployment {
    replicas: Vec<Process>,
    servers: Vec<Process>,
    addresses: Vec<SocketAddr>,
    heard: Receiver<(usize, Instant, String)>,
    threads: Vec<JoinHandle<()>>,
    errors: std::path::PathBuf,
}

impl Deployment {
    pub fn start(
        bloom: &Path,
        program: &Path,
        replicas: usize,
        servers: usize,
        expected: usize,
    ) -> Result<Self, String> {
        let addresses = free_addresses(replicas + servers).map_err(|e| format!("ports: {e}"))?;
        let kind = |place: usize| if place < replicas { "Report" } else { "Server" };
        let peers: Vec<String> = addresses
            .iter()
            .enumerate()
            .map(|(place, address)| format!("{}={address}", kind(place)))
            .collect();
        let errors = program.with_extension("stderr");
        let (said, heard) = mpsc::channel();
        let mut deployment = Self {
            replicas: Vec::new(),
            servers: Vec::new(),
            addresses: addresses.clone(),
            heard,
            threads: Vec::new(),
            errors: errors.clone(),
        };
        let stderr = File::create(&errors).map_err(|e| format!("{}: {e}", errors.display()))?;
        for (place, address) in addresses.iter().enumerate() {
            let mut command = Command::new(bloom);
            command.arg("run").arg(program);
            command.args(["--node", kind(place), "--coordination", "off"]);
            command.args(["--listen", &address.to_string()]);
            command.args(["--peers", &peers.join(","), "--in", "-"]);
            if place < replicas {
                command.args(["--expected", &expected.to_string()]);
            }
            let stderr = stderr.try_clone().map_err(|e| format!("stderr: {e}"))?;
            command.stdin(Stdio::piped()).stderr(stderr);
            command.stdout(if place < replicas {
                Stdio::piped()
            } else {
                Stdio::null()
            });
            let mut child = command
                .spawn()
                .map_err(|e| format!("{}: {e}", bloom.display()))?;
            if let Some(stdout) = child.stdout.take() {
                let said = said.clone();
                deployment.threads.push(std::thread::spawn(move || {
                    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                        if said.send((place, Instant::now(), line)).is_err() {
                            return;
                        }
                    }
                }));
            }
            let (lines, given) = mpsc::channel();
            let stdin = child.stdin.take().expect("it is piped");
            deployment
                .threads
                .push(std::thread::spawn(move || write(stdin, given)));
            let process = Process { child, lines };
            match place < replicas {
                true => deployment.replicas.push(process),
                false => deployment.servers.push(process),
            }
        }
        Ok(deployment)
    }

    pub fn replica(&self, place: usize) -> SocketAddr {
        self.addresses[place]
    }

    /// A text for each server.
    pub fn feed_servers(&self, texts: Vec<String>) {
        for (server, text) in self.servers.iter().zip(texts) {
            feed(server, text);
        }
    }

    pub fn feed_replicas(&self, text: &str) {
        for replica in &self.replicas {
            feed(replica, text.to_owned());
        }
    }

    /// Waits for what the next replica says.
    pub fn hear(&mut self, within: Instant) -> Result<(usize, Said), String> {
        let wait = within.saturating_duration_since(Instant::now());
        match self.heard.recv_timeout(wait) {
            Ok((replica, at, line)) => Ok((replica, Said::read(at, &line)?)),
            Err(error) => {
                let said = std::fs::read_to_string(&self.errors).unwrap_or_default();
                Err(format!("the replicas say no more: {error}\n{said}"))
            }
        }
    }

    /// Ends all processes; a message of a lost row is an error.
    pub fn stop(mut self) -> Result<(), String> {
        self.kill();
        let said = std::fs::read_to_string(&self.errors)
            .map_err(|e| format!("{}: {e}", self.errors.display()))?;
        let lost = said.lines().find(|line| {
            line.contains("lost") || line.contains("refused") || line.contains("gives")
        });
        lost.map_or(Ok(()), |line| Err(line.to_owned()))
    }

    fn kill(&mut self) {
        for process in self.replicas.drain(..).chain(self.servers.drain(..)) {
            let Process { mut child, lines } = process;
            drop(lines);
            // It may have ended by itself.
            let _gone = child.kill();
            let _status = child.wait();
        }
        for thread in self.threads.drain(..) {
            let _panicked = thread.join();
        }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        self.kill();
    }
}

fn feed(process: &Process, text: String) {
    // A process that has ended is missed by whoever waits for answers.
    let _ended = process.lines.send(text);
}

fn write(mut stdin: ChildStdin, given: Receiver<String>) {
    for text in given {
        if stdin.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// Addresses that were free a moment ago.
fn free_addresses(count: usize) -> std::io::Result<Vec<SocketAddr>> {
    let listeners: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()?;
    listeners.iter().map(TcpListener::local_addr).collect()
}
