//! The endpoint of one node of this process, and its file of logs. A node whose plan asks for no care has none.

use bloom_delivery::{Endpoint, Entry, Flush, Packet, Setup};
use bloom_runtime::{Input, Message};

use crate::store::StoreError;
use crate::store::log::LogFile;

pub(super) struct Mail {
    endpoint: Option<Endpoint>,
    file: Option<LogFile>,
}

impl Mail {
    /// For a node whose messages need no care.
    pub fn none() -> Mail {
        Mail {
            endpoint: None,
            file: None,
        }
    }

    pub fn new(setup: Setup, file: Option<LogFile>) -> Result<Mail, bloom_delivery::SetupError> {
        Ok(Mail {
            endpoint: Some(Endpoint::new(setup)?),
            file,
        })
    }

    pub fn pass(&mut self, now: i64) {
        if let Some(endpoint) = &mut self.endpoint {
            endpoint.pass(now);
        }
    }

    /// When to let time pass at the latest.
    pub fn wake(&self) -> Option<i64> {
        self.endpoint.as_ref().and_then(Endpoint::wake)
    }

    pub fn receive(&mut self, packet: Packet) {
        if let Some(endpoint) = &mut self.endpoint {
            endpoint.receive(packet);
        }
    }

    /// Takes out of what waits what is ordered; how much that was.
    pub fn offer(&mut self, waiting: &mut Input) -> usize {
        let Some(endpoint) = &mut self.endpoint else {
            return 0;
        };
        let count = |input: &Input| input.rows.len() + input.messages.len() + input.seals.len();
        let before = count(waiting);
        endpoint.offer(waiting);
        before - count(waiting)
    }

    /// Writes what is to be written; then what is to be sent, and said.
    pub fn flush(&mut self) -> Result<(Vec<Packet>, Vec<String>), StoreError> {
        let Some(endpoint) = &mut self.endpoint else {
            return Ok((Vec::new(), Vec::new()));
        };
        let Flush {
            writes,
            packets,
            notices,
        } = endpoint.flush();
        if let Some(file) = &mut self.file
            && !writes.is_empty()
        {
            tokio::task::block_in_place(|| file.append(&writes))?;
        }
        Ok((packets, notices))
    }

    pub fn take_entry(&mut self, wants_tick: bool, others_wait: bool) -> Option<Entry> {
        let endpoint = self.endpoint.as_mut()?;
        endpoint.take_entry(wants_tick, others_wait)
    }

    pub fn holds_back(&self) -> bool {
        self.endpoint.as_ref().is_some_and(Endpoint::holds_back)
    }

    pub fn is_again(&self) -> bool {
        self.endpoint.as_ref().is_some_and(Endpoint::is_again)
    }

    pub fn take_batches(&mut self) -> Vec<Message> {
        let endpoint = self.endpoint.as_mut();
        endpoint.map(Endpoint::take_batches).unwrap_or_default()
    }

    pub fn taken_in(&mut self) {
        if let Some(endpoint) = &mut self.endpoint {
            endpoint.taken_in();
        }
    }

    /// Sends what needs care, and gives back the rest.
    pub fn send(&mut self, messages: Vec<Message>) -> Vec<Message> {
        match &mut self.endpoint {
            Some(endpoint) => endpoint.send(messages),
            None => messages,
        }
    }

    /// Whether something waits for the next tick, or is still to be done.
    pub fn is_busy(&self) -> bool {
        let endpoint = self.endpoint.as_ref();
        endpoint.is_some_and(|endpoint| endpoint.is_busy() || endpoint.has_arrivals())
    }
}
