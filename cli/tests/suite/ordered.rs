//! Replicas that share an ordered log: in one process, over lives, and over TCP with a crash.

use crate::support::{Folder, finish};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, ChildStdout};

use serde_json::Value as Json;

/// Counts entries, so that replicas differ as soon as one of them takes them in otherwise.
const REGISTER: &str = r#"node Register replicated {
  #[ordered("writes")]
  input  set(val: Int);
  output took(n: Int, val: Int);
  table  taken(=> n: Int);

  bootstrap { taken{n: 0} <= n in [0]; }
  took{n, val} <= set{val}, taken{n};
  taken{n: n + 1} <+- set{val}, taken{n};
}
"#;

fn feed(values: std::ops::Range<i64>) -> String {
    let line = |n| format!("{{\"collection\": \"set\", \"row\": [{n}]}}\n");
    values.map(line).collect()
}

/// What each node took, in the order in which it did.
fn by_node(out: &str) -> BTreeMap<String, Vec<Json>> {
    let mut nodes: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for line in out.lines() {
        let line: Json = serde_json::from_str(line).expect("a line is JSON");
        let node = line["node"].as_str().expect("it has a node").to_owned();
        nodes.entry(node).or_default().push(line["row"].clone());
    }
    nodes
}

#[test]
fn three_nodes_take_in_the_same_sequence() {
    let folder = Folder::with(REGISTER);
    folder.write("in.jsonl", feed(0..60));
    let out = folder
        .bloom("run main.bloom --nodes 3 --in in.jsonl")
        .fine();
    let nodes = by_node(&out);
    assert_eq!(nodes.len(), 3, "{out}");
    let first = &nodes["n1"];
    assert_eq!(first.len(), 60);
    assert!(nodes.values().all(|taken| taken == first), "{out}");
    // Without the log, which would be inserted again, each has only what was fed to it.
    folder.write("free.bloom", REGISTER.replace("#[ordered(\"writes\")]", ""));
    let out = folder
        .bloom("run free.bloom --nodes 3 --in in.jsonl --coordination off")
        .fine();
    let free = by_node(&out);
    assert!(free.values().all(|taken| taken.len() == 20), "{out}");
}

#[test]
fn a_later_run_goes_on_where_the_data_ends() {
    let durable = REGISTER.replace("(=> n: Int);", "(=> n: Int) durable;");
    for program in [REGISTER, &durable] {
        let folder = Folder::with(program);
        for value in 0..4 {
            folder.write("in.jsonl", feed(value..value + 1));
            let run = "run main.bloom --nodes 3 --data-dir data --in in.jsonl";
            let nodes = by_node(&folder.bloom(run).fine());
            let expected = [serde_json::json!({"n": value, "val": value})];
            assert_eq!(nodes.len(), 3);
            assert!(nodes.values().all(|taken| *taken == expected), "{nodes:?}");
        }
    }
}

struct Replica {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Replica {
    fn start(folder: &Folder, place: usize, ports: &[u16]) -> Replica {
        let peers: Vec<String> = ports
            .iter()
            .enumerate()
            .map(|(i, port)| format!("p{i}=127.0.0.1:{port}"))
            .collect();
        let mut child = folder.start(&format!(
            "run main.bloom --listen 127.0.0.1:{} --peers {} --data-dir data{place} --in -",
            ports[place],
            peers.join(",")
        ));
        Replica {
            stdin: child.stdin.take().expect("it is piped"),
            stdout: BufReader::new(child.stdout.take().expect("it is piped")),
            child,
        }
    }

    fn set(&mut self, val: i64) {
        self.stdin
            .write_all(feed(val..val + 1).as_bytes())
            .expect("it reads");
    }

    /// Waits for the next row that it takes in.
    fn takes(&mut self, n: i64, val: i64) {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it speaks");
        let line: Json = serde_json::from_str(&line).expect("a line is JSON");
        assert_eq!(line["row"], serde_json::json!({"n": n, "val": val}));
    }
}

#[test]
fn a_process_that_was_killed_takes_in_what_it_has_missed_and_nothing_twice() {
    let folder = Folder::with(REGISTER);
    let listeners: Vec<TcpListener> = (0..3)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free"))
        .collect();
    let port = |l: &TcpListener| l.local_addr().expect("it is bound").port();
    let ports: Vec<u16> = listeners.iter().map(port).collect();
    drop(listeners);
    let mut replicas: Vec<Replica> = (0..3).map(|i| Replica::start(&folder, i, &ports)).collect();
    for n in 0..3 {
        replicas[n as usize].set(n);
        for replica in &mut replicas {
            replica.takes(n, n);
        }
    }
    let mut killed = replicas.remove(2);
    killed.child.kill().expect("it is our child");
    killed.child.wait().expect("it is our child");
    // Two of three go on; if the leader was killed, under a new one.
    for n in 3..6 {
        replicas[(n % 2) as usize].set(n);
        for replica in &mut replicas {
            replica.takes(n, n);
        }
    }
    let mut again = Replica::start(&folder, 2, &ports);
    for n in 3..6 {
        again.takes(n, n);
    }
    again.set(6);
    again.takes(6, 6);
    replicas.push(again);
    for Replica {
        mut child, stdin, ..
    } in replicas
    {
        drop(stdin);
        child.kill().expect("it is our child");
        finish(child);
    }
}
