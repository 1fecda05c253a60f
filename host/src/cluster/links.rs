//! Connections to and from peers. Each node dials every peer it sends to, and dials again, less and less
//! often, when the connection breaks; it reads only from connections that others made.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bloom_delivery::Packet;
use bloom_runtime::Message;
use smol_str::SmolStr;
use tokio::io::{AsyncWriteExt, BufReader, BufWriter};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::driver::{Arrival, Inbox};
use super::{Event, Process, Routes};
use crate::wire::{Frame, Hello, read_frame, write_frame};

const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(2);
/// Messages a frame.
const FRAME_MESSAGES_MAX: usize = 512;

/// Something for a peer.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Row(Message),
    Packet(Packet),
}

/// Which nodes are trusted to be up: those of this process, and peers with a standing connection.
#[derive(Clone)]
pub(super) struct Trust {
    up: Arc<Mutex<BTreeSet<SmolStr>>>,
    inboxes: Vec<Inbox>,
}

impl Trust {
    pub(super) fn new(own: &[Process], inboxes: Vec<Inbox>) -> Self {
        let up = own.iter().map(|node| node.address.clone()).collect();
        Self {
            up: Arc::new(Mutex::new(up)),
            inboxes,
        }
    }

    /// Tells every node of this process.
    pub(super) fn announce(&self) {
        let up: Vec<SmolStr> = self.lock().iter().cloned().collect();
        for inbox in &self.inboxes {
            // A full inbox only delays the news: the next change repeats the whole set.
            inbox.push(Arrival::Alive(up.clone()));
        }
    }

    fn set(&self, peer: &SmolStr, is_up: bool) {
        let changed = {
            let mut up = self.lock();
            if is_up {
                up.insert(peer.clone())
            } else {
                up.remove(peer)
            }
        };
        if changed {
            self.announce();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<SmolStr>> {
        self.up.lock().expect("nobody panics while holding it")
    }
}

/// Sends what is queued for a peer, until the queue is closed and empty.
pub(super) async fn dial(
    peer: SmolStr,
    hello: Hello,
    mut queue: mpsc::Receiver<Outgoing>,
    events: mpsc::Sender<Event>,
    trust: Trust,
) {
    let mut retry = RETRY_FIRST;
    loop {
        match connect(&peer, &hello).await {
            Ok(stream) => {
                retry = RETRY_FIRST;
                trust.set(&peer, true);
                let sent = forward(stream, &mut queue).await;
                trust.set(&peer, false);
                if sent.is_ok() {
                    return;
                }
            }
            Err(Failure::Refused(why)) => {
                let _unread = events
                    .send(Event::Notice(format!("{peer} refuses: {why}")))
                    .await;
                retry = RETRY_MAX;
            }
            Err(Failure::Io) => {}
        }
        if queue.is_closed() {
            return;
        }
        tokio::time::sleep(retry).await;
        retry = (retry * 2).min(RETRY_MAX);
    }
}

enum Failure {
    /// Not there, or gone again: try later.
    Io,
    Refused(String),
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Failure::Io
    }
}

async fn connect(peer: &str, hello: &Hello) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(peer).await?;
    stream.set_nodelay(true)?;
    write_frame(&mut stream, &Frame::Hello(hello.clone())).await?;
    match read_frame(&mut stream).await? {
        Some(Frame::Hello(other)) => match hello.conflict(&other) {
            Some(why) => Err(Failure::Refused(why)),
            None => Ok(stream),
        },
        Some(Frame::Refusal(why)) => Err(Failure::Refused(why)),
        Some(Frame::Rows(_) | Frame::Packets(_)) => {
            Err(Failure::Refused("it does not speak this protocol".into()))
        }
        None => Err(Failure::Io),
    }
}

/// Ok when the queue is closed and all of it was sent.
async fn forward(mut stream: TcpStream, queue: &mut mpsc::Receiver<Outgoing>) -> io::Result<()> {
    let (mut back, out) = stream.split();
    let mut out = BufWriter::new(out);
    let mut messages = Vec::new();
    loop {
        let closed = async {
            // A peer says nothing on this connection: anything is its end.
            let _end = read_frame(&mut back).await;
        };
        tokio::select! {
            count = queue.recv_many(&mut messages, FRAME_MESSAGES_MAX) => {
                if count == 0 {
                    return out.shutdown().await;
                }
            }
            () = closed => return Err(io::ErrorKind::ConnectionAborted.into()),
        }
        let (mut rows, mut packets) = (Vec::new(), Vec::new());
        for message in messages.drain(..) {
            match message {
                Outgoing::Row(message) => rows.push(message.into()),
                Outgoing::Packet(packet) => packets.push(packet),
            }
        }
        if !rows.is_empty() {
            write_frame(&mut out, &Frame::Rows(rows)).await?;
        }
        if !packets.is_empty() {
            write_frame(&mut out, &Frame::Packets(packets)).await?;
        }
        out.flush().await?;
    }
}

/// Takes connections until it is dropped.
pub(super) async fn accept(listener: TcpListener, hello: Hello, routes: Arc<Routes>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (hello, routes) = (hello.clone(), routes.clone());
                    connections.spawn(async move { receive(stream, &hello, &routes).await });
                }
                // Out of file descriptors, most likely: give others time to close some.
                Err(_) => tokio::time::sleep(RETRY_FIRST).await,
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn receive(mut stream: TcpStream, hello: &Hello, routes: &Routes) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (input, mut out) = stream.split();
    let mut input = BufReader::new(input);
    match read_frame(&mut input).await? {
        Some(Frame::Hello(other)) => {
            if let Some(why) = hello.conflict(&other) {
                return write_frame(&mut out, &Frame::Refusal(why)).await;
            }
        }
        Some(Frame::Refusal(_) | Frame::Rows(_) | Frame::Packets(_)) => {
            return write_frame(&mut out, &Frame::Refusal("say hello first".into())).await;
        }
        None => return Ok(()),
    }
    write_frame(&mut out, &Frame::Hello(hello.clone())).await?;
    while let Some(frame) = read_frame(&mut input).await? {
        match frame {
            // Waits for room, so that a fast sender is slowed down by TCP and not cut short.
            Frame::Rows(rows) => {
                for delivery in rows {
                    if let Some(inbox) = routes.local.get(&delivery.to) {
                        inbox.push_waiting(Arrival::Message(delivery.into())).await;
                    }
                }
            }
            Frame::Packets(packets) => {
                for packet in packets {
                    if let Some(inbox) = routes.local.get(&packet.to) {
                        inbox.push_waiting(Arrival::Packet(packet)).await;
                    }
                }
            }
            Frame::Hello(_) | Frame::Refusal(_) => return Ok(()),
        }
    }
    Ok(())
}
