//! Drives one node: waits for a reason to tick, gathers what has arrived, steps, and carries out what the
//! tick asks for, durable changes first.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bloom_plan::plan::RelationId;
use bloom_plan::value::Row;
use bloom_runtime::{Input, Message, Misfit, Node, Output};
use smol_str::SmolStr;
use tokio::sync::{mpsc, watch};

use super::work::Work;
use super::{ClusterError, Ending, Event, Routes};
use crate::schema::{GivenRow, whole};
use crate::store::Store;

/// Arrivals that one tick takes in.
const TICK_ARRIVALS_MAX: usize = 4096;

/// Something for a node's next tick.
#[derive(Debug)]
pub(crate) enum Arrival {
    Row(RelationId, GivenRow),
    Seal(RelationId, Row),
    Message(Message),
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

pub(super) struct Driver {
    address: SmolStr,
    reporter: Reporter,
    node: Node,
    inbox: mpsc::Receiver<Arrival>,
    store: Option<Store>,
    work: Arc<Work>,
    stop: watch::Receiver<bool>,
    /// Whether the node counts as work because it wants a tick.
    wanting: bool,
    /// Why rows were not taken in, not reported yet.
    refused: Vec<String>,
    /// Time of the last tick: time never runs backwards for a node.
    last: i64,
}

impl Driver {
    pub(super) fn new(
        (index, address): (usize, SmolStr),
        node: Node,
        inbox: mpsc::Receiver<Arrival>,
        store: Option<Store>,
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
            work,
            stop,
            wanting: false,
            refused: Vec::new(),
            last: i64::MIN,
        };
        driver.note_wanting();
        driver
    }

    pub(super) async fn run(mut self, routes: Arc<Routes>) -> Result<Ending, ClusterError> {
        let ending = self.ticks(&routes).await;
        // Nobody waits for what this node will not do any more.
        self.inbox.close();
        let mut abandoned = usize::from(self.wanting);
        while self.inbox.try_recv().is_ok() {
            abandoned += 1;
        }
        if abandoned > 0 {
            self.work.end(abandoned);
        }
        ending
    }

    async fn ticks(&mut self, routes: &Routes) -> Result<Ending, ClusterError> {
        while let Some((input, taken)) = self.gather().await {
            for why in std::mem::take(&mut self.refused) {
                let text = format!("{}: refused a row: {why}", self.address);
                self.reporter.report(Event::Notice(text)).await;
            }
            let output = self.node.step(input);
            let (halt, conflict) = (output.halt, output.halted_by_conflict.is_some());
            self.persist(&output)?;
            self.reporter.carry_out(output, routes).await;
            self.note_wanting();
            if taken > 0 {
                self.work.end(taken);
            }
            if halt.is_some() || conflict {
                return Ok(Ending { halt, conflict });
            }
        }
        Ok(Ending::default())
    }

    /// Waits for a reason to tick; none to stop. Also how many arrivals the input took.
    async fn gather(&mut self) -> Option<(Input, usize)> {
        let mut input = Input::default();
        let mut taken = 0;
        if *self.stop.borrow() {
            return None;
        }
        if !self.node.wants_tick() {
            let timer = until(self.node.next_timer());
            let arrival = tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => return None,
                arrival = self.inbox.recv() => Some(arrival?),
                () = timer => None,
            };
            if let Some(arrival) = arrival {
                self.take(&mut input, arrival);
                taken = 1;
            }
        }
        while taken < TICK_ARRIVALS_MAX
            && let Ok(arrival) = self.inbox.try_recv()
        {
            self.take(&mut input, arrival);
            taken += 1;
        }
        self.last = self.last.max(now());
        input.now = self.last;
        Some((input, taken))
    }

    fn take(&mut self, input: &mut Input, arrival: Arrival) {
        match arrival {
            Arrival::Row(relation, given) => match self.complete(relation, given) {
                Ok(row) => input.rows.push((relation, row)),
                Err(error) => self.refused.push(error.to_string()),
            },
            Arrival::Seal(relation, key) => input.seals.push((relation, key)),
            Arrival::Message(message) => input.messages.push(message),
            Arrival::Stdin(line) => input.stdin.push(line),
            Arrival::Alive(addresses) => input.alive = Some(addresses),
        }
    }

    fn complete(&mut self, relation: RelationId, mut given: GivenRow) -> Result<Row, Misfit> {
        match whole(&mut given) {
            Some(row) => Ok(row),
            None => self.node.complete(relation, given),
        }
    }

    fn persist(&mut self, output: &Output) -> Result<(), ClusterError> {
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        if output.durable.is_empty() {
            return Ok(());
        }
        let written = tokio::task::block_in_place(|| store.append(&output.durable));
        written.map_err(|error| ClusterError::Store {
            node: self.address.clone(),
            error: Box::new(error),
        })
    }

    fn note_wanting(&mut self) {
        let wants = self.node.wants_tick();
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
    async fn carry_out(&self, output: Output, routes: &Routes) {
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
        for message in output.sends {
            routes.send(message).await;
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
            link.try_send(message).is_ok()
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
