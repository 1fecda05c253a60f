//! Drives one node: waits for a reason to tick, gathers what has arrived, steps, and carries out what the
//! tick asks for, durable changes first.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bloom_delivery::Packet;
use bloom_plan::plan::RelationId;
use bloom_plan::value::Row;
use bloom_runtime::{Input, Message, Misfit, Node, Output};
use smol_str::SmolStr;
use tokio::sync::{mpsc, watch};

use super::links::Outgoing;
use super::mail::Mail;
use super::work::Work;
use super::{ClusterError, Ending, Event, Routes};
use crate::recording::Recorder;
use crate::schema::{GivenRow, whole};
use crate::store::{Store, StoreError};

/// Arrivals that one tick takes in.
const TICK_ARRIVALS_MAX: usize = 4096;

/// Something for a node's next tick.
#[derive(Debug)]
pub(crate) enum Arrival {
    Row(RelationId, GivenRow),
    Seal(RelationId, Row),
    Message(Message),
    Packet(Packet),
    Stdin(String),
    Alive(Vec<SmolStr>),
}

/// Where arrivals wait.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    queue: mpsc::Sender<Arrival>,
    work: Arc<Work>,
}

impl Inbox {
    pub(super) fn new(queue: mpsc::Sender<Arrival>, work: Arc<Work>) -> Self {
        Self { queue, work }
    }

    /// Whether there was room.
    pub(super) fn push(&self, arrival: Arrival) -> bool {
        self.work.begin();
        let pushed = self.queue.try_send(arrival).is_ok();
        if !pushed {
            self.work.end(1);
        }
        pushed
    }

    /// Waits for room. What is for a node that has stopped is lost.
    pub(super) async fn push_waiting(&self, arrival: Arrival) {
        self.work.begin();
        if self.queue.send(arrival).await.is_err() {
            self.work.end(1);
        }
    }
}

/// One tick to be.
#[derive(Debug, Default)]
struct Turn {
    input: Input,
    /// How many arrivals it takes in.
    taken: usize,
    /// The log and the entry that it takes in.
    entry: Option<(SmolStr, u64)>,
    /// An earlier life has done the same.
    again: bool,
}

pub(super) struct Driver {
    address: SmolStr,
    reporter: Reporter,
    node: Node,
    inbox: mpsc::Receiver<Arrival>,
    store: Option<Store>,
    mail: Mail,
    /// What has arrived and waits for a tick, and how many arrivals that were.
    waiting: Input,
    waiting_count: usize,
    work: Arc<Work>,
    stop: watch::Receiver<bool>,
    /// Whether the node counts as work because it wants a tick, or its endpoint has something to do.
    wanting: bool,
    /// Why rows were not taken in, not reported yet.
    refused: Vec<String>,
    /// Time of the last tick: time never runs backwards for a node.
    last: i64,
    recorder: Option<Recorder>,
}

impl Driver {
    pub(super) fn new(
        (index, address): (usize, SmolStr),
        node: Node,
        inbox: mpsc::Receiver<Arrival>,
        (store, mail): (Option<Store>, Mail),
        events: mpsc::Sender<Event>,
        work: Arc<Work>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let mut driver = Self {
            address,
            reporter: Reporter {
                node: index,
                events,
            },
            node,
            inbox,
            store,
            mail,
            waiting: Input::default(),
            waiting_count: 0,
            work,
            stop,
            wanting: false,
            refused: Vec::new(),
            last: i64::MIN,
            recorder: None,
        };
        driver.note_wanting();
        driver
    }

    /// Records what the node takes in from now on.
    pub(super) fn record(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    pub(super) async fn run(mut self, routes: Arc<Routes>) -> Result<Ending, ClusterError> {
        let ending = self.ticks(&routes).await;
        // Nobody waits for what this node will not do any more.
        self.inbox.close();
        let mut abandoned = usize::from(self.wanting) + self.waiting_count;
        while self.inbox.try_recv().is_ok() {
            abandoned += 1;
        }
        if abandoned > 0 {
            self.work.end(abandoned);
        }
        let profile = self.node.profile().cloned();
        let profile = profile.map(|profile| (self.reporter.node, profile));
        ending.map(|(halt, conflict)| Ending {
            halt,
            conflict,
            profiles: profile.into_iter().collect(),
        })
    }

    /// Ticks until there is no more to do; what the node derived into `halt`, and whether it stopped at a key
    /// conflict.
    async fn ticks(&mut self, routes: &Routes) -> Result<(Option<i64>, bool), ClusterError> {
        while let Some(turn) = self.gather(routes).await? {
            for why in std::mem::take(&mut self.refused) {
                let text = format!("{}: refused a row: {why}", self.address);
                self.reporter.report(Event::Notice(text)).await;
            }
            let mut output = self.step(turn.input)?;
            let (halt, conflict) = (output.halt, output.halted_by_conflict.is_some());
            self.persist(&output, turn.entry.filter(|_| !conflict))?;
            if turn.again {
                // An earlier life has sent and shown this already.
                output = Output {
                    tick: output.tick,
                    halted_by_conflict: output.halted_by_conflict,
                    ..Output::default()
                };
            }
            self.mail.taken_in();
            let sends = self.mail.send(std::mem::take(&mut output.sends));
            self.reporter.carry_out(output).await;
            for message in sends {
                routes.send(message).await;
            }
            self.flush(routes).await?;
            self.note_wanting();
            if turn.taken > 0 {
                self.work.end(turn.taken);
            }
            if halt.is_some() || conflict {
                return Ok((halt, conflict));
            }
        }
        Ok((None, false))
    }

    fn step(&mut self, input: Input) -> Result<Output, ClusterError> {
        let Some(recorder) = &mut self.recorder else {
            return Ok(self.node.step(input));
        };
        recorder.takes_in(&self.node, &input);
        let output = self.node.step(input);
        recorder.did(&self.node, &output)?;
        Ok(output)
    }

    /// Waits for a reason to tick; none to stop.
    async fn gather(&mut self, routes: &Routes) -> Result<Option<Turn>, ClusterError> {
        loop {
            if *self.stop.borrow() {
                return Ok(None);
            }
            self.last = self.last.max(now());
            self.mail.pass(self.last);
            let done = self.drain();
            self.flush(routes).await?;
            self.note_wanting();
            if done > 0 {
                self.work.end(done);
            }
            if let Some(turn) = self.turn() {
                return Ok(Some(turn));
            }
            let due = [self.node.next_timer(), self.mail.wake()];
            let timer = until(due.into_iter().flatten().min());
            let arrival = tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => return Ok(None),
                arrival = self.inbox.recv() => match arrival {
                    Some(arrival) => arrival,
                    None => return Ok(None),
                },
                () = timer => continue,
            };
            let done = self.take(arrival);
            if done > 0 {
                // What it leads to counts before it does not count any more.
                self.note_wanting();
                self.work.end(done);
            }
        }
    }

    /// Takes what has arrived; how much of it was for the endpoint.
    fn drain(&mut self) -> usize {
        let mut done = 0;
        let mut taken = self.waiting_count;
        while taken < TICK_ARRIVALS_MAX
            && let Ok(arrival) = self.inbox.try_recv()
        {
            done += self.take(arrival);
            taken += 1;
        }
        let ordered = self.mail.offer(&mut self.waiting);
        self.waiting_count -= ordered;
        done + ordered
    }

    /// What the next tick is to take in, if there is a reason for one.
    fn turn(&mut self) -> Option<Turn> {
        let timer_is_due = self.node.next_timer().is_some_and(|due| due <= self.last);
        let wants_tick = self.node.wants_tick() || timer_is_due;
        let others_wait = self.waiting_count > 0;
        let mut turn = Turn::default();
        if let Some(entry) = self.mail.take_entry(wants_tick, others_wait) {
            turn.input = entry.input;
            turn.entry = Some((entry.log, entry.index));
        } else if self.mail.holds_back() {
            if !wants_tick {
                return None;
            }
        } else {
            let batches = self.mail.take_batches();
            if !wants_tick && !others_wait && batches.is_empty() {
                return None;
            }
            turn.input = std::mem::take(&mut self.waiting);
            turn.input.messages.extend(batches);
            turn.taken = std::mem::take(&mut self.waiting_count);
        }
        turn.again = self.mail.is_again();
        turn.input.now = self.last;
        Some(turn)
    }

    /// Writes and sends what the endpoint wants written and sent.
    async fn flush(&mut self, routes: &Routes) -> Result<(), ClusterError> {
        let flushed = self.mail.flush();
        let (packets, notices) = flushed.map_err(|error| self.failed(error))?;
        for text in notices {
            self.reporter.report(Event::Notice(text)).await;
        }
        for packet in packets {
            routes.send_packet(packet);
        }
        Ok(())
    }

    /// Takes an arrival; 1 if it was for the endpoint, and waits for no tick.
    fn take(&mut self, arrival: Arrival) -> usize {
        let waiting = &mut self.waiting;
        match arrival {
            Arrival::Packet(packet) => {
                self.mail.receive(packet);
                return 1;
            }
            Arrival::Row(relation, given) => match self.complete(relation, given) {
                Ok(row) => self.waiting.rows.push((relation, row)),
                Err(error) => self.refused.push(error.to_string()),
            },
            Arrival::Seal(relation, key) => waiting.seals.push((relation, key)),
            Arrival::Message(message) => waiting.messages.push(message),
            Arrival::Stdin(line) => waiting.stdin.push(line),
            Arrival::Alive(addresses) => waiting.alive = Some(addresses),
        }
        self.waiting_count += 1;
        0
    }

    fn complete(&mut self, relation: RelationId, mut given: GivenRow) -> Result<Row, Misfit> {
        match whole(&mut given) {
            Some(row) => Ok(row),
            None => self.node.complete(relation, given),
        }
    }

    fn persist(
        &mut self,
        output: &Output,
        entry: Option<(SmolStr, u64)>,
    ) -> Result<(), ClusterError> {
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        let written = match entry {
            Some((log, index)) => {
                tokio::task::block_in_place(|| store.append_entry(&output.durable, &log, index))
            }
            None if output.durable.is_empty() => Ok(()),
            None => tokio::task::block_in_place(|| store.append(&output.durable)),
        };
        written.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: StoreError) -> ClusterError {
        ClusterError::Store {
            node: self.address.clone(),
            error: Box::new(error),
        }
    }

    fn note_wanting(&mut self) {
        let wants = self.node.wants_tick() || self.mail.is_busy();
        if wants && !self.wanting {
            self.work.begin();
        }
        if !wants && self.wanting {
            self.work.end(1);
        }
        self.wanting = wants;
    }
}

/// Tells the world what a tick did. Apart from the driver, because a node must not be shared with
/// whoever waits for room in a queue.
struct Reporter {
    node: usize,
    events: mpsc::Sender<Event>,
}

impl Reporter {
    async fn carry_out(&self, output: Output) {
        let (node, tick) = (self.node, output.tick);
        for (relation, rows) in output.outputs {
            self.report(Event::Rows {
                node,
                tick,
                relation,
                rows,
            })
            .await;
        }
        for line in output.stdout {
            self.report(Event::Stdout { node, line }).await;
        }
        for line in output.stderr {
            self.report(Event::Stderr { node, line }).await;
        }
        for error in output.errors {
            self.report(Event::Error { node, tick, error }).await;
        }
        if let Some(conflict) = output.halted_by_conflict {
            self.report(Event::Conflict {
                node,
                conflict: Box::new(conflict),
            })
            .await;
        }
    }

    async fn report(&self, event: Event) {
        // Nobody reads any more only when the process is ending.
        let _unread = self.events.send(event).await;
    }
}

impl Routes {
    /// Hands a message on; what has no way or no room is lost, and said.
    pub(super) async fn send(&self, message: Message) {
        let to = message.to.clone();
        let pushed = if let Some(inbox) = self.local.get(&to) {
            inbox.push(Arrival::Message(message))
        } else if let Some(link) = self.remote.get(&to) {
            link.try_send(Outgoing::Row(message)).is_ok()
        } else {
            let text = format!("lost a row of `{}` for {to}: no such node", message.channel);
            let _unread = self.events.send(Event::Notice(text)).await;
            return;
        };
        if !pushed {
            let text = format!("lost a row for {to}: its queue is full or it has stopped");
            let _unread = self.events.send(Event::Notice(text)).await;
        }
    }

    /// Hands a packet on. What has no way or no room is lost: endpoints send again.
    pub(super) fn send_packet(&self, packet: Packet) {
        if let Some(inbox) = self.local.get(&packet.to) {
            inbox.push(Arrival::Packet(packet));
        } else if let Some(link) = self.remote.get(&packet.to)
            // While a peer is away its packets must leave room for rows.
            && link.capacity() > link.max_capacity() / 2
        {
            let _full = link.try_send(Outgoing::Packet(packet));
        }
    }
}

/// Nanoseconds since the Unix epoch.
pub(super) fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Returns at `due`, or never.
async fn until(due: Option<i64>) {
    match due {
        Some(due) => {
            let nanoseconds = u64::try_from(due.saturating_sub(now())).unwrap_or(0);
            tokio::time::sleep(Duration::from_nanos(nanoseconds)).await;
        }
        None => std::future::pending().await,
    }
}
