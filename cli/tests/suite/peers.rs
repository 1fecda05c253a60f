//! Nodes that are processes, over TCP on loopback.

use crate::support::{Folder, finish, terminate};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, ChildStdout};

const GOSSIP: &str = "input say(text: String);
output heard(text: String, from: Addr);
channel tell(@to: Addr, from: Addr, text: String);
tell{to, from: self, text} <~ say{text}, cluster{addr: to}, to != self;
heard{text, from} <= tell{text, from};
";

/// Ports that were free a moment ago.
fn free_ports(count: usize) -> Vec<u16> {
    let listeners: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free"))
        .collect();
    listeners
        .iter()
        .map(|l| l.local_addr().expect("it is bound").port())
        .collect()
}

struct Node {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Node {
    fn start(folder: &Folder, program: &str, port: u16, all: &[u16]) -> Node {
        let peers: Vec<String> = all
            .iter()
            .enumerate()
            .map(|(i, port)| format!("p{i}=127.0.0.1:{port}"))
            .collect();
        let peers = peers.join(",");
        let mut child = folder.start(&format!(
            "run {program} --listen 127.0.0.1:{port} --peers {peers} --in -"
        ));
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        Node {
            child,
            stdin,
            stdout,
        }
    }

    fn say(&mut self, text: &str) {
        let line = format!("{{\"collection\": \"say\", \"row\": [\"{text}\"]}}");
        writeln!(self.stdin, "{line}").expect("it reads");
    }

    fn hears(&mut self, text: &str, from: u16) {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it speaks");
        let row = format!(r#""row":{{"text":"{text}","from":"127.0.0.1:{from}"}}"#);
        assert!(line.contains(&row), "{line}");
    }

    fn stop(self) -> String {
        terminate(&self.child);
        let run = finish(self.child);
        assert_eq!(run.code, Some(0), "{run:?}");
        run.err
    }
}

#[test]
fn processes_talk_to_each_other_and_find_each_other_again() {
    let folder = Folder::with(GOSSIP);
    let ports = free_ports(3);
    let start = |i: usize| Node::start(&folder, "main.bloom", ports[i], &ports);
    let (mut a, mut b, mut c) = (start(0), start(1), start(2));
    a.say("one");
    b.hears("one", ports[0]);
    c.hears("one", ports[0]);
    c.say("two");
    a.hears("two", ports[2]);
    b.hears("two", ports[2]);

    // What is said while a peer is away waits for it.
    assert_eq!(b.stop(), "");
    std::thread::sleep(std::time::Duration::from_millis(200));
    a.say("three");
    c.hears("three", ports[0]);
    let mut b = start(1);
    b.hears("three", ports[0]);
    b.say("four");
    a.hears("four", ports[1]);
    c.hears("four", ports[1]);
    for node in [a, b, c] {
        assert_eq!(node.stop(), "");
    }
}

#[test]
fn programs_whose_channels_differ_refuse_each_other() {
    let folder = Folder::with(GOSSIP);
    folder.write("other.bloom", GOSSIP.replace("text: String", "text: Int"));
    let ports = free_ports(2);
    let a = Node::start(&folder, "main.bloom", ports[0], &ports);
    let b = Node::start(&folder, "other.bloom", ports[1], &ports);
    std::thread::sleep(std::time::Duration::from_millis(600));
    let (said_a, said_b) = (a.stop(), b.stop());
    let refusal = "channel `tell` has other columns";
    assert!(
        said_a.contains(refusal) || said_b.contains(refusal),
        "{said_a} {said_b}"
    );
}

#[test]
fn garbage_on_the_wire_harms_nobody() {
    let folder = Folder::with(GOSSIP);
    let ports = free_ports(2);
    let (mut a, mut b) = (
        Node::start(&folder, "main.bloom", ports[0], &ports),
        Node::start(&folder, "main.bloom", ports[1], &ports),
    );
    a.say("one");
    b.hears("one", ports[0]);
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0xff; 64],
        &[0, 0, 0, 0],
        b"\x01",
    ] {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", ports[1])).expect("it listens");
        stream.write_all(garbage).expect("it takes bytes");
    }
    a.say("two");
    b.hears("two", ports[0]);
    assert_eq!(a.stop(), "");
    assert_eq!(b.stop(), "");
}

#[test]
fn wrong_addresses_are_told() {
    let folder = Folder::with(GOSSIP);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it is bound").port();
    folder
        .bloom(&format!(
            "run main.bloom --listen 127.0.0.1:{port} --in - --until-quiet"
        ))
        .fails(2, "cannot listen at");
    folder
        .bloom("run main.bloom --listen nowhere")
        .fails(2, "--listen");
    folder
        .bloom("run main.bloom --peers x")
        .fails(2, "NAME=HOST:PORT");
    folder
        .bloom("run main.bloom --peers x=127.0.0.1:1")
        .fails(2, "--peers needs --listen");
}
